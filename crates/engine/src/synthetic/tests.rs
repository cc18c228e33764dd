//! What the synthetic company promises: the same bytes for the same seed, records a store would accept, and
//! observations that follow the truth. Sizes are small; speed is measured elsewhere.

mod integrity;
mod observed;

use sha2::{Digest, Sha256};

use super::*;

/// A small company: three years, few events.
fn company(seed: u64, accounts: usize) -> Company {
    let today = "2026-11-22".parse().unwrap();
    let synthesis = Synthesis { seed, accounts, events_per_account_year: 100, ..Synthesis::new(today) };
    Company::build(&synthesis, &mut |_| {})
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn all_events(company: &Company) -> Vec<Event> {
    company.months().into_iter().flat_map(|month| company.events_in(month)).collect()
}

#[test]
fn one_seed_is_one_company() {
    let (one, same, other) = (company(3, 30), company(3, 30), company(4, 30));
    assert_eq!(one.truth(), same.truth());
    assert_eq!(one.records(), same.records());
    assert_eq!(all_events(&one), all_events(&same));
    assert_ne!(one.truth(), other.truth());
    assert_ne!(one.records().accounts, other.records().accounts);
}

#[test]
fn months_and_accounts_are_drawn_alike_in_any_order() {
    let company = company(3, 40);
    let months = company.months();
    let mut backwards: Vec<Vec<Event>> = months.iter().rev().map(|month| company.events_in(*month)).collect();
    backwards.reverse();
    assert_eq!(backwards.concat(), all_events(&company));
    let month = months[20];
    let parts = [company.events_of(0..13, month), company.events_of(13..400, month)].concat();
    assert_eq!(parts, company.events_in(month));
    assert_eq!(company.events_in(day("2025-07-01")), company.events_in(day("2025-07-19")));
}

#[test]
fn records_are_the_same_in_pieces() {
    let company = company(5, 50);
    let whole = company.records();
    let mut pieces = Records::default();
    for piece in company.record_chunks(7) {
        pieces.accounts.extend(piece.accounts);
        pieces.tickets.extend(piece.tickets);
        pieces.end_users.extend(piece.end_users);
        pieces.record_versions.extend(piece.record_versions);
    }
    assert_eq!(pieces.accounts, whole.accounts);
    assert_eq!(pieces.tickets, whole.tickets);
    assert_eq!(pieces.end_users, whole.end_users);
    assert_eq!(pieces.record_versions, whole.record_versions);
}

/// The digest was computed once, on one machine. Another machine or build that gets another one draws another company,
/// and every recorded measurement on the old one is void.
#[test]
fn every_machine_makes_the_same_bytes() {
    let company = company(1, 30);
    let mut hash = Sha256::new();
    let mut truth = Vec::new();
    company.truth().write_csv(&mut truth).unwrap();
    hash.update(&truth);
    for event in all_events(&company) {
        hash.update(event.id);
        hash.update(event.occurred_at.timestamp_micros().to_be_bytes());
        hash.update(event.recorded_at.timestamp_micros().to_be_bytes());
        hash.update(event.user_id.unwrap_or_default().to_be_bytes());
        hash.update(event.name);
    }
    let hex = hex::encode(&hash.finalize()[..8]);
    assert_eq!(hex, "411301167c9b4fd0");
}

#[test]
fn counts_are_as_asked() {
    let company = company(2, 120);
    let records = company.records();
    assert_eq!(records.accounts.len(), 120);
    assert_eq!(records.members.len(), 4 + 3);
    let events = all_events(&company).len() as f64;
    let wanted = 120.0 * 3.0 * 100.0;
    assert!((events / wanted - 1.0).abs() < 0.03, "{events} of {wanted}");
    let there_at_first = records.accounts.iter().filter(|each| each.customer_from < Some(company.window.start));
    assert_eq!(there_at_first.count(), 60);
    let children = records.accounts.iter().filter(|each| each.parent_id.is_some()).count();
    assert!((1..=18).contains(&children), "{children}");
}

#[test]
fn a_company_can_be_tiny() {
    for accounts in 0..5 {
        let company = company(9, accounts);
        assert_eq!(company.records().accounts.len(), accounts);
        assert_eq!(company.records().members.len(), 5);
        assert_eq!(company.truth().accounts.len(), accounts);
        assert!(all_events(&company).len() < 6_000);
    }
    let today = day("2026-11-22");
    let no_history = Synthesis { years: 0, accounts: 10, ..Synthesis::new(today) };
    let company = Company::build(&no_history, &mut |_| {});
    assert_eq!(company.months(), vec![day("2026-11-01")]);
}

#[test]
fn progress_ends_where_it_said() {
    let mut seen = Vec::new();
    let synthesis = Synthesis { accounts: 250, ..Synthesis::new(day("2026-11-22")) };
    Company::build(&synthesis, &mut |progress| seen.push((progress.stage, progress.done, progress.total)));
    let lives: Vec<_> = seen.iter().filter(|(stage, ..)| *stage == "lives").collect();
    assert_eq!(lives, [&("lives", 100, 250), &("lives", 200, 250), &("lives", 250, 250)]);
    assert_eq!(seen.last(), Some(&("usage", 250, 250)));
}

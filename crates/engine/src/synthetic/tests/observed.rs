//! Observations against the truth they were drawn from: exits happen at the true hazard, the true effect of a save play
//! can be found again, and usage, tickets, payments and answers lean the way latent health leans.

use std::collections::BTreeMap;

use super::truth::{ExitCause, ShockKind};
use super::*;

/// Pearson's correlation.
fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let mean = |values: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(values).sum::<f64>() / n;
    let (mx, my) = (mean(&|pair| pair.0), mean(&|pair| pair.1));
    let covariance = mean(&|pair| (pair.0 - mx) * (pair.1 - my));
    let (vx, vy) = (mean(&|pair| (pair.0 - mx).powi(2)), mean(&|pair| (pair.1 - my).powi(2)));
    covariance / (vx * vy).sqrt()
}

/// Latent health by account and month.
fn latents(company: &Company) -> BTreeMap<(i64, Day), f64> {
    let months = company
        .truth()
        .accounts
        .iter()
        .flat_map(|account| account.months.iter().map(|month| ((account.account_id, month.month), month.latent)));
    months.collect()
}

fn latent_at(latents: &BTreeMap<(i64, Day), f64>, account_id: i64, instant: Instant) -> f64 {
    latents[&(account_id, calendar::first_of_month(instant.date_naive()))]
}

#[test]
fn exits_happen_at_the_true_hazard() {
    let company = company(21, 3_000);
    // Account-months in five classes of hazard: exits, expected exits and their variance.
    let mut classes = [(0.0, 0.0, 0.0); 5];
    let mut involuntary = (0.0, 0.0);
    for account in &company.truth().accounts {
        for (index, month) in account.months.iter().enumerate() {
            let hazard = month.hazard();
            let class = match hazard {
                ..0.001 => 0,
                ..0.002 => 1,
                ..0.05 => 2,
                ..0.15 => 3,
                _ => 4,
            };
            let exit = account.exit.filter(|_| index + 1 == account.months.len());
            classes[class].0 += f64::from(u8::from(exit.is_some()));
            classes[class].1 += hazard;
            classes[class].2 += hazard * (1.0 - hazard);
            let lost = exit.is_some_and(|exit| exit.cause == ExitCause::Involuntary);
            involuntary.0 += f64::from(u8::from(lost));
            involuntary.1 += month.hazard_involuntary;
        }
    }
    for (exits, expected, variance) in classes {
        let deviation = (exits - expected) / f64::sqrt(variance);
        assert!(expected > 10.0 && deviation.abs() < 3.5, "{exits} exits, {expected:.1} expected");
    }
    assert!((involuntary.0 - involuntary.1).abs() < 3.5 * f64::sqrt(involuntary.1), "{involuntary:?}");
    let months: usize = company.truth().accounts.iter().map(|account| account.months.len()).sum();
    let exits: f64 = classes.iter().map(|class| class.0).sum();
    let annual = exits / months as f64 * 12.0;
    assert!((0.11..0.15).contains(&annual), "{annual} of the accounts leave each year");
}

#[test]
fn an_exit_in_the_truth_is_an_exit_in_the_records() {
    let company = company(23, 120);
    let records = company.records();
    for (account, truth) in records.accounts.iter().zip(&company.truth().accounts) {
        let exit = truth.exit.map(|exit| exit.day).filter(|day| calendar::at(*day, 6 * 3600) <= company.now());
        assert_eq!(account.customer_to, exit, "{}", account.name);
        let last_events = company.events_of(account.id as usize - 1..account.id as usize, company.window.today);
        let gone = |event: &Event| exit.is_some_and(|exit| event.occurred_at >= calendar::at(exit, 0));
        assert!(!last_events.iter().any(gone));
    }
}

#[test]
fn the_true_effect_of_a_save_play_can_be_found_again() {
    let company = company(24, 1_500);
    let latents = latents(&company);
    let mut changes: BTreeMap<bool, Vec<f64>> = BTreeMap::new();
    for account in &company.truth().accounts {
        for shock in &account.shocks {
            let is_played = match shock.kind {
                ShockKind::SavePlay => true,
                ShockKind::SaveHeldOut => false,
                _ => continue,
            };
            let before = latents[&(account.account_id, shock.month)];
            let next = latents.get(&(account.account_id, calendar::add_months(shock.month, 1)));
            changes.entry(is_played).or_default().extend(next.map(|after| after - before));
        }
    }
    let mean = |arm: &[f64]| arm.iter().sum::<f64>() / arm.len() as f64;
    assert!(changes[&true].len() > 200 && changes[&false].len() > 200);
    let effect = mean(&changes[&true]) - mean(&changes[&false]);
    assert!((effect - 0.7).abs() < 0.1, "{effect}");
}

#[test]
fn lower_latent_health_is_a_higher_hazard() {
    let company = company(25, 250);
    let at_term_end = company.truth().accounts.iter().flat_map(|account| &account.months);
    let pairs: Vec<(f64, f64)> =
        at_term_end.filter(|month| month.months_to_renewal == 0).map(|month| (month.latent, month.hazard())).collect();
    assert!(correlation(&pairs) < -0.8);
}

#[test]
fn usage_follows_latent_health() {
    let company = company(26, 200);
    let latents = latents(&company);
    let mut pairs = Vec::new();
    for month in company.months().into_iter().skip(6).step_by(6).take(5) {
        let mut counts: BTreeMap<i64, f64> = BTreeMap::new();
        for event in company.events_in(month) {
            *counts.entry(event.account_id.unwrap()).or_default() += 1.0;
        }
        for (account_id, count) in counts {
            let seats = company.subject(account_id as usize - 1).bought(month).seats as f64;
            pairs.push((latents[&(account_id, month)], (count / seats).ln()));
        }
    }
    let found = correlation(&pairs);
    assert!(found > 0.5, "{found}");
}

#[test]
fn answers_and_payments_follow_latent_health() {
    let company = company(27, 150);
    let (records, latents) = (company.records(), latents(&company));
    let at = |account_id, instant| latent_at(&latents, account_id, instant);
    let nps = records.survey_responses.iter().filter(|row| row.kind == store::survey_response::Kind::Nps);
    let nps: Vec<_> = nps.map(|row| (at(row.account_id, row.occurred_at), f64::from(row.score))).collect();
    assert!(correlation(&nps) > 0.4, "{}", correlation(&nps));
    let sentiment = records.csm_sentiments.iter();
    let sentiment: Vec<_> = sentiment.map(|row| (at(row.account_id, row.occurred_at), f64::from(row.score))).collect();
    assert!(correlation(&sentiment) > 0.5, "{}", correlation(&sentiment));
    let mails = records.touchpoints.iter().filter(|row| {
        row.kind == store::touchpoint::Kind::Email && row.direction == store::touchpoint::Direction::Outbound
    });
    let replies: Vec<_> =
        mails.map(|row| (at(row.account_id, row.occurred_at), f64::from(u8::from(row.replied_at.is_some())))).collect();
    assert!(correlation(&replies) > 0.2, "{}", correlation(&replies));
    let late: Vec<_> = records
        .invoices
        .iter()
        .filter(|row| row.issued_on >= company.window.start && row.paid_on.is_some())
        .map(|row| {
            let issued_at = calendar::at(row.issued_on, 0);
            (at(row.account_id, issued_at), f64::from(u8::from(row.paid_on > Some(row.due_on))))
        })
        .collect();
    assert!(correlation(&late) < -0.05, "{}", correlation(&late));
}

#[test]
fn some_accounts_lack_whole_sources() {
    let records = company(28, 150).records();
    let silent = |with: &dyn Fn(i64) -> bool| records.accounts.iter().filter(|account| !with(account.id)).count();
    let no_tickets = silent(&|id| records.tickets.iter().any(|row| row.account_id == id));
    let no_surveys = silent(&|id| records.survey_responses.iter().any(|row| row.account_id == id));
    let no_invoices = silent(&|id| records.invoices.iter().any(|row| row.account_id == id));
    assert!((4..50).contains(&no_tickets), "{no_tickets}");
    assert!((12..75).contains(&no_surveys), "{no_surveys}");
    assert!((1..30).contains(&no_invoices), "{no_invoices}");
}

#[test]
fn every_book_has_accounts_in_decline() {
    let company = company(29, 400);
    let today = company.window.today;
    let (month, before) = (calendar::first_of_month(today), calendar::add_months(calendar::first_of_month(today), -1));
    let mut declining: BTreeMap<i64, usize> = BTreeMap::new();
    for (index, account) in company.truth().accounts.iter().enumerate() {
        let subject = company.subject(index);
        let struck = account.shocks.iter().any(|shock| shock.size <= -1.5 && (before..=month).contains(&shock.month));
        if struck && subject.is_customer(today) {
            *declining.entry(subject.csm(today)).or_default() += 1;
        }
    }
    assert_eq!(declining.len(), company.team.csms);
    assert!(declining.values().sum::<usize>() >= 3 * company.team.csms, "{declining:?}");
}

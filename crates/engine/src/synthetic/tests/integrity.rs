//! Records as a store would accept them: references that exist, periods that are half-open and do not overlap, money
//! that is not negative, and a past that knew nothing of its future.

use std::collections::{BTreeMap, BTreeSet};

use store::record::Fact as _;

use super::*;

/// Asserts that ids are 1, 2, 3 and so on.
#[track_caller]
fn check_ids(table: &str, ids: impl IntoIterator<Item = i64>) {
    for (index, id) in ids.into_iter().enumerate() {
        assert_eq!(id, index as i64 + 1, "{table}");
    }
}

/// Asserts that periods of the same key are not empty and do not overlap.
#[track_caller]
fn check_periods<K: Ord + std::fmt::Debug>(periods: impl IntoIterator<Item = (K, Day, Option<Day>)>) {
    let mut by_key: BTreeMap<K, Vec<(Day, Day)>> = BTreeMap::new();
    for (key, from, to) in periods {
        let to = to.unwrap_or(Day::MAX);
        assert!(from < to, "{key:?} is empty from {from} to {to}");
        by_key.entry(key).or_default().push((from, to));
    }
    for (key, mut periods) in by_key {
        periods.sort_unstable();
        for pair in periods.windows(2) {
            assert!(pair[0].1 <= pair[1].0, "{key:?}: {pair:?}");
        }
    }
}

#[test]
fn ids_count_from_one() {
    let records = company(11, 80).records();
    macro_rules! check {
        ($($table:ident)+) => {$( check_ids(stringify!($table), records.$table.iter().map(|row| row.id)); )+};
    }
    check!(sources members accounts contacts contact_roles stakeholder_edges assignments entitlements subscriptions
        subscription_items invoices payment_attempts tickets touchpoints survey_responses csm_sentiments objectives
        milestones renewals record_versions);
    let users: BTreeSet<i64> = records.end_users.iter().map(|row| row.id).collect();
    assert_eq!(users.len(), records.end_users.len());
}

#[test]
fn references_exist_within_the_same_account() {
    let company = company(12, 80);
    let records = company.records();
    let members = records.members.len() as i64;
    let contacts: BTreeMap<i64, i64> = records.contacts.iter().map(|row| (row.id, row.account_id)).collect();
    let terms: BTreeMap<i64, i64> = records.subscriptions.iter().map(|row| (row.id, row.account_id)).collect();
    let invoices: BTreeMap<i64, i64> = records.invoices.iter().map(|row| (row.id, row.account_id)).collect();
    for row in &records.accounts {
        assert!(row.parent_id.is_none_or(|parent| parent < row.id), "{row:?}");
    }
    for row in &records.contact_roles {
        assert_eq!(contacts[&row.contact_id], row.account_id);
    }
    for row in &records.stakeholder_edges {
        assert_eq!(contacts[&row.from_contact_id], row.account_id);
        assert_eq!(contacts[&row.to_contact_id], row.account_id);
        assert_ne!(row.from_contact_id, row.to_contact_id);
    }
    let pairs = [
        records.tickets.iter().map(|row| (row.account_id, row.contact_id)).collect::<Vec<_>>(),
        records.touchpoints.iter().map(|row| (row.account_id, row.contact_id)).collect(),
        records.survey_responses.iter().map(|row| (row.account_id, row.contact_id)).collect(),
        records.end_users.iter().map(|row| (row.account_id.unwrap(), row.contact_id)).collect(),
    ];
    for (account_id, contact_id) in pairs.concat() {
        assert!(contact_id.is_none_or(|contact_id| contacts[&contact_id] == account_id));
    }
    for row in &records.subscription_items {
        assert_eq!(terms[&row.subscription_id], row.account_id);
    }
    for row in &records.invoices {
        assert_eq!(terms[&row.subscription_id.unwrap()], row.account_id);
    }
    for row in &records.payment_attempts {
        assert_eq!(invoices[&row.invoice_id], row.account_id);
    }
    let member_ids = records.assignments.iter().map(|row| row.member_id);
    let member_ids = member_ids.chain(records.touchpoints.iter().filter_map(|row| row.member_id));
    for id in member_ids.chain(records.csm_sentiments.iter().map(|row| row.member_id)) {
        assert!((1..=members).contains(&id), "{id}");
    }
}

#[test]
fn periods_do_not_overlap() {
    let records = company(13, 120).records();
    check_periods(
        records
            .subscription_items
            .iter()
            .map(|row| ((row.account_id, row.product.clone()), row.effective_from, row.effective_to)),
    );
    check_periods(records.subscriptions.iter().map(|row| (row.account_id, row.effective_from, row.effective_to)));
    check_periods(
        records
            .entitlements
            .iter()
            .map(|row| ((row.account_id, row.feature.clone()), row.effective_from, row.effective_to)),
    );
    check_periods(
        records.assignments.iter().map(|row| ((row.account_id, row.role), row.effective_from, row.effective_to)),
    );
    check_periods(
        records.contact_roles.iter().map(|row| ((row.contact_id, row.role), row.effective_from, row.effective_to)),
    );
    let sponsors = records.contact_roles.iter().filter(|row| row.role == store::contact_role::Role::Sponsor);
    check_periods(sponsors.map(|row| (row.account_id, row.effective_from, row.effective_to)));
}

#[test]
fn money_is_not_negative_and_items_say_what_the_truth_says() {
    let company = company(14, 120);
    let records = company.records();
    assert!(records.subscription_items.iter().all(|row| row.amount_cents > 0 && row.quantity > 0));
    assert!(records.invoices.iter().all(|row| row.amount_cents > 0 && row.issued_on <= row.due_on));
    for account in &company.truth().accounts {
        for month in account.months.iter().filter(|month| month.month <= company.window.today) {
            let seats = records.subscription_items.iter().find(|row| {
                row.account_id == account.account_id
                    && row.product == "Workspace"
                    && row.effective_from <= month.month
                    && row.effective_to.is_none_or(|to| month.month < to)
            });
            // The first month may begin before the account does; a change on the first of a month is already in force.
            let before = company.subject(account.account_id as usize - 1).bought(calendar::shift(month.month, -1));
            if let Some(seats) = seats {
                assert!(seats.quantity == month.seats || before.seats == month.seats, "{account:?} {month:?}");
            } else {
                assert!(company.profiles[account.account_id as usize - 1].start > month.month);
            }
        }
    }
}

#[test]
fn external_identities_are_unique() {
    let records = company(15, 120).records();
    macro_rules! check {
        ($($table:ident)+) => {$(
            let ids: BTreeSet<_> = records.$table.iter().map(|row| row.external_id.clone()).collect();
            assert_eq!(ids.len(), records.$table.len(), stringify!($table));
        )+};
    }
    check!(accounts subscriptions invoices tickets end_users);
    let mails: BTreeSet<&str> = records.members.iter().map(|row| row.email.as_str()).collect();
    assert_eq!(mails.len(), records.members.len());
}

#[test]
fn events_are_sorted_known_by_now_and_of_entitled_users() {
    let company = company(16, 60);
    let records = company.records();
    let owners: BTreeMap<i64, i64> = records.end_users.iter().map(|row| (row.id, row.account_id.unwrap())).collect();
    let mut ids = BTreeSet::new();
    for month in company.months() {
        let events = company.events_in(month);
        assert!(events.is_sorted_by_key(|event| (event.account_id, event.occurred_at, event.id)));
        for event in events {
            let account_id = event.account_id.unwrap();
            assert!(event.occurred_at < event.recorded_at && event.recorded_at <= company.now());
            assert_eq!(calendar::first_of_month(event.occurred_at.date_naive()), month);
            assert!(ids.insert(event.id), "the id of {event:?} occurred before");
            assert!(event.user_id.is_none_or(|user| owners[&user] == account_id), "{event:?}");
            let on = event.occurred_at.date_naive();
            let entitled = records.entitlements.iter().any(|row| {
                row.account_id == account_id
                    && row.feature == event.name
                    && row.effective_from <= on
                    && row.effective_to.is_none_or(|to| on < to)
            });
            assert!(entitled, "{event:?}");
        }
    }
}

#[test]
fn nothing_is_recorded_later_than_now() {
    let company = company(17, 80);
    let records = company.records();
    let now = company.now();
    macro_rules! check {
        ($($table:ident)+) => {$( assert!(records.$table.iter().all(|row| row.recorded_at <= now)); )+};
    }
    check!(accounts contacts contact_roles stakeholder_edges assignments entitlements subscriptions subscription_items
        invoices payment_attempts tickets touchpoints survey_responses csm_sentiments objectives milestones
        renewals record_versions);
}

#[test]
fn versions_are_a_chain_that_ends_in_the_row() {
    let records = company(18, 60).records();
    let mut chains: BTreeMap<(&str, i64), Vec<(Instant, Instant)>> = BTreeMap::new();
    for version in &records.record_versions {
        let chain = chains.entry((&version.record_kind, version.record_id)).or_default();
        chain.push((version.recorded_at, version.superseded_at));
        assert_eq!(version.body["id"], version.record_id);
        let said: Instant = serde_json::from_value(version.body["recorded_at"].clone()).unwrap();
        assert_eq!(said, version.recorded_at);
    }
    let tickets = records.tickets.iter().map(|row| (("ticket", row.id), row.recorded_at()));
    let invoices = records.invoices.iter().map(|row| (("invoice", row.id), row.recorded_at()));
    for (key, current) in tickets.chain(invoices) {
        let mut chain = chains.remove(&key).unwrap_or_default();
        chain.sort_unstable();
        let ends = chain.iter().map(|(_, superseded_at)| *superseded_at);
        let begins = chain.iter().skip(1).map(|(recorded_at, _)| *recorded_at).chain([current]);
        assert!(chain.iter().all(|(recorded_at, superseded_at)| recorded_at < superseded_at));
        assert!(chain.is_empty() || ends.eq(begins), "{key:?} {chain:?}");
    }
}

#[test]
fn no_version_knows_its_future() {
    let records = company(19, 80).records();
    let known_late = |value: &serde_json::Value, recorded_at: Instant| match value.as_str() {
        Some(text) => text.parse::<Day>().is_ok_and(|day| day > recorded_at.date_naive()),
        None => false,
    };
    let mut seen = 0;
    for version in &records.record_versions {
        for column in ["paid_on", "voided_on", "cancelled_on", "customer_to", "achieved_on", "reached_on"] {
            seen += usize::from(version.body.get(column).is_some());
            assert!(!known_late(&version.body[column], version.recorded_at), "{version:?}");
        }
    }
    assert!(seen > 1_000, "{seen}");
    for row in &records.tickets {
        assert!(row.resolved_at.is_none_or(|resolved_at| resolved_at <= row.recorded_at));
    }
    for row in &records.invoices {
        assert!(row.paid_on.is_none_or(|paid_on| paid_on <= row.recorded_at.date_naive()));
    }
}

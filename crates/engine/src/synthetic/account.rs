//! The account's own row through its journey, and who looks after it. Stages follow the calendar and what the account
//! did; nothing here knows its latent health.

use serde_json::json;
use store::account::{Kind, Model as Account, Stage, Status};
use store::assignment::{Model as Assignment, Role};

use super::calendar::{at, shift};
use super::contracts;
use super::life::Cause;
use super::records::Ledger;
use super::source;
use super::stream::Topic;
use super::subject::Subject;
use super::team;

/// Days an account counts as being onboarded.
const ONBOARDING_DAYS: i64 = 95;
/// Days before the end of a term in which it is about the renewal.
const RENEWAL_DAYS: i64 = 90;

/// Writes the account.
pub(super) fn write(subject: &Subject<'_>, ledger: &mut Ledger) {
    let profile = subject.profile;
    let mut stream = subject.stream(Topic::Contract);
    let began = Account {
        id: 0,
        external_id: format!("crm-{:05}", profile.id),
        name: profile.name.clone(),
        domain: profile.parent.is_none().then(|| profile.domain.clone()),
        parent_id: profile.parent,
        kind: match profile.parent {
            Some(_) if profile.is_instance => Kind::ProductInstance,
            Some(_) => Kind::Site,
            None => Kind::Customer,
        },
        status: Status::Active,
        tier: Some(profile.tier.as_str().to_owned()),
        industry: Some(profile.industry.as_str().to_owned()),
        region: Some(profile.region.as_str().to_owned()),
        stage: Some(Stage::Onboarding),
        currency: "USD".to_owned(),
        employees: Some(profile.employees),
        customer_from: Some(profile.start),
        customer_to: None,
        traits: json!({
            "sso": stream.chance(if subject.is_strategic() { 0.9 } else { 0.3 }),
            "payment": if profile.pays_by_card { "card" } else { "invoice" },
            "bought_through": if stream.chance(0.2) { "partner" } else { "direct" },
        }),
        source_id: Some(source::CRM),
        recorded_at: at(profile.start, 7 * 3600),
    };
    ledger.write_history(journey(subject, began));
}

/// The states of the account: each stage it entered, and its end.
fn journey(subject: &Subject<'_>, began: Account) -> Vec<Account> {
    let profile = subject.profile;
    let today = subject.window.today;
    let mut entered = vec![(shift(profile.start, ONBOARDING_DAYS), Stage::Adoption)];
    let recently = shift(today, -120)..=today;
    let grew = subject.life.changes.windows(2).rev().find(|pair| {
        pair[1].cause == Cause::Amendment
            && recently.contains(&pair[1].day)
            && contracts::mrr_cents(subject, &pair[1].bought) > contracts::mrr_cents(subject, &pair[0].bought)
    });
    entered.extend(grew.map(|pair| (pair[1].day, Stage::Expansion)));
    let renewing = shift(subject.term_end(today), -RENEWAL_DAYS);
    entered.push((renewing, Stage::Renewal));
    entered.sort_unstable_by_key(|(day, _)| *day);

    let mut states = vec![began];
    for (day, stage) in entered {
        let is_over = subject.exit_day().is_some_and(|exit| exit <= day);
        if let Some(last) = states.last().filter(|_| !is_over) {
            let recorded_at = at(day, 5 * 3600);
            states.push(Account { stage: Some(stage), recorded_at, ..last.clone() });
        }
    }
    if let (Some(exit), Some(last)) = (subject.exit_day(), states.last()) {
        states.push(Account {
            status: Status::Churned,
            stage: None,
            customer_to: Some(exit),
            recorded_at: at(exit, 6 * 3600),
            ..last.clone()
        });
    }
    states
}

/// Writes who looks after the account: a CSM, perhaps another after a handover, and for strategic accounts the
/// CSM's manager as account manager.
pub(super) fn write_assignments(subject: &Subject<'_>, ledger: &mut Ledger) {
    let profile = subject.profile;
    let first = team::csm_id(profile.csm);
    let began = Assignment {
        id: 0,
        account_id: subject.id(),
        member_id: first,
        role: Role::Csm,
        effective_from: profile.start,
        effective_to: None,
        recorded_at: at(profile.start, 8 * 3600),
    };
    let handover = profile.handover.filter(|(day, _)| subject.is_customer(*day) && *day <= subject.window.today);
    match handover {
        None => {
            ledger.write(began);
        }
        Some((day, next)) => {
            let recorded_at = at(day, 6 * 3600);
            let over = Assignment { effective_to: Some(day), recorded_at, ..began.clone() };
            let taken = Assignment { member_id: team::csm_id(next), effective_from: day, recorded_at, ..began.clone() };
            ledger.write_history(vec![began, over]);
            ledger.write(taken);
        }
    }
    if subject.is_strategic() {
        ledger.write(Assignment {
            id: 0,
            account_id: subject.id(),
            member_id: team::manager_of(first),
            role: Role::Am,
            effective_from: profile.start,
            effective_to: None,
            recorded_at: at(profile.start, 8 * 3600),
        });
    }
}

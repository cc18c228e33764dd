//! Facts: what was known when, what an import changes, and that many rows go in at once.

use domain::Day;
use sea_orm::{EntityTrait, QueryOrder};
use store::{
    Account, Contact, ContactRole, Invoice, Objective, PaymentAttempt, Subscription, SubscriptionItem, Ticket,
    Touchpoint, account, contact_role, invoice, objective,
    record::{self, Saved},
    subscription_item, ticket, touchpoint,
};

use super::{
    company::{an_account, at, day, two_accounts},
    database::on_both,
};

#[test]
fn an_earlier_state_is_known_on_an_earlier_instant() {
    on_both(|store| async move {
        let (acme, zeta) = store.write(async |tx| two_accounts(tx).await).await.unwrap();
        store
            .write(async |tx| {
                record::edit::<Account>(tx, acme.id, at(10), |account| account.name = "Acme Ltd".to_owned()).await?;
                record::edit::<Account>(tx, acme.id, at(20), |account| account.tier = None).await?;
                record::delete::<Account>(tx, zeta.id, at(30)).await
            })
            .await
            .unwrap();
        let known = async |second| {
            let facts = store.facts(Some(at(second)), None).await.unwrap();
            facts.accounts.into_iter().map(|a| (a.id, a.name, a.tier)).collect::<Vec<_>>()
        };
        let growth = Some("growth".to_owned());
        let acme_was = (acme.id, "ACME".to_owned(), growth.clone());
        let zeta_was = (zeta.id, "ZETA".to_owned(), growth.clone());
        assert_eq!(known(0).await, [acme_was.clone(), zeta_was.clone()]);
        assert_eq!(known(9).await, [acme_was, zeta_was.clone()]);
        assert_eq!(known(10).await, [(acme.id, "Acme Ltd".to_owned(), growth), zeta_was.clone()]);
        assert_eq!(known(29).await, [(acme.id, "Acme Ltd".to_owned(), None), zeta_was]);
        assert_eq!(known(30).await, [(acme.id, "Acme Ltd".to_owned(), None)]);
        let before = at(0) - chrono::TimeDelta::microseconds(1);
        assert!(store.facts(Some(before), None).await.unwrap().is_empty());
        assert_eq!(store.facts(None, None).await.unwrap(), store.facts(Some(at(99)), None).await.unwrap());
        assert!(store.facts(Some(at(9)), Some(&[acme.id])).await.unwrap().accounts.iter().all(|a| a.id == acme.id));
    });
}

#[test]
fn whether_anybody_has_a_fact_is_asked_of_a_day_and_of_what_was_known() {
    on_both(|store| async move {
        let (acme, zeta) = store.write(async |tx| two_accounts(tx).await).await.unwrap();
        let bill = Invoice { voided_on: Some(day(2, 20)), recorded_at: at(10), ..an_invoice(acme.id) };
        let bill = store.write(async |tx| record::insert(tx, bill.clone()).await).await.unwrap();
        let any = async |day, known_on, accounts: Option<&[i64]>| {
            let reading = store.reading(known_on, accounts).await.unwrap();
            let found = reading.any::<Invoice>(day).await.unwrap();
            reading.end().await.unwrap();
            found
        };
        let of_days = async |known_on| {
            let mut found = Vec::new();
            for day in [day(1, 31), day(2, 1), day(2, 19), day(2, 20)] {
                found.push(any(day, known_on, None).await);
            }
            found
        };
        assert_eq!(
            of_days(None).await,
            [false, true, true, false],
            "from the day it was sent to the day it was taken back"
        );
        assert!(any(day(2, 1), None, Some(&[zeta.id])).await, "of any account, whoever is read");
        assert!(!any(day(2, 1), Some(at(9)), None).await, "it was not known yet");
        assert!(any(day(2, 1), Some(at(10)), None).await);
        let moved = async |tx: &store::Tx| {
            record::edit::<Invoice>(tx, bill.id, at(20), |bill| bill.issued_on = day(2, 15)).await
        };
        store.write(moved).await.unwrap();
        assert_eq!(of_days(None).await, [false, false, true, false]);
        assert_eq!(of_days(Some(at(19))).await, [false, true, true, false], "as it was known before it was corrected");
        store.write(async |tx| record::delete::<Invoice>(tx, bill.id, at(30)).await).await.unwrap();
        assert!(!any(day(2, 19), None, None).await && any(day(2, 19), Some(at(29)), None).await);
    });
}

#[test]
fn a_clock_set_back_loses_no_version() {
    on_both(|store| async move {
        let (acme, _) = store.write(async |tx| two_accounts(tx).await).await.unwrap();
        let rename = async |name: &str, second| {
            let edit = store.write(async |tx| {
                record::edit::<Account>(tx, acme.id, at(second), |account| account.name = name.to_owned()).await
            });
            edit.await.unwrap().1.recorded_at
        };
        assert_eq!(rename("late", 20).await, at(20));
        assert_eq!(rename("early", 10).await, at(20));
        let known = async |second| store.facts(Some(at(second)), Some(&[acme.id])).await.unwrap().accounts;
        assert_eq!(known(19).await[0].name, "ACME");
        let now: Vec<_> = known(20).await.into_iter().map(|account| account.name).collect();
        assert_eq!(now, ["early"]);
    });
}

#[test]
fn saying_the_same_again_writes_nothing() {
    on_both(|store| async move {
        let again = store
            .write(async |tx| {
                let (acme, _) = two_accounts(tx).await?;
                record::update(tx, Account { recorded_at: at(50), ..acme }).await
            })
            .await
            .unwrap();
        assert_eq!((again.0, again.1.recorded_at), (Saved::Unchanged, at(0)));
    });
}

#[test]
fn a_failed_transaction_leaves_nothing() {
    on_both(|store| async move {
        let failed = store
            .write(async |tx| {
                record::insert(tx, an_account("acme")).await?;
                record::insert(tx, an_account("acme")).await
            })
            .await;
        assert!(matches!(failed, Err(store::StoreError::Conflict { .. })), "{failed:?}");
        assert!(store.facts(None, None).await.unwrap().is_empty());
    });
}

#[test]
fn an_import_creates_then_changes_then_leaves_alone() {
    on_both(|store| async move {
        let source = super::company::sending_source(&store).await;
        let (acme, _) = store.write(async |tx| two_accounts(tx).await).await.unwrap();
        let import = async |subject: &str, second: u32| {
            store
                .write(async |tx| {
                    record::upsert::<Ticket>(tx, Some(source.id), "T-1", |current| Ticket {
                        subject: subject.to_owned(),
                        recorded_at: at(second),
                        source_id: Some(source.id),
                        ..current.cloned().unwrap_or_else(|| a_ticket(acme.id))
                    })
                    .await
                })
                .await
                .unwrap()
        };
        assert_eq!(import("Down", 1).await.0, Saved::Created);
        assert_eq!(import("Down", 2).await.0, Saved::Unchanged);
        let csat = store
            .write(async |tx| {
                let id = import_id(tx).await?;
                record::edit::<Ticket>(tx, id, at(3), |ticket| ticket.csat = Some(4)).await
            })
            .await
            .unwrap();
        let (saved, ticket) = import("Slow", 4).await;
        assert_eq!((saved, ticket.subject.as_str(), ticket.csat), (Saved::Updated, "Slow", csat.1.csat));
    });
}

async fn import_id(tx: &store::Tx) -> Result<i64, store::StoreError> {
    Ok(record::load::<Ticket>(tx, None, None).await?[0].id)
}

#[test]
fn the_line_that_runs_and_the_roles_of_a_contact_are_found() {
    on_both(|store| async move {
        let (running, roles) = store
            .write(async |tx| {
                let (acme, _) = two_accounts(tx).await?;
                let contract = record::insert(tx, a_subscription(acme.id)).await?;
                for (from, to) in [(1, Some(day(2, 1))), (2, None), (3, Some(day(4, 1)))] {
                    record::insert(tx, an_item(&contract, day(from, 1), to)).await?;
                }
                let ann = record::insert(tx, a_contact(acme.id)).await?;
                record::insert(tx, a_sponsor(&ann)).await?;
                let running = subscription_item::all_running(tx, &[contract.id]).await?.remove(&contract.id).unwrap();
                let roles = contact_role::of_contacts(tx, &[ann.id]).await?;
                Ok::<_, store::StoreError>((running, roles))
            })
            .await
            .unwrap();
        assert_eq!(running.effective_from, day(2, 1), "the one without an end, though another began later");
        let roles: Vec<_> = roles.into_iter().map(|role| (role.role, role.effective_from, role.effective_to)).collect();
        assert_eq!(roles, [(contact_role::Role::Sponsor, day(2, 1), Some(day(3, 1)))]);
    });
}

fn a_subscription(account_id: i64) -> Subscription {
    Subscription {
        id: 0,
        account_id,
        external_id: Some("S-1".to_owned()),
        name: "Main".to_owned(),
        currency: "EUR".to_owned(),
        period_months: 12,
        notice_days: 30,
        auto_renew: true,
        effective_from: day(1, 1),
        effective_to: None,
        cancelled_on: None,
        signed_on: None,
        continues_id: None,
        paused_on: None,
        resumes_on: None,
        earlier_pauses: store::subscription::Pauses::default(),
        discounts: store::subscription::Discounts::default(),
        source_id: None,
        recorded_at: at(0),
    }
}

fn an_item(contract: &Subscription, effective_from: Day, effective_to: Option<Day>) -> SubscriptionItem {
    SubscriptionItem {
        id: 0,
        subscription_id: contract.id,
        account_id: contract.account_id,
        product: "Suite".to_owned(),
        plan: "pro".to_owned(),
        unit: subscription_item::Unit::Seat,
        quantity: 10,
        amount_cents: 50_000,
        period_months: 1,
        charge: store::subscription_item::Charge::Recurring,
        discount_bp: 0,
        discount_cents: 0,
        discount_until: None,
        currency: "EUR".to_owned(),
        effective_from,
        effective_to,
        recorded_at: at(0),
    }
}

fn a_contact(account_id: i64) -> Contact {
    Contact {
        id: 0,
        account_id,
        external_id: None,
        name: "Ann".to_owned(),
        email: Some("ann@acme.example".to_owned()),
        title: None,
        effective_from: day(1, 1),
        effective_to: None,
        source_id: None,
        recorded_at: at(0),
    }
}

fn a_sponsor(contact: &Contact) -> ContactRole {
    ContactRole {
        id: 0,
        contact_id: contact.id,
        account_id: contact.account_id,
        role: contact_role::Role::Sponsor,
        effective_from: day(2, 1),
        effective_to: Some(day(3, 1)),
        recorded_at: at(0),
    }
}

#[test]
fn many_rows_with_given_ids_leave_room_for_the_next() {
    on_both(|store| async move {
        let rows: Vec<Account> =
            (1..=5000).map(|id| Account { id, ..an_account(&format!("account-{id:05}")) }).collect();
        let (count, next) = store
            .write(async |tx| {
                let count = record::insert_many(tx, rows).await?;
                let invoices = (1..=3000).map(|n| an_invoice(1 + n % 5000)).collect();
                record::insert_many(tx, invoices).await?;
                Ok::<_, store::StoreError>((count, record::insert(tx, an_account("next")).await?.id))
            })
            .await
            .unwrap();
        assert_eq!((count, next), (5000, 5001));
        let facts = store.facts(None, None).await.unwrap();
        assert_eq!((facts.accounts.len(), facts.invoices.len(), facts.len()), (5001, 3000, 8001));
        assert!(facts.invoices.is_sorted_by_key(|invoice| invoice.id));
        assert_eq!(facts.accounts[4].traits, serde_json::json!({"seats": 5, "plan": "pro"}));
        let some = store.facts(None, Some(&[2, 3])).await.unwrap();
        assert_eq!((some.accounts.len(), some.invoices.len()), (2, 2));
    });
}

#[test]
fn a_page_says_what_its_rows_say_to_the_last_bit() {
    on_both(|store| async move {
        let traits = serde_json::json!({"said": "\"quoted\" \\ \u{1f34e}\n", "deep": [1.5, null, {"yes": true}]});
        let account = Account { traits, name: "Łódź, \"Ltd\"".to_owned(), ..an_account("acme") };
        // Every magnitude there is, some of which need all seventeen digits.
        let bits = (1..3_000_u64).map(|at| f64::from_bits(at.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        let known = [0.1 + 0.2, 1.0 / 3.0, 0.0, 12.5, 1e15 + 0.3, f64::MAX, f64::MIN_POSITIVE];
        let numbers: Vec<f64> = bits.filter(|number| number.is_normal()).chain(known).collect();
        store
            .write(async |tx| {
                let acme = record::insert(tx, account).await?.id;
                let objectives = numbers.iter().map(|number| an_objective(acme, *number)).collect();
                record::insert_many::<Objective>(tx, objectives).await?;
                let invoice = record::insert(tx, an_invoice(acme)).await?.id;
                let attempts = [true, false].map(|failed| a_payment_attempt(acme, invoice, failed));
                record::insert_many::<PaymentAttempt>(tx, attempts.into()).await
            })
            .await
            .unwrap();
        let facts = store.facts(None, None).await.unwrap();
        let targets = facts.objectives.iter().map(|objective| objective.target.unwrap().to_bits());
        assert!(targets.eq(numbers.iter().map(|number| number.to_bits())));
        let rows = objective::Entity::find().order_by_asc(objective::Column::Id).all(store.read()).await.unwrap();
        assert_eq!(facts.objectives, rows);
        assert_eq!(facts.payment_attempts.iter().map(|attempt| attempt.failed).collect::<Vec<_>>(), [true, false]);
        assert_eq!(facts.accounts, account::Entity::find().all(store.read()).await.unwrap());
        assert_eq!(facts.invoices, invoice::Entity::find().all(store.read()).await.unwrap());
    });
}

fn an_objective(account_id: i64, target: f64) -> Objective {
    Objective {
        id: 0,
        account_id,
        title: "Faster closing".to_owned(),
        kind: objective::Kind::Revenue,
        unit: None,
        baseline: None,
        target: Some(target),
        actual: None,
        effective_from: day(2, 1),
        due_on: day(6, 1),
        achieved_on: None,
        recorded_at: at(0),
    }
}

fn a_payment_attempt(account_id: i64, invoice_id: i64, failed: bool) -> PaymentAttempt {
    PaymentAttempt { id: 0, invoice_id, account_id, occurred_at: at(1), failed, reason: None, recorded_at: at(0) }
}

pub(crate) fn an_invoice(account_id: i64) -> Invoice {
    invoice::Model {
        id: 0,
        account_id,
        subscription_id: None,
        external_id: None,
        amount_cents: 120_000,
        currency: "EUR".to_owned(),
        issued_on: day(2, 1),
        due_on: day(3, 1),
        paid_on: None,
        voided_on: None,
        source_id: None,
        recorded_at: at(0),
    }
}

pub(crate) fn a_touchpoint(account_id: i64) -> Touchpoint {
    Touchpoint {
        id: 0,
        account_id,
        contact_id: None,
        member_id: None,
        kind: touchpoint::Kind::Call,
        direction: touchpoint::Direction::Outbound,
        subject: "Check in".to_owned(),
        body: None,
        occurred_at: at(0),
        replied_at: None,
        minutes: Some(30),
        recorded_at: at(0),
    }
}

fn a_ticket(account_id: i64) -> Ticket {
    Ticket {
        id: 0,
        account_id,
        contact_id: None,
        external_id: Some("T-1".to_owned()),
        subject: String::new(),
        priority: ticket::Priority::High,
        opened_at: at(0),
        first_response_at: None,
        resolved_at: None,
        escalated_at: None,
        csat: None,
        source_id: None,
        recorded_at: at(0),
    }
}

//! The few records most tests begin with.

use domain::{Day, Instant};
use store::{Account, Member, Source, Store, Tx, account, member, record, source};

/// An instant on 2026-03-01 at this second.
pub(crate) fn at(second: u32) -> Instant {
    day(3, 1).and_hms_opt(12, 0, 0).unwrap().and_utc() + chrono::TimeDelta::seconds(i64::from(second))
}

/// A day of 2026.
pub(crate) fn day(month: u32, day: u32) -> Day {
    Day::from_ymd_opt(2026, month, day).unwrap()
}

pub(crate) fn an_account(external_id: &str) -> Account {
    Account {
        id: 0,
        external_id: external_id.to_owned(),
        name: external_id.to_uppercase(),
        domain: None,
        parent_id: None,
        kind: account::Kind::Customer,
        status: account::Status::Active,
        tier: Some("growth".to_owned()),
        industry: None,
        region: None,
        stage: Some(account::Stage::Adoption),
        currency: "EUR".to_owned(),
        employees: Some(120),
        customer_from: Some(day(1, 1)),
        customer_to: None,
        traits: serde_json::json!({"seats": 5, "plan": "pro"}),
        source_id: None,
        recorded_at: at(0),
    }
}

pub(crate) fn a_member(name: &str) -> Member {
    Member {
        id: 0,
        email: format!("{name}@example.com"),
        name: name.to_owned(),
        role: member::Role::Csm,
        title: None,
        manager_id: None,
        password_hash: None,
        active: true,
        created_at: at(0),
    }
}

pub(crate) fn a_source(key: &str) -> Source {
    Source { write_key_hash: Some(format!("hash-of-{key}")), ..Source::new(key, key, source::Kind::Segment, at(0)) }
}

/// Two accounts, in this order: `acme`, `zeta`.
pub(crate) async fn two_accounts(tx: &Tx) -> Result<(Account, Account), store::StoreError> {
    Ok((record::insert(tx, an_account("acme")).await?, record::insert(tx, an_account("zeta")).await?))
}

/// A source that may send.
pub(crate) async fn sending_source(store: &Store) -> Source {
    store.write(async |tx| source::insert(tx, a_source("web")).await).await.unwrap()
}

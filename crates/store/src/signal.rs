//! A signal is a risk or an opportunity that a rule opened and that closes by itself. At most one per account and
//! rule is open; each opening has the next firing number.

use domain::{Day, Instant, access::RowFilter};
use sea_orm::{ConnectionTrait, QueryOrder, entity::prelude::*};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    StoreError, Tx,
    change::{self, NewChange},
    declare::{no_relations, text_enum},
    row::{self, of_account},
    visible,
};

text_enum! {
    /// Whether a signal warns or invites.
    pub enum Kind {
        /// Something may be lost.
        Risk = "risk",
        /// Something may be won.
        Opportunity = "opportunity",
    }
}

text_enum! {
    /// How much a signal matters.
    pub enum Severity {
        /// Worth knowing.
        Low = "low",
        /// Worth acting on.
        Medium = "medium",
        /// Act first.
        High = "high",
    }
}

/// A risk or opportunity that opens and closes by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "signal")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// The rule that fired.
    pub rule: String,
    /// Risk or opportunity.
    pub kind: Kind,
    /// How much it matters.
    pub severity: Severity,
    /// The how-manieth opening of this rule for this account, from 1.
    pub firing: i32,
    /// When it opened.
    pub opened_at: Instant,
    /// When it closed.
    pub closed_at: Option<Instant>,
    /// The day of the snapshot that opened it.
    pub as_of: Day,
    /// The numbers it rests on.
    pub evidence: Json,
}

no_relations!();
of_account!();

/// A signal about to open.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSignal {
    /// The account.
    pub account_id: i64,
    /// The rule that fired.
    pub rule: String,
    /// Risk or opportunity.
    pub kind: Kind,
    /// How much it matters.
    pub severity: Severity,
    /// The day of the snapshot that opens it.
    pub as_of: Day,
    /// The numbers it rests on.
    pub evidence: Json,
}

/// Opens a signal with the next firing number of its rule and account, and records `signal.opened`.
///
/// If one is open already, that one is returned and nothing changes.
pub async fn open(tx: &Tx, new: NewSignal, now: Instant) -> Result<Model, StoreError> {
    let NewSignal { account_id, rule, kind, severity, as_of, evidence } = new;
    let last = Entity::find()
        .filter(Column::AccountId.eq(account_id))
        .filter(Column::Rule.eq(rule.as_str()))
        .order_by_desc(Column::Firing)
        .one(tx)
        .await?;
    let firing = match last {
        Some(open) if open.closed_at.is_none() => return Ok(open),
        Some(last) => last.firing + 1,
        None => 1,
    };
    let opened_at = now;
    let signal = Model { id: 0, account_id, rule, kind, severity, firing, opened_at, closed_at: None, as_of, evidence };
    let signal = row::insert(tx, signal).await?;
    note(tx, "signal.opened", &signal, now).await?;
    Ok(signal)
}

/// Closes a signal and records `signal.closed`; one that is closed stays as it is.
pub async fn close(tx: &Tx, id: i64, now: Instant) -> Result<Model, StoreError> {
    let signal = row::find::<Entity>(tx, "signal", id).await?;
    if signal.closed_at.is_some() {
        return Ok(signal);
    }
    let signal = row::update(tx, Model { closed_at: Some(now), ..signal }).await?;
    note(tx, "signal.closed", &signal, now).await?;
    Ok(signal)
}

/// The open signals of some accounts or of all, in order of opening.
pub async fn open_now(db: &impl ConnectionTrait, accounts: Option<&[i64]>) -> Result<Vec<Model>, StoreError> {
    let mut query = Entity::find().filter(Column::ClosedAt.is_null());
    if let Some(accounts) = accounts {
        query = query.filter(Column::AccountId.is_in(accounts.iter().copied()));
    }
    Ok(query.order_by_asc(Column::Id).all(db).await?)
}

/// A page of the signals that may be seen on a day, in order of opening.
pub async fn visible(
    db: &impl ConnectionTrait,
    rows: &RowFilter,
    today: Day,
    after: Option<i64>,
    limit: u64,
) -> Result<Vec<Model>, StoreError> {
    visible::page::<Entity>(db, (Column::AccountId, Column::Id), (rows, today), after, limit).await
}

async fn note(tx: &Tx, kind: &str, signal: &Model, now: Instant) -> Result<(), StoreError> {
    let change = NewChange {
        actor: format!("rule:{}", signal.rule),
        account_id: Some(signal.account_id),
        kind: kind.to_owned(),
        subject_id: Some(signal.id),
        detail: json!({ "rule": signal.rule, "severity": signal.severity, "firing": signal.firing }),
    };
    change::record(tx, change, now).await?;
    Ok(())
}

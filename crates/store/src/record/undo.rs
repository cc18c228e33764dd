//! Taking back everything that was recorded at one instant: rows that came to be are deleted, rows that changed say
//! again what they said before, and rows that something else has changed since stay as they are. What other rows
//! refer to stays too, each judged by itself.

use std::collections::{HashMap, HashSet};

use domain::Instant;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, TransactionTrait};

use super::Fact;
use crate::{
    Account, Assignment, Contact, ContactRole, Entitlement, Invoice, Milestone, Objective, PaymentAttempt, StoreError,
    Subscription, SubscriptionItem, SurveyResponse, Ticket, Touchpoint, Tx, account, exchange_rate, identity,
    provenance, record_version,
};

/// What taking back did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// Rows that are gone.
    pub deleted: u64,
    /// Rows that say again what they said before.
    pub restored: u64,
    /// Rows that stay, because something else has touched them or refers to them.
    pub kept: u64,
    /// The accounts concerned.
    pub accounts: HashSet<i64>,
    /// The accounts that are gone.
    pub gone: Vec<i64>,
}

/// Takes back every record that was recorded at `at`; known since `now`.
pub async fn undo(tx: &Tx, at: Instant, now: Instant) -> Result<Undone, StoreError> {
    let mut undone = Undone::default();
    // What refers to others goes first.
    of_kind::<ContactRole>(tx, at, now, &mut undone).await?;
    of_kind::<Assignment>(tx, at, now, &mut undone).await?;
    of_kind::<Entitlement>(tx, at, now, &mut undone).await?;
    of_kind::<Milestone>(tx, at, now, &mut undone).await?;
    of_kind::<Objective>(tx, at, now, &mut undone).await?;
    of_kind::<SurveyResponse>(tx, at, now, &mut undone).await?;
    of_kind::<Touchpoint>(tx, at, now, &mut undone).await?;
    of_kind::<Ticket>(tx, at, now, &mut undone).await?;
    of_kind::<PaymentAttempt>(tx, at, now, &mut undone).await?;
    of_kind::<Invoice>(tx, at, now, &mut undone).await?;
    of_kind::<SubscriptionItem>(tx, at, now, &mut undone).await?;
    of_kind::<Subscription>(tx, at, now, &mut undone).await?;
    of_kind::<Contact>(tx, at, now, &mut undone).await?;
    undone.deleted += exchange_rate::forget(tx, at).await?;
    let new = of_kind::<Account>(tx, at, now, &mut undone).await?;
    undone.gone = new;
    Ok(undone)
}

/// Takes back the rows of one kind. Returns the ids of those that are gone.
async fn of_kind<M: Fact>(tx: &Tx, at: Instant, now: Instant, undone: &mut Undone) -> Result<Vec<i64>, StoreError> {
    let mut before: HashMap<i64, M> = record_version::superseded::<M>(tx, at).await?;
    undone.kept += record_version::of_instant(tx, M::KIND, at).await?;
    let rows = M::Entity::find().filter(M::RECORDED.eq(at)).all(tx).await?;
    let mut gone = Vec::new();
    for row in rows {
        undone.accounts.insert(row.account_id());
        if let Some(before) = before.remove(&row.id()) {
            super::update(tx, before.recorded(now)).await?;
            undone.restored += 1;
        } else if removed::<M>(tx, row.id(), now).await? {
            undone.deleted += 1;
            gone.push(row.id());
        } else {
            undone.kept += 1;
        }
    }
    Ok(gone)
}

/// Deletes a row with what is known about it; false if others refer to it, and then nothing was done.
async fn removed<M: Fact>(tx: &Tx, id: i64, now: Instant) -> Result<bool, StoreError> {
    let attempt = tx.begin().await?;
    let done = async {
        if M::KIND == Account::KIND {
            account::forget_derived(&attempt, id).await?;
        }
        super::delete::<M>(&attempt, id, now).await?;
        identity::forget(&attempt, M::KIND, id).await?;
        provenance::forget(&attempt, M::KIND, id).await
    };
    match done.await {
        Ok(()) => {
            attempt.commit().await?;
            Ok(true)
        }
        Err(StoreError::Conflict { .. }) => {
            attempt.rollback().await?;
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

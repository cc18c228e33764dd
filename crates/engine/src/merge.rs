//! Merging accounts that turned out to be one, and taking that back. What moves, and what comes back, the store knows;
//! here it is decided who may be one, it is told on both timelines, and the book is computed again. Deliberately
//! absent: merging by itself. Two accounts of one web domain are *likely* one, and a person says so.

use std::collections::BTreeMap;

use domain::access::RowFilter;
use futures::future::BoxFuture;
use serde_json::json;
use store::{
    AccountMerge, StoreError, Tx,
    account_merge::{self, MergeError},
    change::{self, NewChange},
};

use crate::{Book, Engine, EngineError, Row, fields::Hand, refresh};

/// Accounts that are likely one, at most.
const MOST_LIKELY: usize = 50;

/// Accounts that are likely one.
#[derive(Debug, Clone)]
pub struct Likely<'a> {
    /// What they share, as a person reads it: a web domain or a name.
    pub shared: String,
    /// The accounts, the one with the most revenue first.
    pub accounts: Vec<&'a Row>,
}

/// Why accounts were not merged, or a merge not undone.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// They cannot be.
    #[error(transparent)]
    Refused(#[from] MergeError),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Engine(error.into())
    }
}

/// Merges an account into another one.
pub fn merge<'a>(
    engine: &'a Engine,
    account_id: i64,
    survivor_id: i64,
    hand: &'a Hand,
) -> BoxFuture<'a, Result<AccountMerge, Error>> {
    Box::pin(async move {
        let now = engine.now();
        let merge = engine
            .store()
            .write(async |tx| -> Result<AccountMerge, Error> {
                let merge = account_merge::merge(tx, account_id, survivor_id, &hand.actor, now).await?;
                tell(tx, engine, &merge, "account.merged", hand).await?;
                Ok(merge)
            })
            .await?;
        refresh::all(engine).await?;
        Ok(merge)
    })
}

/// Undoes a merge: the account is back, with everything that was its own.
pub fn undo<'a>(engine: &'a Engine, merge_id: i64, hand: &'a Hand) -> BoxFuture<'a, Result<AccountMerge, Error>> {
    Box::pin(async move {
        let now = engine.now();
        let merge = engine
            .store()
            .write(async |tx| -> Result<AccountMerge, Error> {
                let before = account_merge::find(tx, merge_id).await?;
                // What goes back becomes known after it came, even where the clock stands still.
                let since = now.max(before.merged_at + chrono::TimeDelta::microseconds(1));
                let merge = account_merge::undo(tx, merge_id, since).await?;
                tell(tx, engine, &merge, "account.split", hand).await?;
                Ok(merge)
            })
            .await?;
        refresh::all(engine).await?;
        Ok(merge)
    })
}

/// Says on the survivor's timeline what happened.
async fn tell(tx: &Tx, engine: &Engine, merge: &AccountMerge, kind: &str, hand: &Hand) -> Result<(), Error> {
    let rows = store::record::of_ids::<store::Account>(tx, &[merge.account_id]).await?;
    let name = rows.get(&merge.account_id).map(|account| account.name.clone());
    let change = NewChange {
        actor: hand.actor.clone(),
        account_id: Some(merge.survivor_id),
        kind: kind.to_owned(),
        subject_id: Some(merge.id),
        detail: json!({ "account": merge.account_id, "name": name }),
    };
    change::record(tx, change, engine.now()).await?;
    Ok(())
}

/// Accounts that share a web domain or a name, as far as one may see them.
pub fn likely<'a>(book: &'a Book, rows: &'a RowFilter) -> Vec<Likely<'a>> {
    let mut groups: BTreeMap<String, Vec<&'a Row>> = BTreeMap::new();
    for row in book.visible(rows) {
        let domain = row.account.domain.as_deref().filter(|domain| !connectors::record::mail::is_free(domain));
        let shared = domain.map_or_else(|| plain(&row.account.name), str::to_owned);
        groups.entry(shared).or_default().push(row.as_ref());
    }
    let mut likely: Vec<Likely<'a>> = groups
        .into_iter()
        .filter(|(shared, accounts)| !shared.is_empty() && accounts.len() > 1)
        .map(|(shared, accounts)| Likely { shared, accounts })
        .collect();
    for group in &mut likely {
        group.accounts.sort_by_key(|row| (std::cmp::Reverse(book.arr_cents(row)), row.account.id));
    }
    likely.truncate(MOST_LIKELY);
    likely
}

/// A name without what tells spellings apart: case, punctuation, the form of the company.
fn plain(name: &str) -> String {
    const FORMS: [&str; 12] = ["inc", "llc", "ltd", "limited", "gmbh", "ag", "sa", "sas", "bv", "corp", "co", "plc"];
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty() && !FORMS.contains(word));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn spellings_of_a_company_are_one_name() {
        assert_eq!(plain("ACME, Inc."), plain("Acme"));
        assert_ne!(plain("Acme North"), plain("Acme"));
        assert_eq!(plain("GmbH"), "");
    }
}

//! Lines that a source no longer lists. A source that says which lines a contract has says by that which it has no
//! more; a seat block that was removed is never spoken of again. Deliberately absent: lines of other sources, and lines
//! of sources that send them one by one.

use std::collections::{BTreeMap, HashSet};

use connectors::record::Draft;
use domain::{Day, time::day_of};
use store::{Subscription, SubscriptionItem, Tx, record, subscription_item};

use super::{From, save::Known};
use crate::EngineError;

/// Ends the lines of contracts that are not among those their source lists; what it listed last counts.
pub(super) async fn end(
    tx: &Tx,
    drafts: &[&Draft],
    contracts: &Known<Subscription>,
    from: From,
) -> Result<(), EngineError> {
    let mut listed: BTreeMap<i64, (HashSet<&str>, Day)> = BTreeMap::new();
    for draft in drafts {
        let contract = draft.text("subscription").set().and_then(|key| contracts.get(key));
        let (Some(contract), Some(lines)) = (contract, draft.text("lines").set()) else { continue };
        let since = draft.day("changed_on").set().unwrap_or_else(|| day_of(from.now));
        listed.insert(contract.id, (lines.split(' ').collect(), since));
    }
    let contracts: Vec<i64> = listed.keys().copied().collect();
    for (name, item) in subscription_item::named_running(tx, &contracts, from.source_id).await? {
        let Some((lines, since)) = listed.get(&item.subscription_id) else { continue };
        if !lines.contains(name.as_str()) {
            let ends = item.effective_from.max(*since);
            record::edit::<SubscriptionItem>(tx, item.id, from.now, |item| item.effective_to = Some(ends)).await?;
        }
    }
    Ok(())
}

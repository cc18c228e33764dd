//! Invoices, and the attempts to collect them. An attempt belongs to an invoice the same source has brought; an
//! invoice names its contract where it can, and stands without one where it cannot.

use std::collections::HashSet;

use connectors::record::{Draft, Given};
use store::{Account, Invoice, PaymentAttempt, Subscription, Tx, record};

use super::{
    From, Outcomes, Refusal, missing,
    owner::Owners,
    save::{self, Known},
    taken, unknown,
};

/// Writes invoices.
pub(super) async fn invoices(tx: &Tx, drafts: &[&Draft], from: From) -> Outcomes {
    let owners = Owners::find(tx, drafts, from).await?;
    let keys: HashSet<&str> = drafts.iter().filter_map(|draft| draft.text("subscription").set()).collect();
    let contracts = record::known::<Subscription>(tx, from.source_id, &keys.into_iter().collect::<Vec<_>>()).await?;
    let merge = |draft: &Draft, before: Option<&Invoice>| invoice(before, draft, &owners, &contracts, from);
    Ok(taken(save::imported(tx, drafts, from, merge).await?))
}

fn invoice(
    before: Option<&Invoice>,
    draft: &Draft,
    owners: &Owners,
    contracts: &Known<Subscription>,
    from: From,
) -> Result<Invoice, Refusal> {
    let account: Result<&Account, Refusal> = owners.of(draft);
    let account_id = owners.of_known(draft, before.map(|before| before.account_id))?;
    let mut invoice = match (before, draft.cents("amount_cents"), draft.day("issued_on")) {
        (Some(before), ..) => before.clone(),
        (None, Given::Set(amount_cents), Given::Set(issued_on)) => Invoice {
            id: 0,
            account_id,
            subscription_id: None,
            external_id: Some(draft.key.clone()),
            amount_cents,
            currency: account.map_or_else(|_| "USD".to_owned(), |account| account.currency.clone()),
            issued_on,
            due_on: issued_on,
            paid_on: None,
            voided_on: None,
            source_id: from.source_id,
            recorded_at: from.now,
        },
        _ => return Err(missing("amount_cents", "an invoice needs an amount and the day it was issued")),
    };
    invoice.recorded_at = from.now;
    invoice.account_id = account_id;
    invoice.amount_cents = draft.cents("amount_cents").set().unwrap_or(invoice.amount_cents);
    invoice.issued_on = draft.day("issued_on").set().unwrap_or(invoice.issued_on);
    let contract = draft.text("subscription").set().and_then(|key| contracts.get(key));
    invoice.subscription_id = contract.map(|contract| contract.id).or(invoice.subscription_id);
    if let Given::Set(currency) = draft.text("currency") {
        currency.clone_into(&mut invoice.currency);
    }
    invoice.due_on = draft.day("due_on").set().unwrap_or(invoice.due_on);
    draft.day("paid_on").apply(&mut invoice.paid_on);
    draft.day("voided_on").apply(&mut invoice.voided_on);
    Ok(invoice)
}

/// Writes attempts to collect invoices.
pub(super) async fn attempts(tx: &Tx, drafts: &[&Draft], from: From) -> Outcomes {
    let keys: HashSet<&str> = drafts.iter().filter_map(|draft| draft.text("invoice").set()).collect();
    let invoices = record::known::<Invoice>(tx, from.source_id, &keys.into_iter().collect::<Vec<_>>()).await?;
    let merge = |draft: &Draft, before: Option<&PaymentAttempt>| attempt(before, draft, &invoices, from);
    Ok(taken(save::named(tx, drafts, from, merge).await?))
}

fn attempt(
    before: Option<&PaymentAttempt>,
    draft: &Draft,
    invoices: &Known<Invoice>,
    from: From,
) -> Result<PaymentAttempt, Refusal> {
    let (Given::Set(key), Given::Set(occurred_at), Given::Set(failed)) =
        (draft.text("invoice"), draft.instant("occurred_at"), draft.bool("failed"))
    else {
        return Err(missing("invoice", "an attempt needs its invoice, its moment and whether it failed"));
    };
    let no_invoice = || unknown("invoice", format!("no invoice has the id `{key}`: import invoices first"));
    let invoice = invoices.get(key).ok_or_else(no_invoice)?;
    let mut reason = before.and_then(|before| before.reason.clone());
    draft.text("reason").apply(&mut reason);
    Ok(PaymentAttempt {
        id: before.map_or(0, |before| before.id),
        invoice_id: invoice.id,
        account_id: invoice.account_id,
        occurred_at,
        failed,
        reason,
        recorded_at: from.now,
    })
}

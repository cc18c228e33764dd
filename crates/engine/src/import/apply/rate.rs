//! Exchange rates. They are nobody's, so no account is refreshed for them; the book is read anew by them when the import
//! is done. A rate for a day that has one already is a correction, and what was known before stays known.

use connectors::record::{Code, Draft};
use domain::revenue::Rate;
use store::{ExchangeRate, Tx, exchange_rate};

use super::{From, Outcomes, Refusal, missing};
use crate::import::Taken;

/// Writes rates.
pub(super) async fn apply(tx: &Tx, drafts: &[&Draft], from: From) -> Outcomes {
    let read: Vec<Result<ExchangeRate, Refusal>> = drafts.iter().map(|draft| rate(draft, from)).collect();
    let mut saved = exchange_rate::add(tx, read.iter().flatten().cloned().collect()).await?.into_iter();
    let taken = |rate: Result<ExchangeRate, Refusal>| {
        rate.map(|_| {
            let saved = saved.next().unwrap_or(store::record::Saved::Unchanged);
            Taken { saved, account_id: None, contact_id: None }
        })
    };
    Ok(read.into_iter().map(taken).collect())
}

fn rate(draft: &Draft, from: From) -> Result<ExchangeRate, Refusal> {
    let (currency, into) = (draft.text("currency").set(), draft.text("into_currency").set());
    let (Some(currency), Some(into), Some(day), Some(text)) =
        (currency, into, draft.day("effective_on").set(), draft.text("rate").set())
    else {
        return Err(missing("rate", "a rate needs two currencies, its first day and how much one unit is worth"));
    };
    let refuse = |field, sentence| Err(Refusal { field, code: Code::OutOfRange, sentence });
    if currency == into {
        return refuse("into_currency", format!("{currency} is worth one {currency}: name two currencies"));
    }
    match text.parse::<Rate>() {
        Ok(rate) => Ok(ExchangeRate {
            id: 0,
            currency: currency.to_owned(),
            into_currency: into.to_owned(),
            effective_on: day,
            rate_nanos: Some(rate.nanos()),
            source_id: from.source_id,
            member_id: None,
            recorded_at: from.now,
        }),
        Err(error) => refuse("rate", error.to_string()),
    }
}

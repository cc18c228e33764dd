//! Renewals as a table, one row each: what an export writes. Money is in whole units of the pipeline's currency.

use lake::{Column, Frame, FrameError};

use super::{Entry, Pipeline};

/// The table of some renewals.
pub fn table(pipeline: &Pipeline, entries: &[&Entry], name_of: impl Fn(i64) -> String) -> Result<Frame, FrameError> {
    let units = |cents: i64| cents as f64 / 100.0;
    let said = |of: fn(&store::Renewal) -> Option<String>| {
        entries.iter().map(move |entry| entry.said.as_ref().and_then(of)).collect::<Column>()
    };
    let missed = |entry: &Entry| entry.missed.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join("; ");
    Frame::new([
        ("account_id", entries.iter().map(|it| it.renewal.account_id).collect::<Column>()),
        ("account", entries.iter().map(|it| Some(name_of(it.renewal.account_id))).collect()),
        ("subscription_id", entries.iter().map(|it| it.renewal.subscription_id).collect()),
        ("due", entries.iter().map(|it| Some(it.renewal.due)).collect()),
        ("notice_by", entries.iter().map(|it| Some(it.renewal.notice_by)).collect()),
        ("currency", entries.iter().map(|_| Some(pipeline.currency.to_string())).collect()),
        ("arr", entries.iter().map(|it| it.due_cents().map(units)).collect()),
        ("sold", entries.iter().map(|it| units(it.renewal.sold.cents())).collect()),
        ("sold_in", entries.iter().map(|it| Some(it.renewal.currency.to_string())).collect()),
        ("outcome", entries.iter().map(|it| Some(it.renewal.outcome.as_str())).collect()),
        ("signed_on", entries.iter().map(|it| it.renewal.signed_on).collect()),
        ("renewed", entries.iter().map(|it| it.renewed_cents().map(units)).collect()),
        ("csm", entries.iter().map(|it| it.owner.clone()).collect()),
        ("stage", entries.iter().map(|it| Some(it.stage().as_str())).collect()),
        ("category", said(|said| said.category.map(|it| it.as_str().to_owned()))),
        ("people_say", entries.iter().map(|it| it.forecast_cents().map(units)).collect()),
        ("model_expects", entries.iter().map(|it| it.machine_cents().map(units)).collect()),
        ("chance", entries.iter().map(|it| it.chance).collect()),
        ("loss_reason", said(|said| said.loss_reason.map(|it| it.as_str().to_owned()))),
        ("missed", entries.iter().map(|it| Some(missed(it))).collect()),
        ("note", said(|said| said.note.clone())),
    ])
}

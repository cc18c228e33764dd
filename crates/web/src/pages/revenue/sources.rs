//! What to say where several sources speak of one account's revenue and do not agree: every figure with its source and since
//! when it says so, what is counted, and what to do. It stands on the revenue page and on the account's.

use std::collections::HashMap;

use domain::revenue::Contradiction;
use engine::Engine;
use maud::{Markup, html};

use crate::problem::{Answer, Problem};
use crate::ui::format;

/// What sources are called, by id.
pub(in crate::pages) type Names = HashMap<i64, String>;

/// Reads what sources are called.
pub(in crate::pages) async fn names(engine: &Engine) -> Answer<Names> {
    let all = store::source::all(engine.store().read()).await.map_err(Problem::internal)?;
    Ok(all.into_iter().map(|source| (source.id, source.name)).collect())
}

/// What a source is called; no source is a person.
pub(in crate::pages) fn name_of(names: &Names, source_id: Option<i64>) -> String {
    let Some(id) = source_id else { return "Typed by hand".to_owned() };
    names.get(&id).cloned().unwrap_or_else(|| format!("Source {id}"))
}

/// What each source says of an account, and what is counted.
pub(in crate::pages) fn told(found: &Contradiction, names: &Names) -> Markup {
    let money = |arr: domain::revenue::Arr| format::money_exact(arr.cents(), found.currency.as_str());
    let chosen = found.said.iter().any(|said| !said.counts);
    html! {
        @for (at, said) in found.said.iter().enumerate() {
            @if at > 0 { "; " }
            b { (name_of(names, said.source_id)) } " says " (money(said.arr)) " a year, since " (format::instant(said.since))
            @if chosen { @if said.counts { ", which counts" } @else { ", which does not count" } }
        }
        ". "
        @if !chosen { "Counted are " (money(found.counted)) ": if they mean the same contract, that is once too often." }
    }
}

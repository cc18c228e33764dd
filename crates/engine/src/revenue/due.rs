//! Renewal rates: what was renewed of what was due, five ways over one base. The base is the terms that ended in the span and
//! not what recurred at its opening, so none of these is gross or net revenue retention, and their names say so.

use domain::revenue::{Arr, DueBase, Ledger, Outcome, Percent, Renewal, Sensitivity, Span, View};
use lake::{Column, Frame, FrameError};

use super::explain::{Explained, Names, money};

/// A named share of what was due.
#[derive(Debug, Clone, Copy)]
pub struct RenewalRate {
    /// Its key in files and in the API.
    pub key: &'static str,
    /// Grows when the figure changes for the same facts.
    pub version: u32,
    /// Its name on screen.
    pub name: &'static str,
    /// What it says, and what not.
    pub doc: &'static str,
    /// What is above the line, in words.
    pub part_name: &'static str,
    /// What is above the line.
    pub part: fn(&DueBase) -> Arr,
    /// What of it one renewal is.
    counts: fn(&Renewal) -> Arr,
}

/// Every renewal rate.
pub const RENEWAL_RATES: [RenewalRate; 5] = [
    RenewalRate {
        key: "renewal_rate_gross",
        version: 1,
        name: "Gross renewal rate",
        doc: "Renewed of what was due, each term capped at what it came to. Overdue counts as not renewed.",
        part_name: "renewed, each capped at what was due",
        part: |base| base.gross,
        counts: capped,
    },
    RenewalRate {
        key: "renewal_rate_net",
        version: 1,
        name: "Net renewal rate",
        doc: "What the renewed terms recur with, growth at the renewal included, of what was due.",
        part_name: "renewed, with growth",
        part: |base| base.net,
        counts: |renewal| if renewal.outcome.is_renewed() { renewal.renewed } else { Arr::ZERO },
    },
    RenewalRate {
        key: "renewal_rate_on_time",
        version: 1,
        name: "On-time renewal rate",
        doc: "Renewed by the due day, early ones included, of what was due.",
        part_name: "renewed by the due day",
        part: |base| base.early + base.on_time,
        counts: |renewal| timed(renewal, &[Outcome::Early, Outcome::OnTime]),
    },
    RenewalRate {
        key: "renewal_rate_early",
        version: 1,
        name: "Early renewal rate",
        doc: "Signed more than 30 days ahead, of what was due.",
        part_name: "signed well ahead",
        part: |base| base.early,
        counts: |renewal| timed(renewal, &[Outcome::Early]),
    },
    RenewalRate {
        key: "renewal_rate_late",
        version: 1,
        name: "Late renewal rate",
        doc: "Signed after the due day, of what was due.",
        part_name: "signed after the due day",
        part: |base| base.late,
        counts: |renewal| timed(renewal, &[Outcome::Late]),
    },
];

fn capped(renewal: &Renewal) -> Arr {
    if renewal.outcome.is_renewed() { renewal.renewed.min(renewal.arr) } else { Arr::ZERO }
}

fn timed(renewal: &Renewal, outcomes: &[Outcome]) -> Arr {
    if outcomes.contains(&renewal.outcome) { capped(renewal) } else { Arr::ZERO }
}

impl RenewalRate {
    /// The rate of a key.
    pub fn named(key: &str) -> Option<&'static Self> {
        RENEWAL_RATES.iter().find(|rate| rate.key == key)
    }

    /// The share; undefined where nothing was due.
    pub fn of(&self, base: &DueBase) -> Option<Percent> {
        Percent::of((self.part)(base), base.due)
    }

    /// Why it is what it is, down to each term.
    pub fn explain(
        &self,
        ledger: &Ledger,
        view: &View<'_>,
        span: Span,
        names: &Names<'_>,
    ) -> Result<Explained, FrameError> {
        let mut due = ledger.renewals(span, span.through, Sensitivity::default(), view);
        due.retain(|renewal| renewal.outcome != Outcome::Open && renewal.rated);
        let base = DueBase::of(&due);
        let units = |arr: Arr| arr.cents() as f64 / 100.0;
        Ok(Explained {
            name: self.name,
            version: Some(self.version),
            doc: self.doc,
            formula: format!("{} / due", self.part_name),
            arithmetic: format!("{} / {}", money((self.part)(&base), view), money(base.due, view)),
            value: self.of(&base).map_or_else(|| "undefined: nothing was due".to_owned(), |rate| rate.to_string()),
            over: None,
            annual: None,
            others: Vec::new(),
            rows: Frame::new([
                ("account_id", due.iter().map(|it| it.account_id).collect::<Column>()),
                ("account", due.iter().map(|it| Some((names.name_of)(it.account_id))).collect()),
                ("csm", due.iter().map(|it| (names.csm_on)(it.account_id, it.due)).collect()),
                ("subscription_id", due.iter().map(|it| it.subscription_id).collect()),
                ("due", due.iter().map(|it| Some(it.due)).collect()),
                ("outcome", due.iter().map(|it| Some(it.outcome.as_str())).collect()),
                ("signed_on", due.iter().map(|it| it.signed_on).collect()),
                ("arr", due.iter().map(|it| units(it.arr)).collect()),
                ("renewed", due.iter().map(|it| units(it.renewed)).collect()),
                ("counts", due.iter().map(|it| units((self.counts)(it))).collect()),
            ])?,
        })
    }
}

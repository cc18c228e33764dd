//! Why a CTA was opened: the signal behind it, what its rule looks at, the numbers
//! as they were when it opened and as they are now. A CTA without a signal shows
//! what was written when it was opened.

use domain::Day;
use domain::metric::Metric;
use domain::time::day_of;
use engine::{Book, Row};
use maud::{Markup, html};
use report::Ink;
use store::{Cta, Signal};

use crate::ui::card::card;
use crate::ui::table::{Column, cell, frame};
use crate::ui::{Link, format, pill};

const THEN: Column<'_> = Column::new("Then").number();
const NOW: Column<'_> = Column::new("Now").number();

/// The cause of a CTA, in words.
#[derive(Clone, Debug, Default)]
pub(super) struct Why {
    /// What the CTA itself says.
    pub(super) detail: Option<String>,
    pub(super) cause: Option<Cause>,
}

/// The signal behind a CTA.
#[derive(Clone, Debug)]
pub(super) struct Cause {
    pub(super) rule: String,
    pub(super) doc: String,
    pub(super) firing: i32,
    pub(super) opened: Day,
    pub(super) closed: Option<Day>,
    pub(super) evidence: Vec<Evidence>,
}

/// A number the signal rests on.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) then: Option<String>,
    pub(super) now: Option<String>,
}

impl Why {
    /// Reads the cause of a CTA out of its signal and the account's row.
    pub(super) fn of(cta: &Cta, signal: Option<Signal>, book: &Book, row: &Row) -> Self {
        Self { detail: cta.detail.clone(), cause: signal.map(|signal| Cause::of(&signal, book, row)) }
    }
}

impl Cause {
    fn of(signal: &Signal, book: &Book, row: &Row) -> Self {
        let rule = book.definitions.rule(&signal.rule);
        let written = |metric: Option<&Metric>, value: Option<f64>| {
            metric.zip(value).map(|(metric, value)| format::minus(&book.written(row, metric, value)))
        };
        let evidence = signal.evidence.as_object().into_iter().flatten().map(|(key, then)| {
            let metric = book.definitions.catalogue.get(key);
            Evidence {
                key: key.clone(),
                name: metric.map_or_else(|| key.clone(), |metric| metric.name.clone()),
                then: written(metric, then.as_f64()),
                now: written(metric, book.value(row, key)),
            }
        });
        Self {
            rule: rule.map_or_else(|| signal.rule.clone(), |rule| rule.name.clone()),
            doc: rule.map_or_else(String::new, |rule| rule.doc.clone()),
            firing: signal.firing,
            opened: day_of(signal.opened_at),
            closed: signal.closed_at.map(day_of),
            evidence: evidence.collect(),
        }
    }
}

/// The card.
pub(super) fn why(why: &Why, account_id: i64, today: Day) -> Markup {
    card(
        "Why",
        &html! {
            @if let Some(cause) = &why.cause { (caused(cause, account_id, today)) }
            @else if let Some(detail) = &why.detail { @for line in detail.lines() { p { (line) } } }
            @else { p.muted { "Nobody wrote down why." } }
        },
    )
}

fn caused(cause: &Cause, account_id: i64, today: Day) -> Markup {
    html! {
        p {
            b { (cause.rule) } " "
            @match cause.closed {
                Some(day) => { (pill::pill(Ink::Green, "Signal closed")) " " small.muted { (format::relative(day, today)) } }
                None => {
                    (pill::pill(Ink::Red, "Signal open")) " "
                    small.muted { "since " (format::day(cause.opened)) ", " (format::relative(cause.opened, today)) }
                }
            }
            @if cause.firing > 1 { small.muted { " · the " (nth(cause.firing)) " time" } }
        }
        @if !cause.doc.is_empty() { p.muted { (cause.doc) } }
        @if !cause.evidence.is_empty() { div.card-body { (evidence(cause, account_id)) } }
    }
}

fn evidence(cause: &Cause, account_id: i64) -> Markup {
    let known = |value: &Option<String>| format::or_unknown(value.as_ref(), |text| html! { (text) });
    let head = html! { thead { tr {
        th scope="col" { "What it rests on" } th.num scope="col" { "Then" } th.num scope="col" { "Now" }
    } } };
    let rows = html! { @for part in &cause.evidence { tr {
        th scope="row" { a href=(Link::to(format!("/accounts/{account_id}/metrics/{}", part.key))) { (part.name) } }
        (cell(&THEN, &known(&part.then)))
        (cell(&NOW, &known(&part.now)))
    } } };
    frame("Evidence", &head, &rows)
}

fn nth(count: i32) -> String {
    let ending = match (count % 10, count % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{count}{ending}")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::pages::ctas::tests::day;

    pub(in crate::pages::ctas) fn usage() -> Why {
        let evidence = |key: &str, name: &str, now: Option<&str>| Evidence {
            key: key.to_owned(),
            name: name.to_owned(),
            then: Some("9".to_owned()),
            now: now.map(str::to_owned),
        };
        let cause = Cause {
            rule: "Usage declines".to_owned(),
            doc: "Clearly fewer people are active.".to_owned(),
            firing: 2,
            opened: day("2026-11-18"),
            closed: None,
            evidence: vec![
                evidence("active_users_28d", "Active users, 28 days", Some("11")),
                evidence("days_since_last_use", "Days since last use", None),
            ],
        };
        Why { detail: None, cause: Some(cause) }
    }

    #[test]
    fn evidence_is_shown_as_it_was_and_as_it_is() {
        let html = why(&usage(), 7, day("2026-11-22")).into_string();
        assert!(html.contains("href=\"/accounts/7/metrics/active_users_28d\">Active users, 28 days</a>"), "{html}");
        assert!(html.contains("data-label=\"Then\">9</td>") && html.contains("data-label=\"Now\">11</td>"), "{html}");
        assert!(html.contains("Signal open") && html.contains("the 2nd time"), "{html}");
        assert!(html.contains(">unknown</span>"), "{html}");
    }

    #[test]
    fn what_a_person_wrote_keeps_its_lines() {
        let by_hand = Why { detail: Some("Call <them>\nSoon".to_owned()), cause: None };
        let html = why(&by_hand, 7, day("2026-11-22")).into_string();
        assert!(html.contains("<p>Call &lt;them&gt;</p><p>Soon</p>"), "{html}");
    }

    #[test]
    fn counts_are_spoken() {
        assert_eq!(
            [1, 2, 3, 4, 11, 12, 21, 112].map(nth),
            ["1st", "2nd", "3rd", "4th", "11th", "12th", "21st", "112th"]
        );
    }
}

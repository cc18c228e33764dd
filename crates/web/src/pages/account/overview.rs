//! The overview: six headline figures, health over time, why the score is what it is down to the measure, open
//! signals and work, and the timeline. It computes nothing: every figure comes from the row, and links to its
//! explanation.

use domain::scorecard::{Band, Health, Scorecard};
use domain::time::days_after;
use engine::timeline::{self, EntryKind};
use maud::{Markup, html};
use report::{Axis, Frame, Ink, Line, Measure, Series, lines, measure_bars};

use super::{Subject, work, worth};
use crate::pages::band_label;
use crate::problem::{Answer, Problem};
use crate::ui::card::{Tile, card, columns, plain, tiles};
use crate::ui::{format, notice, pill, timeline as entries};

/// Entries of the timeline on the page.
const ENTRIES: usize = 25;

/// The tab.
pub(super) async fn tab(subject: &Subject<'_>) -> Answer<Markup> {
    let story = timeline::timeline(subject.engine, subject.id(), subject.as_of(), ENTRIES).await;
    let story = story.map_err(Problem::internal)?;
    let main = html! {
        (plain(&history(subject).await?))
        (card("Timeline", &timeline_of(subject, &story)))
    };
    let aside = html! {
        (why(subject))
        (worth::card_of(subject))
        (signals(subject))
        (work::ctas(subject).await?)
        (work::sentiment(subject))
    };
    Ok(html! { (headline(subject)) (columns(&main, &aside)) })
}

fn headline(subject: &Subject<'_>) -> Markup {
    let row = &subject.row;
    let currency = subject.book.currency();
    let health = &row.health;
    let renewal = subject.value("days_to_renewal").map(|days| days_after(subject.as_of(), days.max(0.0) as u64));
    let change = |metric: &str| {
        subject.value(metric).map_or_else(
            || html! {},
            |change| pill::delta(pill::Direction::of(change), &format!("{} in a year", signed_percent(change))),
        )
    };
    let of_seats = |users: f64| match subject.value("seats") {
        Some(seats) => html! { (format::number(users, 0)) " / " (format::number(seats, 0)) },
        None => html! { (format::number(users, 0)) },
    };
    tiles(
        "Key figures",
        &[
            Tile {
                label: "Health",
                value: format::or_unknown(health.score, |score| html! { (format!("{score:.0}")) }),
                delta: html! { (pill::band_word(health.band)) },
                explained_at: None,
            },
            Tile {
                label: "ARR",
                value: format::or_unknown(subject.book.arr_cents(row), |cents| format::money(cents, currency)),
                delta: change("arr_change_365d"),
                explained_at: Some(subject.explained("arr")),
            },
            Tile {
                label: "Lifetime value",
                value: format::or_unknown(row.lifetime.value, |value| {
                    format::money(value.value.round() as i64, currency)
                }),
                delta: worth::range(row, currency),
                explained_at: Some(subject.explained("lifetime_value")),
            },
            Tile {
                label: "Renewal",
                value: format::or_unknown(renewal, format::day),
                delta: format::or_unknown(renewal, |day| format::relative(day, subject.as_of())),
                explained_at: Some(subject.explained("days_to_renewal")),
            },
            Tile {
                label: "Seats used",
                value: format::or_unknown(subject.value("active_users_28d"), of_seats),
                delta: format::or_unknown(subject.value("seat_utilisation"), format::percent),
                explained_at: Some(subject.explained("seat_utilisation")),
            },
            Tile {
                label: "Last NPS answer",
                value: format::or_unknown(subject.value("last_nps"), |score| html! { (format::number(score, 0)) }),
                delta: format::or_unknown(subject.value("days_since_nps"), |days| {
                    html! { (format!("{days:.0} days ago")) }
                }),
                explained_at: Some(subject.explained("last_nps")),
            },
        ],
    )
}

fn signed_percent(change: f64) -> String {
    format!("{} %", format::signed(change * 100.0, 1))
}

async fn history(subject: &Subject<'_>) -> Answer<Markup> {
    let from = domain::time::days_before(subject.as_of(), 365);
    let db = subject.engine.store().read();
    let days =
        store::health_day::of_account(db, subject.id(), from, subject.as_of()).await.map_err(Problem::internal)?;
    if days.len() < 2 {
        return Ok(notice::empty(
            "Health over time",
            "Past days are still being computed from the facts; the line appears when they are.",
            &html! {},
        ));
    }
    let labels: Vec<String> = days.iter().map(|day| day.day.to_string()).collect();
    let range = days.iter().map(|day| Some((day.low?, day.high?))).collect();
    let scores = days.iter().map(|day| day.score).collect();
    let last = days.last().and_then(|day| day.score);
    let summary = format!(
        "Health over the last year, now {}; the shaded range is what missing data leaves open.",
        last.map_or_else(|| "unknown".to_owned(), |score| format!("{score:.0}"))
    );
    let n = format!("n = {}", format::counted(days.len() as i64, "day", "days"));
    let frame = Frame::new("health", "Health over time", &summary, &n).wide();
    let line = Line::new(Series::new("Health", Ink::One, scores)).within(range);
    let green = subject.book.definitions.scorecard.green_from;
    let axis = Axis {
        low: Some(0.0),
        high: Some(100.0),
        reference: Some((green, "healthy from here")),
        ..Axis::fitting(whole)
    };
    Ok(lines(&frame, "Day", &labels, &[line], axis))
}

fn whole(value: f64) -> String {
    format::number(value, 0)
}

/// Why the score is what it is: each dimension with its weight, each measure with its value.
fn why(subject: &Subject<'_>) -> Markup {
    let scorecard = &subject.book.definitions.scorecard;
    let health = &subject.row.health;
    let total: f64 = scorecard.dimensions.iter().map(|dimension| dimension.weight).sum();
    let weights: Vec<String> = scorecard
        .dimensions
        .iter()
        .map(|dimension| format!("weight {:.0} %", dimension.weight / total * 100.0))
        .collect();
    let parts: Vec<Measure<'_>> = scorecard
        .dimensions
        .iter()
        .zip(&health.dimensions)
        .zip(&weights)
        .map(|((dimension, scored), weight)| Measure {
            label: &dimension.name,
            detail: weight,
            value: scored.score,
            ink: scored.score.map_or(Ink::Grey, |score| Ink::from(scorecard.band(score))),
            href: "",
        })
        .collect();
    let summary = health.score.map_or_else(
        || "Too little is known for a score.".to_owned(),
        |score| format!("{} with {score:.0} of 100.", band_label(health.band)),
    );
    let n = format!("{:.0} % of the weight is known", health.coverage * 100.0);
    let frame = Frame::new("why", "Why this score", &summary, &n);
    plain(&html! {
        (measure_bars(&frame, &parts, 100.0, whole))
        (range_and_cap(scorecard, health))
        @for (dimension, scored) in scorecard.dimensions.iter().zip(&health.dimensions) {
            details {
                summary { (dimension.name) " " small.muted { (measured(scored)) } }
                dl.measures {
                    @for (measure, point) in dimension.measures.iter().zip(&scored.measures) {
                        dt { a href=(subject.explained(&measure.metric)) { (name_of(subject, &measure.metric)) }
                            small.muted { " weight " (measure.weight) } }
                        dd { (value_of(subject, &measure.metric, point.value)) " → "
                            (format::or_unknown(point.score, |score| html! { b { (format!("{score:.0}")) } })) }
                    }
                }
            }
        }
    })
}

fn measured(scored: &domain::scorecard::DimensionScore) -> String {
    let known = scored.measures.iter().filter(|measure| measure.score.is_some()).count();
    format!("{known} of {} measures known", scored.measures.len())
}

fn range_and_cap(scorecard: &Scorecard, health: &Health) -> Markup {
    html! {
        @if let Some(cap) = health.cap.and_then(|at| scorecard.caps.get(at)) {
            (notice::remark(&html! { (cap.reason) " Without it the score would be "
                (format::or_unknown(health.uncapped, |score| html! { b { (format!("{score:.0}")) } })) "." }))
        }
        @if health.coverage < 0.995 && health.band != Band::Unknown {
            p.muted { "What is missing could move it between " b { (format!("{:.0}", health.low)) } " and "
                b { (format!("{:.0}", health.high)) } "." }
        }
        @if health.band == Band::Unknown {
            p.muted { "At least " (format!("{:.0}", scorecard.least_coverage * 100.0))
                " % of the weight must be known for a colour." }
        }
    }
}

fn name_of<'a>(subject: &'a Subject<'_>, key: &'a str) -> &'a str {
    subject.book.definitions.catalogue.get(key).map_or(key, |metric| &metric.name)
}

/// A metric's value with its unit, or unknown.
pub(super) fn value_of(subject: &Subject<'_>, key: &str, value: Option<f64>) -> Markup {
    let metric = subject.book.definitions.catalogue.get(key);
    format::or_unknown(value.zip(metric), |(value, metric)| {
        html! { (format::minus(&subject.book.written(&subject.row, metric, value))) }
    })
}

fn signals(subject: &Subject<'_>) -> Markup {
    let open = &subject.row.signals;
    card(
        "Open signals",
        &html! {
            @if open.is_empty() { p.muted { "None: no rule sees a risk or an opportunity." } }
            ul.plain { @for signal in open {
                li { (pill::pill(severity_ink(signal.severity), &signal.name)) " "
                    small.muted { "since " (format::day(domain::time::day_of(signal.opened_at))) } }
            } }
        },
    )
}

fn severity_ink(severity: domain::signal::Severity) -> Ink {
    match severity {
        domain::signal::Severity::High => Ink::Red,
        domain::signal::Severity::Medium => Ink::Yellow,
        domain::signal::Severity::Low => Ink::Grey,
    }
}

fn timeline_of(subject: &Subject<'_>, story: &[timeline::Entry]) -> Markup {
    if story.is_empty() {
        let why = "Touchpoints, tickets, answers and changes appear here as they arrive.";
        return notice::empty("Nothing has happened yet", why, &html! {});
    }
    let shown: Vec<_> = story
        .iter()
        .map(|entry| {
            let (kind, ink) = mark(entry.kind);
            entries::Entry {
                kind,
                ink,
                title: html! { (entry.title) },
                detail: html! { @if let Some(detail) = &entry.detail { (detail) } },
                when: format::relative(domain::time::day_of(entry.at), subject.as_of()),
            }
        })
        .collect();
    entries::timeline(&shown)
}

fn mark(kind: EntryKind) -> (&'static str, Ink) {
    match kind {
        EntryKind::Touchpoint => ("Touchpoint", Ink::One),
        EntryKind::Ticket => ("Ticket", Ink::Three),
        EntryKind::Response => ("Survey", Ink::Two),
        EntryKind::Signal => ("Signal", Ink::Red),
        EntryKind::Work => ("Work", Ink::Green),
        EntryKind::Change => ("Change", Ink::Grey),
    }
}

/// Every metric with its value, by group.
pub(super) fn metrics(subject: &Subject<'_>) -> Markup {
    let catalogue = subject.book.definitions.catalogue.metrics();
    let mut groups: Vec<&str> = catalogue.iter().map(|metric| metric.group.as_str()).collect();
    groups.dedup();
    html! {
        div.grid { @for group in groups {
            (card(&capitalised(group), &html! {
                dl.measures { @for (at, metric) in catalogue.iter().enumerate().filter(|(_, metric)| metric.group == group) {
                    dt { a href=(subject.explained(&metric.key)) title=(metric.doc) { (metric.name) } }
                    dd { (value_of(subject, &metric.key, subject.row.values.get(at).copied().flatten())) }
                } }
            }))
        } }
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

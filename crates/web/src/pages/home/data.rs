//! How much of what the page says is known: how old the numbers are, how far the past is computed, how much of the
//! scorecard has data, and which sources have gone quiet. What is missing is said, never guessed.

use domain::access::RowFilter;
use domain::scorecard::Band;
use domain::{Day, Instant};
use engine::{Book, Row};
use maud::{Markup, html};
use report::Ink;
use store::Source;

use crate::ui::card::{card_with, definitions};
use crate::ui::{Link, format, pill};

/// Sources named.
const SOURCES: usize = 4;

/// What is known and what is missing.
#[derive(Clone, Debug)]
pub(super) struct Data {
    as_of: Day,
    computed_at: Instant,
    /// Past weeks that have a health score, of those that can have one.
    weeks: (usize, usize),
    /// Mean share of the scorecard's weight that is known, over customers.
    coverage: Option<f64>,
    uncoloured: i64,
    quiet: Vec<Quiet>,
}

/// A source that does not send, or sends what is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Quiet {
    name: String,
    last: Option<Instant>,
}

impl Data {
    /// Looks at the rows a filter shows, and at the sources one may see.
    pub(super) fn of(book: &Book, filter: &RowFilter, sources: &[Source], now: Instant) -> Self {
        let rows: Vec<&Row> = book.visible(filter).filter(|row| row.active).map(AsRef::as_ref).collect();
        let oldest = rows.iter().filter_map(|row| row.account.customer_from).min();
        let trends: Vec<&[Option<f64>]> = rows.iter().map(|row| row.trend.as_slice()).collect();
        let known: f64 = rows.iter().map(|row| row.health.coverage).sum();
        Self {
            as_of: book.as_of,
            computed_at: book.computed_at,
            weeks: weeks(&trends, oldest, book.as_of),
            coverage: (!rows.is_empty()).then(|| known / rows.len() as f64),
            uncoloured: rows.iter().filter(|row| row.health.band == Band::Unknown).count() as i64,
            quiet: quiet(sources, now),
        }
    }
}

/// Weeks before today in which any account has a score, and how many there can be since the first customer.
fn weeks(trends: &[&[Option<f64>]], oldest: Option<Day>, as_of: Day) -> (usize, usize) {
    let longest = trends.iter().map(|trend| trend.len()).max().unwrap_or(0).saturating_sub(1);
    let known = (0..longest).filter(|week| trends.iter().any(|trend| trend.get(*week).is_some_and(Option::is_some)));
    let since = oldest.map_or(0, |oldest| (as_of - oldest).num_weeks().max(0) as usize);
    (known.count(), longest.min(since))
}

fn quiet(sources: &[Source], now: Instant) -> Vec<Quiet> {
    let missed = |source: &&Source| source.enabled && source.missed_after_hours().is_some();
    let late = |source: &&Source| source.last_message_at.is_none() || source.silence(now).is_some();
    let sources = sources.iter().filter(missed).filter(late);
    sources.map(|source| Quiet { name: source.name.clone(), last: source.last_message_at }).collect()
}

/// The card.
pub(super) fn view(data: &Data) -> Markup {
    let mut rows = vec![
        ("As of", format::day(data.as_of)),
        ("Computed", format::instant(data.computed_at)),
        ("Past weeks", past(data)),
    ];
    rows.push((
        "Scorecard",
        html! {
            @match data.coverage {
                Some(share) => { (format::percent(share)) " of its weight has data" }
                None => (format::unknown()),
            }
        },
    ));
    if data.uncoloured > 0 {
        let link = Link::to("/accounts").with("band", Band::Unknown.as_str());
        let text = format::counted(data.uncoloured, "account", "accounts");
        rows.push(("No colour yet", html! { a href=(link) { (text) } ", too little is known" }));
    }
    for quiet in data.quiet.iter().take(SOURCES) {
        rows.push((
            "Quiet source",
            html! {
                a href="/sources" { (quiet.name) } ", "
                @match quiet.last { Some(at) => { "last heard " (format::instant(at)) } None => "never heard" }
            },
        ));
    }
    let what = html! { a href="/definitions" { "How it is computed" } };
    card_with("Data", &what, &definitions(&rows))
}

fn past(data: &Data) -> Markup {
    let (known, possible) = data.weeks;
    html! {
        @if possible == 0 { "None yet: the first customer is younger than a week" }
        @else if known >= possible { "all " (possible) " computed" }
        @else { (known) " of " (possible) " " (pill::pill(Ink::Yellow, "still computing")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::ctas::tests::{day, instant};
    use store::source::Kind;

    fn data() -> Data {
        Data {
            as_of: day("2026-11-22"),
            computed_at: instant("2026-11-22T09:14:00Z"),
            weeks: (12, 24),
            coverage: Some(0.82),
            uncoloured: 3,
            quiet: vec![Quiet { name: "Shop".to_owned(), last: None }],
        }
    }

    fn source(name: &str, kind: Kind, last: Option<&str>) -> Source {
        Source {
            id: 1,
            last_message_at: last.map(instant),
            ..Source::new(name, name, kind, instant("2026-01-01T00:00:00Z"))
        }
    }

    #[test]
    fn history_is_complete_when_every_possible_week_is_known() {
        let trend: Vec<Option<f64>> = vec![None, None, Some(60.0), Some(61.0), Some(62.0)];
        let today = day("2026-11-22");
        assert_eq!(weeks(&[&trend], Some(day("2020-01-01")), today), (2, 4));
        assert_eq!(weeks(&[&trend], Some(day("2026-11-06")), today), (2, 2));
        assert_eq!(weeks(&[], None, today), (0, 0));
    }

    #[test]
    fn only_a_source_that_should_send_can_be_quiet() {
        let now = instant("2026-11-22T09:00:00Z");
        let sources = [
            source("fresh", Kind::Segment, Some("2026-11-22T08:00:00Z")),
            source("late", Kind::Segment, Some("2026-11-20T08:00:00Z")),
            source("never", Kind::Api, None),
            source("file", Kind::Csv, None),
            Source { enabled: false, ..source("off", Kind::Segment, None) },
        ];
        assert_eq!(quiet(&sources, now).into_iter().map(|quiet| quiet.name).collect::<Vec<_>>(), ["late", "never"]);
    }

    #[test]
    fn the_card_says_what_is_missing() {
        let html = view(&data()).into_string();
        assert!(html.contains("12 of 24 ") && html.contains("still computing"), "{html}");
        assert!(html.contains("82.0%") && html.contains("href=\"/accounts?band=unknown\">3 accounts</a>"), "{html}");
        assert!(html.contains("Shop</a>, never heard"), "{html}");
        let whole = Data { weeks: (24, 24), uncoloured: 0, quiet: Vec::new(), ..data() };
        let html = view(&whole).into_string();
        assert!(html.contains("all 24 computed") && !html.contains("still computing"), "{html}");
    }
}

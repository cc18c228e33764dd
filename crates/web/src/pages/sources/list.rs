//! How the list of sources looks: figures about all of them, a line for each, the rules behind the words, and the
//! form for one more. One source has a page of its own.

use std::collections::HashMap;

use domain::Instant;
use maud::{Markup, html};
use store::inbox::Backlog;
use store::source::Kind;
use store::source_minute::Pace;
use store::{Source, inbox};

use super::standing::{RULES, Standing};
use super::{pace, said, snippet};
use crate::pages::faults::Faults;
use crate::ui::card::{Tile, card, columns, definitions, tiles};
use crate::ui::form::Field;
use crate::ui::table::{Column, Sort, Stay, cell, header, row_head, stacking};
use crate::ui::{Link, form, format, notice, pill, shell};

const STANDING: Column<'_> = Column::new("State");
const LAST: Column<'_> = Column::new("Last message");
const RATE: Column<'_> = Column::new("Rate").number();
const LAG: Column<'_> = Column::new("Lag").number().until(Stay::Tablet);
const ACCEPTED: Column<'_> = Column::new("Accepted").number();
const REFUSED: Column<'_> = Column::new("Refused").number();
const UNATTRIBUTED: Column<'_> = Column::new("Unattributed").number().until(Stay::Tablet);
const ERROR: Column<'_> = Column::new("Last error");
const COLUMNS: [Column<'_>; 9] =
    [Column::new("Source"), STANDING, LAST, RATE, LAG, ACCEPTED, REFUSED, UNATTRIBUTED, ERROR];

/// Characters of an error that the list shows.
const SHOWN_ERROR: usize = 90;

/// What the page shows.
#[derive(Debug)]
pub(super) struct Overview {
    pub(super) sources: Vec<Source>,
    /// How much each sends now, and how late.
    pub(super) paces: HashMap<i64, Pace>,
    /// What is committed and waits to be sealed.
    pub(super) backlog: inbox::Backlog,
    /// Requests that wait for their commit at this moment.
    pub(super) waiting: usize,
    pub(super) now: Instant,
    /// Where this server is.
    pub(super) site: String,
    pub(super) may_manage: bool,
    pub(super) may_import: bool,
}

/// The whole page; `typed` and `faults` are those of the form for a new source.
pub(super) fn page(overview: &Overview, typed: &str, faults: &Faults) -> Markup {
    let actions = html! {
        (form::link_button(&Link::to("/readiness"), "Data readiness"))
        @if overview.may_manage { (form::link_button(&Link::to("/sources/sql"), "Read a database")) }
        @if overview.may_import { (form::link_button(&Link::to("/sources/import"), "Import a file")) }
    };
    let detail = html! { "Where facts come from, and how each is doing" };
    let silent: Vec<&str> = overview
        .sources
        .iter()
        .filter(|source| matches!(Standing::of(source, overview.now), Standing::Silent(_)))
        .map(|source| source.name.as_str())
        .collect();
    html! {
        (shell::heading(&[], "Sources", &detail, &actions))
        @if overview.sources.is_empty() { (nothing_yet(overview, typed, faults)) }
        @else {
            @if !silent.is_empty() {
                (notice::error(&format!("Silent: {}.", silent.join(", ")), "It has sent nothing for longer than it may: look whether it still runs, and whether its key is still good."))
            }
            (figures(overview))
            (stacking("Sources", &header(&COLUMNS, Sort { key: "", descending: false }, &Link::to("/sources"), ""),
                &html! { @for source in &overview.sources { (line(source, overview.paces.get(&source.id), overview.now)) } }))
            @if overview.may_manage { (columns(&meanings(), &card("Add a source", &new_source(typed, faults)))) }
            @else { (meanings()) }
        }
    }
}

fn nothing_yet(overview: &Overview, typed: &str, faults: &Faults) -> Markup {
    let why = "Facts come from your product in Segment's shape, from files, or through the API.";
    html! {
        (notice::empty("No source sends anything yet", why, &html! {
            @if overview.may_import { (form::link_button(&Link::to("/sources/import"), "Import a file")) }
            a.btn href="/api" { "Read the API" }
        }))
        @if overview.may_manage {
            (columns(
                &card("Send the first event", &html! {
                    p { "Add a source to get its write key, put the key in place of the dots, and send." }
                    (snippet::sending(&overview.site, "wk_…"))
                }),
                &card("Add a source", &new_source(typed, faults)),
            ))
        } @else { p.muted { "An admin can add a source; its page then says how to send the first event." } }
    }
}

fn figures(overview: &Overview) -> Markup {
    let sum = |value: fn(&Source) -> i64| -> i64 { overview.sources.iter().map(value).sum() };
    let tile = |label, value, delta| Tile { label, value, delta, explained_at: None };
    let (accepted, refused) = (sum(|source| source.accepted), sum(|source| source.refused));
    tiles(
        "All sources",
        &[
            tile("Sources", html! { (format::count(overview.sources.len() as i64)) }, html! {}),
            tile("Accepted", html! { (format::count(accepted)) }, html! {}),
            tile("Refused", html! { (format::count(refused)) }, html! { small.muted { (share(refused, accepted)) } }),
            tile(
                "Waiting in the inbox",
                html! { (format::count(overview.backlog.events)) },
                html! { small.muted { (waiting(&overview.backlog, overview.waiting, overview.now)) } },
            ),
        ],
    )
}

/// How much of everything was refused.
fn share(refused: i64, accepted: i64) -> String {
    match refused + accepted {
        0 => "of nothing".to_owned(),
        all if refused > 0 && refused * 1_000 < all => "under 0.1% of all".to_owned(),
        all => format!("{} of all", format::percent_text(refused as f64 / all as f64)),
    }
}

/// What the number of waiting events means.
fn waiting(backlog: &Backlog, uncommitted: usize, now: Instant) -> String {
    let mut words = match backlog.oldest {
        Some(oldest) => format!("visible already; the oldest came {}", format::ago_text(oldest, now)),
        None => "everything is sealed".to_owned(),
    };
    if uncommitted > 0 {
        words += "; ";
        words += &format::counted(uncommitted as i64, "request", "requests");
        words += " being committed";
    }
    words
}

fn line(source: &Source, pace: Option<&Pace>, now: Instant) -> Markup {
    let standing = Standing::of(source, now);
    let link = Link::to(format!("/sources/{}", source.id));
    html! {
        tr {
            (row_head(&link, &source.name, &html! { (kind(source.kind)) }))
            (cell(&STANDING, &pill::pill(standing.ink(), &standing.word())))
            (cell(&LAST, &format::or_unknown(source.last_message_at, |at| format::ago(at, now))))
            (cell(&RATE, &pace::rate(pace)))
            (cell(&LAG, &pace::lag(pace)))
            (cell(&ACCEPTED, &html! { (format::count(source.accepted)) }))
            (cell(&REFUSED, &html! { (format::count(source.refused)) }))
            (cell(&UNATTRIBUTED, &html! { (format::count(source.unattributed)) }))
            td.wrap data-label=(ERROR.label) { div { (error(source, now)) } }
        }
    }
}

fn error(source: &Source, now: Instant) -> Markup {
    let Some(message) = &source.last_error else { return html! { span.muted { "none" } } };
    let short: String = message.chars().take(SHOWN_ERROR).collect();
    html! {
        span title=(message) { @if short.len() < message.len() { (short) "…" } @else { (said(message)) } }
        @if let Some(at) = source.last_error_at { " " small.muted { (format::ago(at, now)) } }
    }
}

/// How a source speaks, in words.
pub(super) const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Segment => "Events over HTTP",
        Kind::Csv => "Files",
        Kind::Api => "API",
        Kind::Synthetic => "Synthetic company",
        Kind::Singer => "Singer taps",
        Kind::Sql => "PostgreSQL",
    }
}

fn meanings() -> Markup {
    let rules: Vec<(&str, Markup)> = RULES.iter().map(|(word, rule)| (*word, html! { (rule) })).collect();
    card(
        "What the words mean",
        &html! {
            (definitions(&rules))
            p.muted { "The rate is of the last five minutes and of the last hour. Lag is how long messages of the last \
                hour were under way, by their senders' clocks." }
            p.muted { "Unattributed events are kept: they count for an account as soon as a message says which one their \
                user belongs to." }
        },
    )
}

fn new_source(typed: &str, faults: &Faults) -> Markup {
    let hint = "For example the part of your product that sends: Web app, Billing, Mobile.";
    html! {
        (faults.notice(&["name"]))
        form.form method="post" action="/sources" {
            (form::input("text", &Field::new("name", "Name").value(typed).hint(hint).error(faults.field("name")).required()))
            (form::submit("Add the source"))
        }
        p.muted { "Its write key is shown once, on the next page." }
    }
}

#[cfg(test)]
mod tests {
    use super::super::standing::sample;
    use super::*;
    use crate::problem::Problem;

    fn overview(sources: Vec<Source>) -> Overview {
        Overview {
            sources,
            paces: HashMap::from([(7, Pace { per_minute: 2.4, last_hour: 90, lag: None, unsealed: None })]),
            backlog: Backlog { rows: 0, events: 0, bytes: 0, oldest: None },
            waiting: 0,
            now: "2026-11-22T12:00:00Z".parse().unwrap(),
            site: "https://pomona.example".to_owned(),
            may_manage: true,
            may_import: true,
        }
    }

    #[test]
    fn a_line_says_when_how_much_and_what_went_wrong() {
        let at = Some("2026-11-22T11:48:00Z".parse().unwrap());
        let error = Some("<b>no event name</b>".to_owned());
        let source = Source { last_message_at: at, last_error: error, last_error_at: at, ..sample(Kind::Segment) };
        let html = page(&overview(vec![source]), "", &Faults::default()).into_string();
        for part in [
            "href=\"/sources/7\"",
            "Failing",
            "12 minutes ago",
            "12,345",
            "&lt;b&gt;no event name",
            "Web app",
            "2.4/min",
            "90/h",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
        assert!(html.contains("under 0.1% of all"), "{html}");
    }

    #[test]
    fn without_a_source_the_page_says_how_to_send_the_first_event() {
        let html = page(&overview(Vec::new()), "", &Faults::default()).into_string();
        assert!(html.contains("curl https://pomona.example/v1/track -u wk_…:"), "{html}");
        assert!(html.contains("action=\"/sources\""), "{html}");
        let reader = Overview { may_manage: false, may_import: false, ..overview(Vec::new()) };
        let html = page(&reader, "", &Faults::default()).into_string();
        assert!(!html.contains("action=\"/sources\"") && html.contains("An admin can add a source"), "{html}");
    }

    #[test]
    fn what_was_typed_comes_back_with_its_fault() {
        let faults = Faults::of(Problem::invalid("name", "This must not be empty.")).unwrap();
        let html = page(&overview(vec![sample(Kind::Csv)]), " \"x\" ", &faults).into_string();
        assert!(html.contains("This must not be empty.") && html.contains("value=\" &quot;x&quot; \""), "{html}");
    }

    #[test]
    fn the_inbox_says_what_waits_for_what() {
        let now: Instant = "2026-11-22T12:00:00Z".parse().unwrap();
        let oldest = Some(now - chrono::TimeDelta::minutes(3));
        assert_eq!(
            waiting(&Backlog { rows: 2, events: 5, bytes: 9, oldest }, 1, now),
            "visible already; the oldest came 3 minutes ago; 1 request being committed"
        );
        assert_eq!(waiting(&Backlog { rows: 0, events: 0, bytes: 0, oldest: None }, 0, now), "everything is sealed");
    }
}

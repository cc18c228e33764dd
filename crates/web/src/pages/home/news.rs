//! What changed since yesterday, one entry per account: bands that moved, signals
//! and CTAs that opened or closed. The newest account comes first; within an
//! account the story is told in the order it happened.

use std::collections::HashMap;

use domain::scorecard::Band;
use domain::time::day_of;
use domain::{Day, Instant};
use engine::Definitions;
use maud::{Markup, html};
use report::Ink;
use serde_json::Value;
use store::Change;

use crate::ui::card::card;
use crate::ui::{Link, format, pill, timeline};

/// Accounts told about.
const SHOWN: usize = 10;

/// What happened to one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Story {
    account_id: i64,
    account: String,
    /// When the newest of it happened.
    at: Instant,
    /// What the newest of it was about.
    kind: &'static str,
    /// Oldest first.
    sentences: Vec<String>,
    ink: Ink,
}

/// How many of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    worse: i64,
    better: i64,
    signals_opened: i64,
    signals_closed: i64,
    ctas_opened: i64,
    ctas_closed: i64,
}

/// Everything that changed.
#[derive(Clone, Debug, Default)]
pub(super) struct News {
    stories: Vec<Story>,
    accounts: usize,
    counts: Counts,
    /// Whether there was more than could be read.
    cut: bool,
}

impl News {
    /// Tells changes, newest first, by account; what has no visible account is left out.
    pub(super) fn of(
        changes: Vec<Change>,
        cut: bool,
        definitions: &Definitions,
        name: impl Fn(i64) -> Option<String>,
    ) -> Self {
        let mut news = Self { cut, ..Self::default() };
        let mut place: HashMap<i64, usize> = HashMap::new();
        for change in changes {
            let Some((account_id, account)) = change.account_id.and_then(|id| Some((id, name(id)?))) else { continue };
            let Some((sentence, ink)) = news.counts.tell(&change, definitions, &account) else { continue };
            let at = *place.entry(account_id).or_insert_with(|| {
                let kind = subject(&change.kind);
                news.stories.push(Story { account_id, account, at: change.at, kind, sentences: Vec::new(), ink });
                news.stories.len() - 1
            });
            let story = &mut news.stories[at];
            story.sentences.insert(0, sentence);
            story.ink = worst(story.ink, ink);
        }
        news.accounts = news.stories.len();
        news.stories.truncate(SHOWN);
        news
    }
}

impl Counts {
    /// One change in words with its colour, counted; `None` for what is no news.
    fn tell(&mut self, change: &Change, definitions: &Definitions, account: &str) -> Option<(String, Ink)> {
        let text = |name: &str| change.detail.get(name).and_then(Value::as_str).unwrap_or_default();
        let signal =
            || definitions.rule(text("rule")).map_or_else(|| text("rule").to_owned(), |rule| rule.name.clone());
        let title = || {
            let title = text("title");
            title.strip_suffix(account).and_then(|rest| rest.strip_suffix(": ")).unwrap_or(title)
        };
        let (count, told) = match change.kind.as_str() {
            "health.band" => {
                let (from, to) = (Band::parse(text("from"))?, Band::parse(text("to"))?);
                let words = format!("{} → {}", pill::band_word(from), pill::band_word(to));
                // To and from unknown is neither better nor worse.
                let known = from != Band::Unknown && to != Band::Unknown;
                if known {
                    *if to < from { &mut self.worse } else { &mut self.better } += 1;
                }
                return Some((words, Ink::from(to)));
            }
            "signal.opened" => (&mut self.signals_opened, (format!("{} opened", signal()), Ink::Red)),
            "signal.closed" => (&mut self.signals_closed, (format!("{} closed", signal()), Ink::Green)),
            "cta.opened" => (&mut self.ctas_opened, (format!("CTA “{}” opened", title()), Ink::One)),
            "cta.closed" => {
                (&mut self.ctas_closed, (format!("CTA “{}” closed, {}", title(), text("outcome")), Ink::Green))
            }
            _ => return None,
        };
        *count += 1;
        Some(told)
    }

    fn sentence(self) -> String {
        let said = [
            (self.worse, "account got worse", "accounts got worse"),
            (self.better, "got better", "got better"),
            (self.signals_opened, "signal opened", "signals opened"),
            (self.signals_closed, "signal closed", "signals closed"),
            (self.ctas_opened, "CTA opened", "CTAs opened"),
            (self.ctas_closed, "CTA closed", "CTAs closed"),
        ];
        let said = said.into_iter().filter(|(count, ..)| *count > 0);
        said.map(|(count, one, many)| format::counted(count, one, many)).collect::<Vec<_>>().join(" · ")
    }
}

/// What a kind of change is about, for the eye.
fn subject(kind: &str) -> &'static str {
    match kind.split_once('.') {
        Some(("signal", _)) => "Signal",
        Some(("cta", _)) => "CTA",
        _ => "Health",
    }
}

/// The more alarming of two colours.
fn worst(a: Ink, b: Ink) -> Ink {
    let alarm = |ink| match ink {
        Ink::Red => 3,
        Ink::Yellow => 2,
        Ink::One => 1,
        _ => 0,
    };
    if alarm(b) > alarm(a) { b } else { a }
}

/// The card.
pub(super) fn view(news: &News, today: Day) -> Markup {
    let sentence = news.counts.sentence();
    let entries: Vec<_> = news
        .stories
        .iter()
        .map(|story| timeline::Entry {
            kind: story.kind,
            ink: story.ink,
            title: html! { a href=(Link::to(format!("/accounts/{}", story.account_id))) { (story.account) } },
            detail: html! { (story.sentences.join(" · ")) },
            when: html! { (format::relative(day_of(story.at), today)) ", " (story.at.format("%H:%M")) " UTC" },
        })
        .collect();
    card(
        "Since yesterday",
        &html! {
            @if entries.is_empty() {
                p.muted { "Nothing moved: no band changed, and no signal or CTA opened or closed." }
            } @else {
                p.muted { @if news.cut { "At least " } (sentence) }
                div.card-body { (timeline::timeline(&entries)) }
                @if news.accounts > entries.len() {
                    p.muted { "And " (format::counted((news.accounts - entries.len()) as i64, "more account", "more accounts")) "." }
                }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::ctas::tests::{day, instant};
    use serde_json::json;

    fn change(hour: u32, account_id: i64, kind: &str, detail: Value) -> Change {
        Change {
            id: i64::from(hour),
            at: instant(&format!("2026-11-22T{hour:02}:30:00Z")),
            actor: "engine".to_owned(),
            account_id: Some(account_id),
            kind: kind.to_owned(),
            subject_id: None,
            detail,
        }
    }

    fn told(changes: Vec<Change>) -> News {
        let name =
            |id| ["Orchard Ltd", "Bluestone Bank"].get(usize::try_from(id).ok()? - 7).map(|name| (*name).to_owned());
        News::of(changes, false, &Definitions::shipped().unwrap(), name)
    }

    fn morning() -> Vec<Change> {
        vec![
            change(9, 7, "cta.opened", json!({ "title": "Usage declines: Orchard Ltd" })),
            change(8, 8, "health.band", json!({ "from": "yellow", "to": "green" })),
            change(7, 7, "signal.opened", json!({ "rule": "usage_decline" })),
            change(7, 9, "signal.opened", json!({ "rule": "usage_decline" })),
            change(6, 7, "ticket.created", json!({})),
            change(5, 7, "health.band", json!({ "from": "green", "to": "red" })),
        ]
    }

    #[test]
    fn an_account_is_told_once_in_the_order_it_happened() {
        let news = told(morning());
        assert_eq!(
            news.stories.iter().map(|story| story.account.as_str()).collect::<Vec<_>>(),
            ["Orchard Ltd", "Bluestone Bank"]
        );
        assert_eq!(
            news.stories[0].sentences,
            ["Healthy → At risk", "Usage declines opened", "CTA “Usage declines” opened"]
        );
        assert_eq!(news.stories[0].ink, Ink::Red);
        assert_eq!(news.counts.sentence(), "1 account got worse · 1 got better · 1 signal opened · 1 CTA opened");
    }

    #[test]
    fn what_is_not_visible_is_not_even_counted() {
        let hidden = vec![change(7, 9, "signal.opened", json!({ "rule": "usage_decline" }))];
        let news = told(hidden);
        assert_eq!((news.accounts, news.counts), (0, Counts::default()));
        assert!(view(&news, day("2026-11-22")).into_string().contains("Nothing moved"));
    }

    #[test]
    fn becoming_known_is_neither_better_nor_worse() {
        let news = told(vec![change(7, 7, "health.band", json!({ "from": "unknown", "to": "red" }))]);
        assert_eq!((news.counts, news.stories[0].ink), (Counts::default(), Ink::Red));
    }

    #[test]
    fn a_long_day_says_how_much_is_left_out() {
        let html = view(&News { accounts: 12, cut: true, ..told(morning()) }, day("2026-11-22")).into_string();
        assert!(html.contains("At least 1 account got worse") && html.contains("And 10 more accounts."), "{html}");
        assert!(html.contains("<a href=\"/accounts/7\">Orchard Ltd</a>"), "{html}");
        assert!(html.contains("<p class=\"when\">CTA · ") && html.contains(">today</time>, 09:30 UTC"), "{html}");
    }
}

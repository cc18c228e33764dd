//! A record's fields on a page: a line for each with who says so and since when, and a form to set them by hand. The
//! same for every kind of record that people set fields of; what they set, and where the forms lead, is told from outside.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use domain::Instant;
use engine::fields::{Field, Offered, Origin, Shape};
use maud::{Markup, html};
use report::Ink;

use crate::pages::faults::Faults;
use crate::ui::table::{Column, Sort, cell, header, stacking};
use crate::ui::{Link, form, format, pill};

const FIELD: Column<'_> = Column::new("Field");
const VALUE: Column<'_> = Column::new("Value");
const FROM: Column<'_> = Column::new("From");
const SINCE: Column<'_> = Column::new("Since");
const COLUMNS: [Column<'_>; 4] = [FIELD, VALUE, FROM, SINCE];

/// How long ago a day says more than a count of days.
const LONG_AGO: TimeDelta = TimeDelta::days(45);

/// What was typed into the form and refused; nothing where it is shown for the first time.
#[derive(Debug, Default)]
pub(in crate::pages) struct Typed {
    pub(in crate::pages) words: BTreeMap<String, String>,
    pub(in crate::pages) faults: Faults,
}

/// The fields of one record.
#[derive(Debug)]
pub(in crate::pages::account) struct Sheet<'a> {
    pub(in crate::pages::account) fields: &'a [Field],
    /// Where the form is sent; a release goes to `release` below it.
    pub(in crate::pages::account) at: Link,
    pub(in crate::pages::account) now: Instant,
    pub(in crate::pages::account) may_edit: bool,
}

impl Sheet<'_> {
    /// A line for each field.
    pub(in crate::pages::account) fn listing(&self) -> Markup {
        stacking(
            "Fields",
            &header(&COLUMNS, Sort { key: "", descending: false }, &self.at, ""),
            &html! { @for field in self.fields { (self.line(field)) } },
        )
    }

    fn line(&self, field: &Field) -> Markup {
        html! {
            tr {
                th scope="row" data-label=(FIELD.label) { (field.label) }
                (cell(&VALUE, &html! { @if field.value.is_empty() { (format::unknown()) } @else { (shown(field)) } }))
                td.wrap data-label=(FROM.label) { div {
                    (origin(&field.origin)) " "
                    @if field.held {
                        (pill::pill(Ink::Yellow, "held"))
                        p.muted { "No source changes it. " (offer(field.offered.as_ref())) }
                        @if self.may_edit { (self.release(field)) }
                    }
                } }
                (cell(&SINCE, &since(field.since, self.now)))
            }
        }
    }

    fn release(&self, field: &Field) -> Markup {
        html! {
            form.inline method="post" action=(format!("{}/release", self.at)) {
                input type="hidden" name="field" value=(field.key);
                button.btn { "Release to the source" span.vh { ": " (field.label) } }
            }
        }
    }

    /// The form; what was refused comes back with its fault.
    pub(in crate::pages::account) fn editor(&self, typed: &Typed) -> Markup {
        let names: Vec<&str> = self.fields.iter().map(|field| field.key).collect();
        html! {
            (typed.faults.notice(&names))
            form.form method="post" action=(self.at) {
                p.muted { "What you change here is held: imports and syncs leave it alone until you release it." }
                div.grid { @for field in self.fields { (control(field, typed)) } }
                div.actions { (form::submit("Save")) }
            }
        }
    }
}

/// Since when: what is long ago is a day, which is easier to read than a count of days.
fn since(at: Instant, now: Instant) -> Markup {
    if now - at < LONG_AGO { format::ago(at, now) } else { format::day(at.date_naive()) }
}

/// A value as people write it.
fn shown(field: &Field) -> Markup {
    match field.shape {
        Shape::Word(_) | Shape::WordOrNone(_) => html! { (field.value.replace('_', " ")) },
        Shape::Mail => html! { a href=(format!("mailto:{}", field.value)) { (field.value) } },
        _ => html! { (field.value) },
    }
}

/// Who says something.
pub(in crate::pages::account) fn origin(origin: &Origin) -> Markup {
    match origin {
        Origin::Source(name) => html! { (name) },
        Origin::Person(name) => html! { b { (name) } },
        Origin::Unknown => format::unknown(),
    }
}

/// What a source says while a person says something else.
pub(in crate::pages::account) fn offer(offered: Option<&Offered>) -> Markup {
    let Some(offered) = offered else { return html! {} };
    let source = offered.source.as_deref().unwrap_or("Its source");
    html! { (source) " says " @if offered.value.is_empty() { "that there is none." } @else { b { (offered.value) } "." } }
}

fn control(field: &Field, typed: &Typed) -> Markup {
    let value = typed.words.get(field.key).unwrap_or(&field.value);
    let plain = form::Field::new(field.key, field.label).value(value).error(typed.faults.field(field.key));
    match field.shape {
        Shape::Name | Shape::Currency => form::input("text", &plain.required()),
        Shape::Text | Shape::Domain => form::input("text", &plain),
        Shape::Mail => form::input("email", &plain),
        Shape::Count => form::input("number", &plain),
        Shape::Day => form::input("date", &plain),
        Shape::FirstDay => form::input("date", &plain.required()),
        Shape::Word(words) => form::select(&pairs(words, false), &plain.required()),
        Shape::WordOrNone(words) => form::select(&pairs(words, true), &plain),
    }
}

fn pairs(words: &'static [&'static str], or_none: bool) -> Vec<(&'static str, &'static str)> {
    let none = or_none.then_some(("", "none"));
    none.into_iter().chain(words.iter().map(|word| (*word, *word))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problem;

    fn tier() -> Field {
        Field {
            key: "tier",
            label: "Tier",
            shape: Shape::Text,
            value: "strategic".to_owned(),
            origin: Origin::Person("Ann".to_owned()),
            since: "2026-11-22T12:00:00Z".parse().unwrap(),
            held: true,
            offered: Some(Offered { source: Some("Shop".to_owned()), value: "<growth>".to_owned() }),
        }
    }

    fn sheet(fields: &[Field], may_edit: bool) -> Sheet<'_> {
        let now = "2026-11-22T14:00:00Z".parse().unwrap();
        Sheet { fields, at: Link::to("/accounts/7/fields"), now, may_edit }
    }

    #[test]
    fn a_held_field_says_who_since_when_and_what_its_source_says() {
        let fields = [tier()];
        let html = sheet(&fields, true).listing().into_string();
        for part in
            ["<b>Ann</b>", "2 hours ago", "Shop says <b>&lt;growth&gt;</b>.", "action=\"/accounts/7/fields/release\""]
        {
            assert!(html.contains(part), "{part}: {html}");
        }
        assert!(!sheet(&fields, false).listing().into_string().contains("<form"));
        let none = Offered { source: None, value: String::new() };
        assert_eq!(offer(Some(&none)).into_string(), "Its source says that there is none.");
    }

    #[test]
    fn what_was_typed_comes_back_with_its_fault() {
        let fields =
            [tier(), Field { key: "stage", shape: Shape::WordOrNone(&["onboarding"]), value: String::new(), ..tier() }];
        let first = sheet(&fields, true).editor(&Typed::default()).into_string();
        assert!(first.contains("name=\"tier\" value=\"strategic\""), "{first}");
        assert!(first.contains("<option value=\"\" selected>none"), "{first}");
        let faults = Faults::of(Problem::invalid("tier", "This is too long.")).unwrap();
        let words = BTreeMap::from([("tier".to_owned(), "long".to_owned())]);
        let again = sheet(&fields, true).editor(&Typed { words, faults }).into_string();
        assert!(again.contains("value=\"long\"") && again.contains("This is too long."), "{again}");
    }
}

//! The mapping of one stream as a form: a line for each of our fields, with the paths its last messages have to choose
//! from. Trying it shows what the last messages become; keeping it writes the rule into the text. It is a table of
//! drop-downs, so it needs no script; with one, the messages follow each choice.

use std::collections::BTreeMap;

use engine::import::{self, FormRow, RuleForm, Seen};
use maud::{Markup, html};

use crate::problem::{Answer, Problem};
use crate::ui::form::{Field, submit};
use crate::ui::table::{Column, Sort, cell, header, stacking};
use crate::ui::{Link, form, notice};

const OURS: Column<'_> = Column::new("Our field");
const FROM: Column<'_> = Column::new("Read from");
const HOW: Column<'_> = Column::new("Written as");
const COLUMNS: [Column<'_>; 3] = [OURS, FROM, HOW];

/// What stands before the name of a field in the parameters of its path and of its conversion.
const PATH: &str = "path-";
const CONVERSION: &str = "as-";

/// The rules with what was chosen in the form.
pub(super) fn chosen(typed: &BTreeMap<String, String>, rules: &str, stream: &str) -> Answer<String> {
    let word = |name: &str| typed.get(name).map(String::as_str).unwrap_or_default();
    let paths = typed.iter().filter_map(|(name, path)| Some((name.strip_prefix(PATH)?, path)));
    let fields = paths.map(|(field, path)| {
        let conversion = word(&format!("{CONVERSION}{field}")).to_owned();
        (field.to_owned(), (path.trim().to_owned(), conversion))
    });
    let Some(key) = typed.get("key").map(|key| key.trim()) else {
        return Err(Problem::invalid("key", "Choose the path that tells one record from another."));
    };
    let text = import::with_form(rules, stream, word("object"), key, fields.collect());
    text.ok_or_else(|| Problem::invalid("object", "This is no kind of record."))
}

/// The form; `tried` is the fragment that trying swaps.
pub(super) fn card(page: &Link, stream: &str, mapping: &import::SourceMapping, form: &RuleForm, tried: &str) -> Markup {
    html! {
        @if form.beyond {
            (notice::remark(&html! { "The text has a rule for this stream that says more than this form can show. Keeping the form replaces it." }))
        }
        (object(page, stream, form))
        form.form method="post" action=(page) data-post=(tried) data-try="" {
            input type="hidden" name="stream" value=(stream);
            input type="hidden" name="preset" value=(mapping.preset);
            input type="hidden" name="rules" value=(mapping.rules);
            input type="hidden" name="object" value=(form.object);
            div.field { label for="key" { "Path of the key" } (paths("key", &form.key, &form.seen, "none: known by what it says")) }
            (stacking("Fields", &header(&COLUMNS, Sort { key: "", descending: false }, page, ""),
                &html! { @for row in &form.rows { (line(row, &form.seen)) } }))
            div.actions {
                button.btn.primary name="do" value="try-form" { "Try on the last messages" }
                button.btn name="do" value="keep-form" formaction=(page) { "Keep this form" }
            }
        }
    }
}

/// The kind of record; another kind has other fields, so it is asked for first.
fn object(page: &Link, stream: &str, form: &RuleForm) -> Markup {
    let words: Vec<(&str, String)> =
        import::form_objects().into_iter().map(|word| (word, word.replace('_', " "))).collect();
    let options: Vec<(&str, &str)> = words.iter().map(|(word, shown)| (*word, shown.as_str())).collect();
    html! {
        form.form method="get" action=(page) {
            input type="hidden" name="stream" value=(stream);
            (form::select(&options, &Field::new("object", "A record becomes").value(form.object).required()))
            div.actions { (submit("Show its fields")) }
        }
    }
}

fn line(row: &FormRow, seen: &[Seen]) -> Markup {
    let (path, conversion) = (format!("{PATH}{}", row.field), format!("{CONVERSION}{}", row.field));
    html! {
        tr {
            th scope="row" data-label=(OURS.label) {
                label for=(path) { (row.field.replace('_', " ")) @if row.required { " " small.muted { "needed" } } }
                small.muted { (row.doc) }
            }
            (cell(&FROM, &paths(&path, &row.path, seen, "not read")))
            (cell(&HOW, &html! {
                @if row.conversions.is_empty() { span.muted { "as it is" } }
                @else {
                    select id=(conversion) name=(conversion) aria-label=(format!("How {} is written", row.field)) {
                        option value="" { "as usual" }
                        @for (word, meaning) in row.conversions { option value=(word) selected[row.conversion == *word] { (meaning) } }
                        @if !row.conversion.is_empty() && !row.conversions.iter().any(|(word, _)| *word == row.conversion) {
                            option value=(row.conversion) selected { (row.conversion) }
                        }
                    }
                }
            }))
        }
    }
}

/// A choice among the paths that were seen; a path in use that was not is offered, too.
fn paths(name: &str, value: &str, seen: &[Seen], none: &str) -> Markup {
    html! {
        select id=(name) name=(name) {
            option value="" { (none) }
            @if !value.is_empty() && !seen.iter().any(|seen| seen.path == value) { option value=(value) selected { (value) } }
            @for seen in seen {
                option value=(seen.path) selected[seen.path == value] {
                    (seen.path) @if !seen.example.is_empty() { " · " (seen.example) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_becomes_a_rule_and_a_key_is_needed() {
        let typed = |key: &str| {
            [
                ("object", "invoice"),
                ("key", key),
                ("path-account", "company.id"),
                ("path-number", ""),
                ("path-amount_cents", "total"),
                ("as-amount_cents", "minor"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
        };
        let rules = chosen(&typed("id"), "", "bills").unwrap();
        assert!(
            rules.contains("amount_cents = { path = \"total\", as = \"minor\" }") && !rules.contains("number"),
            "{rules}"
        );
        assert!(chosen(&typed(" "), "", "bills").unwrap().contains("key = []"), "known by what it says");
        assert!(chosen(&BTreeMap::new(), "", "bills").is_err());
    }

    #[test]
    fn paths_are_offered_with_what_stands_there() {
        let seen = [Seen { path: "company.id".to_owned(), example: "<c-1>".to_owned() }];
        let html = paths("path-account", "old.path", &seen, "not read").into_string();
        for part in ["not read", "<option value=\"old.path\" selected", "company.id · &lt;c-1&gt;"] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }
}

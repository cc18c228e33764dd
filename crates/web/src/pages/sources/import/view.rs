//! How the import page looks. The form holds the file; the report below it holds
//! the mapping, which belongs to the form by its `form` attribute, so that a script
//! can swap the report and the chosen file stays.

use engine::import::{ColumnUse, ImportReport, RefusedRow, Total};
use maud::{Markup, html};
use report::Ink;

use super::OBJECTS;
use super::upload::Upload;
use crate::pages::sources::said;
use crate::problem::Problem;
use crate::ui::card::{Tile, plain, tiles};
use crate::ui::form::Field;
use crate::ui::table::{Column, Sort, cell, header, stacking};
use crate::ui::{Link, form, format, notice, pill, shell};

/// The fragment that an answer swaps.
const REPORT: &str = "report";

/// The id of the form.
const FORM: &str = "import";

/// Refused rows that the page lists; the file of failed rows has all.
const LISTED: usize = 100;

const LINE: Column<'_> = Column::new("Line").number();
const COLUMN: Column<'_> = Column::new("Column");
const VALUE: Column<'_> = Column::new("Value");
const WHY: Column<'_> = Column::new("Why");
const COLUMNS: [Column<'_>; 4] = [LINE, COLUMN, VALUE, WHY];

const HEADER: Column<'_> = Column::new("Column of the file");
const FILLS: Column<'_> = Column::new("Fills");
const CELLS: Column<'_> = Column::new("First cells");
const USES: [Column<'_>; 3] = [HEADER, FILLS, CELLS];

/// What became of a file.
#[derive(Debug)]
pub(super) enum Outcome {
    /// None was sent yet.
    Nothing,
    /// It was read to its end.
    Done(ImportReport),
    /// It was not taken at all.
    Refused(Problem),
}

/// The whole page.
pub(super) fn page(upload: &Upload, outcome: &Outcome) -> Markup {
    let detail = html! { "CSV, whatever its separator, encoding and locale, or a workbook, up to 64 MiB; larger files with "
    code { "pomona import csv" } " on the server" };
    let earlier = form::link_button(&Link::to("/sources/imports"), "Earlier imports");
    html! {
        (shell::heading(&[("Sources", &Link::to("/sources"))], "Import a file", &detail, &earlier))
        (plain(&file(upload)))
        div id=(REPORT) data-fragment="" { (report(upload, outcome)) }
    }
}

fn file(upload: &Upload) -> Markup {
    let object = Field::new("object", "The rows are").value(&upload.object).required();
    let file = Field::new("file", "File").required();
    let sheet = Field::new("sheet", "Sheet").value(&upload.sheet);
    html! {
        form.form id=(FORM) method="post" action="/sources/import" enctype="multipart/form-data" data-post=(REPORT) {
            div.form-row { (form::select(&OBJECTS, &object)) (form::input("file", &file)) (form::input("text", &sheet)) }
            p.muted { "A dry run changes nothing. A row that cannot be taken is listed with its reason; the others are taken. \
                Of a workbook, the sheet named like its rows is read, or the first, unless you name another." }
            div.actions {
                button.btn.primary name="do" value="dry_run" { "Dry run" }
                (form::choice("do", "import", "Import"))
            }
        }
    }
}

fn report(upload: &Upload, outcome: &Outcome) -> Markup {
    match outcome {
        Outcome::Nothing => html! { (mapping(upload.mapping().unwrap_or_default(), false)) },
        Outcome::Refused(problem) => {
            let messages: Vec<&str> = problem.fields.iter().map(|fault| fault.message.as_str()).collect();
            // A kind there is not comes without a field; its advice lists those there are.
            let other = || problem.advice.clone().unwrap_or_else(|| problem.detail.clone());
            let message = if messages.is_empty() { other() } else { messages.join(" ") };
            html! {
                (notice::error(&message, "Nothing was imported. Choose the file again, correct the kind or the mapping, and send it once more."))
                (mapping(upload.mapping().unwrap_or_default(), true))
            }
        }
        Outcome::Done(report) => html! {
            (summary(report))
            (figures(report))
            (read_as(report))
            @if report.failed > 0 { (refused(report)) }
            (mapping(&report.mapping, report.failed > 0))
        },
    }
}

fn summary(report: &ImportReport) -> Markup {
    let taken = (report.created + report.updated) as i64;
    html! {
        @if report.dry_run {
            (notice::remark(&html! {
                p { b { "Nothing has changed: this was a dry run." } " Importing the file would write "
                    (format::counted(taken, "record", "records")) "." (held(report)) }
                p.no-js { "Your browser forgets the file after each answer: choose it again before you import." }
                @if taken > 0 {
                    div.actions { button.btn.primary form=(FORM) name="do" value="import" { "Import now" } }
                }
            }))
        } @else {
            (notice::success(&format!("Imported: {} written.{}", format::counted(taken, "record", "records"), held(report))))
            @if report.run_id.is_some() { p { a href="/sources/imports" { "Earlier imports" } ", where this one can be taken back." } }
        }
    }
}

/// Why rows that differ change nothing.
fn held(report: &ImportReport) -> String {
    match report.held as i64 {
        0 => String::new(),
        held => format!(
            " {} only in fields that a person holds, and changed nothing: release the fields to let the file change them.",
            format::counted(held, "row differs", "rows differ")
        ),
    }
}

fn figures(report: &ImportReport) -> Markup {
    let tile = |label, value: u64| Tile {
        label,
        value: html! { (format::count(value as i64)) },
        delta: html! {},
        explained_at: None,
    };
    let unchanged =
        html! { @if report.held > 0 { small.muted { (format::count(report.held as i64)) " held by a person" } } };
    let mut all = vec![
        tile("Rows", report.rows),
        tile("Created", report.created),
        tile("Updated", report.updated),
        Tile { delta: unchanged, ..tile("Unchanged", report.unchanged) },
        tile("Skipped", report.skipped),
        tile("Failed", report.failed),
    ];
    if report.parked > 0 {
        let delta = html! { small.muted { "until their account comes" } };
        all.push(Tile { delta, ..tile("Parked", report.parked) });
    }
    tiles("Rows of the file", &all)
}

/// How the file was read, so that a wrong guess is seen before it is imported.
fn read_as(report: &ImportReport) -> Markup {
    let base = Link::to("/sources/import");
    html! {
        section.card {
            h2 { "How the file is read" }
            p.muted { (report.dialect) }
            @if !report.notices.is_empty() { ul.plain { @for notice in &report.notices { li { (said(notice)) } } } }
            @if !report.columns.is_empty() {
                (stacking("Columns", &header(&USES, Sort { key: "", descending: false }, &base, ""),
                    &html! { @for column in &report.columns { (column_use(column)) } }))
            }
            @if !report.totals.is_empty() {
                h3 { "What the rows add up to" }
                p.muted { "Over the rows that were taken; compare it with what the file's own program says." }
                dl.terms { @for total in &report.totals {
                    div { dt { (added(total)) } dd { (sum(total)) } }
                } }
            }
        }
    }
}

fn column_use(column: &ColumnUse) -> Markup {
    html! {
        tr {
            th scope="row" data-label=(HEADER.label) { (column.header) }
            td.wrap data-label=(FILLS.label) { div {
                @if column.fields.is_empty() { span.muted { "left out" } }
                @for (at, field) in column.fields.iter().enumerate() { @if at > 0 { ", " } code { (field) } }
            } }
            td.wrap data-label=(CELLS.label) { div.muted { (column.samples.join(" · ")) } }
        }
    }
}

/// What was added up, in words.
pub(in crate::pages::sources) fn added(total: &Total) -> String {
    total.field.trim_end_matches("_cents").replace('_', " ")
}

/// A sum as it stands in the file.
pub(in crate::pages::sources) fn sum(total: &Total) -> String {
    match total.currency.as_deref() {
        None => format::count(total.sum),
        Some("") => {
            format!("{}.{:02}, in no currency that was named", format::count(total.sum / 100), (total.sum % 100).abs())
        }
        Some(currency) => format::money_exact(total.sum, currency),
    }
}

fn refused(report: &ImportReport) -> Markup {
    let hidden = (report.failed as usize).saturating_sub(LISTED.min(report.refused.len()));
    html! {
        section.card {
            header.card-head {
                h2 { "Rows that failed" }
                button.btn form=(FORM) formaction="/sources/import/failed.csv" { "Download failed rows" }
            }
            (stacking("Rows that failed", &header(&COLUMNS, Sort { key: "", descending: false }, &Link::to("/sources/import"), ""),
                &html! { @for row in report.refused.iter().take(LISTED) { (line(row)) } }))
            @if hidden > 0 { p.muted { "… and " (format::counted(hidden as i64, "row", "rows")) " more, all in the download." } }
            p.muted { "The download has two more columns, where and why: correct the rows in it and import it as it is." }
        }
    }
}

fn line(row: &RefusedRow) -> Markup {
    html! {
        tr {
            (cell(&LINE, &html! { (format::count(row.line as i64)) }))
            (cell(&COLUMN, &match &row.column { Some(column) => html! { (column) }, None => html! { span.muted { "the row" } } }))
            (cell(&VALUE, &html! { @if row.value.is_empty() { span.muted { "empty" } } @else { code { (row.value) } } }))
            td.wrap data-label=(WHY.label) { div { (pill::pill(Ink::Red, &row.code)) " " (said(&row.message)) } }
        }
    }
}

fn mapping(text: &str, open: bool) -> Markup {
    let hint = "TOML. What it does not say is found out. After a run it says everything that was used: correct it and send \
                the file again, or keep it for the next file of the same shape.";
    let rows = (text.lines().count() + 1).clamp(4, 24);
    html! {
        section.card {
            details open[open] {
                summary { b { "Mapping" } " " small.muted { "what each column means, how dates and numbers are written, what to do with unknown accounts" } }
                div.field {
                    label.vh for="mapping" { "Mapping, optional" }
                    textarea.code id="mapping" name="mapping" form=(FORM) rows=(rows) spellcheck="false" autocapitalize="off"
                        autocomplete="off" aria-describedby="mapping-hint" { (text) }
                    p.hint id="mapping-hint" { (hint) }
                }
                div.actions {
                    button.btn form=(FORM) name="do" value="dry_run" { "Dry run with this mapping" }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(dry_run: bool) -> ImportReport {
        let refused = RefusedRow {
            line: 4,
            column: Some("arr".to_owned()),
            value: "<12>".to_owned(),
            code: "bad_number".to_owned(),
            message: "`<12>` is not a number.".to_owned(),
        };
        ImportReport {
            dry_run,
            rows: 5,
            created: 3,
            updated: 1,
            failed: 1,
            mapping: "object = \"account\"\n".to_owned(),
            notices: vec!["The cells are parted by semicolons.".to_owned()],
            refused: vec![refused],
            ..ImportReport::default()
        }
    }

    #[test]
    fn a_dry_run_says_so_and_offers_the_import() {
        let html = page(&Upload::default(), &Outcome::Done(done(true))).into_string();
        for part in [
            "Nothing has changed: this was a dry run.",
            "would write 4 records",
            "The cells are parted by semicolons.",
            "data-label=\"Line\">4<",
            "<code>&lt;12&gt;</code>",
            "bad_number",
            "object = &quot;account&quot;",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }

    #[test]
    fn everything_outside_the_form_names_it() {
        let html = page(&Upload::default(), &Outcome::Done(done(true))).into_string();
        let outside = html.split_once("id=\"report\"").unwrap().1;
        assert_eq!(outside.matches("form=\"import\"").count(), outside.matches("<button").count() + 1, "{outside}");
        assert!(outside.contains("formaction=\"/sources/import/failed.csv\""), "{outside}");
    }

    #[test]
    fn an_import_offers_no_second_one() {
        let html = page(&Upload::default(), &Outcome::Done(ImportReport { failed: 0, ..done(false) })).into_string();
        assert!(html.contains("Imported: 4 records written."), "{html}");
        assert!(!html.contains("Import now") && !html.contains("Rows that failed"), "{html}");
    }

    #[test]
    fn a_file_that_was_not_taken_says_why_and_keeps_the_mapping() {
        let problem = Problem::invalid("file", "The file is a workbook: save it as CSV.");
        let html = page(&Upload::default(), &Outcome::Refused(problem)).into_string();
        assert!(html.contains("The file is a workbook: save it as CSV.") && html.contains("role=\"alert\""), "{html}");
        assert!(html.contains("<details open>"), "{html}");
    }
}

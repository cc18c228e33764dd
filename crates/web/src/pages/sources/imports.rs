//! `/sources/imports`: the files that came in, each with what became of its rows, how far it is while it is under way,
//! and a way to take it back. What was refused can be fetched as a file to correct. Deliberately absent: the files
//! themselves, which stay with whoever sent them.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::TimeDelta;
use domain::Instant;
use domain::access::Action;
use engine::fields::Hand;
use engine::import::{self, ImportReport, UndoError, Undone};
use maud::{Markup, html};
use report::Ink;
use store::import_run::{self, Status};
use store::{ImportRun, member};
use tokio::time::timeout;

use super::import::view::{added, sum};
use super::import::{OBJECTS, PATIENCE};
use crate::extract::At;
use crate::gate::Access;
use crate::page::{Titled, Want, respond};
use crate::pages::may;
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use crate::ui::card::card;
use crate::ui::shell::Nav;
use crate::ui::table::{Column, Sort, cell, header as head, stacking};
use crate::ui::{Link, form, format, notice, pill, shell};

/// Runs listed.
const LISTED: u64 = 50;

/// The fragment that a script fetches again while an import is under way.
const RUNS: &str = "runs";

/// Milliseconds until it does.
const LOOK_AGAIN: u32 = 1_000;

/// A run of which nothing was written for so long is not under way.
const SILENT_FOR: TimeDelta = TimeDelta::minutes(1);

const FILE: Column<'_> = Column::new("File");
const WHEN: Column<'_> = Column::new("When");
const STATE: Column<'_> = Column::new("State");
const ROWS: Column<'_> = Column::new("Rows").number();
const BECAME: Column<'_> = Column::new("What became of them");
const COLUMNS: [Column<'_>; 5] = [FILE, WHEN, STATE, ROWS, BECAME];

/// Shows the latest imports.
pub async fn show(State(app): State<AppState>, access: Access, want: Want) -> Answer<Response> {
    listing(&app, &access, want, None).await
}

/// Takes an import back.
pub async fn undo(State(app): State<AppState>, access: Access, want: Want, At(id): At<i64>) -> Answer<Response> {
    let hand = Hand { member_id: access.member_id()?, actor: access.actor.label() };
    let mut task = import::undo_detached(&app.engine, id, &hand);
    match timeout(PATIENCE, &mut task).await {
        Err(_) => Ok(Redirect::to("/sources/imports").into_response()),
        Ok(undone) => {
            let undone = undone.map_err(Problem::internal)?.map_err(problem)?;
            listing(&app, &access, want, Some(&undone)).await
        }
    }
}

/// Stops an import that is under way.
pub async fn stop(State(app): State<AppState>, At(id): At<i64>) -> Answer<Response> {
    // One that has ended meanwhile is where it should be.
    import::stop(&app.engine, id).await?;
    Ok(Redirect::to("/sources/imports").into_response())
}

/// Answers with the rows of an import that were refused, as a file.
pub async fn failed(State(app): State<AppState>, At(id): At<i64>) -> Answer<Response> {
    let run = import_run::find(app.engine.store().read(), id).await?;
    let report = report(&run);
    if report.failed_rows.is_empty() {
        return Err(Problem::not_found());
    }
    let name = format!("attachment; filename=\"failed-{}-{id}.csv\"", run.object);
    let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, report.failed_rows).into_response())
}

fn problem(error: UndoError) -> Problem {
    match error {
        UndoError::Engine(error) => error.into(),
        error => Problem::conflict(format!("{error}.")),
    }
}

async fn listing(app: &AppState, access: &Access, want: Want, undone: Option<&Undone>) -> Answer<Response> {
    let db = app.engine.store().read();
    let now = app.engine.now();
    let runs = import_run::latest(db, LISTED).await?;
    let runs: Vec<Told> = runs.into_iter().map(|run| Told::of(app, run, now)).collect();
    let members = member::list(db).await?;
    let members: BTreeMap<i64, String> = members.into_iter().map(|member| (member.id, member.name)).collect();
    let titled = Titled { title: "Imports", active: Some(Nav::Sources) };
    let body = page(&runs, &members, may(access, Action::Import), undone, now);
    Ok(respond(access, &app.engine, want, &titled, &body))
}

/// A run and what became of its rows.
struct Told {
    run: ImportRun,
    report: ImportReport,
    progress: Progress,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// Its rows are being taken, here or, since they were a moment ago, by another process.
    UnderWay {
        /// Whether it can be stopped from here.
        here: bool,
    },
    /// What it did is being taken back.
    GoingBack,
    /// It ended before its file did.
    Stopped,
    /// It reached the end of its file, or was taken back.
    Ended,
}

impl Told {
    fn of(app: &AppState, run: ImportRun, now: Instant) -> Self {
        let report = report(&run);
        let lately = report.written_at.is_some_and(|at| now - at < SILENT_FOR);
        let progress = match run.status {
            Status::Done if import::is_being_undone(&app.engine, &run) => Progress::GoingBack,
            Status::Done | Status::Undone => Progress::Ended,
            _ if import::is_under_way(&app.engine, &run) => Progress::UnderWay { here: true },
            Status::Running if lately => Progress::UnderWay { here: false },
            Status::Running | Status::Stopped => Progress::Stopped,
        };
        Self { run, report, progress }
    }
}

fn page(
    runs: &[Told],
    members: &BTreeMap<i64, String>,
    may_import: bool,
    undone: Option<&Undone>,
    now: Instant,
) -> Markup {
    let detail = html! { "Files, newest first" };
    let action = html! { @if may_import { (form::primary_link(&Link::to("/sources/import"), "Import a file")) } };
    let base = Link::to("/sources/imports");
    let again = runs
        .iter()
        .any(|run| matches!(run.progress, Progress::UnderWay { .. } | Progress::GoingBack))
        .then_some(LOOK_AGAIN);
    html! {
        (shell::heading(&[("Sources", &Link::to("/sources"))], "Imports", &detail, &action))
        @if let Some(undone) = undone { (notice::success(&told(undone))) }
        @if runs.is_empty() {
            (notice::empty("No file came in yet", "An import shows here while it is under way and after.", &html! {}))
        } @else {
            div id=(RUNS) data-fragment="" data-again=[again] {
                (card("Latest imports", &stacking("Imports", &head(&COLUMNS, Sort { key: "", descending: false }, &base, ""),
                    &html! { @for run in runs { (line(run, members, may_import, now)) } })))
            }
            p.muted { "Taking an import back deletes the records it created and restores those it changed, as long as \
                nothing else has touched them since; the others stay and are counted. A file that was stopped goes on \
                where it stopped when it is sent again." }
        }
    }
}

fn told(undone: &Undone) -> String {
    let count = |n: u64| format::counted(n as i64, "record", "records");
    let kept = match undone.kept {
        0 => String::new(),
        kept => format!("; {} stayed, because something else has touched or uses them", count(kept)),
    };
    format!("Taken back: {} deleted, {} restored{kept}.", count(undone.deleted), count(undone.restored))
}

fn report(run: &ImportRun) -> ImportReport {
    serde_json::from_value(run.report.clone()).unwrap_or_default()
}

fn line(told: &Told, members: &BTreeMap<i64, String>, may_import: bool, now: Instant) -> Markup {
    let Told { run, report, .. } = told;
    let name = if run.file_name.is_empty() { "a file without a name" } else { &run.file_name };
    let kind = OBJECTS.iter().find(|(word, _)| word.strip_suffix('s') == Some(&run.object));
    let by = run.member_id.and_then(|id| members.get(&id));
    html! {
        tr {
            th scope="row" data-label=(FILE.label) { (name) small.muted { (kind.map_or(run.object.as_str(), |(_, words)| words)) } }
            (cell(&WHEN, &html! { (format::ago(run.recorded_at, now)) @if let Some(by) = by { " " small.muted { "by " (by) } } }))
            (cell(&STATE, &state(told)))
            (cell(&ROWS, &html! { (format::count(run.rows_read)) }))
            td.wrap data-label=(BECAME.label) { div {
                (counts(report))
                @for total in &report.totals { " " small.muted { "· " (added(total)) " " (sum(total)) } }
                @if may_import { (actions(told, name)) }
            } }
        }
    }
}

/// What can be done about a run.
fn actions(told: &Told, name: &str) -> Markup {
    let at = format!("/sources/imports/{}", told.run.id);
    let button = |what: &str, label: &str| {
        html! {
            form.inline method="post" action=(format!("{at}/{what}")) { button.btn data-focus=(format!("{what}-{}", told.run.id)) { (label) span.vh { " " (name) } } }
        }
    };
    let failed = !told.report.failed_rows.is_empty();
    let undo = import::can_undo(&told.run) && told.progress == Progress::Ended;
    let stop = told.progress == (Progress::UnderWay { here: true });
    html! {
        @if failed || undo || stop {
            div.actions {
                @if failed { a.btn href=(format!("{at}/failed.csv")) { "Failed rows" span.vh { " of " (name) } } }
                @if undo { (button("undo", "Take back")) }
                @if stop { (button("stop", "Stop")) }
            }
        }
    }
}

fn state(told: &Told) -> Markup {
    let (read, all) = (told.run.rows_read, told.report.of_rows);
    match told.progress {
        Progress::UnderWay { .. } => html! {
            (pill::pill(Ink::Yellow, "Under way"))
            progress value=(read) max=(all.max(1)) aria-label="Rows taken" { (read) " of " (all) }
            small.muted { (format::percent(read as f64 / all.max(1) as f64)) " of " (format::count(all as i64)) }
        },
        Progress::GoingBack => pill::pill(Ink::Yellow, "Being taken back"),
        Progress::Stopped => html! {
            (pill::pill(Ink::Grey, "Stopped"))
            small.muted { "of " (format::count(all as i64)) "; send the same file again to go on" }
        },
        Progress::Ended if told.run.status == Status::Undone => pill::pill(Ink::Grey, "Taken back"),
        Progress::Ended => pill::pill(Ink::Green, "Done"),
    }
}

fn counts(report: &ImportReport) -> String {
    let all = [
        (report.created, "created"),
        (report.updated, "updated"),
        (report.unchanged.saturating_sub(report.held), "unchanged"),
        (report.held, "different only in what a person holds"),
        (report.skipped, "skipped"),
        (report.parked, "parked"),
        (report.failed, "failed"),
    ];
    let said: Vec<String> = all
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{} {word}", format::count(n as i64)))
        .collect();
    if said.is_empty() { "nothing yet".to_owned() } else { said.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(status: Status, object: &str) -> ImportRun {
        let at = "2026-11-22T11:00:00Z".parse().unwrap();
        let report =
            ImportReport { of_rows: 10, created: 3, failed: 1, failed_rows: "x".to_owned(), ..ImportReport::default() };
        ImportRun {
            id: 4,
            source_id: 1,
            object: object.to_owned(),
            file_name: "<accounts>.csv".to_owned(),
            fingerprint: "f".to_owned(),
            member_id: Some(2),
            status,
            recorded_at: at,
            rows_read: 4,
            report: serde_json::to_value(report).unwrap(),
            finished_at: None,
            undone_at: None,
        }
    }

    fn rendered(run: ImportRun, progress: Progress, may_import: bool) -> String {
        let members = BTreeMap::from([(2, "Ann".to_owned())]);
        let told = Told { report: report(&run), run, progress };
        page(&[told], &members, may_import, None, "2026-11-22T12:00:00Z".parse().unwrap()).into_string()
    }

    #[test]
    fn a_finished_import_of_records_can_be_taken_back() {
        let html = rendered(run(Status::Done, "account"), Progress::Ended, true);
        for part in [
            "&lt;accounts&gt;.csv",
            "3 created, 1 failed",
            "/sources/imports/4/undo",
            "/sources/imports/4/failed.csv",
            "by Ann",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
        let events = rendered(run(Status::Done, "event"), Progress::Ended, true);
        for html in [events, rendered(run(Status::Done, "account"), Progress::Ended, false)] {
            assert!(!html.contains("Take back<"), "{html}");
        }
    }

    #[test]
    fn one_under_way_says_how_far_it_is() {
        let here = Progress::UnderWay { here: true };
        let html = rendered(run(Status::Running, "account"), here, true);
        assert!(html.contains("<progress value=\"4\" max=\"10\"") && !html.contains("/undo"), "{html}");
        assert!(html.contains("data-again=\"1000\"") && html.contains("/sources/imports/4/stop"), "{html}");
        let elsewhere = rendered(run(Status::Running, "account"), Progress::UnderWay { here: false }, true);
        assert!(elsewhere.contains("<progress") && !elsewhere.contains("/stop"), "{elsewhere}");
    }

    #[test]
    fn one_that_was_stopped_says_how_to_go_on() {
        let html = rendered(run(Status::Stopped, "account"), Progress::Stopped, true);
        assert!(html.contains("send the same file again") && !html.contains("data-again"), "{html}");
    }
}

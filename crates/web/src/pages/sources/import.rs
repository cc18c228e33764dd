//! `/sources/import`: a CSV file onto the records, first as a dry run, then in
//! earnest, and its refused rows as a file to correct and send again. The mapping
//! that was used can be edited and sent with the file. A large file goes on by itself
//! and is watched on the page of imports. Absent: files kept between two requests; the
//! browser sends the file each time.

mod upload;
pub(super) mod view;

use std::io::Cursor;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use engine::import::{self, CsvImport, ImportError, ImportReport};
use maud::Markup;
use tokio::time::timeout;

use self::upload::Upload;
use self::view::Outcome;
use crate::gate::Access;
use crate::page::{Titled, Want, respond_with};
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use crate::ui::shell::Nav;

/// What can be imported, and its word on screen.
pub(super) const OBJECTS: [(&str, &str); 14] = [
    ("accounts", "Accounts"),
    ("contacts", "Contacts"),
    ("subscriptions", "Subscriptions"),
    ("subscription_items", "Lines of subscriptions"),
    ("invoices", "Invoices"),
    ("payment_attempts", "Payment attempts"),
    ("tickets", "Tickets"),
    ("touchpoints", "Touchpoints"),
    ("survey_responses", "Answers to surveys"),
    ("milestones", "Milestones"),
    ("objectives", "Objectives"),
    ("entitlements", "Entitlements"),
    ("exchange_rates", "Exchange rates"),
    ("events", "Events"),
];

/// How long an answer waits for an import, or for taking one back; a longer one is watched on the page of imports.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// Shows the empty form.
pub async fn form(State(app): State<AppState>, access: Access, want: Want) -> Response {
    answer(&app, &access, want, StatusCode::OK, &view::page(&Upload::default(), &Outcome::Nothing))
}

/// Imports a file, or says what it would do.
pub async fn run(State(app): State<AppState>, access: Access, want: Want, upload: Upload) -> Answer<Response> {
    if !upload.dry_run && !upload.file.is_empty() {
        let mut task = import::detached(&app.engine, described(&upload, &access), Cursor::new(upload.file.clone()));
        let Ok(ended) = timeout(PATIENCE, &mut task).await else { return Ok(watched()) };
        return match ended.map_err(Problem::internal)? {
            Err(ImportError::UnderWay | ImportError::Stopped { .. }) => Ok(watched()),
            outcome => told(&app, &access, want, &upload, outcome.map_err(Problem::from)),
        };
    }
    let outcome = carry_out(&app, &access, &upload).await;
    told(&app, &access, want, &upload, outcome)
}

/// Leads to where imports are watched.
fn watched() -> Response {
    Redirect::to("/sources/imports").into_response()
}

/// Answers with what became of a file.
fn told(
    app: &AppState,
    access: &Access,
    want: Want,
    upload: &Upload,
    outcome: Answer<ImportReport>,
) -> Answer<Response> {
    let (status, outcome) = match outcome {
        Ok(report) => (StatusCode::OK, Outcome::Done(report)),
        Err(problem) => (StatusCode::UNPROCESSABLE_ENTITY, Outcome::Refused(correctable(problem)?)),
    };
    Ok(answer(app, access, want, status, &view::page(upload, &outcome)))
}

/// Answers with the rows that a dry run refuses, as a file.
pub async fn failed(State(app): State<AppState>, access: Access, want: Want, upload: Upload) -> Answer<Response> {
    let outcome = match carry_out(&app, &access, &upload).await {
        Ok(report) if report.failed > 0 => {
            let name = format!("attachment; filename=\"failed-{}.csv\"", upload.object);
            let headers =
                [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
            return Ok((headers, report.failed_rows).into_response());
        }
        Ok(report) => Outcome::Done(report),
        Err(problem) => Outcome::Refused(correctable(problem)?),
    };
    Ok(answer(&app, &access, want, StatusCode::UNPROCESSABLE_ENTITY, &view::page(&upload, &outcome)))
}

/// Says what a file would do.
async fn carry_out(app: &AppState, access: &Access, upload: &Upload) -> Answer<ImportReport> {
    if upload.file.is_empty() {
        return Err(Problem::invalid("file", "There is nothing in the file, or no file was chosen."));
    }
    let import = CsvImport { dry_run: true, ..described(upload, access) };
    Ok(import::csv(&app.engine, import, Cursor::new(upload.file.clone()), &mut |_| {}).await?)
}

fn described<'a>(upload: &'a Upload, access: &Access) -> CsvImport<'a> {
    CsvImport {
        object: &upload.object,
        mapping: upload.mapping(),
        dry_run: upload.dry_run,
        sheet: upload.sheet(),
        file_name: &upload.file_name,
        member_id: access.member_id().ok(),
    }
}

/// What choosing another file, kind or mapping can mend.
fn correctable(problem: Problem) -> Answer<Problem> {
    let mendable = matches!(problem.status, StatusCode::UNPROCESSABLE_ENTITY | StatusCode::NOT_FOUND);
    if mendable { Ok(problem) } else { Err(problem) }
}

fn answer(app: &AppState, access: &Access, want: Want, status: StatusCode, body: &Markup) -> Response {
    let titled = Titled { title: "Import a file", active: Some(Nav::Sources) };
    respond_with(status, access, &app.engine, want, &titled, body)
}

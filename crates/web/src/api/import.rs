//! `/api/v1/imports/{object}`: a CSV file onto the records, or what it would do.
//!
//! The file is the body; a dry run does exactly the same and takes it back. Absent: files too large for memory, which
//! `pomona import csv` reads from disk.

use std::io::Cursor;

use axum::Json;
use axum::extract::{FromRequest, Request, State};
use engine::import::{self, CsvImport, ImportReport, RefusedRow, Total};
use serde::{Deserialize, Serialize};
use utoipa::openapi::content::Content;
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{ObjectBuilder, RefOr, Required, Schema, Type};
use utoipa::{IntoParams, ToSchema};

use super::operation::{Asks, Sketch};
use crate::extract::{At, Params};
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The body as a file.
#[derive(Clone, Debug)]
pub struct File(pub axum::body::Bytes);

impl<S: Send + Sync> FromRequest<S> for File {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Answer<Self> {
        let body = axum::body::Bytes::from_request(request, state).await;
        body.map(Self).map_err(|_| Problem::malformed("The file could not be read."))
    }
}

impl Asks for File {
    fn describe(sketch: &mut Sketch) {
        let text = RefOr::T(Schema::from(ObjectBuilder::new().schema_type(Type::String)));
        let body =
            RequestBodyBuilder::new().content("text/csv", Content::new(Some(text))).required(Some(Required::True));
        sketch.body = Some(body.build());
    }
}

/// How to import.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct HowToImport {
    /// Whether to take everything back; `false` if absent.
    #[serde(default)]
    dry_run: bool,
    /// A mapping in TOML, as an earlier import returned it; guessed from the header if absent.
    mapping: Option<String>,
}

/// What an import did, or a dry run would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportView {
    /// Whether everything was taken back.
    pub dry_run: bool,
    /// Rows read.
    pub rows: u64,
    /// Records created.
    pub created: u64,
    /// Records changed.
    pub updated: u64,
    /// Records that said the same already.
    pub unchanged: u64,
    /// Of the unchanged, those that differ, and only in fields that a person holds.
    pub held: u64,
    /// Rows that repeat another.
    pub skipped: u64,
    /// Rows that wait for their account, because the mapping says `orphans = "park"`.
    pub parked: u64,
    /// Rows refused.
    pub failed: u64,
    /// What the numbers of the rows that were taken add up to.
    pub totals: Vec<TotalView>,
    /// The mapping used; give it to the next import.
    pub mapping: String,
    /// What was noticed about the file.
    pub notices: Vec<String>,
    /// The first refused rows.
    pub refused: Vec<RefusedView>,
}

/// What the numbers of one field add up to.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Total)]
pub struct TotalView {
    /// The field.
    pub field: String,
    /// The currency, where the sum is money in minor units; empty where no row named one.
    pub currency: Option<String>,
    /// The sum.
    pub sum: i64,
}

/// A row that was refused.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RefusedRow)]
pub struct RefusedView {
    /// 1-based line in the file.
    pub line: u64,
    /// The column at fault.
    pub column: Option<String>,
    /// Its value.
    pub value: String,
    /// A stable word.
    pub code: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl From<ImportReport> for ImportView {
    fn from(report: ImportReport) -> Self {
        Self {
            dry_run: report.dry_run,
            rows: report.rows,
            created: report.created,
            updated: report.updated,
            unchanged: report.unchanged,
            held: report.held,
            skipped: report.skipped,
            parked: report.parked,
            failed: report.failed,
            totals: report.totals.into_iter().map(TotalView::from).collect(),
            mapping: report.mapping,
            notices: report.notices,
            refused: report.refused.into_iter().map(RefusedView::from).collect(),
        }
    }
}

impl From<Total> for TotalView {
    fn from(total: Total) -> Self {
        Self { field: total.field, currency: total.currency, sum: total.sum }
    }
}

impl From<RefusedRow> for RefusedView {
    fn from(row: RefusedRow) -> Self {
        Self { line: row.line, column: row.column, value: row.value, code: row.code, message: row.message }
    }
}

/// `POST /api/v1/imports/{object}`.
pub async fn csv(
    State(app): State<AppState>,
    access: Access,
    At(object): At<String>,
    Params(how): Params<HowToImport>,
    File(body): File,
) -> Answer<Json<ImportView>> {
    let import = CsvImport {
        object: &object,
        mapping: how.mapping.as_deref(),
        dry_run: how.dry_run,
        member_id: access.member_id().ok(),
        ..CsvImport::default()
    };
    let report = import::csv(&app.engine, import, Cursor::new(body), &mut |_| {}).await?;
    Ok(Json(report.into()))
}

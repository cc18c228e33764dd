//! Rows that leave a page as a file: the same ones that the page prints, as CSV or as a workbook. Which rows these are is the
//! page's to say; who may take them out is in the route table.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use engine::revenue::explain::workbook;
use lake::Frame;
use maud::{Markup, html};
use report::sheet::MEDIA_TYPE;
use serde::Deserialize;

use crate::problem::{Answer, Problem};
use crate::ui::{Icon, Link};

/// As what rows are taken out.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum File {
    #[default]
    Csv,
    Xlsx,
}

/// The file that was asked for.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct As {
    #[serde(rename = "as")]
    file: File,
}

impl As {
    /// Answers with rows as a file of a name without its ending; a workbook's sheet has the title.
    pub(super) fn answer(self, name: &str, title: &str, rows: &Frame) -> Answer<Response> {
        let (kind, ending, bytes) = match self.file {
            File::Csv => {
                let mut csv = Vec::new();
                rows.write_csv(&mut csv).map_err(Problem::internal)?;
                ("text/csv; charset=utf-8", "csv", csv)
            }
            File::Xlsx => (MEDIA_TYPE, "xlsx", workbook(title, rows).map_err(Problem::internal)?),
        };
        let name = format!("attachment; filename=\"{name}.{ending}\"");
        let headers = [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)];
        Ok((headers, bytes).into_response())
    }
}

/// Links to rows as either file; nothing for who may not take rows out.
pub(super) fn links(rows: Option<&Link>) -> Markup {
    html! { @if let Some(rows) = rows {
        a.btn href=(rows.clone().with("as", "csv")) download="" { (Icon::Download) "CSV" } " "
        a.btn href=(rows.clone().with("as", "xlsx")) download="" { (Icon::Download) "XLSX" }
    } }
}

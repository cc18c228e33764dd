//! What the command palette finds: accounts by name, and pages. Absent: actions; a page's own buttons are those.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use crate::extract::Params;
use crate::gate::Access;
use crate::page::open_to;
use crate::state::AppState;

const MOST: usize = 12;

/// What was typed.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Typed {
    #[serde(default)]
    q: String,
}

/// A place to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Its name.
    pub label: String,
    /// What it is.
    pub detail: String,
    /// Where it is.
    pub href: String,
}

/// `GET /palette`.
pub async fn find(State(app): State<AppState>, access: Access, Params(typed): Params<Typed>) -> Json<Vec<Place>> {
    let words = typed.q.trim().to_lowercase();
    let pages = open_to(&access)
        .into_iter()
        .filter(|page| page.label().to_lowercase().contains(&words))
        .map(|page| Place { label: page.label().to_owned(), detail: "Page".to_owned(), href: page.href().to_owned() });
    let book = app.engine.book();
    // Names that begin with the words first, then those that contain them, each in the order of the alphabet.
    let mut found: Vec<_> = book
        .visible(&access.rows)
        .filter(|_| !words.is_empty())
        .filter_map(|row| {
            let name = row.account.name.to_lowercase();
            let place = name.find(&words)?;
            Some((place > 0, name, row))
        })
        .collect();
    found.sort_unstable_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let accounts = found.into_iter().take(MOST).map(|(_, _, row)| Place {
        label: row.account.name.clone(),
        detail: row.account.domain.clone().unwrap_or_else(|| "Account".to_owned()),
        href: format!("/accounts/{}", row.account.id),
    });
    Json(accounts.chain(pages).take(MOST).collect())
}

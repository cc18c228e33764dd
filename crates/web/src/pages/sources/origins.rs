//! The websites that may send with a source's write key. A key in a web page can be read by whoever opens the page; limited
//! to one's own websites, other pages cannot use it. Deliberately absent: a limit for programs, which say no origin.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use store::source;

use super::detail::{Detail, respond};
use crate::api::source::limit;
use crate::extract::{At, Form};
use crate::gate::Access;
use crate::page::Want;
use crate::pages::faults::Faults;
use crate::problem::Answer;
use crate::state::AppState;
use crate::ui::card::card;
use crate::ui::form::{self, Field};

/// Websites as they were typed, one on a line.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Typed {
    origins: String,
}

/// `POST /sources/{id}/origins`.
pub async fn set(
    State(app): State<AppState>,
    headers: HeaderMap,
    access: Access,
    want: Want,
    At(id): At<i64>,
    Form(typed): Form<Typed>,
) -> Answer<Response> {
    let source = source::find(app.engine.store().read(), id).await?;
    match limit(&app, id, &lines(&typed.origins)).await {
        Ok(()) => Ok(Redirect::to(&format!("/sources/{id}")).into_response()),
        Err(problem) => {
            let faults = Faults::of(problem)?;
            let found = Detail::of(&app, &headers, &access, source, None).await?;
            Ok(respond(&app, &access, want, &found.refusing(typed.origins, faults)))
        }
    }
}

/// The websites of a text; a slash at the end, as a browser shows it, says nothing.
fn lines(text: &str) -> Vec<String> {
    let words = text.split(|c: char| c.is_whitespace() || c == ',').map(|word| word.trim_end_matches('/'));
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// The card: who may send from a browser, and the form that says so.
pub(super) fn card_of(id: i64, text: &str, may_manage: bool, fault: Option<&str>) -> Markup {
    let limited = lines(text);
    let hint = "One on a line, such as https://app.example.com. No wildcards. Empty: every website may.";
    let rows = (limited.len() + 1).clamp(2, 8) as u8;
    card(
        "Websites",
        &html! {
            p.muted { @if limited.is_empty() { "Any website may send with the write key. A key that stands in a web page should be limited to yours." }
                @else { "Only pages of these may send with the write key; programs may too." } }
            @if may_manage {
                form.form method="post" action=(format!("/sources/{id}/origins")) {
                    (form::textarea(rows, &Field::new("origins", "May send from a browser").value(text).hint(hint).error(fault)))
                    div.actions { button.btn { "Save the websites" } }
                }
            } @else if !limited.is_empty() { ul.plain { @for origin in &limited { li { code { (origin) } } } } }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn websites_are_typed_as_a_browser_shows_them() {
        assert_eq!(
            lines(" https://App.acme.test/\r\nhttp://localhost:3000, "),
            ["https://app.acme.test", "http://localhost:3000"]
        );
        let open = card_of(7, "", true, None).into_string();
        assert!(open.contains("Any website may send") && open.contains("action=\"/sources/7/origins\""), "{open}");
        let limited = card_of(7, "https://a.test", false, None).into_string();
        assert!(limited.contains("<code>https://a.test</code>") && !limited.contains("<form"), "{limited}");
    }
}

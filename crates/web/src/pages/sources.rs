//! `/sources`: where facts come from and how each source is doing, and the way to
//! add one. `/sources/{id}` is one source with what it had refused; `/sources/import`
//! takes files, `/sources/imports` lists those that came. A write key is shown once, on the answer that made it.

pub mod aliases;
mod deliveries;
mod detail;
mod import;
pub mod imports;
mod list;
pub mod mapping;
pub mod origins;
mod pace;
mod snippet;
pub mod sql;
mod standing;
mod torn;
mod unmapped;
pub mod webhook;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::access::Action;
use maud::{Markup, html};
use serde::Deserialize;
use store::{Source, inbox, source, source_minute};

pub use deliveries::replay;
pub use detail::{change, choose, rotate, show as one};
pub use import::{failed, form as import_form, run as import};

use self::detail::Detail;
use self::list::Overview;
use super::{faults::Faults, may, site};
use crate::api::source::{NewSource, make};
use crate::auth::secret::Secret;
use crate::extract::Form;
use crate::gate::Access;
use crate::page::{Titled, Want, respond_with};
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use crate::ui::shell::Nav;

/// The longest key of a source that is made from its name.
const LONGEST_KEY: usize = 36;

/// Sources of one name that still get a key of their own.
const NAMESAKES: u32 = 100;

/// Shows every source.
pub async fn show(State(app): State<AppState>, headers: HeaderMap, access: Access, want: Want) -> Answer<Response> {
    overview(&app, &headers, &access, want, "", &Faults::default()).await
}

/// A source to make.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    name: String,
}

/// Makes a source and shows it with its write key.
pub async fn create(
    State(app): State<AppState>,
    headers: HeaderMap,
    access: Access,
    want: Want,
    Form(new): Form<Named>,
) -> Answer<Response> {
    match make_named(&app, &new.name).await {
        Ok((source, key)) => {
            let detail = Detail::of(&app, &headers, &access, source, None).await?;
            Ok(detail::respond(&app, &access, want, &detail.with_key(key)))
        }
        Err(problem) => overview(&app, &headers, &access, want, &new.name, &Faults::of(problem)?).await,
    }
}

async fn overview(
    app: &AppState,
    headers: &HeaderMap,
    access: &Access,
    want: Want,
    typed: &str,
    faults: &Faults,
) -> Answer<Response> {
    let db = app.engine.store().read();
    let overview = Overview {
        sources: source::all(db).await?,
        paces: source_minute::paces(db, app.engine.now()).await?,
        backlog: inbox::backlog(db).await?,
        waiting: app.engine.waiting(),
        now: app.engine.now(),
        site: site(app, headers),
        may_manage: may(access, Action::ManageSources),
        may_import: may(access, Action::Import),
    };
    let titled = Titled { title: "Sources", active: Some(Nav::Sources) };
    let body = list::page(&overview, typed, faults);
    Ok(respond_with(faults.status(), access, &app.engine, want, &titled, &body))
}

async fn make_named(app: &AppState, name: &str) -> Answer<(Source, Secret)> {
    let word = key_of(name);
    let db = app.engine.store().read();
    let mut key = word.clone();
    for number in 2..NAMESAKES {
        if source::by_key(db, &key).await?.is_none() {
            return make(app, NewSource { key, name: name.to_owned() }).await;
        }
        key = format!("{word}-{number}");
    }
    Err(Problem::invalid("name", "There are too many sources of this name: choose another."))
}

/// A sentence in which the words between backticks are code, as refusals write what they quote.
fn said(sentence: &str) -> Markup {
    let parts: Vec<&str> = sentence.split('`').collect();
    // An even number of parts is a quotation that never ends, so nothing is one.
    if parts.len().is_multiple_of(2) {
        return html! { (sentence) };
    }
    html! { @for (at, part) in parts.iter().enumerate() { @if at % 2 == 1 { code { (part) } } @else { (part) } } }
}

/// The key of a source's name: its Latin letters and digits, words joined by hyphens.
fn key_of(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut key = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    key.truncate(LONGEST_KEY);
    if key.is_empty() { "source".to_owned() } else { key }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_of_what_a_url_can_hold() {
        assert_eq!(key_of("  Web app (production) "), "web-app-production");
        assert_eq!(key_of("アプリ"), "source");
        assert_eq!(key_of(&"long ".repeat(20)).len(), LONGEST_KEY);
    }

    #[test]
    fn what_a_refusal_quotes_is_code() {
        assert_eq!(said("`a<b` is not `c`.").into_string(), "<code>a&lt;b</code> is not <code>c</code>.");
        assert_eq!(said("one ` alone").into_string(), "one ` alone");
    }
}

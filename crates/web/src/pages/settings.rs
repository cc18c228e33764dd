//! `/settings`: who works here, the keys programs use, where one is signed in, and
//! what this installation is. Each tab is a file with the forms it shows; what they
//! change is changed by the same functions as through the API.

mod members;
mod sessions;
mod tokens;
mod workspace;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

pub use members::{add as add_member, change as change_member, link as link_member};
pub use sessions::{end as end_session, set_password};
pub use tokens::{create as create_token, withdraw as withdraw_token, withdraw_of_member as withdraw_token_of_member};

use crate::extract::Params;
use crate::gate::Access;
use crate::page::{Titled, Want, respond_with};
use crate::problem::Answer;
use crate::state::AppState;
use crate::ui::shell::Nav;
use crate::ui::{Link, shell, tabs};

/// The fragment that tabs and forms swap.
const FRAGMENT: &str = "settings";

/// A part of the settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Tab {
    /// Colleagues and their roles.
    #[default]
    Members,
    /// Keys for programs.
    Tokens,
    /// Browsers one is signed in with, and one's password.
    Sessions,
    /// The installation.
    Workspace,
}

impl Tab {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Members, "Members"),
        (Self::Tokens, "Tokens"),
        (Self::Sessions, "Sessions"),
        (Self::Workspace, "Workspace"),
    ];

    fn link(self) -> Link {
        let word = match self {
            Self::Members => "",
            Self::Tokens => "tokens",
            Self::Sessions => "sessions",
            Self::Workspace => "workspace",
        };
        Link::to("/settings").with("tab", word)
    }
}

/// The parameters of the page.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    tab: Tab,
    /// The member whose form is open.
    member: Option<i64>,
}

/// Shows a tab.
pub async fn show(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    Params(asked): Params<Asked>,
) -> Answer<Response> {
    let body = match asked.tab {
        Tab::Members => members::tab(&app, &access, members::Showing::of(asked.member)).await?,
        Tab::Tokens => tokens::tab(&app, &access, &tokens::Showing::default()).await?,
        Tab::Sessions => sessions::tab(&app, &access, &sessions::Showing::default()).await?,
        Tab::Workspace => workspace::tab(&app, &access).await?,
    };
    Ok(answer(&app, &access, want, asked.tab, StatusCode::OK, &body))
}

/// Answers with the page, one tab open.
fn answer(app: &AppState, access: &Access, want: Want, tab: Tab, status: StatusCode, body: &Markup) -> Response {
    let titled = Titled { title: "Settings", active: Some(Nav::Settings) };
    respond_with(status, access, &app.engine, want, &titled, &frame(tab, body))
}

fn frame(open: Tab, body: &Markup) -> Markup {
    let all = Tab::ALL.map(|(tab, label)| tabs::Tab { label, link: tab.link(), count: None, active: tab == open });
    html! {
        (shell::heading(&[], "Settings", &html! {}, &html! {}))
        div id=(FRAGMENT) data-fragment="" {
            (tabs::tabs("Settings", &all, FRAGMENT))
            (body)
        }
    }
}

/// Goes back to a tab after something was changed.
fn back(tab: Tab) -> Response {
    Redirect::to(&tab.link().to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_open_tab_is_marked_and_members_is_the_page_itself() {
        let html = frame(Tab::Tokens, &html! {}).into_string();
        assert_eq!(html.matches("aria-current=\"page\"").count(), 1);
        assert!(html.contains("href=\"/settings?tab=tokens\" data-frag=\"settings\""), "{html}");
        assert!(html.contains("href=\"/settings\" data-frag=\"settings\""), "{html}");
    }

    #[test]
    fn every_link_opens_its_own_tab() {
        for (tab, _) in Tab::ALL {
            let uri: axum::http::Uri = tab.link().to_string().parse().unwrap();
            let asked = axum::extract::Query::<Asked>::try_from_uri(&uri).unwrap();
            assert_eq!(asked.tab, tab);
        }
    }
}

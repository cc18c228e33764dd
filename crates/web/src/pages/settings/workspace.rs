//! The workspace tab: what this installation is and holds. Nothing here can be
//! changed: addresses and folders are given when the server starts, definitions
//! are files. Where they lie on the machine is told to admins alone.

use domain::access::Action;
use maud::{Markup, html};
use store::{inbox, member};

use crate::gate::Access;
use crate::pages::may;
use crate::problem::Answer;
use crate::state::AppState;
use crate::ui::card::{card, definitions, grid};
use crate::ui::{Link, form, format};

/// What is known of the installation.
#[derive(Debug)]
struct Facts {
    version: &'static str,
    database: &'static str,
    address: Option<String>,
    /// The home folder; only for admins.
    home: Option<String>,
    members: i64,
    accounts: i64,
    parts: i64,
    events: i64,
    /// Metrics, measures of the scorecard, signal rules, playbooks.
    definitions: [i64; 4],
}

/// The tab.
pub(super) async fn tab(app: &AppState, access: &Access) -> Answer<Markup> {
    let (engine, store) = (&app.engine, app.engine.store());
    let active = member::all(store).await?.into_iter().filter(|member| member.active).count();
    let parts = store.read_lake().await?.parts;
    let waiting = inbox::backlog(store.read()).await?.events;
    let set = engine.definitions();
    let measures: usize = set.scorecard.dimensions.iter().map(|dimension| dimension.measures.len()).sum();
    let facts = Facts {
        version: env!("CARGO_PKG_VERSION"),
        database: store.database(),
        address: app.settings.public_url.clone(),
        home: may(access, Action::ManageMembers).then(|| engine.home().display().to_string()),
        members: active as i64,
        accounts: engine.book().visible(&access.rows).count() as i64,
        parts: parts.len() as i64,
        events: parts.iter().map(|part| part.record_count).sum::<i64>() + waiting,
        definitions: [set.catalogue.metrics().len(), measures, set.rules.len(), set.playbooks.len()].map(|n| n as i64),
    };
    Ok(view(&facts))
}

fn view(facts: &Facts) -> Markup {
    let count = |n: i64| html! { (format::count(n)) };
    let mut installation = vec![
        ("Version", html! { (facts.version) }),
        ("Database", html! { (facts.database) }),
        (
            "Address",
            match &facts.address {
                Some(address) => html! { (address) },
                None => html! { span.muted { "not set: links are made from the address you use" } },
            },
        ),
    ];
    if let Some(home) = &facts.home {
        installation.push(("Home folder", html! { code { (home) } }));
    }
    let [metrics, measures, rules, playbooks] = facts.definitions;
    grid(&[
        card("Installation", &definitions(&installation)),
        card(
            "What it holds",
            &definitions(&[
                ("Members who may sign in", count(facts.members)),
                ("Accounts you may see", count(facts.accounts)),
                ("Events", count(facts.events)),
                ("Parts of the lake", count(facts.parts)),
            ]),
        ),
        card(
            "Definitions",
            &html! {
                (definitions(&[
                    ("Metrics", count(metrics)),
                    ("Measures of the scorecard", count(measures)),
                    ("Signal rules", count(rules)),
                    ("Playbooks", count(playbooks)),
                ]))
                div.actions { (form::link_button(&Link::to("/definitions"), "See the definitions")) }
            },
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            version: "0.1.0",
            database: "SQLite",
            address: None,
            home: None,
            members: 12,
            accounts: 2_000,
            parts: 31,
            events: 1_234_567,
            definitions: [48, 14, 9, 2],
        }
    }

    #[test]
    fn only_admins_learn_where_the_home_is() {
        let html = view(&facts()).into_string();
        assert!(html.contains("SQLite") && html.contains("1,234,567") && !html.contains("Home folder"), "{html}");
        assert!(html.contains("href=\"/definitions\""), "{html}");
        let admin = Facts { home: Some("/srv/pomona".to_owned()), ..facts() };
        assert!(view(&admin).into_string().contains("<code>/srv/pomona</code>"));
    }
}

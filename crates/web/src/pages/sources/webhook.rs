//! `/sources/{id}/webhook`: letting a vendor post to a source. Who sends is chosen, the page says which address to give
//! to them and where they show the secret, and the secret goes in and is never shown again. Deliberately absent: asking
//! the vendor to send, which is done at the vendor.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use engine::webhook::{self, SetupError};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Source, source};

use crate::extract::{At, Form};
use crate::gate::Access;
use crate::page::{Titled, Want, respond_with};
use crate::pages::faults::Faults;
use crate::pages::site;
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use crate::ui::card::{card, columns};
use crate::ui::form::Field;
use crate::ui::shell::Nav;
use crate::ui::{Link, form, notice, shell};

/// Senders: the word, the name, and where in their product the address goes in and the secret is found.
const SENDERS: [(&str, &str, &str); 7] = [
    (
        "stripe",
        "Stripe",
        "Developers → Webhooks → Add endpoint. Choose customer.*, customer.subscription.* and invoice.*. The secret is \
         the endpoint's signing secret, whsec_….",
    ),
    (
        "hubspot",
        "HubSpot",
        "Your app → Webhooks → Target URL. The secret is the app's client secret. The address is signed, so start this \
         server with --public-url.",
    ),
    ("zendesk", "Zendesk", "Admin Center → Apps and integrations → Webhooks. The secret is under “Reveal secret”."),
    ("intercom", "Intercom", "Developer Hub → your app → Webhooks. The secret is the app's client secret."),
    (
        "slack",
        "Slack",
        "Your app → Event Subscriptions and Interactivity → Request URL. The secret is the signing secret under Basic \
         Information.",
    ),
    ("standard", "Standard Webhooks", "Whoever follows standardwebhooks.com. The secret begins with whsec_."),
    (
        "hmac",
        "Anybody else who signs",
        "GitHub, Cal.com, Chatwoot, Lago and others. Say below which header carries the signature and how it is written.",
    ),
];

/// What was typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Typed {
    sender: String,
    secret: String,
    next_secret: String,
    header: String,
    prefix: String,
    algorithm: String,
    encoding: String,
    timestamp_header: String,
    id: String,
    stream: String,
    record: String,
}

impl Typed {
    /// The sender as the connector reads it.
    fn sender(&self) -> Value {
        if self.sender != "hmac" {
            return json!({ "sender": self.sender });
        }
        let optional = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        json!({
            "sender": "hmac", "header": self.header.trim(), "prefix": self.prefix.trim(), "algorithm": self.algorithm,
            "encoding": self.encoding, "timestamp_header": optional(&self.timestamp_header), "id": optional(&self.id),
            "stream": optional(&self.stream), "record": optional(&self.record),
        })
    }

    fn secrets(&self) -> Vec<String> {
        let both = [&self.secret, &self.next_secret];
        both.into_iter().map(|secret| secret.trim().to_owned()).filter(|secret| !secret.is_empty()).collect()
    }

    /// The form as it was kept; secrets stay where they are.
    fn kept(sender: &Value) -> Self {
        let word = |name: &str| sender[name].as_str().unwrap_or_default().to_owned();
        Self {
            sender: word("sender"),
            header: word("header"),
            prefix: word("prefix"),
            algorithm: word("algorithm"),
            encoding: word("encoding"),
            timestamp_header: word("timestamp_header"),
            id: word("id"),
            stream: word("stream"),
            record: word("record"),
            ..Self::default()
        }
    }
}

/// Shows who posts to a source.
pub async fn show(
    State(app): State<AppState>,
    headers: HeaderMap,
    access: Access,
    want: Want,
    At(id): At<i64>,
) -> Answer<Response> {
    let source = source::find(app.engine.store().read(), id).await?;
    let setup = webhook::setup(&app.engine, id).await?;
    let secrets = setup.as_ref().map_or(0, |setup| setup.secrets.len());
    let sender = setup.map(|setup| serde_json::to_value(setup.sender)).transpose().map_err(Problem::internal)?;
    let typed = sender.as_ref().map_or_else(Typed::default, Typed::kept);
    let view = View { site: site(&app, &headers), source, typed, secrets, faults: Faults::default() };
    Ok(answer(&app, &access, want, &view))
}

/// Says who posts to a source and how that is signed.
pub async fn set_up(
    State(app): State<AppState>,
    headers: HeaderMap,
    access: Access,
    want: Want,
    At(id): At<i64>,
    Form(typed): Form<Typed>,
) -> Answer<Response> {
    let source = source::find(app.engine.store().read(), id).await?;
    let problem = match webhook::set_up(&app.engine, id, typed.sender(), &typed.secrets()).await {
        Ok(()) => return Ok(Redirect::to(&format!("/sources/{id}/webhook")).into_response()),
        Err(error @ SetupError::Sender(_)) => Problem::invalid("sender", format!("{error}.")),
        Err(error @ SetupError::Secrets) => Problem::invalid("secret", format!("{error}.")),
        Err(SetupError::Engine(error)) => return Err(error.into()),
    };
    let view = View { site: site(&app, &headers), source, typed, secrets: 0, faults: Faults::of(problem)? };
    Ok(answer(&app, &access, want, &view))
}

/// What the page shows.
struct View {
    site: String,
    source: Source,
    typed: Typed,
    /// How many secrets are kept.
    secrets: usize,
    faults: Faults,
}

fn answer(app: &AppState, access: &Access, want: Want, view: &View) -> Response {
    let titled = Titled { title: "Webhook", active: Some(Nav::Sources) };
    respond_with(view.faults.status(), access, &app.engine, want, &titled, &page(view))
}

fn page(view: &View) -> Markup {
    let back = Link::to(format!("/sources/{}", view.source.id));
    let detail = html! { "A vendor posts what changes, signed with a secret that only you and they know" };
    let address = card(
        "The address to give them",
        &html! {
            pre.sample { code { (view.site) "/v1/webhooks/" (view.source.key) } }
            p.muted { "What is posted there is verified, stored as it came and answered; a moment later it is read by the \
                mapping of this source. What is not believed gets 401 and is listed under Refused messages." }
        },
    );
    let help = card(
        "Where they want it",
        &html! { dl.terms { @for (_, name, place) in SENDERS { div { dt { (name) } dd { (place) } } } } },
    );
    html! {
        (shell::heading(&[("Sources", &Link::to("/sources")), (&view.source.name, &back)], "Webhook", &detail, &html! {}))
        @match view.secrets {
            0 => {}
            1 => (notice::success("This source listens. One secret is kept, and never shown again.")),
            _ => (notice::success("This source listens. Two secrets are kept, while one replaces the other; they are never shown again.")),
        }
        (columns(&html! { (address) (card("Who sends", &setting_up(view))) }, &help))
    }
}

fn setting_up(view: &View) -> Markup {
    let (typed, faults) = (&view.typed, &view.faults);
    let field = |name: &'static str, label: &'static str| Field::new(name, label).error(faults.field(name));
    let senders: Vec<(&str, &str)> = SENDERS.iter().map(|(word, name, _)| (*word, *name)).collect();
    let hashes = [("sha256", "SHA-256"), ("sha1", "SHA-1"), ("sha512", "SHA-512")];
    let encodings = [("hex", "hexadecimal"), ("base64", "base64")];
    html! {
        (faults.notice(&["sender", "secret"]))
        form.form method="post" action=(format!("/sources/{}/webhook", view.source.id)) {
            (form::select(&senders, &field("sender", "Sender").value(&typed.sender).required()))
            (form::secret(&field("secret", "Secret").hint("At least 8 characters. It is sealed, and not shown again.").required()))
            (form::secret(&field("next_secret", "Second secret").hint("While the vendor changes from one to the other.")))
            details open[typed.sender == "hmac"] {
                summary { "How anybody else signs" }
                (form::input("text", &field("header", "Header of the signature").value(&typed.header).hint("For example X-Hub-Signature-256.")))
                (form::input("text", &field("prefix", "What stands before it").value(&typed.prefix).hint("For example sha256=.")))
                (form::select(&hashes, &field("algorithm", "Hash").value(&typed.algorithm).required()))
                (form::select(&encodings, &field("encoding", "Written in").value(&typed.encoding).required()))
                (form::input("text", &field("timestamp_header", "Header of the time").value(&typed.timestamp_header).hint("If the time is signed as TIME.BODY; then a message may be five minutes old.")))
                (form::input("text", &field("id", "Path of the message's id").value(&typed.id)))
                (form::input("text", &field("stream", "Stream").value(&typed.stream).hint("A name, or the path in the body that names it, such as $.type.")))
                (form::input("text", &field("record", "Path of the record").value(&typed.record).hint("Empty for the whole body.")))
            }
            div.actions { (form::submit("Listen to this sender")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::standing::sample;
    use super::*;
    use store::source::Kind;

    fn view(typed: Typed, secrets: usize) -> View {
        let site = "https://pomona.example".to_owned();
        View { site, source: sample(Kind::Segment), typed, secrets, faults: Faults::default() }
    }

    #[test]
    fn the_page_says_where_to_post_and_never_a_secret() {
        let typed = Typed { sender: "stripe".to_owned(), secret: "whsec_typed".to_owned(), ..Typed::default() };
        let html = page(&view(typed, 1)).into_string();
        assert!(
            html.contains("https://pomona.example/v1/webhooks/web") && html.contains("One secret is kept"),
            "{html}"
        );
        assert!(!html.contains("whsec_typed"), "{html}");
    }

    #[test]
    fn a_scheme_of_ones_own_is_typed_and_comes_back() {
        let typed = Typed {
            sender: "hmac".to_owned(),
            header: " X-Sig ".to_owned(),
            algorithm: "sha1".to_owned(),
            encoding: "base64".to_owned(),
            stream: "$.type".to_owned(),
            ..Typed::default()
        };
        let sender = typed.sender();
        assert_eq!((sender["header"].as_str(), sender["stream"].as_str()), (Some("X-Sig"), Some("$.type")));
        assert!(sender["timestamp_header"].is_null());
        let kept = Typed::kept(&sender);
        assert_eq!((kept.header.as_str(), kept.encoding.as_str(), kept.record.as_str()), ("X-Sig", "base64", ""));
    }
}

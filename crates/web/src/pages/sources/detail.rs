//! `/sources/{id}`: one source, how to send to it, and what it had refused: the messages as they came, each with
//! its reason, so that a sender can be repaired. Making and changing sources is done by forms elsewhere.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use domain::Instant;
use domain::access::Action;
use engine::import::{self, SqlPlace, SqlSource};
use engine::ingest;
use maud::{Markup, html};
use report::Ink;
use serde::Deserialize;
use store::alias::{self, Named};
use store::end_user::{self, Tie};
use store::raw_record::{self, Stream};
use store::source::{self, Kind};
use store::source_minute::{self, Pace};
use store::{Delivery, Refusal, Source, delivery, refusal};

use super::list::kind;
use super::standing::Standing;
use super::{aliases, deliveries, origins, pace, said, snippet, sql, torn, unmapped};
use crate::api::source::{ChangeSource, alter, belongs_to, replace_key};
use crate::auth::secret::Secret;
use crate::extract::{At, Form, Params};
use crate::gate::Access;
use crate::page::{Titled, Want};
use crate::pages::faults::Faults;
use crate::pages::{may, site};
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use crate::ui::card::{card, columns, definitions};
use crate::ui::dialog::{dialog, opener};
use crate::ui::form::Field;
use crate::ui::shell::Nav;
use crate::ui::{Link, form, format, notice, pill, shell};

/// Refused messages on one page.
const PER_PAGE: u64 = 20;

/// The fragment that paging swaps.
const REFUSALS: &str = "refusals";

/// Where the page stands in the refused messages.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Only those before this one.
    before: Option<i64>,
}

/// Shows a source.
pub async fn show(
    State(app): State<AppState>,
    headers: HeaderMap,
    access: Access,
    want: Want,
    At(id): At<i64>,
    Params(asked): Params<Asked>,
) -> Answer<Response> {
    let source = source::find(app.engine.store().read(), id).await?;
    let detail = Detail::of(&app, &headers, &access, source, asked.before).await?;
    Ok(respond(&app, &access, want, &detail))
}

/// What to change; a field left out stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    name: Option<String>,
    enabled: Option<bool>,
    silent_after_hours: Option<String>,
}

/// Renames, enables or disables a source.
pub async fn change(
    State(app): State<AppState>,
    headers: HeaderMap,
    access: Access,
    want: Want,
    At(id): At<i64>,
    Form(wanted): Form<Change>,
) -> Answer<Response> {
    let (typed, typed_hours) = (wanted.name.clone(), wanted.silent_after_hours.clone());
    match altered(&app, id, wanted).await {
        Ok(_) => Ok(Redirect::to(&format!("/sources/{id}")).into_response()),
        Err(problem) => {
            let faults = Faults::of(problem)?;
            let source = source::find(app.engine.store().read(), id).await?;
            let found = Detail::of(&app, &headers, &access, source, None).await?;
            Ok(respond(&app, &access, want, &Detail { typed, typed_hours, faults, ..found }))
        }
    }
}

async fn altered(app: &AppState, id: i64, wanted: Change) -> Answer<Source> {
    let hours = |typed: &str| match typed.trim() {
        "" => Ok(None),
        typed => {
            typed.parse().map(Some).map_err(|_| Problem::invalid("silent_after_hours", "This is not a whole number."))
        }
    };
    let silent_after_hours = wanted.silent_after_hours.as_deref().map(hours).transpose()?;
    alter(app, id, ChangeSource { name: wanted.name, enabled: wanted.enabled, silent_after_hours }).await
}

/// Which of their accounts a user belongs to; empty takes the choice back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    account: String,
}

/// Chooses which of their accounts a user belongs to.
pub async fn choose(
    State(app): State<AppState>,
    At((id, user)): At<(i64, i64)>,
    Form(chosen): Form<Chosen>,
) -> Answer<Response> {
    let account = match chosen.account.as_str() {
        "" => None,
        typed => Some(typed.parse().map_err(|_| Problem::invalid("account", "Choose one of the accounts."))?),
    };
    belongs_to(&app, id, user, account).await?;
    Ok(Redirect::to(&format!("/sources/{id}")).into_response())
}

/// Replaces the write key and shows the new one.
pub async fn rotate(
    State(app): State<AppState>,
    headers: HeaderMap,
    access: Access,
    want: Want,
    At(id): At<i64>,
) -> Answer<Response> {
    let (source, key) = replace_key(&app, id).await?;
    let detail = Detail::of(&app, &headers, &access, source, None).await?;
    Ok(respond(&app, &access, want, &detail.with_key(key)))
}

/// What the page shows.
#[derive(Debug)]
pub(super) struct Detail {
    source: Source,
    refusals: Vec<Refusal>,
    deliveries: Vec<Delivery>,
    /// How much it sends now, and how late.
    pace: Option<Pace>,
    /// Users who were grouped with several accounts.
    torn: Vec<Tie>,
    /// Streams of records it sent.
    streams: Vec<Stream>,
    /// Names that it said are one person.
    aliases: Vec<Named>,
    /// Whether there are older ones.
    more: bool,
    now: Instant,
    site: String,
    may_manage: bool,
    /// The database it reads, and where it stands there.
    sql: Option<(SqlSource, SqlPlace)>,
    /// The write key, on the answer that made it.
    key: Option<Secret>,
    /// The name as it was typed, where it was refused.
    typed: Option<String>,
    /// The hours of silence as they were typed.
    typed_hours: Option<String>,
    /// Websites that may send, one on a line, as they are or as they were typed.
    origins: String,
    faults: Faults,
}

impl Detail {
    /// Finds what belongs to a source.
    pub(super) async fn of(
        app: &AppState,
        headers: &HeaderMap,
        access: &Access,
        source: Source,
        before: Option<i64>,
    ) -> Answer<Self> {
        let db = app.engine.store().read();
        let mut refusals = refusal::of_source(db, source.id, before, PER_PAGE + 1).await?;
        let sql = match import::sql_source(&app.engine, source.id).await? {
            Some(sql) => Some((sql, import::sql_place(db, source.id).await?)),
            None => None,
        };
        let more = refusals.len() as u64 > PER_PAGE;
        refusals.truncate(PER_PAGE as usize);
        let deliveries = delivery::of_source(db, source.id, None, deliveries::SHOWN).await?;
        let now = app.engine.now();
        let pace = source_minute::paces(db, now).await?.remove(&source.id);
        let torn = end_user::torn(db, source.id, torn::SHOWN).await?;
        let streams = raw_record::streams(db, source.id).await?;
        let aliases = alias::of_source(db, source.id, None, aliases::SHOWN).await?;
        let origins = ingest::origins(db, source.id).await?.join("\n");
        Ok(Self {
            source,
            refusals,
            deliveries,
            pace,
            torn,
            streams,
            aliases,
            more,
            now,
            site: site(app, headers),
            may_manage: may(access, Action::ManageSources),
            sql,
            key: None,
            typed: None,
            typed_hours: None,
            origins,
            faults: Faults::default(),
        })
    }

    /// Shows websites that were typed and refused.
    pub(super) fn refusing(self, origins: String, faults: Faults) -> Self {
        Self { origins, faults, ..self }
    }

    /// Shows the write key that was just made.
    pub(super) fn with_key(self, key: Secret) -> Self {
        Self { key: Some(key), ..self }
    }

    fn may_replace_key(&self) -> bool {
        self.may_manage && self.source.kind == Kind::Segment
    }

    fn link(&self) -> Link {
        Link::to(format!("/sources/{}", self.source.id))
    }
}

/// Answers with the page of a source.
pub(super) fn respond(app: &AppState, access: &Access, want: Want, detail: &Detail) -> Response {
    let titled = Titled { title: &detail.source.name, active: Some(Nav::Sources) };
    crate::page::respond_with(detail.faults.status(), access, &app.engine, want, &titled, &page(detail))
}

fn page(detail: &Detail) -> Markup {
    let source = &detail.source;
    let standing = Standing::of(source, detail.now);
    let about = html! { (kind(source.kind)) " · key " code { (source.key) } " · " (pill::pill(standing.ink(), &standing.word())) };
    let main = html! {
        @if source.kind == Kind::Segment { (sending(detail)) }
        @if let Some((sql, place)) = &detail.sql { (card("The database", &sql::standing(source.id, sql, place, detail.may_manage, detail.now))) }
        (unmapped::card_of(source.id, &detail.streams, detail.may_manage))
        (torn::card_of(source.id, &detail.torn, detail.may_manage))
        (aliases::card_of(source.id, &detail.aliases, detail.may_manage, detail.now))
        (deliveries::card_of(&detail.deliveries, detail.may_manage, detail.now))
        (card("Refused messages", &html! { div id=(REFUSALS) data-fragment="" { (refusals(detail)) } }))
    };
    let aside = html! {
        (card("Figures", &figures(detail)))
        @if detail.may_manage { (card("Change", &changes(detail))) }
        @if source.kind == Kind::Segment {
            (origins::card_of(source.id, &detail.origins, detail.may_manage, detail.faults.field("origins")))
        }
    };
    html! {
        (shell::heading(&[("Sources", &Link::to("/sources"))], &source.name, &about, &actions(detail)))
        @if let Some(key) = &detail.key { (shown_once(key)) }
        @if detail.may_replace_key() { (rotation(detail)) }
        (columns(&main, &aside))
    }
}

fn actions(detail: &Detail) -> Markup {
    let kind = detail.source.kind;
    let came = !detail.deliveries.is_empty() || !detail.streams.is_empty();
    let records = came || matches!(kind, Kind::Singer | Kind::Api | Kind::Sql);
    html! {
        @if records { (form::link_button(&Link::to(format!("/sources/{}/mapping", detail.source.id)), "Mapping")) }
        @if detail.may_manage && matches!(detail.source.kind, Kind::Segment | Kind::Api) {
            (form::link_button(&Link::to(format!("/sources/{}/webhook", detail.source.id)), "Webhook"))
        }
        @if detail.source.kind == Kind::Csv { (form::link_button(&Link::to("/sources/import"), "Import a file")) }
        @if detail.may_replace_key() { (opener("rotate", "btn", "Replace the write key")) }
    }
}

fn rotation(detail: &Detail) -> Markup {
    let body = html! {
        form.form method="post" action=(format!("{}/rotate", detail.link())) {
            p { "The key in use stops working at once: whoever sends with it gets 401 until they have the new one." }
            (form::submit("Replace it now"))
        }
    };
    dialog("rotate", "Replace the write key", &body)
}

fn shown_once(key: &Secret) -> Markup {
    html! {
        div.notice.good role="status" {
            (crate::ui::Icon::Done)
            div {
                p { b { "The write key. Keep it now: it is not shown again." } }
                pre.sample { code #write-key { (key.reveal()) } }
            }
        }
    }
}

fn sending(detail: &Detail) -> Markup {
    let prefix = detail.source.write_key_prefix.as_deref().map(|prefix| format!("{prefix}…"));
    let Some(key) = detail.key.as_ref().map(|key| key.reveal().to_owned()).or(prefix) else {
        return card(
            "How to send",
            &html! { p { "This source has no write key yet: make one with “Replace the write key”." } },
        );
    };
    let waits = detail.source.last_message_at.is_none();
    card(
        "How to send",
        &html! {
            @if waits { p { "Nothing has arrived yet. Send the first event; this page shows it, or why it was refused." } }
            details open[waits] { summary { "Requests and SDK settings" } (snippet::sending(&detail.site, &key)) }
        },
    )
}

fn figures(detail: &Detail) -> Markup {
    let source = &detail.source;
    let count = |n: i64| html! { (format::count(n)) };
    definitions(&[
        ("Last message", format::or_unknown(source.last_message_at, |at| format::ago(at, detail.now))),
        ("Rate", pace::rate(detail.pace.as_ref())),
        ("Lag", pace::lag(detail.pace.as_ref())),
        ("Waits to be sealed", pace::unsealed(detail.pace.as_ref(), detail.now)),
        ("Missed after", missed(source)),
        ("Accepted", count(source.accepted)),
        ("Refused", count(source.refused)),
        ("Unattributed", count(source.unattributed)),
        ("Write key", format::or_unknown(source.write_key_prefix.as_ref(), |prefix| html! { code { (prefix) "…" } })),
        ("Added", format::instant(source.created_at)),
        (
            "Last error",
            match (&source.last_error, source.last_error_at) {
                (Some(error), Some(at)) => html! { (said(error)) " · " small.muted { (format::ago(at, detail.now)) } },
                (Some(error), None) => said(error),
                (None, _) => html! { span.muted { "none" } },
            },
        ),
    ])
}

/// After how long a silence it is missed.
fn missed(source: &Source) -> Markup {
    match source.missed_after_hours() {
        Some(hours) => html! { (format::counted(i64::from(hours), "hour", "hours")) " of silence" },
        None => html! { span.muted { "never" } },
    }
}

fn changes(detail: &Detail) -> Markup {
    let source = &detail.source;
    let name = detail.typed.as_deref().unwrap_or(&source.name);
    let hours = source.silent_after_hours.map_or_else(String::new, |hours| hours.to_string());
    let (enable, button) =
        if source.enabled { ("false", "Disable this source") } else { ("true", "Enable this source") };
    html! {
        (detail.faults.notice(&["name", "silent_after_hours", "origins"]))
        form.form method="post" action=(detail.link()) {
            (form::input("text", &Field::new("name", "Name").value(name).error(detail.faults.field("name")).required()))
            (form::input("number", &Field::new("silent_after_hours", "Missed after hours of silence")
                .value(detail.typed_hours.as_deref().unwrap_or(&hours)).error(detail.faults.field("silent_after_hours"))
                .hint("Empty for what is usual for its kind, 0 for never.")))
            div.actions { (form::submit("Save")) }
        }
        form.form method="post" action=(detail.link()) {
            input type="hidden" name="enabled" value=(enable);
            p.muted { @if !source.enabled { "Nothing is taken from this source now." }
                @else if source.kind == Kind::Sql { "Disabled, it is not read any more; what came stays." }
                @else { "Disabled, its write key is refused with 401; what it sent stays." } }
            div.actions { button.btn { (button) } }
        }
    }
}

fn refusals(detail: &Detail) -> Markup {
    let older = detail.refusals.last().filter(|_| detail.more).map(|last| detail.link().with("before", last.id));
    html! {
        @if detail.refusals.is_empty() {
            (notice::empty("Nothing was refused", "A message that cannot be understood is kept here with its reason.", &html! {}))
        } @else {
            ul.plain { @for refusal in &detail.refusals { li { (one(refusal, detail.now)) } } }
            @if let Some(link) = older {
                nav.pager aria-label="Pages" { a.btn rel="next" href=(link) data-frag=(REFUSALS) { "Older" } }
            }
        }
    }
}

fn one(refusal: &Refusal, now: Instant) -> Markup {
    html! {
        p { (pill::pill(Ink::Red, &refusal.code)) " " (said(&refusal.message)) }
        @if refusal.body.is_empty() { small.muted { (format::ago(refusal.at, now)) } }
        @else {
            details {
                summary.muted { "What was sent " (format::ago(refusal.at, now)) " " small { "· refusal " (refusal.id) } }
                pre.sample { code { (refusal.body) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::standing::sample;
    use super::*;
    use crate::auth::secret;

    fn detail(kind: Kind) -> Detail {
        let now: Instant = "2026-11-22T12:00:00Z".parse().unwrap();
        let refusal = Refusal {
            id: 31,
            source_id: 7,
            at: now - chrono::TimeDelta::minutes(5),
            code: "missing_event".to_owned(),
            message: "A track message needs an event name.".to_owned(),
            body: "{\"type\": \"track\", \"x\": \"</code><script>\"}".to_owned(),
        };
        Detail {
            source: sample(kind),
            refusals: vec![refusal],
            deliveries: Vec::new(),
            pace: None,
            torn: Vec::new(),
            streams: Vec::new(),
            aliases: Vec::new(),
            more: true,
            now,
            site: "http://localhost:8080".to_owned(),
            may_manage: true,
            sql: None,
            key: None,
            typed: None,
            typed_hours: None,
            origins: String::new(),
            faults: Faults::default(),
        }
    }

    #[test]
    fn a_refused_message_is_shown_as_it_came() {
        let html = page(&detail(Kind::Segment)).into_string();
        for part in
            ["missing_event", "A track message needs an event name.", "5 minutes ago", "&lt;/code&gt;&lt;script&gt;"]
        {
            assert!(html.contains(part), "{part}: {html}");
        }
        assert!(html.contains("href=\"/sources/7?before=31\""), "{html}");
    }

    #[test]
    fn the_key_is_whole_only_on_the_answer_that_made_it() {
        let key = secret::write_key().unwrap();
        let fresh = page(&Detail { key: Some(key.clone()), ..detail(Kind::Segment) }).into_string();
        assert!(fresh.contains(key.reveal()) && fresh.contains("it is not shown again"), "{fresh}");
        let later = page(&detail(Kind::Segment)).into_string();
        assert!(later.contains("-u wk_Ab12…:") && !later.contains("it is not shown again"), "{later}");
    }

    #[test]
    fn who_may_only_read_is_offered_nothing_to_change() {
        let html = page(&Detail { may_manage: false, ..detail(Kind::Segment) }).into_string();
        assert!(!html.contains("method=\"post\""), "{html}");
    }

    #[test]
    fn a_name_that_was_refused_comes_back() {
        let faults = Faults::of(Problem::invalid("name", "This must not be empty.")).unwrap();
        let html = page(&Detail { typed: Some(String::new()), faults, ..detail(Kind::Csv) }).into_string();
        assert!(html.contains("name=\"name\" value=\"\"") && html.contains("This must not be empty."), "{html}");
        assert!(!html.contains("How to send") && html.contains("href=\"/sources/import\""), "{html}");
    }
}

//! `/sources/{id}/mapping`: how the records of a source are read. A preset and rules of one's own, tried on the last
//! messages of a stream before they are kept; what no rule knows is listed with how much of it waits. A rule is written
//! as text, or chosen in a form that writes the text; the text can say more.

mod form;

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use domain::Instant;
use domain::access::Action;
use engine::import::{self, Preview, RecordsReport, RuleForm, SourceMapping, StreamUse};
use maud::{Markup, html};
use report::Ink;
use serde::Deserialize;
use store::{Source, source};

use super::said;
use crate::extract::{At, Form, Params};
use crate::gate::Access;
use crate::page::{Titled, Want, respond_with};
use crate::pages::faults::Faults;
use crate::pages::may;
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use crate::ui::card::card;
use crate::ui::form::Field;
use crate::ui::shell::Nav;
use crate::ui::{Link, form as controls, format, notice, pill, shell};

/// The fragment that trying a mapping swaps.
const TRIED: &str = "tried";

/// Which stream to try on, and whether to begin with a proposed rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    stream: String,
    propose: bool,
    object: String,
}

/// What the page shows.
struct View {
    source: Source,
    mapping: SourceMapping,
    streams: Vec<StreamUse>,
    stream: String,
    form: Option<RuleForm>,
    tried: Vec<Preview>,
    /// What no message shows yet, in sentences.
    untested: Vec<String>,
    kept: Option<RecordsReport>,
    faults: Faults,
    may_manage: bool,
    now: Instant,
}

/// Shows how a source is read.
pub async fn show(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    At(id): At<i64>,
    Params(asked): Params<Asked>,
) -> Answer<Response> {
    let source = source::find(app.engine.store().read(), id).await?;
    let mut mapping = import::mapping_in_use(&app.engine, &source).await?;
    if asked.propose && !asked.stream.is_empty() {
        let rule = import::propose(&app.engine, id, &asked.stream).await?;
        let before = std::mem::take(&mut mapping.rules);
        mapping.rules = if before.is_empty() { rule } else { format!("{before}\n{rule}") };
    }
    let object = Some(asked.object).filter(|object| !object.is_empty());
    let told = Told { mapping, stream: asked.stream, object, kept: None, faults: Faults::default() };
    answer(&app, &access, want, source, told).await
}

/// Tries a mapping, or keeps it and reads what waited.
pub async fn change(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    At(id): At<i64>,
    Form(typed): Form<BTreeMap<String, String>>,
) -> Answer<Response> {
    let source = source::find(app.engine.store().read(), id).await?;
    let word = |name: &str| typed.get(name).cloned().unwrap_or_default();
    let (stream, wanted) = (word("stream"), word("do"));
    let mut mapping = SourceMapping { preset: word("preset"), rules: word("rules").replace("\r\n", "\n") };
    if let "try-form" | "keep-form" = wanted.as_str() {
        match form::chosen(&typed, &mapping.rules, &stream) {
            Ok(rules) => mapping.rules = rules,
            Err(problem) => {
                let told = Told { mapping, stream, object: None, kept: None, faults: Faults::of(problem)? };
                return answer(&app, &access, want, source, told).await;
            }
        }
    }
    let (kept, faults) = match wanted.as_str() {
        "keep" | "keep-form" => match import::keep_mapping(&app.engine, id, &mapping).await {
            Ok(report) => (Some(report), Faults::default()),
            Err(error) => (None, Faults::of(error.into())?),
        },
        _ => match mapping.read() {
            Ok(_) => (None, Faults::of_all("rules", &import::try_keys(&app.engine, id, &mapping).await?.faults)),
            Err(fault) => (None, Faults::of(Problem::invalid("rules", format!("{fault}.")))?),
        },
    };
    answer(&app, &access, want, source, Told { mapping, stream, object: None, kept, faults }).await
}

/// What a request said, and what became of it.
struct Told {
    mapping: SourceMapping,
    stream: String,
    /// The kind of record whose form is wanted.
    object: Option<String>,
    kept: Option<RecordsReport>,
    faults: Faults,
}

async fn answer(app: &AppState, access: &Access, want: Want, source: Source, told: Told) -> Answer<Response> {
    let Told { mapping, stream, object, kept, faults } = told;
    let streams = import::streams(&app.engine, source.id, &mapping).await?;
    let first = || streams.first().map(|stream| stream.name.clone()).unwrap_or_default();
    let stream = if streams.iter().any(|known| known.name == stream) { stream } else { first() };
    let (tried, untested) = match mapping.read() {
        Ok(_) => {
            let tried = import::preview(&app.engine, source.id, &stream, &mapping).await?;
            (tried, import::try_keys(&app.engine, source.id, &mapping).await?.untested)
        }
        Err(_) => (Vec::new(), Vec::new()),
    };
    let may_manage = may(access, Action::ManageSources);
    let form = if stream.is_empty() || !may_manage {
        None
    } else {
        Some(import::rule_form(&app.engine, source.id, &stream, &mapping.rules, object.as_deref()).await?)
    };
    let now = app.engine.now();
    let view = View { source, mapping, streams, stream, form, tried, untested, kept, faults, may_manage, now };
    let titled = Titled { title: "Mapping", active: Some(Nav::Sources) };
    Ok(respond_with(view.faults.status(), access, &app.engine, want, &titled, &page(&view)))
}

fn page(view: &View) -> Markup {
    let back = Link::to(format!("/sources/{}", view.source.id));
    let detail = html! { "What the streams of " (view.source.name) " become here" };
    html! {
        (shell::heading(&[("Sources", &Link::to("/sources")), (&view.source.name, &back)], "Mapping", &detail, &html! {}))
        (card("Streams", &streams(view)))
        @if let Some(form) = &view.form {
            (card(&format!("{} as a form", view.stream), &form::card(&link(view), &view.stream, &view.mapping, form, TRIED)))
        }
        @if view.may_manage { (card("Rules", &editor(view))) }
        div id=(TRIED) data-fragment="" {
            @if let Some(report) = &view.kept { (notice::success(&kept(report))) }
            (view.faults.notice(&[]))
            @if !view.untested.is_empty() {
                (notice::remark(&html! { @for sentence in &view.untested { p { (said(sentence)) } } }))
            }
            (card("The last messages, as this mapping reads them", &tried(view)))
        }
    }
}

fn link(view: &View) -> Link {
    Link::to(format!("/sources/{}/mapping", view.source.id))
}

fn kept(report: &RecordsReport) -> String {
    let read: u64 = report.streams.values().sum();
    match read {
        0 => "The mapping is kept. Nothing waited for it.".to_owned(),
        read => format!(
            "The mapping is kept. {} that waited were read: {} created, {} updated, {} refused.",
            format::counted(read as i64, "record", "records"),
            format::count(report.created as i64),
            format::count(report.updated as i64),
            format::count(report.failed as i64)
        ),
    }
}

fn streams(view: &View) -> Markup {
    let base = link(view);
    html! {
        @if view.streams.is_empty() {
            p.muted { "No record has come from this source yet. Its streams show here as soon as one does." }
        }
        ul.plain { @for stream in &view.streams { li {
            a href=(base.clone().with("stream", &stream.name)) aria-current=[(stream.name == view.stream).then_some("true")] { (stream.name) }
            " → "
            @if stream.objects.is_empty() {
                (pill::pill(Ink::Yellow, "kept raw")) " " (format::counted(stream.waiting, "record waits", "records wait")) " for a rule"
                @if view.may_manage {
                    " · " a href=(base.clone().with("stream", &stream.name).with("propose", "true")) { "Propose a rule" span.vh { " for " (stream.name) } }
                }
            } @else { (stream.objects.join(", ").replace('_', " ")) }
        } } }
    }
}

fn editor(view: &View) -> Markup {
    let presets = import::presets();
    let options: Vec<(&str, &str)> = presets.iter().map(|(name, _)| (*name, *name)).collect();
    let doc = presets.iter().find(|(name, _)| *name == view.mapping.preset).map(|(_, doc)| doc.as_str());
    let hint = "TOML, one [[rule]] for a stream: its object, the path of its key, and under [rule.fields] the path of each \
                of our fields. A stream named here is no longer read by the preset.";
    let rows = (view.mapping.rules.lines().count() + 2).clamp(6, 30) as u8;
    html! {
        form.form method="post" action=(link(view)) data-post=(TRIED) {
            input type="hidden" name="stream" value=(view.stream);
            (controls::select(&options, &Field::new("preset", "Preset").value(&view.mapping.preset)
                .hint(doc.unwrap_or_default()).required()))
            (controls::code(rows, &Field::new("rules", "Rules of your own").value(&view.mapping.rules).hint(hint)))
            div.actions {
                button.btn.primary name="do" value="try" { "Try on the last messages" }
                button.btn name="do" value="keep" formaction=(link(view)) { "Keep this mapping" }
            }
        }
    }
}

fn tried(view: &View) -> Markup {
    html! {
        @if view.tried.is_empty() { p.muted { "There is nothing to try it on." } }
        @else {
            p.muted { "Stream " code { (view.stream) } ", newest first. Nothing is written by looking." }
            ul.plain { @for message in &view.tried { li { (one(message, view.now)) } } }
        }
    }
}

/// A record, with what it becomes.
pub(super) fn one(message: &Preview, now: Instant) -> Markup {
    html! {
        @for line in &message.becomes {
            @match line {
                Ok(line) => p { (line) },
                Err(why) => p { (pill::pill(Ink::Red, "refused")) " " (said(why)) },
            }
        }
        @if message.becomes.is_empty() { p { (pill::pill(Ink::Grey, "nothing")) " " span.muted { "no rule reads it, or its rule passes it over" } } }
        details {
            summary.muted { code { (message.key) } " as it came, " (format::ago(message.received_at, now)) }
            pre.sample { code { (message.body) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::standing::sample;
    use super::*;
    use store::source::Kind;

    fn view(objects: Vec<&'static str>, may_manage: bool) -> View {
        let now: Instant = "2026-11-22T12:00:00Z".parse().unwrap();
        let stream = StreamUse { name: "<deals>".to_owned(), objects, waiting: 3, kept: 3 };
        let becomes = vec![Ok("account acme: name = <Acme>".to_owned()), Err("`x` is not a day".to_owned())];
        View {
            source: sample(Kind::Singer),
            mapping: SourceMapping { preset: "hubspot".to_owned(), rules: "[[rule]]".to_owned() },
            streams: vec![stream],
            stream: "<deals>".to_owned(),
            form: None,
            tried: vec![Preview { key: "d1".to_owned(), received_at: now, body: "{\"a\":1}".to_owned(), becomes }],
            untested: vec!["No message of `deals` has come yet, so its rule is untested.".to_owned()],
            kept: None,
            faults: Faults::default(),
            may_manage,
            now,
        }
    }

    #[test]
    fn a_stream_nobody_mapped_offers_a_rule() {
        let html = page(&view(Vec::new(), true)).into_string();
        for part in [
            "kept raw",
            "3 records wait",
            "propose=true",
            "&lt;deals&gt;",
            "name = &lt;Acme&gt;",
            "<code>x</code> is not a day",
            "No message of <code>deals</code> has come yet",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
        let read = page(&view(vec!["subscription_item"], true)).into_string();
        assert!(read.contains("subscription item") && !read.contains("records wait"), "{read}");
    }

    #[test]
    fn who_may_only_read_is_offered_no_rule() {
        let html = page(&view(Vec::new(), false)).into_string();
        assert!(!html.contains("method=\"post\"") && !html.contains("propose"), "{html}");
    }
}

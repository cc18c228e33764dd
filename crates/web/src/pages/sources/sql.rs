//! `/sources/sql`: a table of somebody else's PostgreSQL as a source. An admin says where it is, which query, what
//! identifies a row and what grows with every change; the first rows can be looked at without keeping anything, and the
//! first reading happens before the source is kept, so that a wrong password is told here and not in a log. The password
//! is never shown again.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::Instant;
use engine::import::{self, Preview, SqlError, SqlPlace, SqlSource};
use maud::{Markup, html};
use serde::Deserialize;
use store::source::Kind;
use store::{Source, source};

use super::key_of;
use crate::extract::{At, Form};
use crate::fact::{optional_text, text};
use crate::gate::Access;
use crate::page::{Titled, Want, respond_with};
use crate::pages::faults::Faults;
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use crate::ui::card::{card, definitions};
use crate::ui::form::Field;
use crate::ui::shell::Nav;
use crate::ui::{Link, form as controls, format, shell};

/// The longest query.
const LONGEST_QUERY: usize = 20_000;
/// The longest of the other fields.
const LONGEST: usize = 500;

/// A source as it was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Typed {
    /// Only of a new one.
    #[serde(default)]
    name: String,
    url: String,
    query: String,
    stream: String,
    keys: String,
    #[serde(default)]
    cursor: String,
    every_minutes: String,
    /// `try` to look at the first rows and keep nothing.
    #[serde(default, rename = "do")]
    wanted: String,
}

/// Shows the empty form.
pub async fn form(State(app): State<AppState>, access: Access, want: Want) -> Response {
    let typed = Typed { keys: "id".to_owned(), every_minutes: "60".to_owned(), ..Typed::default() };
    answer(&app, &access, want, None, &typed, &Outcome::default())
}

/// Shows what a source reads, to change it. Its address stays where it is: it holds a password.
pub async fn edit(State(app): State<AppState>, access: Access, want: Want, At(id): At<i64>) -> Answer<Response> {
    let source = source::find(app.engine.store().read(), id).await?;
    let sql = import::sql_source(&app.engine, id).await?.ok_or_else(Problem::not_found)?;
    let typed = Typed {
        name: String::new(),
        url: String::new(),
        query: sql.query,
        stream: sql.stream,
        keys: sql.keys.join(", "),
        cursor: sql.cursor.unwrap_or_default(),
        every_minutes: sql.every_minutes.to_string(),
        wanted: String::new(),
    };
    Ok(answer(&app, &access, want, Some(&source), &typed, &Outcome::default()))
}

/// Changes what a source reads, if it can be read so.
pub async fn change(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    At(id): At<i64>,
    Form(typed): Form<Typed>,
) -> Answer<Response> {
    let source = source::find(app.engine.store().read(), id).await?;
    let kept = import::sql_source(&app.engine, id).await?.ok_or_else(Problem::not_found)?;
    let done = match read_typed(&typed, Some(&kept.url)) {
        Ok(sql) if typed.wanted == TRY => {
            import::try_sql(&app.engine, Some(&source), &sql).await.map(Done::Looked).map_err(Problem::from)
        }
        Ok(sql) => {
            import::change_sql_source(&app.engine, id, &sql).await.map(|_| Done::Kept(id)).map_err(Problem::from)
        }
        Err(problem) => Err(problem),
    };
    finish(&app, &access, want, Some(&source), &typed, done)
}

/// Keeps a source that reads a database, and reads it once.
pub async fn create(
    State(app): State<AppState>,
    access: Access,
    want: Want,
    Form(typed): Form<Typed>,
) -> Answer<Response> {
    let done = if typed.wanted == TRY {
        look(&app, &typed).await.map(Done::Looked)
    } else {
        make(&app, &typed).await.map(Done::Kept)
    };
    finish(&app, &access, want, None, &typed, done)
}

/// Reads what is new now. The page of the source says how that went.
pub async fn read(State(app): State<AppState>, At(id): At<i64>) -> Answer<Response> {
    source::find(app.engine.store().read(), id).await?;
    if import::sql_source(&app.engine, id).await?.is_none() {
        return Err(SqlError::NotSql.into());
    }
    import::read_and_note(&app.engine, id).await?;
    Ok(Redirect::to(&format!("/sources/{id}")).into_response())
}

/// What was typed; an address that was left out is the one that is kept.
fn read_typed(typed: &Typed, kept: Option<&str>) -> Answer<SqlSource> {
    let url = match kept {
        // An address as this form shows it again is the kept one, whose password it leaves out.
        Some(url) if typed.url.trim().is_empty() || typed.url.trim() == shown(url) => url.to_owned(),
        _ => text("url", &typed.url, LONGEST)?,
    };
    let keys = text("keys", &typed.keys, LONGEST)?;
    let minutes = typed.every_minutes.trim().parse().ok().filter(|minutes| (1..=10_080).contains(minutes));
    Ok(SqlSource {
        url,
        query: text("query", &typed.query, LONGEST_QUERY)?,
        stream: text("stream", &typed.stream, LONGEST)?,
        keys: keys.split(',').map(|key| key.trim().to_owned()).filter(|key| !key.is_empty()).collect(),
        cursor: optional_text("cursor", Some(&typed.cursor), LONGEST)?,
        every_minutes: minutes
            .ok_or_else(|| Problem::invalid("every_minutes", "Write a whole number from 1 to 10080, a week."))?,
    })
}

async fn make(app: &AppState, typed: &Typed) -> Answer<i64> {
    let name = text("name", &typed.name, LONGEST)?;
    let sql = read_typed(typed, None)?;
    sql.check()?;
    if source::by_key(app.engine.store().read(), &key_of(&name)).await?.is_some() {
        return Err(Problem::invalid("name", "There is a source of this name: choose another."));
    }
    let now = app.engine.now();
    let new = Source::new(key_of(&name), name, Kind::Sql, now);
    let keep = app.engine.store().write(async |tx| -> Answer<i64> {
        let source = source::insert(tx, new).await?;
        import::set_sql_source(&app.engine, tx, source.id, &sql).await?;
        Ok(source.id)
    });
    let id = keep.await?;
    if let Err(error) = import::read_sql(&app.engine, id).await {
        // Where nothing has come from it, it goes as if it had never been; else it stays with what has come.
        let _ = app.engine.store().write(async |tx| source::delete(tx, id).await).await;
        return Err(error.into());
    }
    Ok(id)
}

async fn look(app: &AppState, typed: &Typed) -> Answer<Vec<Preview>> {
    Ok(import::try_sql(&app.engine, None, &read_typed(typed, None)?).await?)
}

/// The button that looks at the first rows and keeps nothing.
const TRY: &str = "try";

/// What became of a form that is shown again.
#[derive(Debug, Default)]
struct Outcome {
    faults: Faults,
    /// The first rows, where they were looked at.
    tried: Option<Vec<Preview>>,
}

/// What was done with a form.
#[derive(Debug)]
enum Done {
    /// It was kept with this source.
    Kept(i64),
    /// These rows were looked at.
    Looked(Vec<Preview>),
}

/// Leads to the source that was kept, or shows the form again.
fn finish(
    app: &AppState,
    access: &Access,
    want: Want,
    of: Option<&Source>,
    typed: &Typed,
    done: Answer<Done>,
) -> Answer<Response> {
    let outcome = match done {
        Ok(Done::Kept(id)) => return Ok(Redirect::to(&format!("/sources/{id}")).into_response()),
        Ok(Done::Looked(tried)) => Outcome { tried: Some(tried), ..Outcome::default() },
        Err(problem) => Outcome { faults: Faults::of(problem)?, tried: None },
    };
    Ok(answer(app, access, want, of, typed, &outcome))
}

fn answer(
    app: &AppState,
    access: &Access,
    want: Want,
    of: Option<&Source>,
    typed: &Typed,
    outcome: &Outcome,
) -> Response {
    let titled = Titled { title: "Read a database", active: Some(Nav::Sources) };
    let page = page(of, typed, outcome, app.engine.now());
    respond_with(outcome.faults.status(), access, &app.engine, want, &titled, &page)
}

/// An address as the form shows it again: without its password.
fn shown(url: &str) -> String {
    let parts = url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?)));
    match parts.and_then(|(scheme, (who, place))| Some((scheme, who.split_once(':')?.0, place))) {
        Some((scheme, user, place)) => format!("{scheme}://{user}:@{place}"),
        None => url.to_owned(),
    }
}

/// The form, of a source that is there or of a new one.
fn page(of: Option<&Source>, typed: &Typed, outcome: &Outcome, now: Instant) -> Markup {
    let faults = &outcome.faults;
    let detail = html! { "A table or a view of a PostgreSQL, read again and again by a role that may only read" };
    let field = |name: &'static str, label: &'static str| Field::new(name, label).error(faults.field(name));
    let shown = shown(&typed.url);
    let address = match of {
        _ if shown != typed.url => "The password is not shown again: write it once more between the colon and the @.",
        None => {
            "postgres://READER:PASSWORD@HOST/NAME. Every statement runs in a read-only transaction all the same. The password is never shown again."
        }
        Some(_) => "Empty for the one that is kept, with its password.",
    };
    let at = of.map_or_else(|| "/sources/sql".to_owned(), |source| format!("/sources/{}/sql", source.id));
    let url = field("url", "Address").value(&shown).hint(address);
    let url = if of.is_some() { url } else { url.required() };
    let back = of.map(|source| Link::to(format!("/sources/{}", source.id)));
    let mut crumbs = vec![("Sources", Link::to("/sources"))];
    crumbs.extend(of.zip(back).map(|(source, back)| (source.name.as_str(), back)));
    let crumbs: Vec<(&str, &Link)> = crumbs.iter().map(|(label, link)| (*label, link)).collect();
    let query = "One SELECT. Join and rename here, so that columns have names like account_id, name, mrr.";
    let stream = "What a row is: organizations, users, subscriptions, tickets … A name no rule knows is kept as it is and mapped later.";
    let cursor = "A column that grows with every change, such as updated_at. Without one everything is read each time.";
    html! {
        (shell::heading(&crumbs, if of.is_some() { "What is read" } else { "Read a database" }, &detail, &html! {}))
        (faults.notice(&["name", "url", "query", "stream", "keys", "cursor", "every_minutes"]))
        (card("What to read", &html! {
            form.form method="post" action=(at) {
                @if of.is_none() { (controls::input("text", &field("name", "Name").value(&typed.name).required())) }
                (controls::input("text", &url))
                (controls::code(6, &field("query", "Query").value(&typed.query).hint(query).required()))
                (controls::input("text", &field("stream", "Rows are").value(&typed.stream).hint(stream).required()))
                (controls::input("text", &field("keys", "Key columns").value(&typed.keys).hint("Parted by commas; together they identify a row.").required()))
                (controls::input("text", &field("cursor", "Cursor column").value(&typed.cursor).hint(cursor)))
                (controls::input("number", &field("every_minutes", "Read every so many minutes").value(&typed.every_minutes).required()))
                div.actions {
                    (controls::submit("Read it now and keep it"))
                    (controls::choice("do", TRY, "Look at the first rows"))
                }
            }
        }))
        @if let Some(tried) = &outcome.tried { (card("The first rows, as they would be read", &looked(tried, now))) }
    }
}

/// The first rows, with what each would become.
fn looked(tried: &[Preview], now: Instant) -> Markup {
    html! {
        @if tried.is_empty() { p.muted { "The query gives no row at present." } }
        @else {
            p.muted { (format::counted(tried.len() as i64, "row", "rows")) ". Nothing is written by looking." }
            ul.plain { @for row in tried { li { (super::mapping::one(row, now)) } } }
        }
    }
}

/// The database of a source, and where the reading stands.
pub(super) fn standing(id: i64, sql: &SqlSource, place: &SqlPlace, may_manage: bool, now: Instant) -> Markup {
    html! {
        (definitions(&[
            ("Address", html! { code { (sql.shown_url()) } }),
            ("Rows are", html! { code { (sql.stream) } }),
            ("Key columns", html! { (sql.keys.join(", ")) }),
            ("Cursor column", format::or_unknown(sql.cursor.as_ref(), |cursor| html! { code { (cursor) } })),
            ("Read up to", format::or_unknown(place.cursor.as_ref(), |cursor| html! { code { (cursor) } })),
            ("Last read", format::or_unknown(place.read_at, |at| html! { (format::ago(at, now)) ", "
                (format::counted(place.rows as i64, "row", "rows")) })),
            ("Read every", html! { (format::counted(i64::from(sql.every_minutes), "minute", "minutes")) }),
        ]))
        details { summary { "The query" } pre.sample { code { (sql.query) } } }
        @if may_manage {
            div.actions {
                form.inline method="post" action=(format!("/sources/{id}/read")) { button.btn { "Read what is new now" } }
                (controls::link_button(&Link::to(format!("/sources/{id}/sql")), "Change what is read"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_comes_back_with_its_fault() {
        let url = "postgres://reader:hush@db.test:5432/shop".to_owned();
        let typed = Typed { url, query: "select '<x>'".to_owned(), ..Typed::default() };
        let faults = Faults::of(Problem::invalid("url", "The database does not let us in.")).unwrap();
        let outcome = Outcome { faults, tried: None };
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let html = page(None, &typed, &outcome, now).into_string();
        assert!(
            html.contains("write it once more")
                && html.contains("The database does not let us in.")
                && html.contains("select '&lt;x&gt;'"),
            "{html}"
        );
        assert!(html.contains("postgres://reader:@db.test:5432/shop") && !html.contains("hush"), "{html}");
        let known = super::super::standing::sample(Kind::Sql);
        let html = page(Some(&known), &typed, &outcome, now).into_string();
        assert!(html.contains("action=\"/sources/7/sql\"") && !html.contains("name=\"name\""), "{html}");
    }

    #[test]
    fn an_address_that_is_left_out_stays() {
        let typed = Typed {
            query: "select 1".to_owned(),
            stream: "users".to_owned(),
            keys: "id, org".to_owned(),
            every_minutes: "5".to_owned(),
            ..Typed::default()
        };
        let kept = read_typed(&typed, Some("postgres://kept/app")).unwrap();
        assert_eq!((kept.url.as_str(), kept.keys), ("postgres://kept/app", vec!["id".to_owned(), "org".to_owned()]));
        let secret = "postgres://reader:hush@kept/app";
        let again = Typed { url: shown(secret), ..typed.clone() };
        assert_eq!(read_typed(&again, Some(secret)).unwrap().url, secret, "as it is shown, it is the kept one");
        assert!(read_typed(&typed, None).is_err());
    }

    #[test]
    fn the_password_is_not_shown() {
        let sql = SqlSource {
            url: "postgres://reader:s3cret@db/app".to_owned(),
            query: "select 1".to_owned(),
            stream: "organizations".to_owned(),
            keys: vec!["id".to_owned()],
            cursor: None,
            every_minutes: 60,
        };
        let html = standing(7, &sql, &SqlPlace::default(), true, "2026-11-22T12:00:00Z".parse().unwrap()).into_string();
        assert!(
            !html.contains("s3cret") && html.contains("reader@db/app") && html.contains("/sources/7/read"),
            "{html}"
        );
    }
}

//! `/`: what one has to do today, how one's book stands, what changed since
//! yesterday, which accounts need a look, and how much of all this is known.
//! A viewer, who works nothing, gets the accounts in trouble first. Every figure
//! is that of the accounts one may see.

mod attention;
mod data;
mod news;
mod standing;
mod today;

use axum::extract::State;
use axum::response::Response;
use domain::access::{Action, Role, RowFilter};
use domain::time::{days_before, start_of};
use engine::{Book, Engine};
use maud::{Markup, html};
use store::{change, source};

use self::attention::Worry;
use self::data::Data;
use self::news::News;
use self::standing::Standing;
use self::today::Today;
use super::ctas::list::{Viewer, active};
use super::may;
use crate::gate::Access;
use crate::page::{Titled, Want, respond};
use crate::problem::Answer;
use crate::ui::card::columns;
use crate::ui::{Link, Nav, form, notice, shell};

/// Changes read; more than this in two days are told as "at least".
const CHANGES: u64 = 1_000;
/// Accounts that need attention, beside one's work and for whoever only looks.
const WORRIES: usize = 8;
const WORRIES_OF_VIEWERS: usize = 15;

/// Everything the page shows.
#[derive(Clone, Debug)]
struct Home {
    role: Role,
    standing: Standing,
    today: Today,
    worries: Vec<Worry>,
    news: News,
    data: Data,
}

/// Shows the page.
pub async fn show(State(engine): State<Engine>, access: Access, want: Want) -> Answer<Response> {
    let book = engine.book();
    let viewer = Viewer::of(&access);
    let standing = Standing::of(&book, &access.rows);
    let titled = Titled { title: "Home", active: Some(Nav::Home) };
    if standing.accounts == 0 {
        return Ok(respond(&access, &engine, want, &titled, &nothing(&access, viewer.role)));
    }
    let most = if viewer.role == Role::Viewer { WORRIES_OF_VIEWERS } else { WORRIES };
    let home = Home {
        role: viewer.role,
        today: Today::of(&engine, active(&engine, &access, &book).await?, &viewer).await?,
        worries: attention::worries(&book, &access.rows, most),
        news: news(&engine, &access, &book).await?,
        data: data(&engine, &access, &book).await?,
        standing,
    };
    Ok(respond(&access, &engine, want, &titled, &page(&home)))
}

async fn news(engine: &Engine, access: &Access, book: &Book) -> Answer<News> {
    let since = start_of(days_before(engine.today(), 1));
    let accounts: Option<Vec<i64>> = match access.rows {
        RowFilter::All => None,
        RowFilter::Members(_) => Some(book.visible(&access.rows).map(|row| row.account.id).collect()),
    };
    let changes = change::since(engine.store().read(), accounts.as_deref(), since, CHANGES).await?;
    let cut = changes.len() as u64 == CHANGES;
    let name = |id| book.visible_row(id, &access.rows).map(|row| row.account.name.clone());
    Ok(News::of(changes, cut, &book.definitions, name))
}

async fn data(engine: &Engine, access: &Access, book: &Book) -> Answer<Data> {
    let sources = match may(access, Action::ReadSources) {
        true => source::all(engine.store().read()).await?,
        false => Vec::new(),
    };
    Ok(Data::of(book, &access.rows, &sources, engine.now()))
}

fn nothing(access: &Access, role: Role) -> Markup {
    html! {
        (shell::heading(&[], "Home", &html! {}, &html! {}))
        @if may(access, Action::ManageSources) {
            (notice::empty("No accounts yet", "Connect a source that sends events, or import a CSV file of accounts and subscriptions.",
                &form::primary_link(&Link::to("/sources"), "Open sources")))
        } @else if role == Role::Viewer {
            (notice::empty("No accounts yet", "They appear here when an admin has connected a source or imported a file.", &html! {}))
        } @else {
            (notice::empty("No account is yours yet", "Accounts appear here when they are assigned to you; ask whoever runs this installation.", &html! {}))
        }
    }
}

fn page(home: &Home) -> Markup {
    let works = home.role != Role::Viewer;
    let main = html! {
        @if works { (today::view(&home.today)) }
        (attention::view(&home.worries, home.role != Role::Csm))
        @if !works { (news::view(&home.news, home.today.day)) }
    };
    let aside = html! {
        (standing::health(&home.standing))
        @if works { (news::view(&home.news, home.today.day)) }
        (data::view(&home.data))
    };
    html! {
        (shell::heading(&[], "Home", &html! { @if works { (home.today.sentence()) } }, &html! {}))
        div #home data-fragment="" data-live-src="/" {
            (standing::headline(&home.standing, &home.today))
            (columns(&main, &aside))
        }
    }
}

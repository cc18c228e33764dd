//! `/lifetime`: what customers are worth, who of the valuable ones may leave, what that is learned from, and whether
//! the model may be trusted. Sums and lists are those of the accounts one may see; the model is learned from all.

mod evidence;
mod figures;
mod terms;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::access::RowFilter;
use engine::lifetime::{Model, Standing, Summary, summary};
use engine::{Book, Engine, Row};
use maud::{Markup, html};

use super::compact;
use crate::gate::Access;
use crate::page::{Titled, Want, respond};
use crate::problem::Answer;
use crate::ui::card::{Tile, card_with, grid, plain, tiles};
use crate::ui::shell::Nav;
use crate::ui::table::{Column, Sort, Stay, cell, header, row_head, stacking};
use crate::ui::{Link, format, notice, pill, shell};

/// Accounts in the list of those to keep.
const TO_KEEP: usize = 12;

/// What the page is made from.
struct View {
    book: Arc<Book>,
    rows: Vec<Arc<Row>>,
    summary: Summary,
    model: Option<Arc<Model>>,
    /// Whether one may see every account, and so figures of all of them.
    sees_all: bool,
}

/// Shows the page.
pub async fn show(State(engine): State<Engine>, access: Access, want: Want) -> Answer<Response> {
    let book = engine.book();
    let present = |row: &&Arc<Row>| matches!(row.lifetime.standing, Standing::Contract | Standing::Buyer);
    let view = View {
        rows: book.visible(&access.rows).filter(present).map(Arc::clone).collect(),
        summary: summary(&book, &access.rows),
        model: engine.lifetime(),
        sees_all: access.rows == RowFilter::All,
        book,
    };
    let titled = Titled { title: "Lifetime value", active: Some(Nav::Lifetime) };
    Ok(respond(&access, &engine, want, &titled, &page(&view)))
}

fn page(view: &View) -> Markup {
    let detail = html! {
        "As of " (format::day(view.book.as_of)) " · "
        (format::counted(view.summary.customers as i64, "customer", "customers")) " · "
        (view.book.definitions.lifetime.label())
    };
    html! {
        (shell::heading(&[], "Lifetime value", &detail, &html! {}))
        div id="lifetime" data-fragment="" data-live-src="/lifetime" { (body(view)) }
    }
}

fn body(view: &View) -> Markup {
    if view.summary.customers == 0 {
        let next = html! { a.btn href="/sources" { "Open sources" } };
        return notice::empty("No customers yet", "Import accounts with subscriptions or invoices.", &next);
    }
    html! {
        @match &view.model {
            None => (notice::remark(&html! {
                "The past months are still being read. What customers brought is shown; what they will bring, once \
                 that is learned from the past."
            })),
            Some(model) => @for why in &model.why_not { (notice::remark(&html! { "Not judged: " (why) "." })) },
        }
        (headline(view))
        (grid(&[plain(&figures::distribution(view)), plain(&figures::quadrant(view))]))
        (to_keep(view))
        (grid(&[figures::tiers(view), terms::ratios(view)]))
        @if let Some(model) = &view.model { (evidence::section(view, model)) }
        (terms::definition(view))
    }
}

fn headline(view: &View) -> Markup {
    let summary = &view.summary;
    let money = |cents: f64| format::money(cents.round() as i64, &summary.currency);
    let text = |cents: f64| format::money_text(cents.round() as i64, &summary.currency);
    let sorted = |key: &str| Some(Link::to("/accounts").with("sort", key).with("dir", "desc"));
    let (losses, revenue) = summary.expected_losses;
    let tiered: f64 = summary.tiers.iter().map(|(_, value)| value).sum();
    let known = summary.judged > 0;
    tiles(
        "Key figures",
        &[
            Tile {
                label: "Value to come",
                value: format::or_unknown(known.then_some(summary.equity_cents), money),
                delta: html! { @if known { (text(summary.equity_range.0)) " to " (text(summary.equity_range.1)) } },
                explained_at: sorted("value"),
            },
            Tile {
                label: "Lifetime value",
                value: format::or_unknown(known.then_some(tiered), money),
                delta: html! { "so far and to come" },
                explained_at: sorted("value"),
            },
            Tile {
                label: "Expected to leave in 12 months",
                value: format::or_unknown(known.then_some(losses), |losses| html! { (format::number(losses, 1)) }),
                delta: html! { @if known { (text(12.0 * revenue)) " ARR" } },
                explained_at: Some(Link::to("/accounts").with("expression", "p_churn_12m >= 0.2")),
            },
            Tile {
                label: "Value to cost",
                value: format::or_unknown(summary.economics.value_to_cost.ok(), |ratio| {
                    html! { (format::number(ratio, 1)) " : 1" }
                }),
                delta: html! { "lifetime value over cost to acquire" },
                explained_at: Some(Link::to("/lifetime#value-to-cost")),
            },
        ],
    )
}

/// Accounts of more than middling value with more than middling risk, by what is at stake.
fn to_keep(view: &View) -> Markup {
    let (value_split, risk_split) = (figures::value_split(view), figures::risk_split(view));
    let at_stake = |row: &Row| {
        let (future, p) = (row.lifetime.future?.value, figures::chance(row)?);
        (future >= value_split && p >= risk_split).then_some(future * p)
    };
    let mut rows: Vec<(f64, &Arc<Row>)> = view.rows.iter().filter_map(|row| Some((at_stake(row)?, row))).collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.account.id.cmp(&b.1.account.id)));
    let units = (value_split / 100.0).floor();
    let expression = format!("future_value >= {units} and p_churn_12m >= {risk_split} and cancelled = 0");
    let all = html! { a href=(Link::to("/accounts").with("expression", &expression)) { "All " (rows.len()) } };
    let body = if rows.is_empty() {
        notice::empty("Nobody", "No account is both profitable and likely to leave.", &html! {})
    } else {
        html! {
            p.muted { "Worth more than the median customer, and likelier to leave within twelve months than the mean, " (format::percent_text(risk_split)) "; by the value that is then lost." }
            (stacking("Profitable and leaving", &header(&COLUMNS, NO_SORT, &Link::to("/lifetime"), "lifetime"),
                &html! { @for (stake, row) in rows.iter().take(TO_KEEP) { (line(view, row, *stake)) } }))
        }
    };
    card_with("Profitable and leaving", &all, &body)
}

const HEALTH: Column<'_> = Column::new("Health");
const TO_COME: Column<'_> = Column::new("Value to come").number();
const LEAVES: Column<'_> = Column::new("Leaves in 12 months").number();
const STAKE: Column<'_> = Column::new("At stake").number();
const CSM: Column<'_> = Column::new("CSM").until(Stay::Tablet);
const COLUMNS: [Column<'_>; 6] = [Column::new("Account"), HEALTH, TO_COME, LEAVES, STAKE, CSM];
const NO_SORT: Sort<'_> = Sort { key: "", descending: false };

fn line(view: &View, row: &Row, stake: f64) -> Markup {
    let (account, lifetime) = (&row.account, &row.lifetime);
    let link = Link::to(format!("/accounts/{}", account.id));
    let explained = |key: &str| Link::to(format!("/accounts/{}/metrics/{key}", account.id));
    let money = |cents: f64| format::money(cents.round() as i64, view.book.currency());
    let tier = row.value_tier(&view.book.definitions).map_or("", |tier| &tier.name);
    let leaves = format::or_unknown(lifetime.p_churn, |p| {
        let (low, high) = (format::percent_text(p.interval.low), format::percent_text(p.interval.high));
        html! { (format::percent(p.value)) " " span.muted { (low) "–" (high) } }
    });
    html! {
        tr data-account=(account.id) {
            (row_head(&link, &account.name, &html! { (tier) }))
            (cell(&HEALTH, &pill::band(row.health.band, row.health.score)))
            (cell(&TO_COME, &html! { a href=(explained("future_value")) {
                (format::or_unknown(lifetime.future.map(|it| it.value), money))
            } }))
            (cell(&LEAVES, &html! { a href=(explained("p_churn_12m")) { (leaves) } }))
            (cell(&STAKE, &money(stake)))
            (cell(&CSM, &format::or_unknown(row.owner.as_ref(), |owner| html! { (owner.name) })))
        }
    }
}

//! How the portfolio looks: search and filters, chips with counts, the table, and the segment's expression with a
//! caret where it is wrong. Which accounts these are is decided in the list.

use domain::scorecard::Band;
use domain::time::days_after;
use engine::{Book, Row};
use maud::{Markup, html};
use report::{Ink, Theme, sparkline};
use store::Segment;

use super::list::{List, PER_PAGE};
use crate::pages::band_label;
use crate::ui::filter::{Chip, Choice, chips, search};
use crate::ui::form::Field;
use crate::ui::table::{Column, Pages, Sort, Stay, cell, header, pager, row_head, stacking};
use crate::ui::{Link, form, format, notice, pill, shell};

/// The fragment a change of the list swaps.
const RESULTS: &str = "results";

const HEALTH: Column<'_> = Column::new("Health").sorts("health");
const TREND: Column<'_> = Column::new("24-week trend").until(Stay::Tablet);
const ARR: Column<'_> = Column::new("ARR").sorts("arr").number();
const VALUE: Column<'_> = Column::new("Lifetime value").sorts("value").number().until(Stay::Desktop);
const RENEWAL: Column<'_> = Column::new("Renewal").sorts("renewal");
const SEATS: Column<'_> = Column::new("Seat use").sorts("seats").number().until(Stay::Desktop);
const CSM: Column<'_> = Column::new("CSM").sorts("csm").until(Stay::Desktop);
const TOUCH: Column<'_> = Column::new("Last touch").sorts("touch").until(Stay::Tablet);
const COLUMNS: [Column<'_>; 9] =
    [Column::new("Account").sorts("name"), HEALTH, TREND, ARR, VALUE, RENEWAL, SEATS, CSM, TOUCH];

/// The whole page.
pub(super) fn page(book: &Book, list: &List<'_>, segments: &[Segment]) -> Markup {
    let csv = list.link().without("page").to_string().replacen("/accounts", "/accounts.csv", 1);
    let actions = html! { a.btn href=(csv) download="" { "Export CSV" } };
    html! {
        (shell::heading(&[], "Portfolio", &html! {}, &actions))
        (filters(book, list, segments))
        (expression(list))
        div id=(RESULTS) data-fragment="" { (results(book, list)) }
    }
}

fn filters(book: &Book, list: &List<'_>, segments: &[Segment]) -> Markup {
    let owners = list.choices.owners.iter();
    let owners: Vec<(String, &str)> = owners.map(|owner| (owner.member_id.to_string(), &*owner.name)).collect();
    let mut csm = vec![("", "All CSMs")];
    csm.extend(owners.iter().map(|(id, name)| (id.as_str(), *name)));
    let mut tier = vec![("", "All tiers")];
    tier.extend(list.choices.tiers.iter().map(|tier| (tier.as_str(), tier.as_str())));
    let mut worth = vec![("", "All values")];
    worth.extend(book.definitions.lifetime.tiers.iter().map(|tier| (tier.key.as_str(), tier.name.as_str())));
    let mut segment = vec![("", "All segments")];
    segment.extend(segments.iter().map(|segment| (segment.key.as_str(), segment.name.as_str())));
    let choices = [
        Choice { name: "segment", label: "Segment", value: &list.asked.segment, options: segment },
        Choice { name: "tier", label: "Tier", value: &list.asked.tier, options: tier },
        Choice { name: "value", label: "Value", value: &list.asked.value, options: worth },
        Choice { name: "csm", label: "CSM", value: &list.asked.csm, options: csm },
    ];
    search(&list.link(), &list.asked.q, "Search name or domain", &choices, RESULTS)
}

fn results(book: &Book, list: &List<'_>) -> Markup {
    let here = list.link();
    let sort = Sort { key: list.sort_key(), descending: list.descending() };
    let pages = Pages { page: list.page(), per_page: PER_PAGE, total: list.rows.len() as u64 };
    html! {
        @if let Some(wrong) = &list.wrong {
            (notice::expression(&list.asked.expression, wrong.offset, &wrong.to_string()))
        }
        (bands(book, list))
        @if list.rows.is_empty() {
            (notice::empty("No account fits", "The search and the filters together leave nothing.",
                &form::link_button(&super::list::address(), "Show all accounts")))
        } @else {
            (stacking("Accounts", &header(&COLUMNS, sort, &here, RESULTS),
                &html! { @for row in list.shown() { (line(book, row)) } }))
            (pager(pages, &here, RESULTS))
        }
    }
}

fn bands(book: &Book, list: &List<'_>) -> Markup {
    let here = list.link().without("page");
    let total: i64 = list.bands.iter().sum();
    let all = Chip {
        label: "All",
        count: Some(total),
        link: here.clone().without("band"),
        active: list.asked.band.is_empty(),
        ink: None,
    };
    let of_band = |band: Band| Chip {
        label: band_label(band),
        count: Some(list.bands[band as usize]),
        link: here.clone().with("band", band.as_str()),
        active: list.asked.band == band.as_str(),
        ink: Some(Ink::from(band)),
    };
    let order = [Band::Green, Band::Yellow, Band::Red, Band::Unknown];
    let mut row: Vec<Chip<'_>> = std::iter::once(all).chain(order.map(of_band)).collect();
    let churned = list.asked.status == "churned";
    row.push(Chip {
        label: "Churned",
        count: None,
        link: if churned { here.without("status") } else { here.with("status", "churned").without("band") },
        active: churned,
        ink: None,
    });
    let summary = html! {
        (format::counted(list.rows.len() as i64, "account", "accounts")) " · "
        b { (format::money(list.arr_cents, book.currency())) } " ARR"
        @if list.unrated > 0 { " and " (format::counted(list.unrated, "account", "accounts")) " " a href="/revenue/rates" { "without a rate" } }
    };
    chips("Health", &row, &summary, RESULTS)
}

fn line(book: &Book, row: &Row) -> Markup {
    let account = &row.account;
    let link = Link::to(format!("/accounts/{}", account.id));
    let place: Vec<&str> = [account.tier.as_deref(), account.region.as_deref()].into_iter().flatten().collect();
    let value = |metric: &str| book.value(row, metric);
    let days_ago = |metric: &str| value(metric).map(|days| domain::time::days_before(book.as_of, days as u64));
    html! {
        tr id=(format!("account-{}", account.id)) data-account=(account.id) {
            (row_head(&link, &account.name, &html! { (place.join(" · ")) }))
            (cell(&HEALTH, &pill::band(row.health.band, row.health.score)))
            (cell(&TREND, &trend(row)))
            (cell(&ARR, &format::or_unknown(book.arr_cents(row), |cents| format::money(cents, book.currency()))))
            (cell(&VALUE, &format::or_unknown(value("lifetime_value"), |cents| {
                format::money(cents as i64, book.currency())
            })))
            (cell(&RENEWAL, &format::or_unknown(value("days_to_renewal"), |days| {
                format::day(days_after(book.as_of, days.max(0.0) as u64))
            })))
            (cell(&SEATS, &format::or_unknown(value("seat_utilisation"), format::percent)))
            (cell(&CSM, &format::or_unknown(row.owner.as_ref(), |owner| html! { (owner.name) })))
            (cell(&TOUCH, &format::or_unknown(days_ago("days_since_touchpoint"), |day| {
                format::relative(day, book.as_of)
            })))
        }
    }
}

fn trend(row: &Row) -> Markup {
    let known: Vec<f64> = row.trend.iter().copied().flatten().collect();
    let (Some(first), Some(last)) = (known.first(), known.last()) else { return format::unknown() };
    let label = format!("Health, 24 weeks: from {first:.0} to {last:.0}");
    sparkline(&row.trend, Ink::from(row.health.band), &label, Theme::Page)
}

/// The segment's expression: shown, edited, and saved under a name.
fn expression(list: &List<'_>) -> Markup {
    let field = Field::new("expression", "Expression over the snapshot")
        .value(&list.asked.expression)
        .hint("For example: health < 50 and arr >= 20000 and days_to_renewal between 0 and 90");
    html! {
        details.card open[!list.asked.expression.is_empty()] {
            summary { "Segment by expression" }
            form.form method="get" action="/accounts" data-live=(RESULTS) {
                (form::code(3, &field))
                div.form-row { (form::submit("Apply")) a.btn href="/definitions" { "Names one may use" } }
            }
            @if !list.asked.expression.is_empty() && list.wrong.is_none() {
                form.form method="post" action="/segments" {
                    input type="hidden" name="expression" value=(list.asked.expression);
                    (form::input("text", &Field::new("name", "Save it as a segment called").required()))
                    (form::submit("Save segment"))
                }
            }
        }
    }
}

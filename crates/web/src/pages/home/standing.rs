//! How one's book stands: how many customers, what they pay, how much of it is at risk, what comes up for renewal,
//! and how health is spread. Every figure is that of the accounts one may see.

use domain::access::RowFilter;
use domain::scorecard::Band;
use engine::Book;
use maud::{Markup, html};
use report::{Frame, Ink, Measure, measure_bars};

use super::today::Today;
use crate::pages::band_label;
use crate::ui::card::{Tile, plain, tiles};
use crate::ui::{Link, format};

/// Days a renewal is announced ahead.
const RENEWAL_DAYS: f64 = 90.0;

/// An amount in minor units of the book's currency, and of how many accounts it is unknown for want of a rate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Money {
    cents: i64,
    currency: String,
    unrated: usize,
}

impl Money {
    fn add(&mut self, cents: Option<i64>, currency: &str) {
        currency.clone_into(&mut self.currency);
        self.cents += cents.unwrap_or(0);
        self.unrated += usize::from(cents.is_none());
    }

    fn view(&self) -> Markup {
        html! {
            @if self.currency.is_empty() { "0" } @else { (format::money(self.cents, &self.currency)) }
            @if self.unrated > 0 { small.muted { " and " (self.unrated) " without a rate" } }
        }
    }

    fn text(&self) -> String {
        let rest = if self.unrated > 0 { format!(" and {} without a rate", self.unrated) } else { String::new() };
        if self.currency.is_empty() { rest } else { format::money_text(self.cents, &self.currency) + &rest }
    }
}

/// Accounts and what they pay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) accounts: i64,
    pub(super) arr: Money,
}

impl Part {
    fn add(&mut self, arr_cents: Option<i64>, currency: &str) {
        self.accounts += 1;
        self.arr.add(arr_cents, currency);
    }
}

/// The book in a few numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    /// Accounts one may see, customers or not.
    pub(super) accounts: usize,
    pub(super) customers: Part,
    pub(super) at_risk: Part,
    pub(super) renewing: Part,
    /// In the order of [`Band::ALL`].
    pub(super) bands: [Part; 4],
}

impl Standing {
    /// Adds up the rows a filter shows.
    pub(super) fn of(book: &Book, filter: &RowFilter) -> Self {
        let mut standing = Self::default();
        let (currency, renewal) = (book.currency(), book.definitions.catalogue.position("days_to_renewal"));
        for row in book.visible(filter) {
            standing.accounts += 1;
            if !row.active {
                continue;
            }
            let arr = book.arr_cents(row);
            standing.customers.add(arr, currency);
            standing.bands[row.health.band as usize].add(arr, currency);
            if row.at_risk() {
                standing.at_risk.add(arr, currency);
            }
            if renewal.and_then(|at| row.values[at]).is_some_and(|days| (0.0..=RENEWAL_DAYS).contains(&days)) {
                standing.renewing.add(arr, currency);
            }
        }
        standing
    }
}

/// The headline numbers.
pub(super) fn headline(standing: &Standing, today: &Today) -> Markup {
    let accounts =
        |part: &Part| html! { small.delta.muted { (format::counted(part.accounts, "account", "accounts")) } };
    let renewals = format!("days_to_renewal between 0 and {RENEWAL_DAYS}");
    tiles(
        "My book",
        &[
            Tile {
                label: "Customers",
                value: html! { (format::count(standing.customers.accounts)) },
                delta: html! {},
                explained_at: Some(Link::to("/accounts")),
            },
            Tile {
                label: "ARR",
                value: standing.customers.arr.view(),
                delta: html! {},
                explained_at: Some(Link::to("/accounts").with("sort", "arr").with("dir", "desc")),
            },
            Tile {
                label: "ARR at risk",
                value: standing.at_risk.arr.view(),
                delta: accounts(&standing.at_risk),
                explained_at: Some(
                    Link::to("/accounts").with("expression", "at_risk").with("sort", "arr").with("dir", "desc"),
                ),
            },
            Tile {
                label: "Renewals in 90 days",
                value: html! { (format::count(standing.renewing.accounts)) },
                delta: html! { small.delta.muted { (standing.renewing.arr.view()) " ARR" } },
                explained_at: Some(Link::to("/accounts").with("expression", renewals).with("sort", "renewal")),
            },
            Tile {
                label: "CTAs to do",
                value: html! { (format::count(today.total)) },
                delta: overdue(today),
                explained_at: Some(Link::to("/ctas")),
            },
        ],
    )
}

fn overdue(today: &Today) -> Markup {
    html! {
        @if today.overdue > 0 { small.delta.bad { (format::count(today.overdue)) " overdue" } }
        @else { small.delta.muted { "none overdue" } }
    }
}

/// How health is spread, each bar a link to its accounts.
pub(super) fn health(standing: &Standing) -> Markup {
    let total = standing.customers.accounts;
    let order = [Band::Green, Band::Yellow, Band::Red, Band::Unknown];
    let words = order.map(|band| {
        let part = &standing.bands[band as usize];
        (part.arr.text(), Link::to("/accounts").with("band", band.as_str()).to_string())
    });
    let bars: Vec<_> = order
        .into_iter()
        .zip(&words)
        .filter(|(band, _)| *band != Band::Unknown || standing.bands[Band::Unknown as usize].accounts > 0)
        .map(|(band, (arr, href))| Measure {
            label: band_label(band),
            detail: arr,
            value: Some(standing.bands[band as usize].accounts as f64),
            ink: Ink::from(band),
            href,
        })
        .collect();
    let healthy = standing.bands[Band::Green as usize].accounts;
    let summary = format!("{} of {} customers are healthy.", format::count(healthy), format::count(total));
    let n = format!("n = {}", format::counted(total, "customer", "customers"));
    plain(&measure_bars(&Frame::new("home-health", "Health", &summary, &n), &bars, total.max(1) as f64, whole))
}

fn whole(value: f64) -> String {
    format::number(value, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(accounts: i64, amounts: &[Option<i64>]) -> Part {
        let mut arr = Money::default();
        for cents in amounts {
            arr.add(*cents, "USD");
        }
        Part { accounts, arr }
    }

    fn standing() -> Standing {
        let mut standing = Standing {
            accounts: 12,
            customers: part(10, &[Some(90_000_000), Some(12_000_000)]),
            at_risk: part(2, &[Some(4_800_000)]),
            renewing: part(3, &[Some(12_000_000)]),
            ..Standing::default()
        };
        standing.bands[Band::Green as usize] = part(7, &[Some(80_000_000)]);
        standing.bands[Band::Red as usize] = part(3, &[Some(10_000_000)]);
        standing
    }

    #[test]
    fn what_has_no_rate_stands_beside_the_sum() {
        assert_eq!(part(3, &[Some(100_000), None, Some(300_000)]).arr.text(), "$4k and 1 without a rate");
        assert_eq!(Money::default().view().into_string(), "0");
    }

    #[test]
    fn every_headline_number_leads_to_its_accounts() {
        let html = headline(&standing(), &Today::default()).into_string();
        assert!(html.contains(">$1.0M</data>") && html.contains("2 accounts"), "{html}");
        assert!(
            html.contains("href=\"/accounts?expression=days_to_renewal+between+0+and+90&amp;sort=renewal\""),
            "{html}"
        );
        assert!(html.contains("none overdue"), "{html}");
    }

    #[test]
    fn an_empty_band_is_shown_and_unknown_only_where_there_is_some() {
        let html = health(&standing()).into_string();
        assert!(html.contains("7 of 10 customers are healthy."), "{html}");
        assert!(html.contains("Watch") && !html.contains("Unknown"), "{html}");
        assert!(html.contains("href=\"/accounts?band=red\""), "{html}");
    }
}

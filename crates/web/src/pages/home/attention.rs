//! Accounts that need a look: those whose health fell most over four weeks, and
//! those that are red with the most revenue. Each line says which it is.

use std::sync::Arc;

use domain::access::RowFilter;
use domain::scorecard::Band;
use engine::{Book, Row};
use maud::{Markup, html};
use report::{Ink, Theme, sparkline};

use crate::ui::card::card_with;
use crate::ui::pill::Direction;
use crate::ui::table::{Column, Stay, cell, frame, row_head};
use crate::ui::{Link, format, pill};

/// A fall of this many points in four weeks needs a look.
const FALL: f64 = 10.0;

const HEALTH: Column<'_> = Column::new("Health");
const CHANGE: Column<'_> = Column::new("4 weeks").number();
const TREND: Column<'_> = Column::new("24 weeks").until(Stay::Desktop);
const ARR: Column<'_> = Column::new("ARR").number().until(Stay::Tablet);
const COLUMNS: [Column<'_>; 5] = [Column::new("Account"), HEALTH, CHANGE, TREND, ARR];

/// An account that needs a look.
#[derive(Clone, Debug)]
pub(super) struct Worry {
    account_id: i64,
    name: String,
    band: Band,
    score: Option<f64>,
    /// Points of change over four weeks.
    change: Option<f64>,
    trend: Vec<Option<f64>>,
    arr: Markup,
    csm: Option<Arc<str>>,
    signals: Vec<String>,
}

impl Worry {
    fn of(book: &Book, row: &Row) -> Self {
        Self {
            account_id: row.account.id,
            name: row.account.name.clone(),
            band: row.health.band,
            score: row.health.score,
            change: change(&row.trend),
            trend: row.trend.clone(),
            arr: format::or_unknown(book.arr_cents(row), |cents| format::money(cents, book.currency())),
            csm: row.owner.as_ref().map(|owner| Arc::clone(&owner.name)),
            signals: row.signals.iter().map(|signal| signal.name.clone()).collect(),
        }
    }
}

/// The accounts a filter shows that need a look, at most `most`.
pub(super) fn worries(book: &Book, filter: &RowFilter, most: usize) -> Vec<Worry> {
    let rows: Vec<&Arc<Row>> = book.visible(filter).filter(|row| row.active).collect();
    let mut falling: Vec<_> = rows
        .iter()
        .filter_map(|row| change(&row.trend).filter(|by| *by <= -FALL).map(|by| (by, row.account.id)))
        .collect();
    falling.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let falling: Vec<i64> = falling.into_iter().map(|(_, id)| id).collect();
    let mut red: Vec<_> = rows.iter().filter(|row| row.health.band == Band::Red).collect();
    red.sort_by_cached_key(|row| (std::cmp::Reverse(book.arr_cents(row)), row.account.id));
    let red: Vec<i64> = red.into_iter().map(|row| row.account.id).collect();
    let chosen = chosen(&falling, &red, most);
    chosen.into_iter().filter_map(|id| book.row(id)).map(|row| Worry::of(book, row)).collect()
}

/// The change of the last four weeks; unknown where either end is.
fn change(trend: &[Option<f64>]) -> Option<f64> {
    match trend {
        [.., Some(then), _, _, _, Some(now)] => Some(now - then),
        _ => None,
    }
}

/// Half of the places for what falls, the rest for what is red; what neither needs goes to the other.
fn chosen(falling: &[i64], red: &[i64], most: usize) -> Vec<i64> {
    let mut chosen: Vec<i64> = falling.iter().copied().take(most.div_ceil(2)).collect();
    for &id in red.iter().chain(falling) {
        if chosen.len() >= most {
            break;
        }
        if !chosen.contains(&id) {
            chosen.push(id);
        }
    }
    chosen
}

/// The card; to somebody who sees the accounts of many, each line names its CSM.
pub(super) fn view(worries: &[Worry], of_many: bool) -> Markup {
    let all = html! { a href=(Link::to("/accounts").with("band", "red")) { "All at risk" } };
    if worries.is_empty() {
        let calm = html! { p.muted { "No account is red, and none lost " (FALL) " points or more in four weeks." } };
        return card_with("Accounts that need a look", &html! {}, &calm);
    }
    let head =
        html! { thead { tr { @for column in &COLUMNS { th class=(column.class()) scope="col" { (column.label) } } } } };
    let rows = html! { @for worry in worries { (line(worry, of_many)) } };
    card_with("Accounts that need a look", &all, &frame("Accounts that need a look", &head, &rows))
}

fn line(worry: &Worry, of_many: bool) -> Markup {
    let csm = worry.csm.as_deref().filter(|_| of_many);
    let signals = Some(worry.signals.join(", ")).filter(|signals| !signals.is_empty());
    let detail: Vec<&str> = csm.into_iter().chain(signals.as_deref()).collect();
    let detail = html! { (detail.join(" · ")) };
    let known: Vec<f64> = worry.trend.iter().copied().flatten().collect();
    html! {
        tr id=(format!("account-{}", worry.account_id)) data-account=(worry.account_id) {
            (row_head(&Link::to(format!("/accounts/{}", worry.account_id)), &worry.name, &detail))
            (cell(&HEALTH, &pill::band(worry.band, worry.score)))
            (cell(&CHANGE, &format::or_unknown(worry.change, |by| pill::delta(Direction::of(by), &format::signed(by, 0)))))
            (cell(&TREND, &match (known.first(), known.last()) {
                (Some(first), Some(last)) => {
                    let label = format!("Health, 24 weeks: from {first:.0} to {last:.0}");
                    sparkline(&worry.trend, Ink::from(worry.band), &label, Theme::Page)
                }
                _ => format::unknown(),
            }))
            (cell(&ARR, &worry.arr))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_needs_both_ends() {
        let known = |values: &[f64]| values.iter().copied().map(Some).collect::<Vec<_>>();
        assert_eq!(change(&known(&[90.0, 60.0, 58.0, 55.0, 52.0, 50.0])), Some(-10.0));
        assert_eq!(change(&known(&[50.0, 50.0, 50.0, 50.0])), None);
        assert_eq!(change(&[Some(60.0), None, None, None, Some(40.0)]), Some(-20.0));
        assert_eq!(change(&[None, Some(1.0), Some(1.0), Some(1.0), Some(1.0)]), None);
    }

    #[test]
    fn both_kinds_get_a_place_and_nobody_stands_there_twice() {
        assert_eq!(chosen(&[1, 2, 3, 4], &[9, 2, 8], 4), [1, 2, 9, 8]);
        assert_eq!(chosen(&[1], &[9, 8, 7, 6], 4), [1, 9, 8, 7]);
        assert_eq!(chosen(&[1, 2, 3, 4], &[], 4), [1, 2, 3, 4]);
        assert_eq!(chosen(&[], &[], 4), [0; 0]);
    }

    #[test]
    fn a_line_says_how_far_it_fell_and_why() {
        let worry = Worry {
            account_id: 7,
            name: "Orchard Ltd".to_owned(),
            band: Band::Red,
            score: Some(31.0),
            change: Some(-18.0),
            trend: vec![Some(49.0), Some(31.0)],
            arr: format::money(4_800_000, "USD"),
            csm: Some("Sofia Duarte".into()),
            signals: vec!["Usage declines".to_owned()],
        };
        let html = view(std::slice::from_ref(&worry), true).into_string();
        assert!(html.contains("<small class=\"delta bad\">−18</small>"), "{html}");
        assert!(html.contains("Sofia Duarte · Usage declines"), "{html}");
        assert!(html.contains("id=\"account-7\" data-account=\"7\""), "{html}");
        let html = view(&[worry], false).into_string();
        assert!(html.contains("<small class=\"muted\">Usage declines</small>"), "{html}");
        assert!(view(&[], true).into_string().contains("No account is red"));
    }
}

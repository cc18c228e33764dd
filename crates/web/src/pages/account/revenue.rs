//! The revenue tab: ARR over time, the contracts with their lines, and invoices. Movements of the whole book are on
//! the executive page.

use std::sync::Arc;

use domain::Day;
use domain::revenue::{Ledger, Off, Span, Subscription, month_of, months_before};
use engine::revenue::main_currency;
use maud::{Markup, html};
use report::{Axis, Frame, Ink, Line, Series, lines};

use super::Subject;
use crate::pages::revenue::{rates, sources};
use crate::pages::{compact, month_label};
use crate::problem::{Answer, Problem};
use crate::ui::card::{card, plain};
use crate::ui::table::{Column, Sort, cell, frame, header};
use crate::ui::{format, notice, pill};

/// Months of ARR shown.
const MONTHS: u32 = 24;
/// Invoices listed.
const INVOICES: u64 = 24;

const PLAN: Column<'_> = Column::new("Plan");
const QUANTITY: Column<'_> = Column::new("Quantity").number();
const AMOUNT_EACH: Column<'_> = Column::new("Amount").number();
const FROM: Column<'_> = Column::new("From");
const TO: Column<'_> = Column::new("To");
const LINES: [Column<'_>; 6] = [Column::new("Product"), PLAN, QUANTITY, AMOUNT_EACH, FROM, TO];

const AMOUNT: Column<'_> = Column::new("Amount").number();
const DUE: Column<'_> = Column::new("Due");
const STATE: Column<'_> = Column::new("State");
const BILLS: [Column<'_>; 4] = [Column::new("Issued"), AMOUNT, DUE, STATE];

/// The tab.
pub(super) async fn tab(subject: &Subject<'_>) -> Answer<Markup> {
    let db = subject.engine.store().read();
    let items = store::subscription_item::of_account(db, subject.id(), None, 200).await.map_err(Problem::internal)?;
    let invoices = store::invoice::of_account(db, subject.id(), None, INVOICES).await.map_err(Problem::internal)?;
    if items.is_empty() && invoices.is_empty() {
        let why = "No contract and no invoice of this account is known.";
        return Ok(notice::empty("No revenue", why, &html! { a.btn href="/sources" { "Import subscriptions" } }));
    }
    let ledger: Ledger = [Arc::clone(&subject.row.revenue)].into_iter().collect();
    let lens = subject.book.conventions.lens_into(main_currency(&ledger, subject.as_of()));
    let shown = Span { after: months_before(subject.as_of(), MONTHS), through: subject.as_of() };
    let disagree = subject.row.revenue.contradiction(subject.as_of(), &lens.view());
    let names = if disagree.is_some() { sources::names(subject.engine).await? } else { sources::Names::new() };
    Ok(html! {
        @if let Some(found) = &disagree {
            (notice::remark(&html! { p { b { "Sources disagree about this account." } } p { (sources::told(found, &names)) }
                p { a href="/revenue/rates" { "Choose whose contracts count" } " where several sources speak of one account." } }))
        }
        @for missing in ledger.unrated(shown, &subject.book.lens.view()) {
            (notice::remark(&rates::left_out(&missing, |_| subject.row.account.name.clone())))
        }
        @if !subject.row.revenue.faults.is_empty() {
            (notice::remark(&html! { ul { @for fault in &subject.row.revenue.faults {
                li { @match fault.item_id { Some(item) => { "Line " (item) ": it " }, None => { "Contract " (fault.subscription_id) ": it " } } (fault.wrong) "." }
            } } }))
        }
        (plain(&arr(subject)))
        (card("Contract lines", &contract(subject, &items)))
        (card("Invoices", &bills(subject, &invoices)))
    })
}

fn arr(subject: &Subject<'_>) -> Markup {
    let as_of = subject.as_of();
    let mut days: Vec<_> = (0..MONTHS).rev().map(|months| month_of(months_before(as_of, months)).0).collect();
    days.push(as_of);
    let labels: Vec<String> = days.iter().map(|day| month_label(*day)).collect();
    let ledger: Ledger = [Arc::clone(&subject.row.revenue)].into_iter().collect();
    // An account is told in the currency it pays in, whatever reports are in; the title says which.
    let lens = subject.book.conventions.lens_into(main_currency(&ledger, as_of));
    let (currency, view) = (lens.currency, lens.view());
    let values = days.iter().map(|day| Some(subject.row.revenue.arr(*day, &view).as_f64() / 100.0)).collect();
    let title = format!("ARR, {currency}");
    let now = format::money_text(subject.row.revenue.arr(as_of, &view).cents(), currency.as_str());
    let summary = format!("Annual recurring revenue over two years, now {now}.");
    let n = format!("n = {}", format::counted(days.len() as i64, "day", "days"));
    let picture = Frame::new("arr", &title, &summary, &n).wide();
    let line = Line::new(Series::new("ARR", Ink::One, values)).stepped();
    lines(&picture, "Month", &labels, &[line], Axis { low: Some(0.0), ..Axis::fitting(compact) })
}

fn contract(subject: &Subject<'_>, items: &[store::SubscriptionItem]) -> Markup {
    let rows = html! { @for item in items { tr {
        th scope="row" { (item.product) }
        (cell(&PLAN, &html! { (item.plan) }))
        (cell(&QUANTITY, &html! { (format::count(item.quantity)) " " (item.unit.as_str()) }))
        (cell(&AMOUNT_EACH, &html! { (format::money(item.amount_cents, &item.currency)) (per(item)) }))
        (cell(&FROM, &format::day(item.effective_from)))
        (cell(&TO, &html! { @match item.effective_to { Some(day) => (format::day(day)), None => "running" } }))
    } } };
    html! {
        (frame("Contract lines", &header(&LINES, Sort { key: "", descending: false }, &subject.link(), ""), &rows))
        (states(&subject.row.revenue.subscriptions))
    }
}

/// What is taken off whole contracts, and their pauses.
fn states(contracts: &[Subscription]) -> Markup {
    let days = |from: Day, to: Option<Day>| {
        html! {
            @if from > Day::MIN { " from " (format::day(from)) }
            @match to { Some(to) => { " until " (format::day(to)) }, None => ", still" }
        }
    };
    let all = || contracts.iter().filter(|it| !it.discounts.is_empty() || !it.pauses.is_empty());
    html! { @if all().next().is_some() { ul { @for it in all() {
        @for discount in &it.discounts { li {
            "Contract " (it.id) ": less "
            @match discount.off {
                Off::Share(points) => { (format::number(f64::from(points) / 100.0, 2)) " %" }
                Off::Amount(price) => { (format::money(price.cents, it.currency.as_str())) " each period" }
            }
            (days(discount.from, discount.until))
        } }
        @for (from, to) in &it.pauses { li { "Contract " (it.id) ": paused" (days(*from, *to)) } }
    } } } }
}

/// What an amount is for, beside a month: a charge that does not recur, another period, a discount.
fn per(item: &store::SubscriptionItem) -> Markup {
    use store::subscription_item::Charge;
    html! {
        @match (item.charge, item.period_months) {
            (Charge::Recurring, 1) => " a month",
            (Charge::Recurring, 12) => " a year",
            (Charge::Recurring, months) => { " every " (months) " months" }
            (charge, _) => { " " (charge.as_str().replace('_', " ")) }
        }
        @if item.discount_bp > 0 { ", less " (format::number(f64::from(item.discount_bp) / 100.0, 2)) " %" }
        @if item.discount_cents > 0 { ", less " (format::money(item.discount_cents, &item.currency)) }
    }
}

fn bills(subject: &Subject<'_>, invoices: &[store::Invoice]) -> Markup {
    let as_of = subject.as_of();
    let shown = invoices.iter().filter(|invoice| invoice.issued_on <= as_of);
    let state = |invoice: &store::Invoice| match (invoice.voided_on, invoice.paid_on.filter(|day| *day <= as_of)) {
        (Some(_), _) => html! { "voided" },
        (None, Some(paid)) if paid > invoice.due_on => html! { "paid late, " (format::day(paid)) },
        (None, Some(paid)) => html! { "paid " (format::day(paid)) },
        (None, None) if invoice.due_on < as_of => pill::pill(Ink::Red, "overdue"),
        (None, None) => html! { "open" },
    };
    let rows = html! { @for invoice in shown { tr {
        th scope="row" { (format::day(invoice.issued_on)) }
        (cell(&AMOUNT, &format::money(invoice.amount_cents, &invoice.currency)))
        (cell(&DUE, &format::day(invoice.due_on)))
        (cell(&STATE, &state(invoice)))
    } } };
    frame("Invoices", &header(&BILLS, Sort { key: "", descending: false }, &subject.link(), ""), &rows)
}

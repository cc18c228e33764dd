//! The ratios around acquiring and keeping customers, and the definition with every input. A ratio that is not defined
//! says why instead of showing a number.

use engine::lifetime::Definition;
use maud::{Markup, html};

use super::View;
use crate::ui::card::{card, definitions};
use crate::ui::{Link, format};

/// The ratios of the last twelve months.
pub(super) fn ratios(view: &View) -> Markup {
    let economics = &view.summary.economics;
    let money = |cents: f64| format::money(cents.round() as i64, &view.summary.currency);
    let or_why = |value: Result<f64, String>, render: &dyn Fn(f64) -> Markup| match value {
        Ok(value) => render(value),
        Err(why) => html! { (format::unknown()) " " span.muted { (why) } },
    };
    let words = |value: &Result<f64, _>| -> Result<f64, String> { value.map_err(stated) };
    let churn = format::or_unknown(economics.churn, format::percent);
    let months = economics.payback_months.map(|months| format::counted(i64::from(months), "month", "months"));
    let times = |ratio: f64| html! { (format::number(ratio, 1)) " : 1" };
    let rows = [
        ("Recurring revenue per customer and month", format::or_unknown(economics.revenue_per_customer, money)),
        ("Customers lost of those a year ago", churn),
        ("Customers won", html! { (format::count(economics.won as i64)) }),
        ("Cost to acquire a customer", or_why(words(&economics.acquisition_cost), &money)),
        ("Earned back after, median", format::or_unknown(months, |months| html! { (months) })),
        ("Lifetime value to that cost", or_why(words(&economics.value_to_cost), &times)),
        ("Cost to retain a customer, a year", or_why(words(&economics.retention_cost), &money)),
        ("The same over revenue retained", or_why(words(&economics.retention_cost_share), &format::percent)),
        ("Simple formula: margin over churn", or_why(words(&economics.simple), &money)),
    ];
    card(
        "Acquiring and keeping, 12 months",
        &html! {
            (definitions(&rows))
            (value_to_cost(view))
            p.muted { "The simple formula assumes that everybody leaves at one rate for ever; it stands here to be compared." }
        },
    )
}

/// The arithmetic of the ratio, and the accounts it is over.
fn value_to_cost(view: &View) -> Markup {
    let economics = &view.summary.economics;
    let (accounts, value, cost) = economics.valued;
    let money = |cents: f64| format::money(cents.round() as i64, &view.summary.currency);
    let with_both = Link::to("/accounts").with("expression", "lifetime_value > -1000000000 and acquisition_cost >= 0");
    html! {
        p id="value-to-cost" {
            strong { "Value to cost" } ": the lifetime value of " (format::counted(accounts as i64, "account", "accounts"))
            " before the cost to acquire, " (money(value)) ", over what it cost to win them, " (money(cost))
            @if let Ok(ratio) = economics.value_to_cost { ", is " (format::number(ratio, 2)) " : 1" }
            ". An account of which one of the two is unknown is in neither sum. "
            a href=(with_both) { "The accounts" }
        }
    }
}

fn stated(why: impl std::fmt::Display) -> String {
    why.to_string()
}

/// The definition in force, with every input.
pub(super) fn definition(view: &View) -> Markup {
    let definition = &view.book.definitions.lifetime;
    let mut rows = figures(definition);
    rows.extend(beliefs(definition));
    card(
        "The definition",
        &html! {
            p { (definition.doc) }
            p { "Version " (definition.version) " of " code { (definition.key) } ", in the " (definition.form_word()) " form. It is the file "
                code { "definitions/lifetime/default.toml" } "; a file of that name in the home folder replaces it. The figures of money are assumptions of the file until it does." }
            (definitions(&rows))
            p { a href=(Link::to("/definitions")) { "All definitions" } }
        },
    )
}

fn figures(definition: &Definition) -> Vec<(&'static str, Markup)> {
    let money = &definition.money;
    let code = |text: &str| html! { code { (text) } };
    let acquisition = money.acquisition_cost_per_new_arr;
    vec![
        ("Recurring revenue a month", code(money.recurring_per_month.text())),
        ("Cost to serve a month", code(money.cost_to_serve_per_month.text())),
        ("One-off revenue", code(money.one_off.text())),
        ("Margin of referred customers", code(money.referral_margin.text())),
        ("Gross margin", format::percent(money.gross_margin)),
        (
            "Cost to acquire",
            format::or_unknown(acquisition, |cost| html! { (format::number(cost, 2)) " per unit of new ARR" }),
        ),
        ("Discount", html! { (format::percent(definition.discount_rate)) " a year, effective; " (timing(definition)) }),
        ("Horizon", html! { (definition.horizon_months) " months; what comes later is not counted" }),
    ]
}

fn timing(definition: &Definition) -> &'static str {
    use engine::lifetime::Timing;
    match definition.timing {
        Timing::Advance => "money arrives at the beginning of a month",
        Timing::Middle => "money arrives in the middle of a month",
        Timing::Arrears => "money arrives at the end of a month",
    }
}

fn beliefs(definition: &Definition) -> Vec<(&'static str, Markup)> {
    let contract = &definition.contract;
    let plus = |deviation: f64| html! { " ± " (format::number(deviation, 1)) " in log odds" };
    let drivers: Vec<&str> = contract.drivers.iter().map(|driver| driver.metric.as_str()).collect();
    vec![
        (
            "Believed before looking",
            html! { (format::percent(contract.churn_per_year)) " leave a year" (plus(contract.churn_deviation)) },
        ),
        ("Groups that lean on each other", html! { (contract.pool_by.as_str()) (plus(contract.pool_deviation)) }),
        ("Learned from", html! { (contract.history_months) " months of " code { (drivers.join(", ")) } }),
        (
            "Buying without a contract",
            html! { code { (definition.purchases.model.name()) } " with Gamma-Gamma amounts, from " (definition.purchases.least_accounts) " accounts on" },
        ),
    ]
}

//! What the account is worth: value so far and to come with its interval, the chance to leave, and what it earns. Each
//! figure leads to the months it is the sum of. Nothing is computed here.

use engine::Row;
use engine::lifetime::Standing;
use maud::{Markup, html};

use super::Subject;
use crate::ui::card::{card_with, definitions};
use crate::ui::{Link, format, pill};

/// The interval of the lifetime value, below its headline figure.
pub(super) fn range(row: &Row, currency: &str) -> Markup {
    match (row.lifetime.standing, row.lifetime.value) {
        (Standing::Former, Some(_)) => html! { "what it brought" },
        (_, Some(value)) => html! {
            (format::money_text(value.interval.low.round() as i64, currency)) " to "
            (format::money_text(value.interval.high.round() as i64, currency))
        },
        (_, None) => html! {},
    }
}

/// The card.
pub(super) fn card_of(subject: &Subject<'_>) -> Markup {
    let row = &subject.row;
    let lifetime = &row.lifetime;
    if lifetime.standing == Standing::None {
        return html! {};
    }
    let currency = subject.book.currency();
    let link = |key: &str, shown: Markup| html! { a href=(subject.explained(key)) { (shown) } };
    let money = |key: &str, value: Option<f64>| {
        link(key, format::or_unknown(value, |value| format::money(value.round() as i64, currency)))
    };
    let tier = row.value_tier(&subject.book.definitions);
    let leave = format::or_unknown(lifetime.p_churn, |p| {
        let (low, high) = (format::percent_text(p.interval.low), format::percent_text(p.interval.high));
        html! { (format::percent(p.value)) @if p.interval.width() > 0.0 { " (" (low) " to " (high) ")" } }
    });
    let mut terms = vec![
        ("Tier of value", format::or_unknown(tier, |tier| pill::pill(report::Ink::Grey, &tier.name))),
        ("So far", money("historic_value", lifetime.historic)),
        ("To come", money("future_value", lifetime.future.map(|it| it.value))),
    ];
    if lifetime.standing == Standing::Buyer {
        terms.push((
            "Still buying",
            link("p_alive", format::or_unknown(lifetime.p_alive, |p| format::percent(p.value))),
        ));
    } else {
        terms.push(("Leaves within 12 months", link("p_churn_12m", leave)));
        terms.push(("Margin a month", money("monthly_margin", lifetime.monthly_margin)));
    }
    terms.push(("Cost to acquire", money("acquisition_cost", lifetime.acquisition_cost)));
    let months = lifetime.payback_months.map(f64::from);
    terms.push((
        "Earned back after",
        link(
            "payback_months",
            format::or_unknown(months, |months| {
                html! { (format::counted(months as i64, "month", "months")) }
            }),
        ),
    ));
    let body = html! {
        @if let Some(day) = lifetime.ends_on {
            p { "Notice received: the contract ends on " (format::day(day)) ", and nothing is expected after it." }
        }
        (definitions(&terms))
    };
    card_with("Worth", &html! { a href=(Link::to("/lifetime")) { "How" } }, &body)
}

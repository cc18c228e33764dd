//! What the chance to leave depends on, in plain words with intervals, and how a model learned a year ago did on the
//! year since. Money of the whole book is shown only to who may see the whole book.

use engine::lifetime::{Cause, Evidence, Hazards, Model, Trial, Verdict};
use maud::{Markup, html};
use report::{Axis, Frame, Ink, Line, Series, lines};
use stats_words::changed;

use super::View;
use crate::pages::month_label;
use crate::ui::card::{card, definitions, grid, plain};
use crate::ui::{format, notice, table};

/// The section.
pub(super) fn section(view: &View, model: &Model) -> Markup {
    let buying = model.buying.as_ref();
    html! {
        @if let Some(hazards) = &model.hazards { (drivers(view, model, hazards)) }
        @match &model.evidence {
            Some(evidence) => {
                (verdict(view, evidence))
                (grid(&[plain(&calibration(evidence)), plain(&tracking(evidence))]))
            },
            None if model.hazards.is_some() => (notice::remark(&html! {
                "Less than two years of the past are known, so the model cannot yet be compared with a year it had not seen."
            })),
            None => {},
        }
        @if let Some(trial) = buying.and_then(|buying| buying.holdout.as_ref()) { (purchases(model, trial)) }
    }
}

fn drivers(view: &View, model: &Model, hazards: &Hazards) -> Markup {
    let contract = &view.book.definitions.lifetime.contract;
    let effects = hazards.effects(0);
    let stale = format::percent_text(1.0 - hazards.fade);
    let exits = hazards.causes.iter().map(|it| format!("{} {}", it.exits, cause_word(it.cause))).collect::<Vec<_>>();
    let rows = html! {
        @for (driver, odds) in contract.drivers.iter().zip(&effects) { tr {
            th scope="row" { (driver.name) }
            td { (capitalised(&driver.words)) ": " (changed(odds.value)) }
            td.num { (changed(odds.interval.low)) " to " (changed(odds.interval.high)) }
        } }
        @let end = hazards.term_end(0);
        tr {
            th scope="row" { "End of the term" }
            td { "In the month a term ends and notice is still possible: " (changed(end.value)) }
            td.num { (changed(end.interval.low)) " to " (changed(end.interval.high)) }
        }
        @for (group, odds) in hazards.group_effects(0) { tr {
            th scope="row" { (capitalised(contract.pool_by.as_str())) ": " (group) }
            td { "Against the mean of groups: " (changed(odds.value)) }
            td.num { (changed(odds.interval.low)) " to " (changed(odds.interval.high)) }
        } }
    };
    let head = html! { thead { tr {
        th scope="col" { "What" } th scope="col" { "Effect on leaving, of one's own accord" } th.num scope="col" { "95 % interval" }
    } } };
    card(
        "What it depends on",
        &html! {
            p { "Learned from " (format::count(hazards.account_months as i64)) " months of customers up to " (format::day(model.as_of))
                ", in which these were lost: " (exits.join(", ")) ". What is seen of an account today is stale by " (stale)
                " a month later." }
            (table::frame("What leaving depends on", &head, &rows))
            p.muted { "Effects are on the odds of leaving in a month, everything else equal. They say who leaves, not what would keep them." }
        },
    )
}

fn cause_word(cause: Cause) -> &'static str {
    match cause {
        Cause::Voluntary => "of their own accord",
        Cause::Involuntary => "against their will",
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Words for a factor on odds.
mod stats_words {
    use crate::ui::format;

    /// `34 % less`, `2.1 times as likely`, `no change`.
    pub(super) fn changed(odds: f64) -> String {
        match odds {
            _ if odds >= 2.0 => format!("{} times", format::number(odds, 1)),
            _ if odds > 1.005 => format!("{} % more", format::number((odds - 1.0) * 100.0, 0)),
            _ if odds < 0.995 => format!("{} % less", format::number((1.0 - odds) * 100.0, 0)),
            _ => "no change".to_owned(),
        }
    }
}

fn verdict(view: &View, evidence: &Evidence) -> Markup {
    let currency = &view.summary.currency;
    let discrimination =
        format::or_unknown(evidence.discrimination, |auc| html! { (format::percent(auc)) " of pairs" });
    let (expected, received) = evidence.revenue;
    let error = (received > 0.0).then(|| expected / received - 1.0);
    let mut terms = vec![
        ("Compared", html! { (format::day(evidence.from)) " to " (format::day(evidence.to)) }),
        ("Leaver ranked above stayer", discrimination),
        (
            "Squared error",
            html! { (format::number(evidence.squared_error.0, 4)) ", one rate for everybody " (format::number(evidence.squared_error.1, 4)) },
        ),
        (
            "Log loss",
            html! { (format::number(evidence.log_loss.0, 4)) ", one rate for everybody " (format::number(evidence.log_loss.1, 4)) },
        ),
    ];
    if view.sees_all {
        terms.push(("Recurring revenue of that year", html! {
            (format::money(expected.round() as i64, currency)) " expected, " (format::money(received.round() as i64, currency)) " under contract"
            @if let Some(error) = error { " (" (format::signed(error * 100.0, 1)) " %; growth is not forecast)" }
        }));
    }
    let sentence = html! { (evidence.sentence()) };
    let calm = matches!(evidence.verdict, Verdict::Trust);
    card(
        "May it be trusted here?",
        &html! {
            @if calm { p { (sentence) } } @else { (notice::remark(&sentence)) }
            (definitions(&terms))
        },
    )
}

fn calibration(evidence: &Evidence) -> Markup {
    let labels: Vec<String> = evidence.bins.iter().map(|bin| format::percent_text(bin.1)).collect();
    let predicted = evidence.bins.iter().map(|bin| Some(bin.1)).collect();
    let observed = evidence.bins.iter().map(|bin| Some(bin.2)).collect();
    let range = evidence.bins.iter().map(|bin| Some((bin.3, bin.4))).collect();
    let inside = evidence.bins.iter().filter(|bin| (bin.3..=bin.4).contains(&bin.1)).count();
    let summary = format!(
        "Customers with similar predictions: in {inside} of {} groups the share that left agrees with the prediction.",
        evidence.bins.len()
    );
    let n = format!("n = {}", format::counted(evidence.customers as i64, "customer", "customers"));
    let frame = Frame::new("calibration", "Predicted and observed", &summary, &n);
    let series = [
        Line::new(Series::new("Left", Ink::One, observed)).within(range),
        Line::new(Series::new("Predicted", Ink::Grey, predicted)).dashed(),
    ];
    let axis = Axis { low: Some(0.0), ..Axis::fitting(format::percent_text) };
    lines(&frame, "Predicted", &labels, &series, axis)
}

fn tracking(evidence: &Evidence) -> Markup {
    let labels: Vec<String> = (1..=evidence.months.len())
        .map(|month| month_label(domain::time::days_after(evidence.from, 30 * month as u64)))
        .collect();
    let expected = evidence.months.iter().map(|month| Some(month.0)).collect();
    let actual = evidence.months.iter().map(|month| Some(month.1 as f64)).collect();
    let summary = format!("By the end {} had left; {:.0} were expected.", evidence.actual, evidence.expected);
    let n = format!("n = {}", format::counted(evidence.customers as i64, "customer", "customers"));
    let series = [
        Line::new(Series::new("Left", Ink::One, actual)),
        Line::new(Series::new("Expected", Ink::Grey, expected)).dashed(),
    ];
    let axis = Axis { low: Some(0.0), ..Axis::fitting(|value| format::number(value, 0)) };
    lines(&Frame::new("tracking", "Customers lost, month by month", &summary, &n), "Month", &labels, &series, axis)
}

fn purchases(model: &Model, trial: &Trial) -> Markup {
    let name = model.buying.as_ref().map_or("", |buying| &buying.model);
    let attrition = model.buying.as_ref().is_some_and(|buying| buying.attrition);
    let head = html! { thead { tr {
        th scope="col" { "Repeats before" } th.num scope="col" { "Customers" } th.num scope="col" { "Expected each" } th.num scope="col" { "Made each" }
    } } };
    let rows = html! { @for (repeats, customers, expected, actual) in &trial.classes { tr {
        th scope="row" { (repeats) @if *repeats == 7 { " or more" } }
        td.num { (format::count(*customers as i64)) }
        td.num { (format::number(*expected, 2)) }
        td.num { (format::number(*actual, 2)) }
    } } };
    card(
        "Buying without a contract",
        &html! {
            p { (trial.sentence) " " (name) " was fitted up to " (format::day(trial.until)) ": "
                (format::number(trial.purchases.0, 0)) " purchases were expected since, "
                (format::number(trial.purchases.1, 0)) " were made." }
            @if !attrition { (notice::remark(&html! { "Nobody is seen to stop buying in this window; a chance of 100 % to be still buying is an artefact of that, not a finding." })) }
            (table::frame("Purchases, expected and made", &head, &rows))
        },
    )
}

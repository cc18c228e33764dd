//! Goals held against the book: what a figure is today and by which arithmetic, and how a goal so stands. What a goal is
//! and how it is judged is `domain::goal`; here is where its numbers come from, each by the definition that the page of
//! the figure uses. A goal is about every account or about those of its owner. What the figure will be when the goal is due
//! is its [`Outlook`]; where there is none, the standing rests on a straight line and says why.

mod outlook;

use std::sync::Arc;

use domain::Day;
use domain::access::RowFilter;
use domain::goal::{Figure, Goal, Ground, Judgement, Standing};
use domain::money::Money;
use domain::revenue::{Base, Kind, Ledger, Percent, Retention, Scale, Span, Target, View, months_before};
use domain::scorecard::Band;
use domain::time::days_before;

use crate::EngineError;
use crate::book::{Book, Row};
use crate::forecast::Model;
use crate::lifetime;
use crate::revenue::{explain::money, ledger};

pub use outlook::{Outlook, Unseen, Wish, outlook};

/// Answers older than this say nothing about today.
const ANSWERED_WITHIN_DAYS: f64 = 365.0;

/// A figure as it is today.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The value on the figure's scale; `None` where it cannot be known.
    pub value: Option<f64>,
    /// The arithmetic with its numbers, or why there is none.
    pub arithmetic: String,
    /// The currency of money.
    pub currency: String,
}

/// A goal and how it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// The goal as it is kept.
    pub record: store::Goal,
    /// The same as it is judged.
    pub goal: Goal,
    /// The figure today.
    pub measured: Measured,
    /// What it is forecast to be when the goal is due, or why nobody says.
    pub outlook: Result<Outlook, Unseen>,
    /// How it stands.
    pub judgement: Judgement,
}

/// Which accounts a goal is about.
pub fn scope(record: &store::Goal) -> RowFilter {
    if record.whole_book { RowFilter::All } else { RowFilter::Members(vec![record.owner_id]) }
}

/// Whether somebody who sees these rows sees all that a goal is about.
pub fn is_seen(record: &store::Goal, rows: &RowFilter) -> bool {
    match rows {
        RowFilter::All => true,
        RowFilter::Members(members) => !record.whole_book && members.contains(&record.owner_id),
    }
}

/// The goal that a record keeps; `None` where it names a figure or a base that this version does not know.
pub fn goal(record: &store::Goal) -> Option<Goal> {
    let figure = Figure::parse(&record.figure)?;
    let target = Target {
        scale: figure.scale(),
        period_months: u32::try_from(record.period_months).ok()?,
        base: Base::parse(&record.base)?,
        value: record.value,
    };
    Some(Goal { figure, target, baseline: record.baseline, starts_on: record.starts_on, due_on: record.due_on })
}

/// Holds a goal against the book and its forecast, where that has been learned; `None` where the goal is of a figure that
/// this version does not know. Kept with the book.
pub fn hold(book: &Book, model: Option<&Model>, record: store::Goal) -> Result<Option<Arc<Held>>, EngineError> {
    let Some(goal) = goal(&record) else { return Ok(None) };
    let question = (model.map(|model| model.drawn.clone()), record.clone());
    let held = book.derived.moment.goals.try_of(question, || {
        let (filter, months) = (scope(&record), goal.target.period_months);
        let measured = measure(book, &filter, goal.figure, months);
        let wish = Wish { filter: &filter, figure: goal.figure, months, due_on: goal.due_on };
        let outlook = outlook(book, model, wish)?;
        let forecast = outlook.as_ref().ok().map(|outlook| outlook.value);
        let judgement = goal.judge(measured.value, forecast, book.as_of);
        Ok::<_, EngineError>(Held { record, goal, measured, outlook, judgement })
    })?;
    Ok(Some(held))
}

/// What a figure is today, of the accounts a filter shows.
pub fn measure(book: &Book, filter: &RowFilter, figure: Figure, period_months: u32) -> Measured {
    let ledger = ledger(book, |row| row.visible(filter));
    let lens = &book.lens;
    let of = Of { book, filter, ledger, view: lens.view() };
    let (value, arithmetic) = match figure {
        Figure::NetRetention | Figure::GrossRetention | Figure::Churn => of.retention(figure, period_months),
        Figure::Expansion => of.expansion(period_months),
        Figure::ChurnedRevenue => of.churned(period_months),
        Figure::Arr => of.arr(),
        Figure::LifetimeValue | Figure::ValueToCost | Figure::AcquisitionCost => of.lifetime(figure),
        Figure::Green => of.band(Band::Green),
        Figure::Red => of.band(Band::Red),
        Figure::Nps => of.nps(),
        Figure::Satisfaction => of.satisfaction(),
    };
    Measured { value, arithmetic, currency: lens.currency.to_string() }
}

/// What figures are measured of.
struct Of<'a> {
    book: &'a Book,
    filter: &'a RowFilter,
    ledger: Ledger,
    view: View<'a>,
}

impl Of<'_> {
    fn span(&self, months: u32) -> Span {
        Span { after: months_before(self.book.as_of, months), through: self.book.as_of }
    }

    /// The accounts of which every amount of a span is known, and in a sentence how many are not.
    fn rated(&self, span: Span) -> (Ledger, String) {
        let rated = self.ledger.rated(span, &self.view);
        let left_out = self.ledger.accounts().len() - rated.accounts().len();
        let said = match left_out {
            0 => String::new(),
            1 => "; 1 account without a rate is not in it".to_owned(),
            n => format!("; {n} accounts without a rate are not in it"),
        };
        (rated, said)
    }

    fn retention(&self, figure: Figure, months: u32) -> (Option<f64>, String) {
        let span = self.span(months);
        let (ledger, beside) = self.rated(span);
        let kept: Retention = ledger.retention(span, &self.view);
        let opening = || format!("{} that was paid on {}", money(kept.opening, &self.view), span.after);
        let (share, said) = match figure {
            Figure::NetRetention => (kept.net(), format!("{} of {}", money(kept.closing(), &self.view), opening())),
            Figure::GrossRetention => {
                (kept.gross(), format!("{} kept of {}", money(kept.kept(), &self.view), opening()))
            }
            _ => {
                let lost = kept.logos - kept.logos_kept;
                let said = format!("{lost} of {} accounts that paid on {}", kept.logos, span.after);
                (Percent::of_counts(lost, kept.logos), said)
            }
        };
        match share {
            Some(share) => (Some(100.0 * share.as_f64()), said + &beside),
            None => (None, format!("Nobody paid on {}.", span.after)),
        }
    }

    fn expansion(&self, months: u32) -> (Option<f64>, String) {
        let (ledger, beside) = self.rated(self.span(months));
        let bridge = ledger.bridge(self.span(months), &self.view);
        let (added, closing) = (bridge.of(Kind::Expansion), bridge.closing());
        match Percent::of(added, closing) {
            Some(share) => {
                let said =
                    format!("{} added, of {} today{beside}", money(added, &self.view), money(closing, &self.view));
                (Some(100.0 * share.as_f64()), said)
            }
            None => (None, "Nothing recurs today.".to_owned()),
        }
    }

    fn churned(&self, months: u32) -> (Option<f64>, String) {
        let span = self.span(months);
        let (ledger, beside) = self.rated(span);
        let bridge = ledger.bridge(span, &self.view);
        let (lost, logos) = (-bridge.of(Kind::Churn), bridge.logos.churned);
        (Some(lost.cents() as f64), format!("what {logos} accounts paid that stopped since {}{beside}", span.after))
    }

    fn arr(&self) -> (Option<f64>, String) {
        let today = self.book.as_of;
        let (ledger, beside) = self.rated(Span { after: days_before(today, 1), through: today });
        let accounts = ledger.paying(today, &self.view);
        let said = format!("{accounts} paying accounts on {today}{beside}");
        (Some(ledger.arr(today, &self.view).cents() as f64), said)
    }

    fn lifetime(&self, figure: Figure) -> (Option<f64>, String) {
        let summary = lifetime::summary(self.book, self.filter);
        let economics = &summary.economics;
        match figure {
            Figure::LifetimeValue => {
                let (accounts, value) =
                    summary.tiers.iter().fold((0, 0.0), |sum, (count, value)| (sum.0 + count, sum.1 + value));
                match accounts {
                    0 => (None, "No customer's lifetime value is known yet.".to_owned()),
                    _ => (Some(value / accounts as f64), format!("the mean of {accounts} customers")),
                }
            }
            Figure::ValueToCost => match economics.value_to_cost {
                Ok(ratio) => (Some(ratio), format!("over {} accounts of which both are known", economics.valued.0)),
                Err(why) => (None, format!("It is not defined: {why}.")),
            },
            _ => match economics.acquisition_cost {
                Ok(cost) => (Some(cost), format!("over {} customers won in twelve months", economics.won)),
                Err(why) => (None, format!("It is not defined: {why}.")),
            },
        }
    }

    fn active(&self) -> impl Iterator<Item = &Row> {
        self.book.visible(self.filter).map(|row| &**row).filter(|row| row.active)
    }

    fn band(&self, band: Band) -> (Option<f64>, String) {
        let known = self.active().filter(|row| row.health.band != Band::Unknown).count();
        let inside = self.active().filter(|row| row.health.band == band).count();
        match Percent::of_counts(inside, known) {
            Some(share) => {
                (Some(100.0 * share.as_f64()), format!("{inside} of {known} accounts whose health is known"))
            }
            None => (None, "No account's health is known.".to_owned()),
        }
    }

    /// A metric of the accounts that answered lately.
    fn answers(&self, metric: &str, age: &str) -> Vec<f64> {
        let lately = |row: &&Row| self.book.value(row, age).is_some_and(|days| days < ANSWERED_WITHIN_DAYS);
        self.active().filter(lately).filter_map(|row| self.book.value(row, metric)).collect()
    }

    fn nps(&self) -> (Option<f64>, String) {
        let scores = self.answers("last_nps", "days_since_nps");
        let promoters = scores.iter().filter(|score| **score >= 9.0).count();
        let detractors = scores.iter().filter(|score| **score <= 6.0).count();
        if scores.is_empty() {
            return (None, "No account answered within a year.".to_owned());
        }
        let net = 100.0 * (promoters as f64 - detractors as f64) / scores.len() as f64;
        (Some(net), format!("{promoters} promoters less {detractors} detractors, of {} accounts", scores.len()))
    }

    fn satisfaction(&self) -> (Option<f64>, String) {
        let means: Vec<f64> = self.active().filter_map(|row| self.book.value(row, "csat_mean_365d")).collect();
        match means.len() {
            0 => (None, "No account answered within a year.".to_owned()),
            n => (Some(means.iter().sum::<f64>() / n as f64), format!("the mean of {n} accounts that answered")),
        }
    }
}

/// A value on a figure's scale as a person writes it.
pub fn written(scale: Scale, value: f64, currency: &str) -> String {
    match scale {
        Scale::Share | Scale::Growth => format!("{value:.1} %"),
        Scale::Nps | Scale::Health => format!("{value:.0}"),
        Scale::Money => Money { cents: value.round() as i64, currency: currency.to_owned() }.to_string(),
        Scale::Rating | Scale::Ratio => format!("{value:.2}"),
    }
}

/// A target in words: what it says and over which months.
pub fn in_words(target: &Target, currency: &str) -> String {
    let (scale, value) = (target.scale, target.value);
    let amount = match (target.base, scale) {
        (Base::Level, _) => written(scale, value, currency),
        (Base::Change, Scale::Share | Scale::Growth) => format!("{value:+.1} points"),
        (Base::Change, Scale::Money) => {
            let sign = if value < 0.0 { "" } else { "+" };
            format!("{sign}{}", written(scale, value, currency))
        }
        (Base::Change, _) => format!("{value:+.2}"),
        (Base::Relative, _) => format!("{value:+.1} % of where it stood"),
    };
    match target.period_months {
        0 => amount,
        1 => format!("{amount} over a month"),
        months => format!("{amount} over {months} months"),
    }
}

impl Held {
    /// Why it stands as it does, in one sentence.
    pub fn reason(&self) -> String {
        let shown = |value: f64| written(self.goal.target.scale, value, &self.measured.currency);
        let aim = self.goal.aim().map_or_else(|| "the goal".to_owned(), shown);
        let actual = self.measured.value.map_or_else(|| "unknown".to_owned(), shown);
        match (self.judgement.standing, self.judgement.ground) {
            (Standing::Reached, _) => format!("It is {actual}, and {aim} was the goal."),
            (Standing::Missed, _) => format!("It is {actual} after {}, and {aim} was the goal.", self.goal.due_on),
            (_, Ground::Forecast(value)) => {
                format!(
                    "It is {actual} and forecast to be {} on {}; {aim} is the goal.",
                    shown(value),
                    self.goal.due_on
                )
            }
            (_, Ground::Line(line)) => {
                let why = self.outlook.as_ref().err().map_or_else(String::new, |why| format!(" No forecast: {why}."));
                format!("It is {actual}; a straight line to {aim} would be at {} today.{why}", shown(line))
            }
            (_, Ground::NoStart) => {
                format!("It is {actual}. Where it stood at the start is not known, so there is no way to tell.")
            }
            _ => self.measured.arithmetic.clone(),
        }
    }

    /// Days until it is due; negative when it was.
    pub fn days_left(&self, today: Day) -> i64 {
        (self.goal.due_on - today).num_days()
    }
}

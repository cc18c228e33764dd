//! What a goal's figure will be when it is due, by the forecast of the book: ARR, what is retained of the accounts that
//! paid at the opening of the figure's period, how many of them are lost and with how much. The part of a period that
//! is over counts as it was. Every other figure has no forecast here, and says so: nothing predicts an answer to a survey or
//! what winning a customer will cost.

use domain::{
    Day,
    access::RowFilter,
    goal::Figure,
    revenue::{Currency, Kind, Span, months_before},
};

use crate::{
    Book, EngineError,
    forecast::{self, Ask, Growth, Kept, Model, QUARTERS, SEED, Scenario, between},
    revenue::{explain::money, ledger},
};

/// A figure on a day ahead.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// The value on the figure's scale.
    pub value: f64,
    /// What it rests on.
    pub said: String,
}

/// Why a figure has no forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unseen {
    /// No model says anything of it.
    #[error("nothing here forecasts this figure")]
    NoModel,
    /// The forecast is still being learned, or there is too little to learn from.
    #[error("the forecast of the book has not been learned yet")]
    NotLearned,
    /// It is due after the last quarter that is forecast.
    #[error("the forecast reaches to {0}, and the goal is due later")]
    TooFar(Day),
    /// The day is over.
    #[error("the day it was due is over")]
    Over,
    /// The book is read in one currency and forecast in another.
    #[error("the forecast is of what is sold in {0}, and the book is read in another currency")]
    OtherCurrency(Currency),
    /// Nothing was paid at the opening of the period.
    #[error("nobody paid at the opening of its period")]
    NoBase,
}

/// What somebody asks to know.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The accounts it is about.
    pub filter: &'a RowFilter,
    /// The figure.
    pub figure: Figure,
    /// Months it is measured over.
    pub months: u32,
    /// The day.
    pub due_on: Day,
}

/// What a figure is forecast to be on a day.
pub fn outlook(book: &Book, model: Option<&Model>, wish: Wish<'_>) -> Result<Result<Outlook, Unseen>, EngineError> {
    let last = domain::revenue::months_after(book.as_of, forecast::MONTHS * QUARTERS as u32);
    let read_in = book.lens.currency;
    Ok(match (forecasts(wish.figure), model) {
        (false, _) => Err(Unseen::NoModel),
        (true, None) => Err(Unseen::NotLearned),
        (true, Some(_)) if wish.due_on <= book.as_of => Err(Unseen::Over),
        (true, Some(_)) if wish.due_on > last => Err(Unseen::TooFar(last)),
        (true, Some(model)) if model.lens.currency != read_in => Err(Unseen::OtherCurrency(model.lens.currency)),
        (true, Some(model)) if wish.figure == Figure::Arr => Ok(arr(book, model, wish)?),
        (true, Some(model)) => Of { book, model, wish }.period(),
    })
}

const fn forecasts(figure: Figure) -> bool {
    matches!(
        figure,
        Figure::Arr | Figure::NetRetention | Figure::GrossRetention | Figure::Churn | Figure::ChurnedRevenue
    )
}

fn arr(book: &Book, model: &Model, wish: Wish<'_>) -> Result<Outlook, EngineError> {
    let ask = Ask { scenario: Scenario::default(), seed: SEED };
    let drawn = forecast::forecast(book, model, wish.filter, &ask)?;
    let mut points = [drawn.opening_cents as f64; QUARTERS + 1];
    for (point, quarter) in points[1..].iter_mut().zip(&drawn.quarters) {
        *point = quarter.arr.median_cents as f64;
    }
    let value = between(&points, (wish.due_on - book.as_of).num_days());
    Ok(Outlook { value, said: "The median of the drawn years, with new accounts as they came.".to_owned() })
}

/// A figure over a period that ends ahead.
struct Of<'a> {
    book: &'a Book,
    model: &'a Model,
    wish: Wish<'a>,
}

impl Of<'_> {
    fn period(&self) -> Result<Outlook, Unseen> {
        let (today, due) = (self.book.as_of, self.wish.due_on);
        let opened_on = months_before(due, self.wish.months);
        let growth = if self.wish.figure == Figure::GrossRetention { Growth::None } else { Growth::AsSeen };
        let kept = Kept::of(self.book, self.model, self.wish.filter, opened_on, growth);
        if kept.accounts == 0 || kept.opening_cents <= 0 {
            return Err(Unseen::NoBase);
        }
        let begun = opened_on < today;
        // A period that lies ahead opens with what is left of today's accounts by then.
        let base = |opening: f64, then: f64| if begun { opening } else { then };
        let (value, said) = match self.wish.figure {
            Figure::Churn => {
                let opening = base(kept.accounts as f64, kept.paying(opened_on));
                let stay = kept.paying(due);
                let said = format!(
                    "{stay:.1} of {opening:.1} accounts that pay at the opening on {opened_on} are expected to pay then."
                );
                (100.0 * (1.0 - stay / opening), said)
            }
            Figure::ChurnedRevenue => {
                let lost = if begun { self.lost_since(opened_on) } else { 0.0 };
                let ahead = kept.churned(due) - if begun { 0.0 } else { kept.churned(opened_on) };
                let said = format!(
                    "{} have left since {opened_on}, {} more are expected to.",
                    self.money(lost),
                    self.money(ahead)
                );
                (lost + ahead, said)
            }
            _ => {
                let opening = base(kept.opening_cents as f64, kept.retained(opened_on));
                let stays = kept.retained(due);
                let how = if growth == Growth::None { ", without growth" } else { "" };
                let said = format!(
                    "{} of {} paid at the opening on {opened_on}: the median of the drawn years{how}.",
                    self.money(stays),
                    self.money(opening)
                );
                (100.0 * stays / opening, said)
            }
        };
        Ok(Outlook { value, said })
    }

    /// ARR of the accounts that left since a day.
    fn lost_since(&self, day: Day) -> f64 {
        let view = self.model.lens.view();
        let span = Span { after: day, through: self.book.as_of };
        let ledger = ledger(self.book, |row| row.visible(self.wish.filter)).rated(span, &view);
        -ledger.bridge(span, &view).of(Kind::Churn).as_f64()
    }

    fn money(&self, cents: f64) -> String {
        let view = self.model.lens.view();
        money(domain::revenue::Arr::from_cents(cents.round() as i64), &view)
    }
}

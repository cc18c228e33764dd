//! `/revenue`: what led from the opening to the closing of some months, what was retained, what is left of each cohort, who
//! looked after it, and every definition beside the others. Every figure leads to its explanation (`revenue::figure`), which
//! prints its rows and lets them be taken out. The page shows the report that the API and the command line print.

mod ahead;
pub mod figure;
pub mod rates;
pub(super) mod sources;
mod view;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::Day;
use domain::revenue::{Part, Span, months_before};
use domain::time::end_of;
use engine::Engine;
use engine::book::Book;
use engine::revenue::subject::{Apart, Subject, Wanted};
use serde::Deserialize;

use crate::extract::Params;
use crate::gate::Access;
use crate::page::{Titled, Want, respond};
use crate::problem::{Answer, Problem};
use crate::rate;
use crate::ui::Link;
use crate::ui::shell::Nav;

/// Months shown where nobody asks.
const MONTHS: u32 = 12;
/// Months that may be asked for.
const MOST_MONTHS: usize = 60;

/// Which months, in which currency, told how.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    from: String,
    to: String,
    currency: String,
    by: String,
    grain: String,
    /// The day at whose end everything was known; today where it is empty.
    known_on: String,
    /// The months of the page that one month was chosen from, `2026-01..2026-06`, where that changes who is known.
    within: String,
}

impl Asked {
    /// The page as it is asked for, at another path.
    fn link(&self, path: &str) -> Link {
        Link::to(path)
            .with("from", &self.from)
            .with("to", &self.to)
            .with("currency", &self.currency)
            .with("by", &self.by)
            .with("grain", &self.grain)
            .with("known_on", &self.known_on)
            .with("within", &self.within)
    }

    /// The page of a figure over the same months.
    fn figure(&self, key: &str) -> Link {
        self.link(&format!("/revenue/figures/{key}")).without("by").without("grain")
    }
}

impl Asked {
    /// The months that are meant, in which currency.
    fn wanted(&self, book: &Book) -> Answer<Wanted> {
        let to = month("to", &self.to)?.unwrap_or(book.as_of);
        let through = Span::month(to).through.min(book.as_of.max(to));
        let from = month("from", &self.from)?.unwrap_or_else(|| months_before(through, MONTHS - 1));
        let months = Span::months(from, through).len();
        if months == 0 {
            return Err(Problem::invalid("to", "The last month is before the first."));
        }
        if months > MOST_MONTHS {
            let sentence = format!("From {from} to {through} are {months} months; ask for at most {MOST_MONTHS}.");
            return Err(Problem::invalid("from", sentence));
        }
        let currency = match self.currency.as_str() {
            "" => None,
            code => Some(rate::currency("currency", code)?),
        };
        let (known_on, known_over) = (self.known_on(book)?.map(end_of), self.known_over(book)?);
        Ok(Wanted { from, through, currency, known_on, known_over })
    }

    /// The span of the page that a figure was opened from, where it says so.
    fn known_over(&self, book: &Book) -> Answer<Option<Span>> {
        let Some((first, last)) = self.within.split_once("..") else { return Ok(None) };
        let first = month("within", first)?.map(|day| Span::month(day).after);
        let last = month("within", last)?.map(|day| Span::month(day).through.min(book.as_of.max(day)));
        Ok(first.zip(last).filter(|(after, through)| after < through).map(|(after, through)| Span { after, through }))
    }

    /// The day whose knowledge was asked for, where it is over.
    fn known_on(&self, book: &Book) -> Answer<Option<Day>> {
        if self.known_on.is_empty() {
            return Ok(None);
        }
        let day = self.known_on.parse::<Day>().map_err(|_| {
            let sentence = format!("`{}` is no day: write it like 2026-03-31.", self.known_on);
            Problem::invalid("known_on", sentence)
        })?;
        if day > book.as_of {
            let sentence = format!("{day} has not come yet; leave it empty for what is known today, {}.", book.as_of);
            return Err(Problem::invalid("known_on", sentence));
        }
        // What is known today is what is known.
        Ok(Some(day).filter(|day| *day < book.as_of))
    }
}

/// A month as it stands in an address: `2026-03`, or nothing.
fn month(name: &'static str, text: &str) -> Answer<Option<Day>> {
    if text.is_empty() {
        return Ok(None);
    }
    let day = format!("{text}-01").parse::<Day>();
    day.map(Some).map_err(|_| Problem::invalid(name, format!("`{text}` is no month: write it like 2026-03.")))
}

/// Shows the page.
pub async fn show(
    State(engine): State<Engine>,
    access: Access,
    want: Want,
    Params(asked): Params<Asked>,
) -> Answer<Response> {
    let book = engine.book();
    let wanted = asked.wanted(&book)?;
    let subject = Subject::of(&engine, &book, &access.rows, &wanted).await?;
    let now = match wanted.known_on {
        None => None,
        Some(_) => Some(Subject::of(&engine, &book, &access.rows, &Wanted { known_on: None, ..wanted }).await?),
    };
    let sources = sources::names(&engine).await?;
    let titled = Titled { title: "Revenue", active: Some(Nav::Revenue) };
    Ok(respond(&access, &engine, want, &titled, &view::page(&book, &asked, &subject, now.as_deref(), &sources)))
}

/// What revenue can be told apart by: the parameter's value and the words of its chip.
const DIMENSIONS: [(&str, &str); 6] = [
    ("", "CSM"),
    ("tier", "Tier"),
    ("industry", "Industry"),
    ("region", "Region"),
    ("product", "Product"),
    ("currency", "Currency"),
];

/// The parts that a dimension tells apart; none where the report itself tells them.
fn parts(book: &Book, subject: &Subject, dimension: &str) -> Arc<Vec<Part>> {
    let apart = match dimension {
        "tier" => Apart::Tier,
        "industry" => Apart::Industry,
        "region" => Apart::Region,
        "product" | "currency" => return Arc::default(),
        _ => Apart::Csm,
    };
    subject.parts(book, apart)
}

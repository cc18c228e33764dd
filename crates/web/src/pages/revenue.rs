//! `/revenue`: what led from the opening to the closing of some months, what was retained, what is left of each cohort, who
//! looked after it, and every definition beside the others. Every figure leads to its explanation (`revenue::figure`), which
//! prints its rows and lets them be taken out. The page shows the report that the API and the command line print.

pub mod figure;
pub mod rates;
pub(super) mod sources;
mod view;

use axum::extract::State;
use axum::response::Response;
use domain::Day;
use domain::revenue::{Currency, Ledger, Part, Span, View, months_before};
use engine::Engine;
use engine::book::{Book, Row};
use engine::revenue::conventions::Lens;
use engine::revenue::report::{Ask, Measure, Report, report, window};
use engine::revenue::segments::Owners;
use engine::revenue::{currencies, ledger};
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
    }

    /// The page of a figure over the same months.
    fn figure(&self, key: &str) -> Link {
        self.link(&format!("/revenue/figures/{key}")).without("by").without("grain")
    }
}

/// The revenue somebody may see over some months.
struct Subject {
    ledger: Ledger,
    months: Vec<Span>,
    lens: Lens,
    currencies: Vec<Currency>,
    as_of: Day,
}

impl Subject {
    fn of(book: &Book, access: &Access, asked: &Asked) -> Answer<Self> {
        let to = month("to", &asked.to)?.unwrap_or(book.as_of);
        let through = Span::month(to).through.min(book.as_of.max(to));
        let from = month("from", &asked.from)?.unwrap_or_else(|| months_before(through, MONTHS - 1));
        let months = Span::months(from, through);
        if months.is_empty() || months.len() > MOST_MONTHS {
            let sentence = format!("From {from} to {through} are {} months; ask for 1 to {MOST_MONTHS}.", months.len());
            return Err(Problem::invalid("from", sentence));
        }
        let ledger = ledger(book, |row| row.visible(&access.rows));
        let lens = match asked.currency.as_str() {
            "" => book.conventions.lens(&ledger, through),
            code => book.conventions.lens_into(rate::currency("currency", code)?),
        };
        let mut currencies = currencies(&ledger, through);
        if !currencies.contains(&lens.currency) {
            currencies.push(lens.currency);
        }
        Ok(Self { ledger, months, lens, currencies, as_of: through })
    }

    fn view(&self) -> View<'_> {
        self.lens.view()
    }

    fn span(&self) -> Span {
        window(&self.months)
    }

    fn report(&self, owners: &Owners) -> Report {
        let labels: Vec<String> = self.months.iter().map(|month| month.through.format("%Y-%m").to_string()).collect();
        let ask = Ask {
            months: &self.months,
            labels: &labels,
            as_of: self.as_of,
            measure: Measure::Arr,
            owners: Some(owners),
        };
        report(&self.ledger, &self.view(), &ask)
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
    let subject = Subject::of(&book, &access, &asked)?;
    let owners = Owners::load(engine.store(), None).await.map_err(Problem::internal)?;
    let sources = sources::names(&engine).await?;
    let told = view::Told {
        report: subject.report(&owners),
        parts: by(&book, &subject, &owners, &asked.by),
        contradictions: subject.ledger.contradictions(subject.as_of, &subject.view()),
    };
    let titled = Titled { title: "Revenue", active: Some(Nav::Revenue) };
    Ok(respond(&access, &engine, want, &titled, &view::page(&book, &asked, &subject, &told, &sources)))
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

fn by(book: &Book, subject: &Subject, owners: &Owners, dimension: &str) -> Vec<Part> {
    let (span, view) = (subject.span(), subject.view());
    let word = |of: fn(&Row) -> Option<String>| {
        let group = move |id: i64| book.row(id).and_then(|row| of(row));
        subject.ledger.parts(span, &view, group, group)
    };
    match dimension {
        "tier" => word(|row| row.account.tier.clone()),
        "industry" => word(|row| row.account.industry.clone()),
        "region" => word(|row| row.account.region.clone()),
        // What is sold is told in the report itself.
        "product" | "currency" => Vec::new(),
        _ => {
            let on = |day: Day| move |id: i64| owners.on(id, day);
            subject.ledger.parts(span, &view, on(span.after), on(span.through))
        }
    }
}

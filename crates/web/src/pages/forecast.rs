//! `/forecast`: where ARR, retention and churned revenue go in the next four quarters, how sure that is, whether such
//! forecasts were right, and what if. The scenario is part of the address, so the form works without a script and a scenario
//! can be sent to somebody. Every figure leads to its explanation (`forecast::figure`). What is learned is learned from the
//! whole book; what is drawn are the accounts one may see.

pub mod figure;
mod view;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::access::RowFilter;
use engine::forecast::{Ask, Forecast, Model, PastQuarter, SEED, Scenario, forecast, past};
use engine::{Engine, EngineError};
use maud::html;
use serde::Deserialize;

use crate::extract::Params;
use crate::gate::Access;
use crate::page::{Titled, Want, respond};
use crate::problem::Answer;
use crate::ui::shell::Nav;
use crate::ui::{Link, notice, shell};

/// Quarters of the past before the fan.
const PAST: u32 = 8;

/// What if, as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    lose_top: String,
    churn: String,
    expansion: String,
    new: String,
    among: String,
    /// The quarter of a figure, 1 to 4.
    quarter: String,
}

/// A part of a scenario that cannot be understood, and why.
struct Wrong {
    field: &'static str,
    message: String,
}

impl Asked {
    fn parts(&self) -> [(&'static str, &str); 5] {
        [
            ("lose_top", &self.lose_top),
            ("churn", &self.churn),
            ("expansion", &self.expansion),
            ("new", &self.new),
            ("among", &self.among),
        ]
    }

    /// The page with this scenario, at another path.
    fn link(&self, path: &str) -> Link {
        self.parts().into_iter().fold(Link::to(path), |link, (name, value)| link.with(name, value))
    }

    fn scenario(&self) -> Result<Scenario, Wrong> {
        let mut scenario = Scenario::default();
        for (field, value) in self.parts() {
            scenario.set(field, value).map_err(|error| Wrong { field, message: format!("{error}.") })?;
        }
        scenario.check().map_err(|error| Wrong { field: "among", message: format!("{error}.") })?;
        Ok(scenario)
    }
}

/// What the page is made from.
struct View {
    model: Arc<Model>,
    base: Arc<Forecast>,
    past: Arc<Vec<PastQuarter>>,
    /// The scenario and what it leads to, where one was asked for.
    changed: Option<(Scenario, Arc<Forecast>)>,
    wrong: Option<Wrong>,
    /// Whether one may see every account, and so how the whole book was forecast.
    sees_all: bool,
}

/// Shows the page.
pub async fn show(
    State(engine): State<Engine>,
    access: Access,
    want: Want,
    Params(asked): Params<Asked>,
) -> Answer<Response> {
    let titled = Titled { title: "Forecast", active: Some(Nav::Forecast) };
    let Some(model) = engine.forecast() else {
        let body = html! {
            (shell::heading(&[], "Forecast", &html! {}, &html! {}))
            div id=(view::FRAGMENT) data-fragment="" data-live-src="/forecast" {
                (notice::empty("Not learned yet", "A forecast needs accounts under contract and a month of their past; where there are such, it is being learned now.",
                    &html! { a.btn href="/sources" { "Open sources" } }))
            }
        };
        return Ok(respond(&access, &engine, want, &titled, &body));
    };
    let book = engine.book();
    let draw = |scenario: Scenario| forecast(&book, &model, &access.rows, &Ask { scenario, seed: SEED });
    let (changed, wrong) = match asked.scenario() {
        Err(wrong) => (None, Some(wrong)),
        Ok(scenario) if scenario.is_none() => (None, None),
        Ok(scenario) => match draw(scenario.clone()) {
            Ok(drawn) => (Some((scenario, drawn)), None),
            Err(EngineError::Expression(error)) => (None, Some(Wrong { field: "among", message: error.message })),
            Err(error) => return Err(error.into()),
        },
    };
    let view = View {
        base: draw(Scenario::default())?,
        past: past(&book, &model, &access.rows, PAST),
        changed,
        wrong,
        sees_all: access.rows == RowFilter::All,
        model,
    };
    Ok(respond(&access, &engine, want, &titled, &view::page(&asked, &view)))
}

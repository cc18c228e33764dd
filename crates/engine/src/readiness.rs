//! Data readiness: which fields of which records each metric and each measure of a scorecard needs, how full they are,
//! how many accounts have the number, and which missing field would change most. What a measure would change is the width
//! of the score's range it leaves open: its share of the card's weight, on average over the accounts that lack it.
//! Deliberately absent: a grade.

mod field;

use domain::metric::Metric;
use domain::scorecard::{Band, Scorecard};

pub use field::{FieldNeed, Need};

use crate::{Book, Engine, EngineError, Row};
use field::Fills;

/// What the book knows and what it lacks.
#[derive(Debug, Clone, PartialEq)]
pub struct Readiness {
    /// Accounts that are customers now.
    pub accounts: usize,
    /// Of those, accounts of which too little is known for a band.
    pub unknown: usize,
    /// The scorecards; that of health is the first.
    pub cards: Vec<CardNeed>,
    /// Every metric of the catalogue, least filled first.
    pub metrics: Vec<MetricFill>,
    /// The fields of accounts that people and segments ask for.
    pub fields: Vec<FieldFill>,
}

/// A scorecard and what it needs.
#[derive(Debug, Clone, PartialEq)]
pub struct CardNeed {
    /// Its name on screen.
    pub name: String,
    /// Its measures, those first whose lack leaves most open.
    pub measures: Vec<MeasureNeed>,
}

/// A measure and what its lack leaves open.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasureNeed {
    /// The dimension it belongs to.
    pub dimension: String,
    /// How full its metric is.
    pub fill: MetricFill,
    /// Its share of the card's weight, 0 to 1.
    pub weight: f64,
    /// Points of the range that would close, on average over all accounts, if every account had it.
    pub opens: f64,
    /// Accounts without a band that lack it; none where the card gives no band.
    pub unknown: usize,
}

/// A metric and how many accounts have a value.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricFill {
    /// Its key.
    pub key: String,
    /// Its name on screen.
    pub name: String,
    /// What it is computed from.
    pub needs: Vec<Need>,
    /// What to bring first; `None` where nothing is missing that is counted.
    pub missing: Option<Missing>,
    /// Accounts that have a value.
    pub filled: usize,
}

/// What to bring first for a number that accounts lack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// Records of this kind, of which they have none.
    Records(String),
    /// This field of records that are there.
    Field(String, &'static str),
}

impl MetricFill {
    /// What most of `accounts` accounts lack of what the number needs: a kind of record, or a field of one. `None` where
    /// all have everything, as far as it is counted.
    fn lack(needs: &[Need], accounts: i64) -> Option<Missing> {
        let records = needs.iter().filter_map(|need| {
            let lack = accounts - need.records?.accounts;
            Some((lack, Missing::Records(need.record.clone())))
        });
        let fields = needs.iter().flat_map(|need| {
            need.fields.iter().filter_map(|field| {
                let lack = need.records?.accounts - field.filled?.accounts;
                Some((lack, Missing::Field(need.record.clone(), field.name)))
            })
        });
        records.chain(fields).filter(|(lack, _)| *lack > 0).max_by_key(|(lack, _)| *lack).map(|(_, missing)| missing)
    }
}

/// A field of an account and how many have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFill {
    /// Its name on screen.
    pub name: &'static str,
    /// Accounts that have it.
    pub filled: usize,
}

/// Judges what is known of the customers.
pub async fn readiness(engine: &Engine) -> Result<Readiness, EngineError> {
    let fills = Fills::count(engine).await?;
    Ok(judge(&engine.book(), &fills))
}

fn judge(book: &Book, fills: &Fills) -> Readiness {
    let rows: Vec<&Row> = book.rows().iter().map(AsRef::as_ref).filter(|row| row.active).collect();
    let catalogue = &book.definitions.catalogue;
    let metric = |position: usize, metric: &Metric| {
        let needs = fills.needs(catalogue, metric);
        MetricFill {
            key: metric.key.clone(),
            name: metric.name.clone(),
            missing: MetricFill::lack(&needs, fills.accounts()),
            needs,
            filled: rows.iter().filter(|row| row.values.get(position).copied().flatten().is_some()).count(),
        }
    };
    let mut metrics: Vec<MetricFill> =
        catalogue.metrics().iter().enumerate().map(|(at, one)| metric(at, one)).collect();
    let health = measures(&book.definitions.scorecard, &rows, &metrics, |row| row.health.band == Band::Unknown);
    let expansion = measures(&book.definitions.expansion, &rows, &metrics, |_| false);
    let card = |card: &Scorecard, measures| CardNeed { name: card.name.clone(), measures };
    let cards = vec![card(&book.definitions.scorecard, health), card(&book.definitions.expansion, expansion)];
    metrics.sort_by(|a, b| a.filled.cmp(&b.filled).then_with(|| a.name.cmp(&b.name)));
    let unknown = rows.iter().filter(|row| row.health.band == Band::Unknown).count();
    Readiness { accounts: rows.len(), unknown, cards, metrics, fields: fields(&rows) }
}

fn measures(
    card: &Scorecard,
    rows: &[&Row],
    metrics: &[MetricFill],
    is_unknown: impl Fn(&Row) -> bool,
) -> Vec<MeasureNeed> {
    let whole: f64 = card.dimensions.iter().map(|dimension| dimension.weight).sum();
    let mut needs = Vec::new();
    for dimension in &card.dimensions {
        let inside: f64 = dimension.measures.iter().map(|measure| measure.weight).sum();
        for measure in &dimension.measures {
            let Some(fill) = metrics.get(measure.column) else { continue };
            let weight = dimension.weight / whole * measure.weight / inside;
            let lacks = |row: &&&Row| row.values.get(measure.column).copied().flatten().is_none();
            let lacking: Vec<_> = rows.iter().filter(lacks).collect();
            let unknown = lacking.iter().filter(|row| is_unknown(row)).count();
            let opens = weight * 100.0 * lacking.len() as f64 / rows.len().max(1) as f64;
            needs.push(MeasureNeed { dimension: dimension.name.clone(), fill: fill.clone(), weight, opens, unknown });
        }
    }
    needs.sort_by(|a, b| b.opens.total_cmp(&a.opens).then_with(|| b.weight.total_cmp(&a.weight)));
    needs
}

fn fields(rows: &[&Row]) -> Vec<FieldFill> {
    let fill = |name, has: fn(&Row) -> bool| FieldFill { name, filled: rows.iter().filter(|row| has(row)).count() };
    let mut all = vec![
        fill("Web domain", |row| row.account.domain.is_some()),
        fill("Tier", |row| row.account.tier.is_some()),
        fill("Industry", |row| row.account.industry.is_some()),
        fill("Region", |row| row.account.region.is_some()),
        fill("Stage", |row| row.account.stage.is_some()),
        fill("Employees", |row| row.account.employees.is_some()),
        fill("Customer from", |row| row.account.customer_from.is_some()),
        fill("CSM", |row| row.owner.is_some()),
    ];
    all.sort_by_key(|field| field.filled);
    all
}

#[cfg(test)]
mod tests {
    use store::filled::Count;

    use super::*;

    #[test]
    fn what_most_accounts_lack_is_to_be_brought_first() {
        let count = |rows, accounts| Some(Count { rows, accounts });
        let need = |accounts, csat| Need {
            record: "ticket".to_owned(),
            records: count(100, accounts),
            fields: vec![FieldNeed { name: "csat", filled: count(csat, csat) }],
        };
        let field = Some(Missing::Field("ticket".to_owned(), "csat"));
        assert_eq!(MetricFill::lack(&[need(9, 2)], 10), field);
        assert_eq!(MetricFill::lack(&[need(3, 2)], 10), Some(Missing::Records("ticket".to_owned())));
        assert_eq!(MetricFill::lack(&[need(10, 10)], 10), None);
        let events = Need { record: "event".to_owned(), records: None, fields: Vec::new() };
        assert_eq!(MetricFill::lack(&[events], 10), None, "events are not counted here");
    }
}

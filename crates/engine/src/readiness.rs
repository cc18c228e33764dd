//! Data readiness: which facts each metric and each measure of the scorecard needs, how many accounts have them, and
//! which missing one would change most. What a measure would change is the width of the health's range it leaves
//! open: its share of the card's weight, on average over the accounts that lack it. Deliberately absent: a grade.

use std::collections::{BTreeMap, BTreeSet};

use domain::metric::{Catalogue, Metric, SNAPSHOT};
use domain::scorecard::Band;

use crate::{Book, Row};

/// What the book knows and what it lacks.
#[derive(Debug, Clone, PartialEq)]
pub struct Readiness {
    /// Accounts that are customers now.
    pub accounts: usize,
    /// Of those, accounts of which too little is known for a band.
    pub unknown: usize,
    /// The measures of the scorecard, those first whose lack leaves most open.
    pub measures: Vec<MeasureNeed>,
    /// Every metric of the catalogue, least filled first.
    pub metrics: Vec<MetricFill>,
    /// The fields of accounts that people and segments ask for.
    pub fields: Vec<FieldFill>,
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
    /// Accounts without a band that lack it.
    pub unknown: usize,
}

/// A metric and how many accounts have a value.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricFill {
    /// Its key.
    pub key: String,
    /// Its name on screen.
    pub name: String,
    /// The kinds of facts it is computed from.
    pub needs: Vec<String>,
    /// Accounts that have a value.
    pub filled: usize,
}

/// A field of an account and how many have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFill {
    /// Its name on screen.
    pub name: &'static str,
    /// Accounts that have it.
    pub filled: usize,
}

/// Judges what a book knows of its customers.
pub fn readiness(book: &Book) -> Readiness {
    let rows: Vec<&Row> = book.rows().iter().map(AsRef::as_ref).filter(|row| row.active).collect();
    let catalogue = &book.definitions.catalogue;
    let metric = |position: usize, metric: &Metric| MetricFill {
        key: metric.key.clone(),
        name: metric.name.clone(),
        needs: needs(catalogue, metric).into_iter().collect(),
        filled: rows.iter().filter(|row| row.values.get(position).copied().flatten().is_some()).count(),
    };
    let mut metrics: Vec<MetricFill> =
        catalogue.metrics().iter().enumerate().map(|(at, one)| metric(at, one)).collect();
    let measures = measures(book, &rows, &metrics);
    metrics.sort_by(|a, b| a.filled.cmp(&b.filled).then_with(|| a.name.cmp(&b.name)));
    let unknown = rows.iter().filter(|row| row.health.band == Band::Unknown).count();
    Readiness { accounts: rows.len(), unknown, measures, metrics, fields: fields(&rows) }
}

fn measures(book: &Book, rows: &[&Row], metrics: &[MetricFill]) -> Vec<MeasureNeed> {
    let card = &book.definitions.scorecard;
    let whole: f64 = card.dimensions.iter().map(|dimension| dimension.weight).sum();
    let mut needs = Vec::new();
    for dimension in &card.dimensions {
        let inside: f64 = dimension.measures.iter().map(|measure| measure.weight).sum();
        for measure in &dimension.measures {
            let Some(fill) = metrics.get(measure.column) else { continue };
            let weight = dimension.weight / whole * measure.weight / inside;
            let lacks = |row: &&&Row| row.values.get(measure.column).copied().flatten().is_none();
            let lacking: Vec<_> = rows.iter().filter(lacks).collect();
            let unknown = lacking.iter().filter(|row| row.health.band == Band::Unknown).count();
            let opens = weight * 100.0 * lacking.len() as f64 / rows.len().max(1) as f64;
            needs.push(MeasureNeed { dimension: dimension.name.clone(), fill: fill.clone(), weight, opens, unknown });
        }
    }
    needs.sort_by(|a, b| b.opens.total_cmp(&a.opens).then_with(|| b.weight.total_cmp(&a.weight)));
    needs
}

/// The kinds of facts a metric is computed from, through the metrics it reads.
fn needs(catalogue: &Catalogue, metric: &Metric) -> BTreeSet<String> {
    let by_key: BTreeMap<&str, &Metric> = catalogue.metrics().iter().map(|one| (one.key.as_str(), one)).collect();
    let (mut found, mut seen, mut open) = (BTreeSet::new(), BTreeSet::new(), vec![metric]);
    while let Some(one) = open.pop() {
        if !seen.insert(one.key.as_str()) {
            continue;
        }
        if one.relation != SNAPSHOT {
            found.insert(one.relation.clone());
            continue;
        }
        let words = one.value.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        open.extend(words.filter_map(|word| by_key.get(word).copied()));
    }
    found
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

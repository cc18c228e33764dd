//! Which fields of which records a metric reads, found in its text and in that of its relation, so that a definition
//! somebody adds is told without being listed anywhere; and how full these fields are. Fields are called as they are in
//! files and mappings, since that is where a reader would bring them. Deliberately absent: fields of events, which say
//! whatever their sender says.

use std::collections::{BTreeMap, BTreeSet};

use connectors::record::{KEY, Object, fields};
use domain::metric::{Catalogue, Metric, SNAPSHOT};
use store::{
    Account, Contact, Entitlement, Invoice, Milestone, Objective, PaymentAttempt, Subscription, SubscriptionItem,
    SurveyResponse, Ticket, Touchpoint, contact_role,
    filled::{self, Count, Filled},
    record::Fact,
};

use crate::{Engine, EngineError, lifetime::LIFETIME, snapshot::Relation};

/// A kind of record that a metric reads, with the fields it reads of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    /// The kind of record.
    pub record: String,
    /// How many there are, and at how many accounts; `None` where they are not counted.
    pub records: Option<Count>,
    /// The fields, emptiest first; none where the record itself says enough.
    pub fields: Vec<FieldNeed>,
}

/// A field that a metric reads.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldNeed {
    /// Its name.
    pub name: &'static str,
    /// How many records and accounts say something there; `None` where that is not counted.
    pub filled: Option<Count>,
}

impl Need {
    /// The share of records that say something in a field, 0 to 1; `None` where there is no record.
    pub fn share(&self, field: &FieldNeed) -> Option<f64> {
        let all = self.records.filter(|all| all.rows > 0)?;
        Some(field.filled?.rows as f64 / all.rows as f64)
    }
}

/// What a metric over contracts or over what follows from records rests on: the record and its fields.
const DERIVED: [(&str, &str, &[&str]); 3] = [
    ("revenue_line", "subscription_item", &["amount_cents", "currency", "effective_from"]),
    (LIFETIME, "subscription_item", &["amount_cents", "effective_from"]),
    ("overdue_invoice", "invoice", &["amount_cents", "due_on"]),
];

/// How full every kind of record is, by its name.
#[derive(Debug, Default)]
pub(super) struct Fills(BTreeMap<&'static str, Filled>);

impl Fills {
    /// Counts the records as they stand.
    pub(super) async fn count(engine: &Engine) -> Result<Self, EngineError> {
        let db = engine.store().read();
        let mut all = BTreeMap::new();
        macro_rules! count {
            ($($kind:ty),*) => { $(all.insert(<$kind>::KIND, filled::of_kind::<$kind>(db).await?);)* };
        }
        count!(
            Account,
            Contact,
            Entitlement,
            Invoice,
            Milestone,
            Objective,
            PaymentAttempt,
            Subscription,
            SubscriptionItem,
            SurveyResponse,
            Ticket,
            Touchpoint
        );
        // What somebody is there for is a record of its own beside the contact.
        let roles = contact_role::held_by(db).await?;
        if let Some(contacts) = all.get_mut(Contact::KIND) {
            contacts.columns.insert("role".to_owned(), roles);
        }
        Ok(Self(all))
    }

    /// Accounts there are.
    pub(super) fn accounts(&self) -> i64 {
        self.0.get(Account::KIND).map_or(0, |filled| filled.all.rows)
    }

    fn need(&self, record: &str, names: &BTreeSet<&'static str>) -> Need {
        let known = self.0.get(record);
        let filled = |name: &str| known?.columns.get(name).copied();
        let mut fields: Vec<FieldNeed> = names.iter().map(|name| FieldNeed { name, filled: filled(name) }).collect();
        fields.sort_by_key(|field| field.filled.map(|filled| filled.rows));
        Need { record: record.to_owned(), records: known.map(|known| known.all), fields }
    }

    /// What a metric reads, through the metrics it reads.
    pub(super) fn needs(&self, catalogue: &Catalogue, metric: &Metric) -> Vec<Need> {
        let by_key: BTreeMap<&str, &Metric> = catalogue.metrics().iter().map(|one| (one.key.as_str(), one)).collect();
        let mut found: BTreeMap<&str, BTreeSet<&'static str>> = BTreeMap::new();
        let (mut seen, mut open) = (BTreeSet::new(), vec![metric]);
        while let Some(one) = open.pop() {
            if !seen.insert(one.key.as_str()) {
                continue;
            }
            if one.relation == SNAPSHOT {
                open.extend(words(&one.value).filter_map(|word| by_key.get(word).copied()));
            } else {
                let (record, fields) = reads(one);
                found.entry(record).or_default().extend(fields);
            }
        }
        found.into_iter().map(|(record, names)| self.need(record, &names)).collect()
    }
}

/// The kind of record a metric over a relation reads, and its fields.
fn reads(metric: &Metric) -> (&str, Vec<&'static str>) {
    if let Some((_, record, names)) = DERIVED.iter().find(|(relation, ..)| *relation == metric.relation) {
        return (record, names.to_vec());
    }
    let relation = metric.relation.as_str();
    let (Some(text), Some(object)) = (Relation::named(relation), Object::parse(relation)) else {
        return (relation, Vec::new());
    };
    let columns = columns(text.sql);
    let used = words(&metric.value).flat_map(|word| columns.get(word).into_iter().flatten().copied());
    let mut names = Vec::new();
    for word in used {
        // The relation of contacts looks up their roles.
        let word = if object == Object::Contact && word.starts_with("r.") { "role" } else { word };
        let field =
            fields(object).iter().find(|field| field.name == word && field.name != KEY && !is_owner(field.name));
        names.extend(field.map(|field| field.name));
    }
    (relation, names)
}

/// Whether a field only says whose a record is, without which it would not be there.
fn is_owner(name: &str) -> bool {
    matches!(name, "account" | "subscription" | "invoice")
}

/// The columns of a relation, each with the columns of its record that its expression names.
fn columns(sql: &str) -> BTreeMap<&str, Vec<&str>> {
    let list = sql.split_once("select ").map_or("", |(_, after)| after);
    let list = list.split_once("\nfrom ").map_or(list, |(list, _)| list);
    let (mut depth, mut start, mut items) = (0_i32, 0, Vec::new());
    for (at, sign) in list.char_indices() {
        match sign {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                items.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(&list[start..]);
    items
        .into_iter()
        .map(|item| match item.trim().rsplit_once(" as ") {
            Some((expression, name)) => (name, dotted(expression).collect()),
            None => (item.trim(), vec![item.trim()]),
        })
        .collect()
}

/// The words of an expression.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
}

/// The words of an expression, with what stands before a dot.
fn dotted(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Definitions;

    fn of(key: &str) -> Vec<String> {
        let definitions = Definitions::shipped().unwrap();
        let fills = Fills::default();
        let needs = fills.needs(&definitions.catalogue, definitions.catalogue.get(key).unwrap());
        let told = |need: &Need| {
            let mut names: Vec<&str> = need.fields.iter().map(|field| field.name).collect();
            names.sort_unstable();
            format!("{}: {}", need.record, names.join(" "))
        };
        needs.iter().map(told).collect()
    }

    #[test]
    fn fields_are_found_in_the_definitions_themselves() {
        assert_eq!(of("urgent_open_tickets"), ["ticket: priority resolved_at"]);
        assert_eq!(of("ticket_trend"), ["ticket: opened_at"]);
        assert_eq!(of("arr"), ["subscription_item: amount_cents currency effective_from"]);
    }

    #[test]
    fn every_metric_reads_something_that_has_a_name() {
        let definitions = Definitions::shipped().unwrap();
        for metric in definitions.catalogue.metrics() {
            let needs = Fills::default().needs(&definitions.catalogue, metric);
            let known = |need: &Need| Object::parse(&need.record).is_some() || need.record == "csm_sentiment";
            assert!(!needs.is_empty() && needs.iter().all(known), "{}: {needs:?}", metric.key);
        }
    }
}

//! What else is known of customers and does not change: columns that may move how often they buy or how soon they stop.
//! A [`Columns`] names them; the numbers travel with each customer, those of buying first. Customers with the same
//! numbers are of one kind and share a model, so [`Kinds`] holds as many as there are different rows of numbers.
//! Absent: covariates that change over time, and words; code a group as 0 and 1.

use std::collections::HashMap;

use stats::purchase;
use stats::purchase::covariates::{CovariateFitted, Covariates, fit_with_covariates};

use super::summary::Customer;

/// The columns, by header or position.
#[derive(Debug, Clone, Copy, Default)]
pub struct Columns<'a> {
    /// What may change how often a customer buys.
    pub buying: &'a [String],
    /// What may change how soon a customer stops.
    pub leaving: &'a [String],
}

impl Columns<'_> {
    /// Whether none is named.
    pub fn is_empty(&self) -> bool {
        self.buying.is_empty() && self.leaving.is_empty()
    }

    /// Every column asked for, those of buying first.
    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        self.buying.iter().chain(self.leaving)
    }

    /// The names of the coefficients, in their order.
    pub(super) fn coefficients(&self) -> Vec<String> {
        let buying = self.buying.iter().map(|column| format!("buying:{column}"));
        buying.chain(self.leaving.iter().map(|column| format!("leaving:{column}"))).collect()
    }
}

/// Fits a model with the covariates of its customers.
pub(super) fn fit(
    model: purchase::Model,
    customers: &[Customer],
    columns: Columns<'_>,
) -> Result<CovariateFitted, stats::Error> {
    let (mut histories, mut buying, mut leaving) = (Vec::new(), Vec::new(), Vec::new());
    for customer in customers {
        let (of_buying, of_leaving) = customer.covariates.split_at(columns.buying.len());
        for _ in 0..customer.weight as usize {
            histories.push(customer.history);
            buying.extend_from_slice(of_buying);
            leaving.extend_from_slice(of_leaving);
        }
    }
    fit_with_covariates(model, &histories, Covariates { buying: &buying, leaving: &leaving })
}

/// The models of customers: one for all where there are no covariates, else one per kind.
#[derive(Debug)]
pub(super) struct Kinds {
    /// The models.
    pub(super) models: Vec<purchase::Fitted>,
    /// Which of them is each customer's.
    pub(super) of: Vec<usize>,
}

impl Kinds {
    /// One model for everybody.
    pub(super) fn one(fitted: &purchase::Fitted, customers: &[Customer]) -> Self {
        Self { models: vec![fitted.clone()], of: vec![0; customers.len()] }
    }

    /// A model for each kind of customer.
    pub(super) fn by_covariates(fitted: &CovariateFitted, customers: &[Customer]) -> Result<Self, stats::Error> {
        let mut kinds = Self { models: Vec::new(), of: Vec::with_capacity(customers.len()) };
        let mut known: HashMap<Vec<u64>, usize> = HashMap::new();
        for customer in customers {
            let key: Vec<u64> = customer.covariates.iter().map(|value| value.to_bits()).collect();
            let kind = match known.get(&key) {
                Some(&kind) => kind,
                None => {
                    let (buying, leaving) = customer.covariates.split_at(fitted.buying.len());
                    kinds.models.push(fitted.for_customer(buying, leaving)?);
                    known.insert(key, kinds.models.len() - 1);
                    kinds.models.len() - 1
                }
            };
            kinds.of.push(kind);
        }
        Ok(kinds)
    }
}

//! The definition of lifetime value, read from `definitions/lifetime/`: which money counts, how the future is
//! discounted, what is believed before looking, and which metrics the chance to leave is learned from. Whatever a
//! screen says about a value is said from here, so that the words and the number cannot drift apart. Absent: any
//! default in code; a definition states everything.

use domain::{
    definition::{self, DefinitionError, error_at},
    metric::{Catalogue, Unit},
};
use lake::expression::{Expressions, Formula};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use stats::{
    purchase,
    value::{Form, Timing},
};

/// The relation of metrics that come from here.
pub const LIFETIME: &str = "lifetime";

/// Longest horizon a definition may ask for, in months.
const MOST_MONTHS: u32 = 240;

/// Everything that decides what an account is worth.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Stable name.
    pub key: String,
    /// Its version; raised whenever the same facts would give another number.
    pub version: u32,
    /// Name on screen.
    pub name: String,
    /// What it computes, in words.
    pub doc: String,
    /// Profit, or revenue without costs.
    pub form: Form,
    /// Effective annual discount rate, 0.1 for ten per cent.
    pub discount_rate: f64,
    /// Months that count.
    pub horizon_months: u32,
    /// When in a month its money arrives.
    pub timing: Timing,
    /// Which money counts.
    pub money: Money,
    /// Tiers of value, the most valuable first.
    pub tiers: Vec<Tier>,
    /// How accounts under contract are judged.
    pub contract: Leaving,
    /// How accounts without one are.
    pub purchases: Purchases,
    /// A hash of the text: what was learned under another definition is not used under this one.
    pub fingerprint: String,
}

/// The money of an account, per month where it says so.
#[derive(Debug, Clone)]
pub struct Money {
    /// Recurring revenue per month.
    pub recurring_per_month: Formula,
    /// One-off revenue over the whole time.
    pub one_off: Formula,
    /// Margin of customers it is credited with referring.
    pub referral_margin: Formula,
    /// Cost to serve it per month, beyond delivery.
    pub cost_to_serve_per_month: Formula,
    /// Share of revenue left after the cost of delivering it.
    pub gross_margin: f64,
    /// What it costs to win a unit of ARR; `None` leaves the cost to acquire, and so profit, unknown.
    pub acquisition_cost_per_new_arr: Option<f64>,
}

/// A tier of value.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// The word in expressions: `value_tier = 'top'`.
    pub key: String,
    /// Name on screen.
    pub name: String,
    /// Share of customers in it.
    pub share: f64,
}

/// What the chance to leave is learned from, and what is believed before.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaving {
    /// Months of the book's own past.
    pub history_months: u32,
    /// The attribute whose groups lean on each other.
    pub pool_by: Pool,
    /// One standard deviation between groups, log odds.
    pub pool_deviation: f64,
    /// Believed share of customers lost per year.
    pub churn_per_year: f64,
    /// How wrong that may be, log odds.
    pub churn_deviation: f64,
    /// Believed share of losses that are against the customer's will.
    pub involuntary_share: f64,
    /// One standard deviation of the effect of tenure, log odds per unit of its logarithm.
    pub age_deviation: f64,
    /// Believed effect of the end of a term for which notice can still be given, log odds.
    pub term_end: f64,
    /// How wrong that may be.
    pub term_end_deviation: f64,
    /// Believed share of what is seen today that is stale a month later.
    pub fade_per_month: f64,
    /// The metrics learned from, in order.
    #[serde(rename = "driver")]
    pub drivers: Vec<Driver>,
}

/// The attribute that groups accounts for partial pooling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    /// The tier of service.
    Tier,
    /// The industry.
    Industry,
    /// The region.
    Region,
}

impl Pool {
    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tier => "tier",
            Self::Industry => "industry",
            Self::Region => "region",
        }
    }

    /// The group of an account.
    pub fn of(self, account: &store::Account) -> Option<&str> {
        match self {
            Self::Tier => account.tier.as_deref(),
            Self::Industry => account.industry.as_deref(),
            Self::Region => account.region.as_deref(),
        }
    }
}

/// A metric that may tell who leaves.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Driver {
    /// Its key, or `health`.
    pub metric: String,
    /// Name on screen.
    pub name: String,
    /// The step its effect is stated for, in the metric's unit.
    pub per: f64,
    /// That step in words: `10 points more health`.
    pub words: String,
    /// How strong its effect may well be, log odds per step; believed to be nothing before looking.
    pub deviation: f64,
}

/// How accounts that buy without a contract are judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Purchases {
    /// The model of buying.
    pub model: purchase::Model,
    /// What it costs to win such an account, whole units of money.
    pub acquisition_cost: Option<f64>,
    /// Fewer accounts are not judged.
    pub least_accounts: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    key: String,
    version: u32,
    name: String,
    doc: String,
    form: String,
    discount_rate: f64,
    horizon_months: u32,
    timing: String,
    money: MoneyEntry,
    tier: Vec<Tier>,
    contract: Leaving,
    purchases: PurchasesEntry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MoneyEntry {
    recurring_per_month: String,
    one_off: String,
    referral_margin: String,
    cost_to_serve_per_month: String,
    gross_margin: f64,
    acquisition_cost_per_new_arr: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PurchasesEntry {
    model: String,
    acquisition_cost: Option<f64>,
    least_accounts: usize,
}

/// What is read beside the text.
struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    catalogue: &'a Catalogue,
    expressions: &'a Expressions,
}

impl Definition {
    /// Reads a definition and binds it to the metrics it names.
    ///
    /// Fails, with the place, on unknown fields and metrics, on expressions that do not check or that read a value
    /// computed from this definition, and on numbers outside their range.
    pub fn read(
        file: &str,
        text: &str,
        catalogue: &Catalogue,
        expressions: &Expressions,
    ) -> Result<Self, DefinitionError> {
        let parsed: File = definition::read(file, text)?;
        let reader = Reader { file, text, catalogue, expressions };
        reader.check(&parsed)?;
        let form = reader.choice("form", &parsed.form, &[("profit", Form::Profit), ("revenue", Form::Revenue)])?;
        let timings = [("advance", Timing::Advance), ("middle", Timing::Middle), ("arrears", Timing::Arrears)];
        let models = purchase::Model::ALL.map(|model| (model.name(), model));
        let money = &parsed.money;
        Ok(Self {
            form,
            timing: reader.choice("timing", &parsed.timing, &timings)?,
            money: Money {
                recurring_per_month: reader.formula("recurring_per_month", &money.recurring_per_month)?,
                one_off: reader.formula("one_off", &money.one_off)?,
                referral_margin: reader.formula("referral_margin", &money.referral_margin)?,
                cost_to_serve_per_month: reader.formula("cost_to_serve_per_month", &money.cost_to_serve_per_month)?,
                gross_margin: money.gross_margin,
                acquisition_cost_per_new_arr: money.acquisition_cost_per_new_arr,
            },
            purchases: Purchases {
                model: reader.choice("model", &parsed.purchases.model, &models)?,
                acquisition_cost: parsed.purchases.acquisition_cost,
                least_accounts: parsed.purchases.least_accounts,
            },
            key: parsed.key,
            version: parsed.version,
            name: parsed.name,
            doc: parsed.doc,
            discount_rate: parsed.discount_rate,
            horizon_months: parsed.horizon_months,
            tiers: parsed.tier,
            contract: parsed.contract,
            fingerprint: hex::encode(&Sha256::digest(text)[..12]),
        })
    }

    /// How a screen or a file names what is computed: `profit@1 (profit)`.
    pub fn label(&self) -> String {
        format!("{}@{} ({})", self.key, self.version, self.form_word())
    }

    /// The form as a word.
    pub fn form_word(&self) -> &'static str {
        match self.form {
            Form::Profit => "profit",
            Form::Revenue => "revenue",
        }
    }

    /// The tier of a position among customers, 0 the most valuable and 1 the least.
    pub fn tier_of_share(&self, position: f64) -> usize {
        let mut upto = 0.0;
        let found = self.tiers.iter().position(|tier| {
            upto += tier.share;
            position < upto
        });
        found.unwrap_or(self.tiers.len() - 1)
    }
}

impl Reader<'_> {
    fn wrong<T>(&self, word: &str, message: impl Into<String>) -> Result<T, DefinitionError> {
        Err(error_at(self.file, self.text, word, message.into()))
    }

    fn choice<T: Copy>(&self, field: &str, word: &str, choices: &[(&str, T)]) -> Result<T, DefinitionError> {
        match choices.iter().find(|(name, _)| *name == word) {
            Some((_, choice)) => Ok(*choice),
            None => {
                let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                self.wrong(word, format!("`{field}` cannot be `{word}`: choose one of {}", names.join(", ")))
            }
        }
    }

    fn formula(&self, field: &str, text: &str) -> Result<Formula, DefinitionError> {
        let formula = match self.expressions.formula(text) {
            Ok(formula) => formula,
            Err(wrong) => return self.wrong(field, format!("`{field}`: {wrong}")),
        };
        let own = formula.columns().find(|column| {
            *column == "value_tier" || self.catalogue.get(column).is_some_and(|metric| metric.relation == LIFETIME)
        });
        match own {
            Some(own) => self.wrong(field, format!("`{field}` reads `{own}`, which is computed from it: leave it out")),
            None => Ok(formula),
        }
    }

    fn check(&self, parsed: &File) -> Result<(), DefinitionError> {
        let Leaving { history_months, pool_deviation, churn_per_year, churn_deviation, .. } = parsed.contract;
        let Leaving { involuntary_share, fade_per_month, age_deviation, term_end_deviation, .. } = parsed.contract;
        let share = |x: f64| x > 0.0 && x < 1.0;
        let some = |x: f64| x > 0.0 && x <= 10.0;
        let cost = |x: Option<f64>| x.is_none_or(|cost| (0.0..1e9).contains(&cost));
        let rules = [
            ("discount_rate", (0.0..=1.0).contains(&parsed.discount_rate), "a yearly rate from 0 to 1"),
            ("horizon_months", (12..=MOST_MONTHS).contains(&parsed.horizon_months), "12 to 240 months"),
            ("gross_margin", (-1.0..=1.0).contains(&parsed.money.gross_margin), "a share of at most 1"),
            ("acquisition_cost_per_new_arr", cost(parsed.money.acquisition_cost_per_new_arr), "a cost of 0 or more"),
            ("acquisition_cost", cost(parsed.purchases.acquisition_cost), "a cost of 0 or more"),
            ("history_months", (3..=120).contains(&history_months), "3 to 120 months"),
            ("pool_deviation", some(pool_deviation), "a number above 0, at most 10"),
            ("churn_deviation", some(churn_deviation), "a number above 0, at most 10"),
            ("age_deviation", some(age_deviation), "a number above 0, at most 10"),
            ("term_end_deviation", some(term_end_deviation), "a number above 0, at most 10"),
            ("churn_per_year", share(churn_per_year), "a share between 0 and 1"),
            ("involuntary_share", share(involuntary_share), "a share between 0 and 1"),
            ("fade_per_month", share(fade_per_month), "a share between 0 and 1"),
            ("least_accounts", parsed.purchases.least_accounts >= 3, "3 or more"),
        ];
        for (field, holds, expected) in rules {
            if !holds {
                return self.wrong(field, format!("`{field}` must be {expected}"));
            }
        }
        self.check_tiers(&parsed.tier)?;
        parsed.contract.drivers.iter().try_for_each(|driver| self.check_driver(driver))
    }

    fn check_tiers(&self, tiers: &[Tier]) -> Result<(), DefinitionError> {
        let whole: f64 = tiers.iter().map(|tier| tier.share).sum();
        if (whole - 1.0).abs() > 1e-6 || tiers.iter().any(|tier| tier.share <= 0.0) {
            return self.wrong("tier", "the tiers' shares must be above 0 and add up to 1");
        }
        Ok(())
    }

    fn check_driver(&self, driver: &Driver) -> Result<(), DefinitionError> {
        let known = self.catalogue.get(&driver.metric);
        if known.is_some_and(|metric| metric.relation == LIFETIME) {
            return self.wrong(&driver.metric, format!("`{}` is computed from this: leave it out", driver.metric));
        }
        if known.is_none() && driver.metric != "health" {
            let near = self.catalogue.nearest(&driver.metric);
            let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            return self.wrong(&driver.metric, format!("there is no metric `{}`{hint}", driver.metric));
        }
        let money = known.is_some_and(|metric| metric.unit == Unit::Money);
        if money || !driver.per.is_normal() || !driver.deviation.is_normal() || driver.deviation < 0.0 {
            let message = "a driver needs `per` other than 0, `deviation` above 0, and a metric that is no money";
            return self.wrong(&driver.metric, message);
        }
        Ok(())
    }
}

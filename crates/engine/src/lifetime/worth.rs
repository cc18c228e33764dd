//! What one account is worth: money so far, money to come, and how sure that is. The past is what was under contract
//! or invoiced; the future is the margin of a month times the chance to be a customer then. Everything is in minor
//! units of the account's currency. What is not known stays unknown: an account whose cost to acquire nobody states
//! has no profit, and one that left has no future.

use std::sync::Arc;

use domain::Day;
use stats::{
    Estimate, Interval,
    purchase::TimeUnit,
    value::{self, CashFlow, Economics, Form, Receipts},
};
use store::Account;

use super::{
    Model,
    buying::Bought,
    contract::{self, Span, Term, month_ahead},
    definition::Definition,
    hazard::{Case, Forecast, Hazards, scaled},
};
use crate::revenue::Steps;

const DAYS_PER_YEAR: f64 = 365.25;
const DAYS_PER_MONTH: f64 = 30.4375;

/// How an account buys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// Under contract, or free to be judged by one.
    Contract,
    /// Its contract ended.
    Former,
    /// It buys without a contract.
    Buyer,
    /// It never paid.
    #[default]
    None,
}

/// What an account is worth. Money in minor units.
#[derive(Debug, Clone, Default)]
pub struct Lifetime {
    /// How it buys.
    pub standing: Standing,
    /// Its tier of value, as a position in the definition's tiers.
    pub tier: Option<usize>,
    /// Margin so far less costs.
    pub historic: Option<f64>,
    /// Margin to come.
    pub future: Option<Estimate>,
    /// Both.
    pub value: Option<Estimate>,
    /// Both in the revenue form.
    pub revenue: Option<f64>,
    /// Chance to leave within twelve months.
    pub p_churn: Option<Estimate>,
    /// Chance not to have silently stopped buying.
    pub p_alive: Option<Estimate>,
    /// Days as a customer so far and to come.
    pub tenure_days: Option<f64>,
    /// Margin of a month less the cost to serve.
    pub monthly_margin: Option<f64>,
    /// Cost to acquire.
    pub acquisition_cost: Option<f64>,
    /// Months until that is earned.
    pub payback_months: Option<u32>,
    /// The day the contract ends, where notice has been received.
    pub ends_on: Option<Day>,
    /// The months ahead, for accounts under contract.
    pub forecast: Option<Arc<Forecast>>,
}

/// Names under which a metric reads a lifetime.
pub(crate) const OUTPUTS: [&str; 15] = [
    "lifetime_value",
    "lifetime_value_low",
    "lifetime_value_high",
    "historic_value",
    "future_value",
    "lifetime_revenue",
    "p_churn_12m",
    "p_churn_12m_low",
    "p_churn_12m_high",
    "p_alive",
    "expected_tenure_days",
    "monthly_margin",
    "acquisition_cost",
    "payback_months",
    "value_to_cost",
];

impl Lifetime {
    /// The number of a name in [`OUTPUTS`]; money rounded to whole minor units.
    pub(crate) fn output(&self, name: &str) -> Option<f64> {
        let bound = |estimate: Option<Estimate>, low: bool| {
            estimate.map(|e| if low { e.interval.low } else { e.interval.high })
        };
        let value = |estimate: Option<Estimate>| estimate.map(|e| e.value);
        match name {
            "lifetime_value" => value(self.value).map(f64::round),
            "lifetime_value_low" => bound(self.value, true).map(f64::round),
            "lifetime_value_high" => bound(self.value, false).map(f64::round),
            "historic_value" => self.historic.map(f64::round),
            "future_value" => value(self.future).map(f64::round),
            "lifetime_revenue" => self.revenue.map(f64::round),
            "p_churn_12m" => value(self.p_churn),
            "p_churn_12m_low" => bound(self.p_churn, true),
            "p_churn_12m_high" => bound(self.p_churn, false),
            "p_alive" => value(self.p_alive),
            "expected_tenure_days" => self.tenure_days.map(f64::round),
            "monthly_margin" => self.monthly_margin.map(f64::round),
            "acquisition_cost" => self.acquisition_cost.map(f64::round),
            "payback_months" => self.payback_months.map(f64::from),
            "value_to_cost" => self.value_to_cost(),
            _ => None,
        }
    }

    /// Lifetime value before the cost to acquire, over that cost; `None` where nothing was spent.
    pub fn value_to_cost(&self) -> Option<f64> {
        let (value, cost) = (self.value?.value, self.acquisition_cost?);
        value::lifetime_to_cost(value + cost, cost).ok()?.ok()
    }
}

/// An account with what is worth knowing about its past.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) account: &'a Account,
    pub(crate) steps: &'a Arc<Steps>,
    pub(crate) terms: &'a [Term],
    /// Days and amounts of what it bought without a contract, minor units.
    pub(crate) purchases: &'a [(Day, i64)],
}

/// What was read of an account at the end of a day: the drivers, then the money in whole units.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Reading {
    pub(crate) drivers: Vec<Option<f64>>,
    pub(crate) recurring: Option<f64>,
    pub(crate) one_off: Option<f64>,
    pub(crate) referral_margin: Option<f64>,
    pub(crate) cost_to_serve: Option<f64>,
}

/// What is needed to judge accounts as of a day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Appraiser<'a> {
    pub(crate) definition: &'a Definition,
    pub(crate) model: Option<&'a Model>,
    pub(crate) day: Day,
}

impl Definition {
    /// The conditions of the discounted sum.
    pub(crate) fn receipts(&self) -> Receipts {
        Receipts {
            period: TimeUnit::Month,
            horizon: self.horizon_months,
            annual_rate: self.discount_rate,
            timing: self.timing,
        }
    }
}

impl Appraiser<'_> {
    /// What an account is worth. `bought` is the forecast of its purchases, for accounts without a contract.
    pub(crate) fn appraise(&self, subject: Subject<'_>, reading: &Reading, bought: Option<&Bought>) -> Lifetime {
        let span = contract::span(subject.account, subject.steps, subject.terms, self.day);
        let mut lifetime = match span {
            Some(span) => self.under_contract(subject, reading, span),
            None if subject.purchases.iter().any(|(day, _)| *day <= self.day) => self.buyer(subject, reading, bought),
            None => return Lifetime::default(),
        };
        lifetime.tier = lifetime.value.filter(|_| lifetime.standing != Standing::Former).and_then(|value| {
            let cuts = &self.model?.cuts;
            (!cuts.is_empty()).then(|| cuts.iter().take_while(|cut| value.value < **cut).count())
        });
        lifetime
    }

    fn under_contract(&self, subject: Subject<'_>, reading: &Reading, span: Span) -> Lifetime {
        let end = span.exit.map_or(self.day, |(day, _)| day);
        let all_known = subject.steps.all_known(self.day);
        let cost = self.definition.money.acquisition_cost_per_new_arr.filter(|_| all_known);
        let cost = cost.map(|cost| cost * 12.0 * first_mrr(subject.steps));
        let Some(economics) = self.economics(reading, cost) else { return Lifetime::default() };
        let served = days(span.start, end) / DAYS_PER_MONTH;
        let flows: Vec<CashFlow> = subject.steps.spans(self.day).map(|part| flow(span.start, part)).collect();
        let form = self.definition.form;
        let so_far = |form| {
            let historic = value::historic(&flows, served, 0.0, &economics, form).ok().filter(|_| all_known)?;
            historic.value.ok()
        };
        let mut lifetime = Lifetime {
            standing: if span.exit.is_some() { Standing::Former } else { Standing::Contract },
            historic: so_far(form),
            acquisition_cost: cost,
            ..Lifetime::default()
        };
        if span.exit.is_some() {
            lifetime.value = lifetime.historic.map(Estimate::certain);
            lifetime.revenue = so_far(Form::Revenue);
            lifetime.tenure_days = Some(days(span.start, end));
            return lifetime;
        }
        lifetime.monthly_margin = Some(economics.per_period(form));
        let standing = contract::standing(subject.terms, self.day);
        lifetime.ends_on = standing.ends_on;
        let Some(forecast) = self.forecast(subject, reading, span, standing) else { return lifetime };
        self.add_future(&mut lifetime, &economics, &forecast, so_far(Form::Revenue));
        lifetime.tenure_days = Some(days(span.start, self.day) + forecast.months * DAYS_PER_MONTH);
        lifetime.payback_months = self.payback(subject.steps, &economics, span.start, cost, &forecast);
        lifetime.p_churn = Some(forecast.p_churn);
        lifetime.forecast = Some(Arc::new(forecast));
        lifetime
    }

    /// The months ahead; `None` without a model.
    fn forecast(
        &self,
        subject: Subject<'_>,
        reading: &Reading,
        span: Span,
        standing: contract::Standing,
    ) -> Option<Forecast> {
        let receipts = self.definition.receipts();
        if let Some(leaves) = standing.ends_on {
            return Some(Hazards::until(month_ahead(self.day, leaves), &receipts));
        }
        let case = Case {
            months: days(span.start, self.day) / DAYS_PER_MONTH,
            group: self.definition.contract.pool_by.of(subject.account).map(str::to_owned),
            renewal: standing.renewal,
            drivers: reading.drivers.clone(),
        };
        Some(self.model?.hazards.as_ref()?.forecast(&case, &receipts))
    }

    fn add_future(&self, lifetime: &mut Lifetime, economics: &Economics, forecast: &Forecast, revenue: Option<f64>) {
        let form = self.definition.form;
        // What comes once is counted in the value so far, and what it cost to win the account is spent.
        let ahead = Economics { one_off: 0.0, referral_margin: 0.0, cost_to_acquire: Some(0.0), ..*economics };
        let survival = |month: u32| forecast.survival.get(month as usize).copied().unwrap_or(0.0);
        let worth = value::contractual(&ahead, survival, self.definition.receipts(), form);
        let point = worth.ok().and_then(|it| it.value.ok());
        let interval = scaled(forecast.present, economics.per_period(form));
        lifetime.future = point.map(|value| Estimate { value, ..interval });
        lifetime.value = lifetime.historic.zip(lifetime.future).map(|(so_far, future)| shifted(future, so_far));
        lifetime.revenue = revenue.map(|so_far| so_far + economics.recurring * forecast.present.value);
    }

    /// Months from the start until the margin, past and expected, has earned the cost to acquire.
    fn payback(
        &self,
        steps: &Arc<Steps>,
        economics: &Economics,
        start: Day,
        cost: Option<f64>,
        forecast: &Forecast,
    ) -> Option<u32> {
        let past = (days(start, self.day) / DAYS_PER_MONTH) as u32;
        let margin_on = |month: u32| {
            let recurring = steps.on(domain::revenue::months_after(start, month)) as f64;
            Economics { recurring, ..*economics }.per_period(self.definition.form)
        };
        let mut earned = 0.0;
        for month in 0..past + self.definition.horizon_months {
            let chance = month.checked_sub(past).map_or(1.0, |ahead| forecast.survival[ahead as usize]);
            let margin = if month < past { margin_on(month) } else { economics.per_period(self.definition.form) };
            earned += margin * chance;
            if earned >= cost? {
                return Some(month + 1);
            }
        }
        None
    }

    fn buyer(&self, subject: Subject<'_>, reading: &Reading, bought: Option<&Bought>) -> Lifetime {
        let cost = self.definition.purchases.acquisition_cost.map(|cost| cost * 100.0);
        let Some(economics) = self.economics(reading, cost) else { return Lifetime::default() };
        let past = subject.purchases.iter().filter(|(day, _)| *day <= self.day);
        let start = past.clone().map(|(day, _)| *day).min().unwrap_or(self.day);
        let flows: Vec<CashFlow> = past
            .map(|(day, cents)| CashFlow { years: days(start, *day) / DAYS_PER_YEAR, revenue: *cents as f64 })
            .collect();
        let served = days(start, self.day) / DAYS_PER_MONTH;
        let form = self.definition.form;
        let so_far = |form| value::historic(&flows, served, 0.0, &economics, form).ok().and_then(|it| it.value.ok());
        let mut lifetime = Lifetime {
            standing: Standing::Buyer,
            historic: so_far(form),
            acquisition_cost: cost,
            ..Lifetime::default()
        };
        let Some(bought) = bought else { return lifetime };
        let receipts = self.definition.receipts();
        let months: f64 = (0..receipts.horizon).map(|month| receipts.factor(month)).sum();
        let to_come = |form| {
            let ahead = Economics { one_off: 0.0, ..economics };
            let served = months * bought.p_alive.value;
            let worth =
                value::non_contractual(&ahead, bought.spend.map(|it| it.value), bought.discounted.value, served, form);
            worth.ok().and_then(|it| it.value.ok())
        };
        lifetime.p_alive = Some(bought.p_alive);
        lifetime.future = to_come(form).map(|value| {
            let share = if form == Form::Profit { economics.gross_margin } else { 1.0 };
            let gross = scaled(bought.money(), share);
            shifted(gross, value - gross.value)
        });
        lifetime.value = lifetime.historic.zip(lifetime.future).map(|(so_far, future)| shifted(future, so_far));
        lifetime.revenue = so_far(Form::Revenue).zip(to_come(Form::Revenue)).map(|(a, b)| a + b);
        lifetime
    }

    /// The economics of an account per month; `None` where an amount is unknown.
    fn economics(&self, reading: &Reading, cost_to_acquire: Option<f64>) -> Option<Economics> {
        let cents = |units: Option<f64>| units.map(|units| units * 100.0);
        Some(Economics {
            recurring: cents(reading.recurring)?,
            one_off: cents(reading.one_off)?,
            referral_margin: cents(reading.referral_margin)?,
            gross_margin: self.definition.money.gross_margin,
            cost_to_serve: cents(reading.cost_to_serve)?,
            cost_to_acquire,
        })
    }
}

/// An estimate plus a number that is certain.
pub(crate) fn shifted(estimate: Estimate, by: f64) -> Estimate {
    let Interval { low, high } = estimate.interval;
    Estimate { value: estimate.value + by, interval: Interval { low: low + by, high: high + by }, ..estimate }
}

fn flow(start: Day, (from, to, mrr): (Day, Day, i64)) -> CashFlow {
    CashFlow { years: days(start, from) / DAYS_PER_YEAR, revenue: mrr as f64 * days(from, to) / DAYS_PER_MONTH }
}

fn first_mrr(steps: &Arc<Steps>) -> f64 {
    steps.first_paid().map_or(0.0, |day| steps.on(day) as f64)
}

fn days(from: Day, to: Day) -> f64 {
    (to - from).num_days() as f64
}

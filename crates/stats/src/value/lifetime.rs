//! The four definitions, and the three classical formulas under constant retention.
//! Discount rates are annual and effective everywhere; how long a period is, is an argument. When within a period
//! money arrives is an explicit [`Timing`], because begin, middle and end are three different lifetime values.

use super::{CONTRACTUAL, Economics, Form, HISTORIC, NON_CONTRACTUAL, SIMPLE, Undefined, Valuation};
use crate::error::{Error, finite, setting_non_negative};
use crate::purchase::TimeUnit;

/// When within its period a payment is taken to arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Timing {
    /// At its beginning: subscriptions paid in advance.
    #[default]
    Advance,
    /// In its middle: usage spread over the period.
    Middle,
    /// At its end.
    Arrears,
}

impl Timing {
    const fn shift(self) -> f64 {
        match self {
            Self::Advance => 0.0,
            Self::Middle => 0.5,
            Self::Arrears => 1.0,
        }
    }
}

/// Money received, in time since acquisition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CashFlow {
    /// Years since acquisition.
    pub years: f64,
    /// Revenue received.
    pub revenue: f64,
}

/// Where future money comes from: the conditions of a discounted sum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Receipts {
    /// The length of a period.
    pub period: TimeUnit,
    /// How many periods count.
    pub horizon: u32,
    /// Effective annual discount rate, 0.10 for ten per cent.
    pub annual_rate: f64,
    /// When within a period money arrives.
    pub timing: Timing,
}

impl Receipts {
    /// The discount factor of the payment of period `t`, the first period being 0.
    pub fn factor(&self, t: u32) -> f64 {
        (-self.period.discount(self.annual_rate) * (f64::from(t) + self.timing.shift())).exp()
    }
}

/// Value so far: the margin of what was received, the costs of serving `periods` and of acquiring taken off.
/// `economics.recurring` is not used; the receipts speak for themselves.
pub fn historic(
    received: &[CashFlow],
    periods: f64,
    annual_rate: f64,
    economics: &Economics,
    form: Form,
) -> Result<Valuation, Error> {
    economics.check()?;
    setting_non_negative("periods served", periods)?;
    setting_non_negative("discount rate", annual_rate)?;
    let share = if form == Form::Profit { economics.gross_margin } else { 1.0 };
    let mut sum = 0.0;
    for (row, flow) in received.iter().enumerate() {
        finite("revenue", row, flow.revenue)?;
        finite("years since acquisition", row, flow.years)?;
        sum += share * flow.revenue * (-annual_rate.ln_1p() * flow.years).exp();
    }
    let served = if form == Form::Profit { periods * economics.cost_to_serve } else { 0.0 };
    let value = economics
        .acquisition(form)
        .map(|cost| sum + economics.once(form) - served - cost)
        .ok_or(Undefined::UnknownAcquisitionCost);
    Ok(Valuation { definition: HISTORIC, form, value })
}

/// Margin per period over churn per period. Undefined at zero churn.
pub fn simple(economics: &Economics, churn: f64, form: Form) -> Result<Valuation, Error> {
    economics.check()?;
    if !(0.0..=1.0).contains(&churn) {
        return Err(Error::Setting { what: "churn", value: churn, expected: "a share between 0 and 1" });
    }
    let value = match economics.acquisition(form) {
        _ if churn == 0.0 => Err(Undefined::ZeroChurn),
        None => Err(Undefined::UnknownAcquisitionCost),
        Some(cost) => Ok(economics.per_period(form) / churn + economics.once(form) - cost),
    };
    Ok(Valuation { definition: SIMPLE, form, value })
}

/// Survival-weighted, discounted margin of a new customer. `survival(t)` is the probability of still being here in
/// period `t`, with `survival(0) = 1`; it may come from any model of this crate.
pub fn contractual(
    economics: &Economics,
    survival: impl Fn(u32) -> f64,
    receipts: Receipts,
    form: Form,
) -> Result<Valuation, Error> {
    economics.check()?;
    setting_non_negative("discount rate", receipts.annual_rate)?;
    let mut lifetime = 0.0;
    for t in 0..receipts.horizon {
        let s = survival(t);
        if !(0.0..=1.0).contains(&s) {
            return Err(Error::OutOfRange { what: "survival", row: t as usize, value: s, expected: "a probability" });
        }
        lifetime += s * receipts.factor(t);
    }
    let value = economics
        .acquisition(form)
        .map(|cost| economics.per_period(form) * lifetime + economics.once(form) - cost)
        .ok_or(Undefined::UnknownAcquisitionCost);
    Ok(Valuation { definition: CONTRACTUAL, form, value })
}

/// Residual value of a present customer without a contract: margin on the expected spend per purchase times the
/// discounted expected purchases (finite horizon or DERT), less the discounted cost to serve. What it cost to acquire
/// the customer is sunk and not taken off. `mean_spend` is `None` where the spend model has no mean;
/// `discounted_periods` is the discounted number of periods in which serving costs arise.
pub fn non_contractual(
    economics: &Economics,
    mean_spend: Option<f64>,
    discounted_purchases: f64,
    discounted_periods: f64,
    form: Form,
) -> Result<Valuation, Error> {
    economics.check()?;
    setting_non_negative("discounted purchases", discounted_purchases)?;
    setting_non_negative("discounted periods", discounted_periods)?;
    let share = if form == Form::Profit { economics.gross_margin } else { 1.0 };
    let served = if form == Form::Profit { economics.cost_to_serve * discounted_periods } else { 0.0 };
    let value = match mean_spend {
        Some(spend) => {
            setting_non_negative("mean spend", spend)?;
            Ok(share * spend * discounted_purchases + economics.once(form) - served)
        }
        None => Err(Undefined::NoMeanSpend),
    };
    Ok(Valuation { definition: NON_CONTRACTUAL, form, value })
}

/// The three formulas that all go by the name of "CLV" under constant retention `r` and rate `d` per period
/// (Fader & Hardie 2012, note 024), for a margin of one.
pub fn constant_retention(retention: f64, rate: f64, case: RetentionCase) -> Result<f64, Error> {
    crate::error::positive("discount rate", rate)?;
    if !(0.0..=1.0).contains(&retention) {
        return Err(Error::Setting { what: "retention", value: retention, expected: "a share between 0 and 1" });
    }
    let left = 1.0 + rate - retention;
    Ok(match case {
        RetentionCase::Unacquired => (1.0 + rate) / left,
        RetentionCase::JustAcquired => retention / left,
        RetentionCase::Arrears => 1.0 / left,
    })
}

/// Whose value, counted when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetentionCase {
    /// A customer not yet acquired who will pay in advance: `(1+d)/(1+d-r)`.
    Unacquired,
    /// One just acquired, whose first payment is not counted: `r/(1+d-r)`.
    JustAcquired,
    /// Payment in arrears: `1/(1+d-r)`.
    Arrears,
}

/// The sum of the residual values of all present customers. Fails on a value that is not finite.
pub fn customer_equity(residual_values: &[f64]) -> Result<f64, Error> {
    residual_values.iter().enumerate().try_fold(0.0, |sum, (row, &v)| Ok(sum + finite("residual value", row, v)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ECONOMICS: Economics = Economics {
        recurring: 100.0,
        one_off: 50.0,
        referral_margin: 20.0,
        gross_margin: 0.8,
        cost_to_serve: 10.0,
        cost_to_acquire: Some(300.0),
    };

    #[test]
    fn simple_is_undefined_at_zero_churn_and_without_cost() {
        let value = |economics: &Economics, churn, form| simple(economics, churn, form).unwrap().value;
        assert_eq!(value(&ECONOMICS, 0.0, Form::Profit), Err(Undefined::ZeroChurn));
        assert!((value(&ECONOMICS, 0.05, Form::Profit).unwrap() - (70.0 / 0.05 + 60.0 - 300.0)).abs() < 1e-9);
        let unknown = Economics { cost_to_acquire: None, ..ECONOMICS };
        assert_eq!(value(&unknown, 0.05, Form::Profit), Err(Undefined::UnknownAcquisitionCost));
        assert!((value(&unknown, 0.05, Form::Revenue).unwrap() - 2050.0).abs() < 1e-9);
        assert_eq!(simple(&unknown, 0.05, Form::Revenue).unwrap().label(), "simple@1 (revenue)");
        assert!(simple(&ECONOMICS, 1.5, Form::Profit).is_err());
    }

    #[test]
    fn contractual_with_constant_retention_is_the_textbook_formula() {
        let receipts = Receipts { period: TimeUnit::Year, horizon: 2000, annual_rate: 0.1, timing: Timing::Advance };
        let plain = Economics {
            one_off: 0.0,
            referral_margin: 0.0,
            cost_to_serve: 0.0,
            gross_margin: 1.0,
            cost_to_acquire: Some(0.0),
            ..ECONOMICS
        };
        let value = contractual(&plain, |t| 0.8_f64.powi(t as i32), receipts, Form::Profit).unwrap().value.unwrap();
        let textbook = 100.0 * constant_retention(0.8, 0.1, RetentionCase::Unacquired).unwrap();
        assert!((value - textbook).abs() < 1e-9, "{value} {textbook}");
        assert!(contractual(&plain, |_| 1.2, receipts, Form::Profit).is_err());
    }

    #[test]
    fn historic_takes_costs_off_in_profit_form_only() {
        let flows = [CashFlow { years: 0.0, revenue: 100.0 }, CashFlow { years: 1.0, revenue: 110.0 }];
        let profit = historic(&flows, 2.0, 0.1, &ECONOMICS, Form::Profit).unwrap().value.unwrap();
        assert!((profit - (0.8 * 200.0 + 60.0 - 20.0 - 300.0)).abs() < 1e-9);
        let revenue = historic(&flows, 2.0, 0.0, &ECONOMICS, Form::Revenue).unwrap().value.unwrap();
        assert!((revenue - 260.0).abs() < 1e-9);
    }

    #[test]
    fn without_a_mean_spend_there_is_no_value() {
        let value = non_contractual(&ECONOMICS, None, 3.0, 0.0, Form::Profit).unwrap().value;
        assert_eq!(value, Err(Undefined::NoMeanSpend));
        assert!(customer_equity(&[1.0, f64::NAN]).is_err());
    }
}

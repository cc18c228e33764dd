//! Ratios around lifetime value: what a customer costs, how soon that returns, what keeping customers costs.
//! Every ratio is `Err(Undefined)` where its denominator is nothing; "never" is an answer of payback, not an error.

use super::Undefined;
use crate::error::{Error, finite, setting_non_negative};

fn ratio(numerator: f64, denominator: f64) -> Result<f64, Undefined> {
    if denominator > 0.0 { Ok(numerator / denominator) } else { Err(Undefined::NothingToDivideBy) }
}

/// Customer acquisition cost: fully loaded sales and marketing spend of a period over the customers won in it.
pub fn acquisition_cost(spend: f64, new_customers: f64) -> Result<Result<f64, Undefined>, Error> {
    setting_non_negative("acquisition spend", spend)?;
    setting_non_negative("new customers", new_customers)?;
    Ok(ratio(spend, new_customers))
}

/// Lifetime value over the cost to acquire; both in the same form, segment and vintage.
pub fn lifetime_to_cost(lifetime_value: f64, cost: f64) -> Result<Result<f64, Undefined>, Error> {
    finite("lifetime value", 0, lifetime_value)?;
    setting_non_negative("acquisition cost", cost)?;
    Ok(ratio(lifetime_value, cost))
}

/// Customer retention cost: what keeping customers cost in a period over the customers retained in it.
pub fn retention_cost(spend: f64, retained_customers: f64) -> Result<Result<f64, Undefined>, Error> {
    setting_non_negative("retention spend", spend)?;
    setting_non_negative("retained customers", retained_customers)?;
    Ok(ratio(spend, retained_customers))
}

/// The same over the recurring revenue retained, a share.
pub fn retention_cost_share(spend: f64, retained_revenue: f64) -> Result<Result<f64, Undefined>, Error> {
    setting_non_negative("retention spend", spend)?;
    setting_non_negative("retained revenue", retained_revenue)?;
    Ok(ratio(spend, retained_revenue))
}

/// The first period at whose end the accumulated, survival-weighted margin covers the cost to acquire.
/// `Ok(None)` means not within `horizon` periods. With a survival of 1 throughout this is the usual cost over margin.
pub fn payback_periods(
    cost: f64,
    margin_per_period: f64,
    survival: impl Fn(u32) -> f64,
    horizon: u32,
) -> Result<Result<Option<u32>, Undefined>, Error> {
    setting_non_negative("acquisition cost", cost)?;
    if finite("margin per period", 0, margin_per_period)? <= 0.0 {
        return Ok(Err(Undefined::NoMargin));
    }
    let mut earned = 0.0;
    for t in 0..horizon {
        earned += margin_per_period * survival(t).clamp(0.0, 1.0);
        if earned >= cost {
            return Ok(Ok(Some(t + 1)));
        }
    }
    Ok(Ok(None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payback_may_never_come() {
        let periods = |survival: fn(u32) -> f64| payback_periods(1000.0, 100.0, survival, 600).unwrap();
        assert_eq!(periods(|_| 1.0), Ok(Some(10)));
        assert_eq!(periods(|t| 0.85_f64.powi(t as i32)), Ok(None));
        assert_eq!(payback_periods(10.0, 0.0, |_| 1.0, 5).unwrap(), Err(Undefined::NoMargin));
    }

    #[test]
    fn nothing_to_divide_by_is_undefined() {
        assert_eq!(acquisition_cost(500.0, 0.0).unwrap(), Err(Undefined::NothingToDivideBy));
        assert_eq!(retention_cost(500.0, 50.0).unwrap(), Ok(10.0));
        assert_eq!(lifetime_to_cost(900.0, 300.0).unwrap(), Ok(3.0));
        assert!(retention_cost_share(f64::NAN, 1.0).is_err());
    }
}

//! Recurring revenue from subscriptions, exact to the last part of a cent.
//!
//! A [`Subscription`] with its items becomes [`Line`]s: spans of days on which an amount recurs. The lines of an account are
//! an [`AccountLedger`], those of a book a [`Ledger`], and everything else is a question to it: ARR on a day, the
//! [`Movement`]s between two days, [`Retention`], cohorts, renewals. Amounts are [`Arr`], an integer number of parts of a
//! minor unit, so that sums are exact in any order, and shares are [`Ratio`]s, so that nothing is rounded before it is shown.
//!
//! Two conventions hold everywhere. ARR *on a day* is what recurs at the end of that day, and a [`Span`] is the days
//! after one day and through another, so that a span opens where the one before closed. Movements are taken by the day:
//! an account that comes and goes inside a month is both new and lost, and the months of a year add up to the year.
//!
//! Deliberately absent: invoices and payments, which say what was charged and not what was promised; recognised revenue;
//! and when a fact became known, since a ledger is built from the facts known on one instant.

mod amount;
mod cohort;
mod definition;
mod discount;
mod ledger;
mod line;
mod movement;
mod mutant;
mod part;
mod price;
mod rates;
mod renewal;
mod retention;
mod statement;
mod subscription;
mod target;

pub use amount::{Arr, Percent, Points, Ratio};
pub use cohort::{Cohort, Grain, Member, total};
pub use definition::{
    DEFINITIONS, Definition, Difference, Measured, Method, Quantity, Sign, Term, annual_rate, monthly_rate,
};
pub use discount::{Discount, Off};
pub use ledger::{AccountLedger, Ledger, LeftOut, Span, month_of, months_after, months_before};
pub use line::{Line, Unit};
pub use movement::{Bridge, Cause, Kind, Logos, Movement};
pub use part::Part;
pub use price::{Per, Price, Proration};
pub use rates::{Currency, Exchange, NoRate, Rate, RateError, Rates, View};
pub use renewal::{DueBase, Outcome, Renewal, Sensitivity};
pub use retention::{AccountRetention, Retention};
pub use statement::{Contradiction, Said, Statement};
pub use subscription::{Charge, Fault, Item, Subscription, Wrong};
pub use target::{Base, Scale, Target, TargetError, Warning};

#[cfg(test)]
mod tests;

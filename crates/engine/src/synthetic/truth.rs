//! The *truth* behind the synthetic company: what really was going on in each account and month, which nothing a
//! customer success team can see contains. It exists so that every algorithm can be checked against the right answer,
//! and it is kept apart: no record holds any of it, and no code outside tests and benchmarks may read it.
//!
//! The truth runs a year past today, so that a forecast made today can be scored. The months after today are as real
//! as those before it; only the records stop.

use std::io::{self, Write};

use domain::Day;

/// What really happened to every account.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// One entry per account, in the order of their ids.
    pub accounts: Vec<AccountTruth>,
}

/// What really happened to one account.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountTruth {
    /// Whose truth it is.
    pub account_id: i64,
    /// Every month in which the account was a customer on the first day or became one, from the start of the window.
    pub months: Vec<MonthTruth>,
    /// What befell it, oldest first.
    pub shocks: Vec<Shock>,
    /// How it ended, if it did.
    pub exit: Option<Exit>,
}

/// The state at the first day of a month and the chances during it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MonthTruth {
    /// First day of the month.
    pub month: Day,
    /// Latent health: a real number around 0.35, higher is better.
    pub latent: f64,
    /// Probability that the account decides to leave in this month, if no involuntary exit comes first.
    pub hazard_voluntary: f64,
    /// Probability that the account is lost against its will (insolvency, takeover, unpaid bills) in this month.
    pub hazard_involuntary: f64,
    /// Calendar months to the end of the term; 0 in the month it ends.
    pub months_to_renewal: i32,
    /// Probability that the account buys more during this month.
    pub expansion: f64,
    /// Seats under contract on the first day.
    pub seats: i64,
    /// Whether anybody sponsors the product on the first day.
    pub sponsor: bool,
}

impl MonthTruth {
    /// Probability that the account is lost in this month for either reason.
    pub fn hazard(&self) -> f64 {
        1.0 - (1.0 - self.hazard_voluntary) * (1.0 - self.hazard_involuntary)
    }
}

/// Something that moved latent health.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shock {
    /// The month it happened in; it shows in the latent health of the month after.
    pub month: Day,
    /// What it was.
    pub kind: ShockKind,
    /// By how much latent health moved.
    pub size: f64,
}

/// What can befall an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ShockKind {
    /// The sponsor left; until somebody follows, latent health keeps sinking.
    SponsorLeft,
    /// Somebody became the new sponsor.
    SponsorReplaced,
    /// A champion got more to say.
    ChampionPromoted,
    /// Teams were merged, split or moved.
    Reorganisation,
    /// A competitor was invited.
    Competitor,
    /// The price was disputed.
    PriceDispute,
    /// The product was down where they are.
    Outage,
    /// A save play was due and was played; the size is its true effect.
    SavePlay,
    /// A save play was due and, by the toss of a coin, was not played; the size is 0.
    SaveHeldOut,
}

impl ShockKind {
    /// The word in the truth file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SponsorLeft => "sponsor_left",
            Self::SponsorReplaced => "sponsor_replaced",
            Self::ChampionPromoted => "champion_promoted",
            Self::Reorganisation => "reorganisation",
            Self::Competitor => "competitor",
            Self::PriceDispute => "price_dispute",
            Self::Outage => "outage",
            Self::SavePlay => "save_play",
            Self::SaveHeldOut => "save_held_out",
        }
    }
}

/// The end of a customer relationship.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// First day no longer a customer.
    pub day: Day,
    /// The day notice was given; the exit day itself where nobody gave any.
    pub notice_on: Day,
    /// Why.
    pub cause: ExitCause,
}

/// Why an account was lost; the two compete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExitCause {
    /// The account decided to leave.
    Voluntary,
    /// The account could not stay: insolvency, takeover, unpaid bills.
    Involuntary,
}

impl ExitCause {
    /// The word in the truth file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Voluntary => "voluntary",
            Self::Involuntary => "involuntary",
        }
    }
}

impl Truth {
    /// Writes one line of CSV per account and month, with a header. Shocks of the month are separated by `|`; the
    /// exit is on the line of the month it falls in.
    pub fn write_csv(&self, mut out: impl Write) -> io::Result<()> {
        writeln!(
            out,
            "account_id,month,latent,hazard_voluntary,hazard_involuntary,months_to_renewal,expansion,seats,sponsor,\
             shocks,exit_day,exit_cause"
        )?;
        for account in &self.accounts {
            account.write_csv(&mut out)?;
        }
        Ok(())
    }
}

impl AccountTruth {
    fn write_csv(&self, out: &mut impl Write) -> io::Result<()> {
        for (index, month) in self.months.iter().enumerate() {
            let shocks: Vec<&str> = self
                .shocks
                .iter()
                .filter(|shock| shock.month == month.month)
                .map(|shock| shock.kind.as_str())
                .collect();
            let is_last = index + 1 == self.months.len();
            let (day, cause) = match self.exit.filter(|_| is_last) {
                Some(exit) => (exit.day.to_string(), exit.cause.as_str()),
                None => (String::new(), ""),
            };
            writeln!(
                out,
                "{},{},{:.6},{:.6},{:.6},{},{:.6},{},{},{},{day},{cause}",
                self.account_id,
                month.month,
                month.latent,
                month.hazard_voluntary,
                month.hazard_involuntary,
                month.months_to_renewal,
                month.expansion,
                month.seats,
                month.sponsor,
                shocks.join("|"),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_one_line_and_the_exit_is_on_the_last() {
        let month = |text: &str| MonthTruth {
            month: text.parse().unwrap(),
            latent: 0.5,
            hazard_voluntary: 0.1,
            hazard_involuntary: 0.2,
            months_to_renewal: 0,
            expansion: 0.03,
            seats: 12,
            sponsor: true,
        };
        assert!((month("2026-01-01").hazard() - 0.28).abs() < 1e-12);
        let truth = Truth {
            accounts: vec![AccountTruth {
                account_id: 4,
                months: vec![month("2026-01-01"), month("2026-02-01")],
                shocks: vec![Shock { month: "2026-01-01".parse().unwrap(), kind: ShockKind::Outage, size: -0.3 }],
                exit: Some(Exit {
                    day: "2026-02-11".parse().unwrap(),
                    notice_on: "2025-12-30".parse().unwrap(),
                    cause: ExitCause::Voluntary,
                }),
            }],
        };
        let mut csv = Vec::new();
        truth.write_csv(&mut csv).unwrap();
        let lines: Vec<String> = String::from_utf8(csv).unwrap().lines().map(str::to_owned).collect();
        assert_eq!(lines[1], "4,2026-01-01,0.500000,0.100000,0.200000,0,0.030000,12,true,outage,,");
        assert_eq!(lines[2], "4,2026-02-01,0.500000,0.100000,0.200000,0,0.030000,12,true,,2026-02-11,voluntary");
    }
}

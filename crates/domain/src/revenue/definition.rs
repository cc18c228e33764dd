//! The definitions of retention and its relatives, named and versioned, because every company has its own. A definition is
//! a list of terms over a base; its formula and its arithmetic are written from the same list, so that what a page explains
//! is what was computed. Definitions that others use and we advise against are here too, told as such: beside ours, with
//! the difference itemised by account, they settle the dispute that hiding them only prolongs.

use super::{
    amount::{Arr, Percent, Points, Ratio},
    movement::{Bridge, Kind},
    retention::{AccountRetention, Retention},
};

/// A named way to compute one figure.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// Its key in files and in the API.
    pub key: &'static str,
    /// Grows when the figure changes for the same facts.
    pub version: u32,
    /// Name on screen.
    pub name: &'static str,
    /// What it says, and what not.
    pub doc: &'static str,
    /// Whether we advise to steer by it.
    pub advised: bool,
    /// How it is computed.
    pub method: Method,
}

/// How a figure is computed from what was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Terms with their signs over a base.
    Sum(&'static [(Sign, Term)], Term),
    /// The sum of some terms over the sum of others: a ratio, not a share.
    Quotient(&'static [(Sign, Term)], &'static [(Sign, Term)]),
    /// The product of the net retentions of the months.
    Compounded,
}

/// Whether a term is added or taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Added.
    Plus,
    /// Taken away.
    Minus,
}

/// One quantity that was measured over a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// ARR of the accounts that paid at the opening.
    Opening,
    /// What those of them who pay more gained.
    Gained,
    /// What those who pay less shrank by.
    Shrunk,
    /// What those who left had paid.
    Lost,
    /// The least each paid on the way.
    Lowest,
    /// Expansion movements of everybody.
    Expansion,
    /// Price movements of everybody; negative where prices fell.
    Price,
    /// Contraction movements of everybody.
    Contraction,
    /// Churn movements of everybody.
    Churn,
    /// Reactivation movements of everybody.
    Reactivation,
    /// New movements.
    New,
    /// ARR of everybody at the closing.
    Closing,
    /// Accounts at the opening.
    Logos,
    /// Of these, who pays at the closing.
    LogosKept,
    /// Of these, who paid on every day.
    LogosUnbroken,
}

/// A quantity as it was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Recurring revenue.
    Money(Arr),
    /// Accounts.
    Count(usize),
}

/// What was measured over a span: all that definitions may use.
#[derive(Debug, Clone, Copy)]
pub struct Measured<'a> {
    /// The cohort of the opening.
    pub retention: &'a Retention,
    /// The movements of everybody.
    pub bridge: &'a Bridge,
    /// The same cohort figures month by month.
    pub months: &'a [Retention],
}

/// Why two definitions of retention differ over the same span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The first less the second.
    pub points: Points,
    /// What each account counts for in the first less in the second, largest first; sums to the difference of the tops.
    pub accounts: Vec<(i64, Arr)>,
    /// The base both share.
    pub base: Arr,
}

use Sign::{Minus, Plus};
use Term::{
    Churn, Closing, Contraction, Expansion, Gained, Logos, LogosKept, LogosUnbroken, Lost, Lowest, New, Opening, Price,
    Reactivation, Shrunk,
};

/// Every definition, ours first.
pub const DEFINITIONS: &[Definition] = &[
    Definition {
        key: "nrr",
        version: 1,
        name: "Net revenue retention",
        doc: "What the accounts that paid at the opening pay at the closing, of what they paid then. Newcomers are out; who left and came back counts with what it pays now.",
        advised: true,
        method: Method::Sum(&[(Plus, Opening), (Plus, Gained), (Minus, Shrunk), (Minus, Lost)], Opening),
    },
    Definition {
        key: "grr",
        version: 1,
        name: "Gross revenue retention",
        doc: "The same with each account capped at what it paid at the opening, so that one account's growth hides no other's loss. Never above 100 %.",
        advised: true,
        method: Method::Sum(&[(Plus, Opening), (Minus, Shrunk), (Minus, Lost)], Opening),
    },
    Definition {
        key: "grr_path",
        version: 1,
        name: "Gross revenue retention, strict",
        doc: "Each account counts with the least it paid on any day of the span: what was lost and won back is not retained.",
        advised: true,
        method: Method::Sum(&[(Plus, Lowest)], Opening),
    },
    Definition {
        key: "logo_retention",
        version: 1,
        name: "Logo retention",
        doc: "Accounts that paid at the opening and pay at the closing.",
        advised: true,
        method: Method::Sum(&[(Plus, LogosKept)], Logos),
    },
    Definition {
        key: "logo_retention_unbroken",
        version: 1,
        name: "Logo retention, unbroken",
        doc: "Accounts that paid at the opening and on every day since.",
        advised: true,
        method: Method::Sum(&[(Plus, LogosUnbroken)], Logos),
    },
    Definition {
        key: "logo_churn",
        version: 1,
        name: "Logo churn",
        doc: "Accounts that paid at the opening and no longer do at the closing.",
        advised: true,
        method: Method::Sum(&[(Plus, Logos), (Minus, LogosKept)], Logos),
    },
    Definition {
        key: "revenue_churn_gross",
        version: 1,
        name: "Gross revenue churn",
        doc: "What the accounts of the opening shrank by and left with. With gross retention it makes 100 %.",
        advised: true,
        method: Method::Sum(&[(Plus, Shrunk), (Plus, Lost)], Opening),
    },
    Definition {
        key: "revenue_churn_net",
        version: 1,
        name: "Net revenue churn",
        doc: "The same less what others of the opening gained; below zero where they gained more. With net retention it makes 100 %.",
        advised: true,
        method: Method::Sum(&[(Plus, Shrunk), (Plus, Lost), (Minus, Gained)], Opening),
    },
    Definition {
        key: "expansion_rate",
        version: 1,
        name: "Expansion rate",
        doc: "What accounts that already paid bought more, of the opening. Price changes are not in it.",
        advised: true,
        method: Method::Sum(&[(Plus, Expansion)], Opening),
    },
    Definition {
        key: "quick_ratio",
        version: 1,
        name: "Quick ratio",
        doc: "What came over what went. Undefined where nothing went: neither zero nor infinite.",
        advised: true,
        method: Method::Quotient(
            &[(Plus, New), (Plus, Expansion), (Plus, Reactivation)],
            &[(Plus, Contraction), (Plus, Churn)],
        ),
    },
    Definition {
        key: "nrr_flows",
        version: 1,
        name: "Net retention from movements",
        doc: "Movements of everybody over the opening. Counts the churn of accounts that were not there at the opening, so it falls when newcomers leave.",
        advised: false,
        method: Method::Sum(
            &[(Plus, Opening), (Plus, Expansion), (Plus, Price), (Minus, Contraction), (Minus, Churn)],
            Opening,
        ),
    },
    Definition {
        key: "nrr_flows_returned",
        version: 1,
        name: "Net retention from movements, with returns",
        doc: "The same with reactivations added, as some billing tools do.",
        advised: false,
        method: Method::Sum(
            &[
                (Plus, Opening),
                (Plus, Expansion),
                (Plus, Price),
                (Plus, Reactivation),
                (Minus, Contraction),
                (Minus, Churn),
            ],
            Opening,
        ),
    },
    Definition {
        key: "nrr_compounded",
        version: 1,
        name: "Net retention, compounded",
        doc: "The product of the months' net retentions: a projection of the months, not a measurement of the span.",
        advised: false,
        method: Method::Compounded,
    },
    Definition {
        key: "nrr_everybody",
        version: 1,
        name: "Closing over opening",
        doc: "Growth of the whole book, newcomers included. Not retention.",
        advised: false,
        method: Method::Sum(&[(Plus, Closing)], Opening),
    },
    Definition {
        key: "grr_flows",
        version: 1,
        name: "Gross retention from movements",
        doc: "Contraction and churn of everybody over the opening. Can fall below zero when newcomers leave.",
        advised: false,
        method: Method::Sum(&[(Plus, Opening), (Minus, Contraction), (Minus, Churn)], Opening),
    },
];

impl Term {
    /// Its name in a formula.
    pub fn name(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Gained => "gained",
            Self::Shrunk => "shrunk",
            Self::Lost => "lost",
            Self::Lowest => "lowest on the way",
            Self::Expansion => "expansion",
            Self::Price => "price changes",
            Self::Contraction => "contraction",
            Self::Churn => "churn",
            Self::Reactivation => "reactivation",
            Self::New => "new",
            Self::Closing => "closing",
            Self::Logos => "accounts at the opening",
            Self::LogosKept => "of these, at the closing",
            Self::LogosUnbroken => "of these, on every day",
        }
    }

    /// Its value over a span.
    pub fn of(self, measured: &Measured<'_>) -> Quantity {
        let (retention, bridge) = (measured.retention, measured.bridge);
        Quantity::Money(match self {
            Self::Opening => retention.opening,
            Self::Gained => retention.gained,
            Self::Shrunk => retention.shrunk,
            Self::Lost => retention.lost,
            Self::Lowest => retention.lowest,
            Self::Closing => bridge.closing(),
            Self::Logos => return Quantity::Count(retention.logos),
            Self::LogosKept => return Quantity::Count(retention.logos_kept),
            Self::LogosUnbroken => return Quantity::Count(retention.logos_unbroken),
            flow => flow.flow(bridge),
        })
    }

    /// What it is of movements; losses are positive here, since formulas take them away.
    fn flow(self, bridge: &Bridge) -> Arr {
        match self {
            Self::Expansion => bridge.of(Kind::Expansion),
            Self::Price => bridge.of(Kind::Price),
            Self::Contraction => -bridge.of(Kind::Contraction),
            Self::Churn => -bridge.of(Kind::Churn),
            Self::Reactivation => bridge.of(Kind::Reactivation),
            Self::New => bridge.of(Kind::New),
            _ => Arr::ZERO,
        }
    }

    /// What one account contributes to it.
    fn of_account(self, account: &AccountRetention) -> Arr {
        let paid = account.opening.is_positive();
        let stays = paid && account.closing.is_positive();
        let when = |is: bool, amount: Arr| if is { amount } else { Arr::ZERO };
        match self {
            Self::Opening => account.opening,
            Self::Gained => when(stays, (account.closing - account.opening).max(Arr::ZERO)),
            Self::Shrunk => when(stays, (account.opening - account.closing).max(Arr::ZERO)),
            Self::Lost => when(paid && !stays, account.opening),
            Self::Lowest => when(paid, account.lowest),
            Self::Closing => account.flows.closing(),
            flow => flow.flow(&account.flows),
        }
    }
}

impl Quantity {
    fn parts(self) -> i128 {
        match self {
            Self::Money(arr) => arr.0,
            Self::Count(count) => count as i128,
        }
    }
}

impl Definition {
    /// The definition of a key.
    pub fn named(key: &str) -> Option<&'static Self> {
        DEFINITIONS.iter().find(|definition| definition.key == key)
    }

    /// The figure; undefined where its base is zero.
    pub fn evaluate(&self, measured: &Measured<'_>) -> Option<Ratio> {
        let sum = |terms: &[(Sign, Term)]| -> i128 {
            terms.iter().map(|(sign, term)| sign.apply(term.of(measured).parts())).sum()
        };
        match self.method {
            Method::Sum(top, base) => Ratio::new(sum(top), base.of(measured).parts()),
            Method::Quotient(top, base) => Ratio::new(sum(top), sum(base)),
            Method::Compounded => compounded(measured.months),
        }
    }

    /// The formula in words.
    pub fn formula(&self) -> String {
        self.write(|term| term.name().to_owned(), "net retention of month 1 × … × of the last month")
    }

    /// The formula with the numbers of a span, money written by `money`.
    pub fn arithmetic(&self, measured: &Measured<'_>, money: impl Fn(Arr) -> String) -> String {
        let product: Vec<String> = measured
            .months
            .iter()
            .map(|month| month.net().map_or_else(|| "undefined".to_owned(), |net| net.to_string()))
            .collect();
        let write = |term: Term| match term.of(measured) {
            Quantity::Money(arr) => money(arr),
            Quantity::Count(count) => count.to_string(),
        };
        self.write(write, &product.join(" × "))
    }

    /// What one account counts with above the line; `None` for figures that count no amounts over the opening.
    pub fn counts(&self, account: &AccountRetention) -> Option<Arr> {
        let Method::Sum(terms, Opening) = self.method else {
            return None;
        };
        Some(terms.iter().map(|(sign, term)| Arr(sign.apply(term.of_account(account).0))).sum())
    }

    /// Whether the figure is a share, written as percent, and not a plain ratio.
    pub fn is_share(&self) -> bool {
        !matches!(self.method, Method::Quotient(..))
    }

    /// Why this figure is not another's: what each account counts for in one and not in the other.
    ///
    /// Only between definitions that sum amounts over the opening; a product of months cannot be told by account.
    pub fn differs_from(&self, other: &Self, measured: &Measured<'_>) -> Option<Difference> {
        let rows = measured.retention.accounts.iter();
        let rows = rows.map(|row| Some((row.account_id, self.counts(row)? - other.counts(row)?)));
        let mut accounts: Vec<(i64, Arr)> = rows.collect::<Option<_>>()?;
        accounts.retain(|(_, amount)| !amount.is_zero());
        accounts.sort_by_key(|(id, amount)| (std::cmp::Reverse(amount.0.abs()), *id));
        let points = Percent(self.evaluate(measured)?).points_above(Percent(other.evaluate(measured)?));
        Some(Difference { points, accounts, base: measured.retention.opening })
    }

    /// What a month's share comes to in a year at the same pace, by the right power: a projection and no measurement. `None`
    /// for figures that are neither a share that leaves nor one that stays.
    pub fn annualised(&self, month: f64) -> Option<f64> {
        let year = match self.key {
            "logo_churn" | "revenue_churn_gross" | "revenue_churn_net" => annual_rate(month),
            "nrr" | "grr" | "grr_path" | "logo_retention" | "logo_retention_unbroken" => 1.0 - annual_rate(1.0 - month),
            _ => return None,
        };
        year.is_finite().then_some(year)
    }

    fn write(&self, term: impl Fn(Term) -> String, product: &str) -> String {
        let sum = |terms: &[(Sign, Term)]| {
            let mut text = String::new();
            for (at, (sign, each)) in terms.iter().enumerate() {
                text.push_str(match (at, sign) {
                    (0, Plus) => "",
                    (0, Minus) => "−",
                    (_, Plus) => " + ",
                    (_, Minus) => " − ",
                });
                text.push_str(&term(*each));
            }
            if terms.len() > 1 { format!("({text})") } else { text }
        };
        match self.method {
            Method::Sum(top, base) => format!("{} / {}", sum(top), term(base)),
            Method::Quotient(top, base) => format!("{} / {}", sum(top), sum(base)),
            Method::Compounded => product.to_owned(),
        }
    }
}

impl Sign {
    fn apply(self, amount: i128) -> i128 {
        match self {
            Plus => amount,
            Minus => -amount,
        }
    }
}

/// A product of months; its digits are cut to nine places, since exact ones would not fit after a few months.
fn compounded(months: &[Retention]) -> Option<Ratio> {
    const PLACES: i128 = 1_000_000_000;
    let shares = months.iter().map(|month| month.net().map(Percent::as_f64));
    let product = shares.collect::<Option<Vec<f64>>>()?.into_iter().product::<f64>();
    if months.is_empty() { None } else { Ratio::new((product * PLACES as f64).round() as i128, PLACES) }
}

/// The annual rate of a monthly one by the right power: five percent a month is 46 % a year, not 60.
pub fn annual_rate(monthly: f64) -> f64 {
    -f64::exp_m1(12.0 * f64::ln_1p(-monthly))
}

/// The monthly rate of an annual one.
pub fn monthly_rate(annual: f64) -> f64 {
    -f64::exp_m1(f64::ln_1p(-annual) / 12.0)
}

//! One cell of a cohort table as a figure: its definition, the arithmetic with its numbers, and the accounts behind it. A
//! [`CohortCell`] has a key like every other figure of revenue, so that its page and its export are theirs.

use domain::{
    Day,
    revenue::{Arr, Grain, Ledger, Percent, View, months_after},
};
use lake::{Column, Frame, FrameError};

use super::explain::{Explained, Names, money};

/// Grows when a cell changes for the same facts.
const VERSION: u32 = 1;

/// Of what a cell is a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// What the accounts paid at first.
    Revenue,
    /// The accounts themselves.
    Accounts,
}

/// One cell: which table, which cohort, which age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CohortCell {
    /// Of what it is a share.
    pub share: Share,
    /// How long a period is.
    pub grain: Grain,
    /// First day of the period in which the accounts began to pay.
    pub starts: Day,
    /// Periods that have passed since.
    pub age: usize,
}

impl CohortCell {
    /// Its key in addresses: `cohort_revenue_quarter_2026-01-01_3`.
    pub fn key(self) -> String {
        let share = if self.share == Share::Revenue { "revenue" } else { "accounts" };
        let grain = if self.grain == Grain::Month { "month" } else { "quarter" };
        format!("cohort_{share}_{grain}_{}_{}", self.starts, self.age)
    }

    /// The cell of a key.
    pub fn named(key: &str) -> Option<Self> {
        let mut parts = key.strip_prefix("cohort_")?.split('_');
        let share = match parts.next()? {
            "revenue" => Share::Revenue,
            "accounts" => Share::Accounts,
            _ => return None,
        };
        let grain = match parts.next()? {
            "month" => Grain::Month,
            "quarter" => Grain::Quarter,
            _ => return None,
        };
        let (starts, age) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let whole = parts.next().is_none() && grain.starts(starts) == starts;
        whole.then_some(Self { share, grain, starts, age })
    }

    /// Why it is what it is, down to each account; `None` where there is no such cell by the end of a day.
    pub fn explain(
        self,
        ledger: &Ledger,
        view: &View<'_>,
        through: Day,
        names: &Names<'_>,
    ) -> Result<Option<Explained>, FrameError> {
        let found = ledger.cohort_members((self.grain, self.starts, self.age), through, view);
        let Some((end, members)) = found else { return Ok(None) };
        let sum = |of: fn(&domain::revenue::Member) -> Arr| members.iter().map(of).sum::<Arr>();
        let (opening, left) = (sum(|it| it.opening), sum(|it| it.left));
        let pay = members.iter().filter(|it| it.left.is_positive()).count();
        let (share, arithmetic) = match self.share {
            Share::Revenue => (Percent::of(left, opening), format!("{} / {}", money(left, view), money(opening, view))),
            Share::Accounts => (Percent::of_counts(pay, members.len()), format!("{pay} / {}", members.len())),
        };
        let units = |arr: Arr| arr.cents() as f64 / 100.0;
        let rows = members.iter();
        Ok(Some(Explained {
            name: self.name(),
            version: Some(VERSION),
            doc: self.doc(),
            formula: self.formula(end),
            arithmetic,
            value: share.map_or_else(|| "undefined: its base is zero".to_owned(), |share| share.to_string()),
            over: Some(self.over(end)),
            annual: None,
            others: Vec::new(),
            rows: Frame::new([
                ("account_id", rows.clone().map(|it| it.account_id).collect::<Column>()),
                ("account", rows.clone().map(|it| Some((names.name_of)(it.account_id))).collect()),
                ("csm", rows.clone().map(|it| (names.csm_on)(it.account_id, end)).collect()),
                ("first_paid", rows.clone().map(|it| Some(it.first)).collect()),
                ("opening", rows.clone().map(|it| units(it.opening)).collect()),
                ("left", rows.clone().map(|it| units(it.left)).collect()),
                ("pays", rows.map(|it| it.left.is_positive()).collect()),
            ])?,
        }))
    }

    const fn name(self) -> &'static str {
        match self.share {
            Share::Revenue => "Revenue left of a cohort",
            Share::Accounts => "Accounts left of a cohort",
        }
    }

    const fn doc(self) -> &'static str {
        match self.share {
            Share::Revenue => {
                "What the accounts that began to pay in one period pay at the end of another, of what each paid on its first day. Growth counts, so it may be above 100 %; exchange rates are those of each day."
            }
            Share::Accounts => {
                "How many of the accounts that began to pay in one period pay at the end of another. An account that left and came back counts while it pays."
            }
        }
    }

    /// What bears on it: when its accounts began, and the day that is looked at.
    fn over(self, end: Day) -> String {
        let last = domain::time::days_before(months_after(self.starts, self.grain.months()), 1);
        format!("first payments from {} through {last}, and what is paid at the end of {end}", self.starts)
    }

    fn formula(self, end: Day) -> String {
        let period = if self.grain == Grain::Month { "month" } else { "quarter" };
        let began = format!("the accounts that began to pay in the {period} from {}", self.starts);
        match self.share {
            Share::Revenue => format!("ARR of {began} at the end of {end} / their ARR, each on its first day"),
            Share::Accounts => format!("those of {began} that pay at the end of {end} / all of them"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_its_cell_and_nothing_else() {
        let starts = "2026-04-01".parse().unwrap();
        for (share, grain) in [(Share::Revenue, Grain::Quarter), (Share::Accounts, Grain::Month)] {
            let cell = CohortCell { share, grain, starts, age: 3 };
            assert_eq!(CohortCell::named(&cell.key()), Some(cell));
        }
        for wrong in [
            "cohort_revenue_quarter_2026-05-01_3",
            "cohort_revenue_quarter_2026-04-01_-1",
            "cohort_revenue_quarter_2026-04-01_3_4",
            "cohort_luck_month_2026-04-01_3",
            "nrr",
        ] {
            assert_eq!(CohortCell::named(wrong), None, "{wrong}");
        }
    }
}

//! What several sources say of one account's recurring revenue. Where they speak of the same contract in their own words,
//! as the CRM of what was sold and billing of what is charged, nobody can tell from the records that it is one: so either
//! every source counts, or one that a person has chosen, and what the others say stands beside it. Nothing is averaged,
//! and what does not count is kept.

use super::{Arr, Currency, Line, View, ledger::AccountLedger, ledger::Ledger};
use crate::{Day, Instant};

/// What one source says of an account's recurring revenue, where several do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The source; `None` where a person typed it.
    pub source_id: Option<i64>,
    /// Whether it is in the account's revenue.
    pub counts: bool,
    /// When the source last said something else than before.
    pub said_at: Instant,
    /// What recurs by its word.
    pub lines: Vec<Line>,
}

/// Sources that do not agree about an account on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// The account.
    pub account_id: i64,
    /// The currency of the amounts.
    pub currency: Currency,
    /// What is counted.
    pub counted: Arr,
    /// What each source says, those that count first.
    pub said: Vec<Said>,
}

/// What one source says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// The source; `None` where a person typed it.
    pub source_id: Option<i64>,
    /// ARR by its word.
    pub arr: Arr,
    /// Whether that counts.
    pub counts: bool,
    /// When it last said something else than before.
    pub since: Instant,
}

impl AccountLedger {
    /// Whether its sources disagree at the end of a day.
    ///
    /// Where all of them count, two that both have revenue do: what they say is counted twice if they mean the same.
    /// Where one was chosen, another that does not say the same does.
    pub fn contradiction(&self, day: Day, view: &View<'_>) -> Option<Contradiction> {
        let arr =
            |of: &Statement| of.lines.iter().filter(|line| line.is_on(day)).map(|line| view.value(line, day)).sum();
        let said =
            |of: &Statement| Said { source_id: of.source_id, arr: arr(of), counts: of.counts, since: of.said_at };
        let mut said: Vec<Said> = self.statements.iter().map(said).collect();
        said.sort_by_key(|it| (!it.counts, it.source_id));
        let counted: Arr = said.iter().filter(|it| it.counts).map(|it| it.arr).sum();
        let chosen = said.iter().any(|it| !it.counts);
        let differ = said.iter().any(|it| !it.counts && it.arr != counted);
        let twice = said.iter().filter(|it| it.arr.is_positive()).count() > 1;
        let found = if chosen { differ } else { twice };
        found.then_some(Contradiction { account_id: self.account_id, currency: view.currency, counted, said })
    }
}

impl Ledger {
    /// Every account whose sources disagree at the end of a day.
    pub fn contradictions(&self, day: Day, view: &View<'_>) -> Vec<Contradiction> {
        self.accounts().iter().filter_map(|account| account.contradiction(day, view)).collect()
    }
}

//! Rules that a test may break on purpose, to see that the invariants notice. Outside tests no rule can be broken: the
//! function is constant and the compiler removes it.

/// A rule, broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mutant {
    /// Gross retention ignores accounts that pay less.
    ContractionInNetOnly,
    /// Gross retention is capped for the book and not for each account.
    CapOnTotal,
    /// A returning account is in nobody's movements.
    ReactivationDropped,
    /// Amounts are converted at the day's rate, and the change of rates is in no movement.
    SpotRate,
    /// What moves between siblings counts as churn here and new there, and retention does not follow it.
    TransferAsChurn,
    /// A discount counts at list price.
    ListPrice,
    /// A paused subscription goes on counting.
    PauseIgnored,
    /// A one-off sale recurs.
    OneOffRecurs,
    /// A change of price is neither a price change nor an expansion.
    PriceDropped,
    /// An annual amount is cut to whole minor units of a month.
    WholeTwelfth,
    /// A return counts as new.
    ReturnIsNew,
    /// Retention of a group of accounts loses what a contract took to a sibling in another group.
    TornGroup,
    /// What is told by product forgets what was held at the opening in another currency.
    NativeSlices,
}

#[cfg(test)]
thread_local! {
    pub(super) static BROKEN: std::cell::Cell<Option<Mutant>> = const { std::cell::Cell::new(None) };
}

/// Whether a test broke this rule.
#[cfg(test)]
pub(super) fn broken(mutant: Mutant) -> bool {
    BROKEN.get() == Some(mutant)
}

/// Whether a test broke this rule.
#[cfg(not(test))]
pub(super) const fn broken(_: Mutant) -> bool {
    false
}

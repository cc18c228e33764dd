//! Which renewals of a pipeline are meant: the choices that the page offers as chips and the API as a word, and an export
//! takes out. What a choice means is decided here once.

use domain::{Day, revenue::Outcome};

use super::Entry;

/// Days within which a notice can still be given, to be told apart.
pub const NOTICE_DAYS: i64 = 30;

/// Days within which a term that ends is soon.
const SOON_DAYS: i64 = 90;

/// A choice of renewals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Which {
    /// Every one.
    #[default]
    All,
    /// Overdue, or past a checkpoint whose need is not met.
    Missing,
    /// Due, and nobody said anything.
    Overdue,
    /// Open, with a notice that can be given within [`NOTICE_DAYS`].
    Notice,
    /// Not due yet.
    Open,
    /// Not due yet, but within ninety days.
    Soon,
    /// Renewed, whenever.
    Renewed,
    /// Cancelled, or ended without a successor.
    Lost,
}

impl Which {
    /// Every choice.
    pub const ALL: [Self; 8] =
        [Self::All, Self::Missing, Self::Overdue, Self::Notice, Self::Soon, Self::Open, Self::Renewed, Self::Lost];

    /// The word used in addresses and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Missing => "missing",
            Self::Overdue => "overdue",
            Self::Notice => "notice",
            Self::Open => "open",
            Self::Soon => "soon",
            Self::Renewed => "renewed",
            Self::Lost => "lost",
        }
    }

    /// The choice a word means.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|which| which.as_str() == word)
    }

    /// Whether a renewal is meant, on a day.
    pub fn shows(self, entry: &Entry, today: Day) -> bool {
        let renewal = &entry.renewal;
        let notice = || (0..=NOTICE_DAYS).contains(&(renewal.notice_by - today).num_days());
        match self {
            Self::All => true,
            Self::Missing => entry.needs_somebody(),
            Self::Overdue => renewal.outcome == Outcome::Overdue,
            Self::Notice => renewal.outcome == Outcome::Open && notice(),
            Self::Open => renewal.outcome == Outcome::Open,
            Self::Soon => renewal.outcome == Outcome::Open && (renewal.due - today).num_days() <= SOON_DAYS,
            Self::Renewed => renewal.outcome.is_renewed(),
            Self::Lost => renewal.outcome == Outcome::Lost,
        }
    }
}

//! A relation is what metrics are computed over: one SQL text that shows the
//! records, or the events, as they stood at the end of a day. The texts are
//! files under `definitions/relations/`; their parameters are `$end` and `$day`
//! (the day), `$end_us` and `$day_number` (the same as whole numbers) and, for
//! events, `$since`, before which nothing can matter.

/// One relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Relation {
    /// The name metrics use.
    pub(crate) name: &'static str,
    /// Its text.
    pub(crate) sql: &'static str,
}

macro_rules! relations {
    ($($name:literal),* $(,)?) => {
        &[$(Relation { name: $name, sql: include_str!(concat!("../../definitions/relations/", $name, ".sql")) }),*]
    };
}

/// Every relation.
pub(crate) const RELATIONS: &[Relation] = relations![
    "event",
    "touchpoint",
    "ticket",
    "survey_response",
    "csm_sentiment",
    "invoice",
    "overdue_invoice",
    "payment_attempt",
    "subscription_item",
    "revenue_line",
    "subscription",
    "objective",
    "milestone",
    "contact",
    "entitlement",
    "account",
];

impl Relation {
    /// The relation of a name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        RELATIONS.iter().copied().find(|relation| relation.name == name)
    }

    /// The relation whose rows say whether anything is known of it: none of a kind is overdue where some are there.
    pub(crate) fn rests_on(self) -> &'static str {
        if self.name == "overdue_invoice" { "invoice" } else { self.name }
    }

    /// Whether it can be told to look back only so far.
    pub(crate) fn has_window(self) -> bool {
        self.sql.contains("$since")
    }

    /// Its text; events recorded after `$known` are left out where that is asked.
    pub(crate) fn text(self, known_on: bool) -> String {
        if known_on { self.sql.to_owned() } else { self.sql.replace(" and recorded_at < $known", "") }
    }
}

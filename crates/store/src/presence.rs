//! Whether a book has any fact of a kind on a day. "Nobody has a ticket yet" and "this account has none" are different
//! answers, and the first is a question about everybody: it is asked of the database, which stops at the first row, so
//! that one account can be computed without reading the others.
//!
//! When a fact is there is said once for each kind, as columns for what stands in the tables and as fields for what was
//! known earlier. A test of the engine holds it against the relations that metrics are computed over. Absent: how many
//! facts there are, and whose.

use domain::{Day, time::end_of};
use sea_orm::{ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QuerySelect, sea_query::Expr};

use crate::{Reading, StoreError, record::Fact, record_version};

/// A fact that is there from some day on, or until one. Without more it is there on every day.
pub trait Dated: Fact {
    /// The rows that are there at the end of a day.
    fn on(_day: Day) -> Condition {
        Condition::all()
    }

    /// Whether this one is.
    fn is_on(&self, _day: Day) -> bool {
        true
    }
}

/// Declares when a fact is there: from an instant or a day on, and until a day where one is said.
macro_rules! dated {
    ($($kind:ident $(at $At:ident $at:ident)? $(from $From:ident $from:ident)? $(to $To:ident $to:ident)?;)+) => {$(
        impl Dated for crate::$kind::Model {
            fn on(day: Day) -> Condition {
                use crate::$kind::Column;
                Condition::all()
                    $(.add(Column::$At.lt(end_of(day))))?
                    $(.add(Column::$From.lte(day)))?
                    $(.add(Column::$To.is_null().or(Column::$To.gt(day))))?
            }

            fn is_on(&self, day: Day) -> bool {
                true
                    $(&& self.$at < end_of(day))?
                    $(&& self.$from <= day)?
                    $(&& self.$to.is_none_or(|to| to > day))?
            }
        }
    )+};
}

dated! {
    contact from EffectiveFrom effective_from to EffectiveTo effective_to;
    csm_sentiment at OccurredAt occurred_at;
    entitlement from EffectiveFrom effective_from to EffectiveTo effective_to;
    invoice from IssuedOn issued_on to VoidedOn voided_on;
    objective from EffectiveFrom effective_from;
    payment_attempt at OccurredAt occurred_at;
    subscription from EffectiveFrom effective_from;
    survey_response at OccurredAt occurred_at;
    ticket at OpenedAt opened_at;
    touchpoint at OccurredAt occurred_at;
}

impl Dated for crate::Account {}
impl Dated for crate::Milestone {}
impl Dated for crate::SubscriptionItem {}

impl Reading<'_> {
    /// Whether any account, also one that is not read, has a fact of a kind at the end of a day.
    pub async fn any<M: Dated>(&self, day: Day) -> Result<bool, StoreError> {
        let mut rows = M::Entity::find().select_only().expr(Expr::val(1)).filter(M::on(day)).limit(1);
        if let Some(known_on) = self.known_on {
            rows = rows.filter(M::RECORDED.lte(known_on));
        }
        let found: Option<i32> = rows.into_tuple().one(&self.moment).await?;
        match self.known_on {
            Some(known_on) if found.is_none() => {
                let earlier = record_version::known::<M>(&self.moment, known_on, None).await?;
                Ok(earlier.iter().any(|fact| fact.is_on(day)))
            }
            _ => Ok(found.is_some()),
        }
    }
}

//! One account computed alone, as it is in the whole book. Two things it cannot know by itself are asked for it: the
//! currency the book is read in, and of which relations anybody has a row. Where nobody has a ticket yet, that an account
//! has none says nothing, and its open tickets are unknown instead of zero.
//!
//! The whole book sees both in its own rows. Today's is there and answers for today; of a past day the store is asked,
//! relation by relation, and only of those whose absence changes a metric. Absent: reading everybody's records for it.

use std::collections::BTreeSet;

use domain::{Day, Instant, revenue::Currency};
use futures::future::BoxFuture;
use store::Reading;

use super::{Ask, Basis, params, relation::Relation};
use crate::{
    Engine, EngineError,
    book::Book,
    revenue::{self, conventions::Conventions},
};

impl Basis {
    /// Reads what computes one account as of a day, with what is known now or was known before an instant.
    pub(crate) fn of_account(
        engine: &Engine,
        account_id: i64,
        as_of: Day,
        known_on: Option<Instant>,
    ) -> BoxFuture<'_, Result<Self, EngineError>> {
        Box::pin(async move {
            let lifetime = engine.lifetime_as_of(as_of, known_on).await?;
            let around = Around::of(engine, as_of, known_on).await?;
            let ask = Ask {
                known_on,
                accounts: Some(vec![account_id]),
                lifetime,
                present: around.present,
                currency: Some(around.currency),
            };
            Self::load(engine.store(), engine.lake(), ask).await
        })
    }
}

/// What an account's values rest on outside of the account.
struct Around {
    present: BTreeSet<&'static str>,
    currency: Currency,
}

impl Around {
    async fn of(engine: &Engine, as_of: Day, known_on: Option<Instant>) -> Result<Self, EngineError> {
        let today = engine.book();
        if as_of == today.as_of && known_on.is_none() {
            return Ok(Self::seen_in(&today));
        }
        if let Some(computed) = engine.known_book(as_of, known_on) {
            return Ok(Self::seen_in(&computed));
        }
        let facts = engine.store().reading(known_on, None).await?;
        let asked = Asked { engine, facts, known_on, day: as_of };
        let mut present = BTreeSet::new();
        for name in engine.definitions().plan.shared.iter().copied() {
            if asked.any(name).await? {
                present.insert(name);
            }
        }
        // On which day it is asked changes what has happened, not what is sold in which currency.
        let currency = if known_on.is_none() { today.lens.currency } else { asked.currency().await? };
        asked.facts.end().await?;
        Ok(Self { present, currency })
    }

    fn seen_in(book: &Book) -> Self {
        Self { present: book.present.clone(), currency: book.lens.currency }
    }
}

/// Questions about everybody, at one moment.
struct Asked<'a> {
    engine: &'a Engine,
    facts: Reading<'a>,
    known_on: Option<Instant>,
    day: Day,
}

impl Asked<'_> {
    /// Whether any account has a row of a relation at the end of the day.
    async fn any(&self, relation: &str) -> Result<bool, EngineError> {
        let (facts, day) = (&self.facts, self.day);
        Ok(match relation {
            "account" => facts.any::<store::Account>(day).await?,
            "contact" => facts.any::<store::Contact>(day).await?,
            "csm_sentiment" => facts.any::<store::CsmSentiment>(day).await?,
            "entitlement" => facts.any::<store::Entitlement>(day).await?,
            "invoice" => facts.any::<store::Invoice>(day).await?,
            "milestone" => facts.any::<store::Milestone>(day).await?,
            "objective" => facts.any::<store::Objective>(day).await?,
            "payment_attempt" => facts.any::<store::PaymentAttempt>(day).await?,
            "revenue_line" => self.any_line().await?,
            "subscription" => facts.any::<store::Subscription>(day).await?,
            "subscription_item" => facts.any::<store::SubscriptionItem>(day).await?,
            "survey_response" => facts.any::<store::SurveyResponse>(day).await?,
            "ticket" => facts.any::<store::Ticket>(day).await?,
            "touchpoint" => facts.any::<store::Touchpoint>(day).await?,
            _ => self.any_event(relation).await?,
        })
    }

    /// Whether anybody's contracts ever recur: only the ledger knows.
    async fn any_line(&self) -> Result<bool, EngineError> {
        let conventions = Conventions::load(self.engine.store(), self.known_on).await?;
        let (ledgers, _) = revenue::read(&self.facts, conventions.set.contracts_from).await?;
        Ok(ledgers.values().any(|ledger| !ledger.lines.is_empty()))
    }

    /// Whether the lake has a row.
    async fn any_event(&self, relation: &str) -> Result<bool, EngineError> {
        let Some(relation) = Relation::named(relation) else { return Ok(false) };
        let text = relation.text(self.known_on.is_some());
        let sql = format!("select account_id from ({text}) where account_id is not null limit 1");
        let view = crate::seal::view(self.engine.store(), self.engine.lake(), self.known_on).await?;
        let found = view.query(&sql, &params(self.known_on, self.day, None)).await?;
        Ok(!found.is_empty())
    }

    /// The currency the whole book is read in.
    async fn currency(&self) -> Result<Currency, EngineError> {
        let conventions = Conventions::load(self.engine.store(), self.known_on).await?;
        if let Some(currency) = conventions.set.currency {
            return Ok(currency);
        }
        let (ledgers, last_said) = revenue::read(&self.facts, conventions.set.contracts_from).await?;
        Ok(conventions.lens_of(&ledgers, last_said).currency)
    }
}

//! Every relation a snapshot is computed from, read at one moment.
//!
//! Rows come as they are: no row is dropped because it ended or has not begun, since "as of" is a question the
//! snapshot asks of the rows. What is answered here is "as known on": the same relations as they were recorded then.

use domain::Instant;

use crate::{
    Account, Assignment, Contact, ContactRole, CsmSentiment, Entitlement, Invoice, Milestone, Objective,
    PaymentAttempt, StakeholderEdge, Store, StoreError, Subscription, SubscriptionItem, SurveyResponse, Ticket,
    Touchpoint, Tx,
    account_merge::{self, Standing},
    record::{self, Fact},
};

/// Something that is done to every kind of fact alike.
pub(crate) trait EachKind {
    /// Does it to one kind.
    async fn on<M: Fact>(&self) -> Result<(), StoreError>;
}

/// Declares the relations once: the struct, how it is loaded, how it is counted.
macro_rules! facts {
    ($($(#[$says:meta])* $name:ident: $record:ty,)+) => {
        /// The facts of all accounts, or of some, as known now or on an earlier instant. Each list is ordered by id.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Facts {
            $($(#[$says])* pub $name: Vec<$record>,)+
        }

        impl Facts {
            /// How many rows there are in all.
            pub fn len(&self) -> usize {
                0 $(+ self.$name.len())+
            }

            /// Whether there are none.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }
        }

        /// Loads every relation through one connection or transaction.
        pub async fn load(
            db: &impl crate::Db,
            known_on: Option<Instant>,
            accounts: Option<&[i64]>,
        ) -> Result<Facts, StoreError> {
            Ok(Facts { $($name: relation(db, known_on, accounts).await?,)+ })
        }

        /// Does something to every kind of fact, in the order of declaration.
        pub(crate) async fn each_kind(work: &impl EachKind) -> Result<(), StoreError> {
            $(work.on::<$record>().await?;)+
            Ok(())
        }
    };
}

facts! {
    /// The accounts themselves.
    accounts: Account,
    /// People.
    contacts: Contact,
    /// What people are to us.
    contact_roles: ContactRole,
    /// Who sways whom.
    stakeholder_edges: StakeholderEdge,
    /// Who of us looks after what.
    assignments: Assignment,
    /// What may be used.
    entitlements: Entitlement,
    /// Contracts.
    subscriptions: Subscription,
    /// Their lines.
    subscription_items: SubscriptionItem,
    /// Bills.
    invoices: Invoice,
    /// Tries to collect them.
    payment_attempts: PaymentAttempt,
    /// Support cases.
    tickets: Ticket,
    /// What we did.
    touchpoints: Touchpoint,
    /// Answers to surveys.
    survey_responses: SurveyResponse,
    /// Judgements of CSMs.
    csm_sentiments: CsmSentiment,
    /// Agreed results.
    objectives: Objective,
    /// Steps to reach.
    milestones: Milestone,
}

async fn relation<M: Fact>(
    db: &impl crate::Db,
    known_on: Option<Instant>,
    accounts: Option<&[i64]>,
) -> Result<Vec<M>, StoreError> {
    record::load(db, known_on, accounts).await
}

/// The facts at one moment, read kind by kind, for whoever cannot hold [`Facts`] of a whole book.
#[derive(Debug)]
pub struct Reading<'a> {
    pub(crate) moment: Tx,
    merged: Standing,
    pub(crate) known_on: Option<Instant>,
    accounts: Option<&'a [i64]>,
}

impl Reading<'_> {
    /// All facts of a kind, ordered by id. Accounts that were merged are out of sight.
    pub async fn all<M: Fact>(&self) -> Result<Vec<M>, StoreError> {
        Ok(self.shown(relation(&self.moment, self.known_on, self.accounts).await?))
    }

    fn shown<M: Fact>(&self, mut facts: Vec<M>) -> Vec<M> {
        if M::KIND == Account::KIND && !self.merged.is_empty() {
            facts.retain(|account| !self.merged.hides(account.id()));
        }
        facts
    }

    /// Hands out the facts of a kind in pages, ordered by id; at least one page, which may be empty.
    ///
    /// What was known earlier, and what some accounts have, is one page.
    pub async fn each_page<M: Fact>(&self, mut take: impl FnMut(Vec<M>)) -> Result<(), StoreError> {
        if self.known_on.is_some() || self.accounts.is_some() {
            take(self.all().await?);
            return Ok(());
        }
        record::each_page(&self.moment, |page| take(self.shown(page))).await
    }

    /// Ends the reading.
    pub async fn end(self) -> Result<(), StoreError> {
        Ok(self.moment.commit().await?)
    }
}

impl Store {
    /// Begins reading the facts at one moment: of all accounts or of some, as they are or as they were known.
    pub async fn reading<'a>(
        &self,
        known_on: Option<Instant>,
        accounts: Option<&'a [i64]>,
    ) -> Result<Reading<'a>, StoreError> {
        let moment = self.snapshot().await?;
        let merged = account_merge::standing(&moment, known_on).await?;
        Ok(Reading { moment, merged, known_on, accounts })
    }

    /// Every fact at one moment: of all accounts or of some, as it is or as it was known.
    pub async fn facts(&self, known_on: Option<Instant>, accounts: Option<&[i64]>) -> Result<Facts, StoreError> {
        let reading = self.reading(known_on, accounts).await?;
        let facts = load(&reading.moment, known_on, accounts).await?;
        reading.end().await?;
        Ok(facts)
    }
}

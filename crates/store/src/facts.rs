//! Every relation a snapshot is computed from, read at one moment.
//!
//! Rows come as they are: no row is dropped because it ended or has not begun, since "as of" is a question the
//! snapshot asks of the rows. What is answered here is "as known on": the same relations as they were recorded then.

use domain::Instant;

use crate::{
    Account, Assignment, Contact, ContactRole, CsmSentiment, Entitlement, Invoice, Milestone, Objective,
    PaymentAttempt, StakeholderEdge, Store, StoreError, Subscription, SubscriptionItem, SurveyResponse, Ticket,
    Touchpoint,
    record::{self, Fact},
};

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

impl Store {
    /// Every fact at one moment: of all accounts or of some, as it is or as it was known.
    pub async fn facts(&self, known_on: Option<Instant>, accounts: Option<&[i64]>) -> Result<Facts, StoreError> {
        let moment = self.snapshot().await?;
        let facts = load(&moment, known_on, accounts).await?;
        moment.commit().await?;
        Ok(facts)
    }
}

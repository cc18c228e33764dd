//! *Records* are the rows of the synthetic company, one list per table, and the *ledger* that writes them. The ledger
//! gives ids from 1 per table and turns the history of a fact into what a store would hold at nine this morning: the
//! last state known by then as the row, and every earlier one as a version.

use std::collections::BTreeMap;

use domain::Instant;
use store::{
    Account, Assignment, Contact, ContactRole, CsmSentiment, EndUser, Entitlement, Invoice, Member, Milestone,
    Objective, PaymentAttempt, RecordVersion, Renewal, Source, StakeholderEdge, Subscription, SubscriptionItem,
    SurveyResponse, Ticket, Touchpoint, record::Fact,
};

use super::calendar::later;

/// Rows by table, in an order in which they can be inserted; each list is in the order of its ids.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "each field is named after its table")]
pub struct Records {
    pub sources: Vec<Source>,
    pub members: Vec<Member>,
    pub accounts: Vec<Account>,
    pub contacts: Vec<Contact>,
    pub contact_roles: Vec<ContactRole>,
    pub stakeholder_edges: Vec<StakeholderEdge>,
    pub assignments: Vec<Assignment>,
    pub entitlements: Vec<Entitlement>,
    pub subscriptions: Vec<Subscription>,
    pub subscription_items: Vec<SubscriptionItem>,
    pub invoices: Vec<Invoice>,
    pub payment_attempts: Vec<PaymentAttempt>,
    pub tickets: Vec<Ticket>,
    pub touchpoints: Vec<Touchpoint>,
    pub survey_responses: Vec<SurveyResponse>,
    pub csm_sentiments: Vec<CsmSentiment>,
    pub objectives: Vec<Objective>,
    pub milestones: Vec<Milestone>,
    pub renewals: Vec<Renewal>,
    pub end_users: Vec<EndUser>,
    pub record_versions: Vec<RecordVersion>,
}

/// A fact that the ledger numbers and puts into its list.
pub(super) trait Shelved: Fact {
    fn set_id(&mut self, id: i64);
    fn shelf(records: &mut Records) -> &mut Vec<Self>;
}

macro_rules! shelved {
    ($($fact:ident on $shelf:ident,)+) => {$(
        impl Shelved for $fact {
            fn set_id(&mut self, id: i64) {
                self.id = id;
            }

            fn shelf(records: &mut Records) -> &mut Vec<Self> {
                &mut records.$shelf
            }
        }
    )+};
}

shelved! {
    Account on accounts,
    Contact on contacts,
    ContactRole on contact_roles,
    StakeholderEdge on stakeholder_edges,
    Assignment on assignments,
    Entitlement on entitlements,
    Subscription on subscriptions,
    SubscriptionItem on subscription_items,
    Invoice on invoices,
    PaymentAttempt on payment_attempts,
    Ticket on tickets,
    Touchpoint on touchpoints,
    SurveyResponse on survey_responses,
    CsmSentiment on csm_sentiments,
    Objective on objectives,
    Milestone on milestones,
    Renewal on renewals,
}

/// Writes facts as they were known at `now`.
#[derive(Debug)]
pub(super) struct Ledger {
    now: Instant,
    last_ids: BTreeMap<&'static str, i64>,
    records: Records,
}

impl Ledger {
    pub(super) fn new(now: Instant) -> Self {
        Self { now, last_ids: BTreeMap::new(), records: Records::default() }
    }

    /// Hands over what was written since the last call; ids go on.
    pub(super) fn take(&mut self) -> Records {
        std::mem::take(&mut self.records)
    }

    /// Rows that have no recording time: members, sources, end users.
    pub(super) fn records_mut(&mut self) -> &mut Records {
        &mut self.records
    }

    /// Writes a fact that never changed and gives its id, unless it is not known yet.
    pub(super) fn write<F: Shelved>(&mut self, fact: F) -> Option<i64> {
        self.write_history(vec![fact])
    }

    /// Writes a fact from its states in the order they became known, and gives its id, unless none is known yet.
    pub(super) fn write_history<F: Shelved>(&mut self, states: Vec<F>) -> Option<i64> {
        let mut known: Vec<F> = Vec::with_capacity(states.len());
        let next_id = self.last_ids.get(F::KIND).map_or(1, |last| last + 1);
        for mut state in states {
            let after = known.last().map_or(state.recorded_at(), |last| later(last.recorded_at(), 1));
            let recorded_at = state.recorded_at().max(after);
            if recorded_at > self.now {
                break;
            }
            state.set_id(next_id);
            known.push(state.recorded(recorded_at));
        }
        let current = known.pop()?;
        self.last_ids.insert(F::KIND, next_id);
        let mut superseded_at = current.recorded_at();
        for state in known.into_iter().rev() {
            self.keep(&state, next_id, superseded_at);
            superseded_at = state.recorded_at();
        }
        F::shelf(&mut self.records).push(current);
        Some(next_id)
    }

    /// Keeps an earlier state as a version.
    fn keep<F: Shelved>(&mut self, state: &F, record_id: i64, superseded_at: Instant) {
        let id = self.last_ids.entry("record_version").or_insert(0);
        *id += 1;
        self.records.record_versions.push(RecordVersion {
            id: *id,
            record_kind: F::KIND.to_owned(),
            record_id,
            account_id: Some(state.account_id()),
            recorded_at: state.recorded_at(),
            superseded_at,
            body: serde_json::to_value(state).unwrap_or_default(),
        });
    }
}

impl Records {
    /// Sets what each source but the product has sent: the rows that name it, and the newest of them.
    pub(super) fn count_sources(&mut self) {
        let mut sent: BTreeMap<i64, (i64, Instant)> = BTreeMap::new();
        let mut count = |source_id: Option<i64>, recorded_at: Instant| {
            if let Some(id) = source_id {
                let (rows, newest) = sent.entry(id).or_insert((0, recorded_at));
                *rows += 1;
                *newest = recorded_at.max(*newest);
            }
        };
        self.accounts.iter().for_each(|row| count(row.source_id, row.recorded_at));
        self.contacts.iter().for_each(|row| count(row.source_id, row.recorded_at));
        self.subscriptions.iter().for_each(|row| count(row.source_id, row.recorded_at));
        self.invoices.iter().for_each(|row| count(row.source_id, row.recorded_at));
        self.tickets.iter().for_each(|row| count(row.source_id, row.recorded_at));
        self.survey_responses.iter().for_each(|row| count(row.source_id, row.recorded_at));
        for source in &mut self.sources {
            if let Some((rows, newest)) = sent.get(&source.id) {
                source.accepted = *rows;
                source.last_message_at = Some(*newest);
            }
        }
    }
}

//! Who looked after which account on which day, so that revenue is told by the people of that time. What a ledger is apart
//! from them is [`domain::revenue::Part`].

use std::collections::HashMap;

use domain::{Day, Instant};
use store::{Assignment, Store, StoreError, assignment, record};

/// Who looked after which account at any time.
#[derive(Debug, Default)]
pub struct Owners {
    names: HashMap<i64, String>,
    csms: HashMap<i64, Vec<Assignment>>,
}

impl Owners {
    /// Reads the assignments of all CSMs, also past ones, as known now or on an instant.
    pub async fn load(store: &Store, known_on: Option<Instant>) -> Result<Self, StoreError> {
        let names = store::member::all(store).await?.into_iter().map(|member| (member.id, member.name)).collect();
        let mut csms: HashMap<i64, Vec<Assignment>> = HashMap::new();
        for each in record::load::<Assignment>(store.read(), known_on, None).await? {
            if each.role == assignment::Role::Csm {
                csms.entry(each.account_id).or_default().push(each);
            }
        }
        Ok(Self { names, csms })
    }

    /// The CSM of an account on a day, by name.
    pub fn on(&self, account_id: i64, day: Day) -> Option<String> {
        self.name(self.member_on(account_id, day)?)
    }

    /// The CSM of an account on a day, by id.
    pub fn member_on(&self, account_id: i64, day: Day) -> Option<i64> {
        let mut terms = self.csms.get(&account_id)?.iter();
        let term = terms.find(|term| term.effective_from <= day && term.effective_to.is_none_or(|to| day < to))?;
        Some(term.member_id)
    }

    /// What a member is called.
    pub fn name(&self, member_id: i64) -> Option<String> {
        self.names.get(&member_id).cloned()
    }
}

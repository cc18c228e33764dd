//! Who looked after which account on which day, so that revenue is told by the people of that time. What a ledger is apart
//! from them is [`domain::revenue::Part`].

use std::{collections::HashMap, sync::Arc};

use domain::{Day, Instant};
use store::{Assignment, Store, StoreError, assignment, record};

use crate::book::{Row, Tenure};

/// Who looked after which account at any time.
#[derive(Debug, Default)]
pub struct Owners {
    names: HashMap<i64, Arc<str>>,
    csms: HashMap<i64, Arc<[Tenure]>>,
}

impl Owners {
    /// Those that the rows of a book know.
    pub(crate) fn of(rows: &[Arc<Row>]) -> Self {
        let looked_after = rows.iter().filter(|row| !row.csms.is_empty());
        Self::new(looked_after.map(|row| (row.account.id, Arc::clone(&row.csms))).collect())
    }

    /// Reads the assignments of all CSMs, also past ones, as known now or on an instant.
    pub async fn load(store: &Store, known_on: Option<Instant>) -> Result<Self, StoreError> {
        let members = store::member::all(store).await?.into_iter();
        let names: HashMap<i64, Arc<str>> = members.map(|member| (member.id, member.name.into())).collect();
        let mut csms: HashMap<i64, Vec<Assignment>> = HashMap::new();
        for each in record::load::<Assignment>(store.read(), known_on, None).await? {
            csms.entry(each.account_id).or_default().push(each);
        }
        let name = |member_id| names.get(&member_id).cloned();
        Ok(Self::new(csms.into_iter().map(|(account, terms)| (account, tenures(&terms, name))).collect()))
    }

    fn new(csms: HashMap<i64, Arc<[Tenure]>>) -> Self {
        let known = csms.values().flat_map(|tenures| &**tenures);
        let names = known.filter_map(|tenure| Some((tenure.member_id, tenure.name.clone()?))).collect();
        Self { names, csms }
    }

    /// The CSM of an account on a day, by name.
    pub fn on(&self, account_id: i64, day: Day) -> Option<String> {
        self.name(self.member_on(account_id, day)?)
    }

    /// The CSM of an account on a day, by id.
    pub fn member_on(&self, account_id: i64, day: Day) -> Option<i64> {
        let mut tenures = self.csms.get(&account_id)?.iter();
        let tenure = tenures.find(|tenure| tenure.from <= day && tenure.to.is_none_or(|to| day < to))?;
        Some(tenure.member_id)
    }

    /// What a member is called.
    pub fn name(&self, member_id: i64) -> Option<String> {
        self.names.get(&member_id).map(|name| (**name).to_owned())
    }
}

/// Those of an account's assignments that make somebody its CSM.
pub(crate) fn tenures<'a>(
    assignments: impl IntoIterator<Item = &'a Assignment>,
    name_of: impl Fn(i64) -> Option<Arc<str>>,
) -> Arc<[Tenure]> {
    let csms = assignments.into_iter().filter(|each| each.role == assignment::Role::Csm);
    let tenure = |each: &Assignment| Tenure {
        member_id: each.member_id,
        name: name_of(each.member_id),
        from: each.effective_from,
        to: each.effective_to,
    };
    csms.map(tenure).collect()
}

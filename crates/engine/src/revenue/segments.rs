//! Revenue by who looked after it, or by what an account is. An account counts where it stood at the opening of the span,
//! so that nobody improves by handing a loss on; what changed hands within the span is told apart and sums to zero.

use std::collections::{BTreeMap, HashMap};

use domain::{
    Day,
    revenue::{Arr, Bridge, Ledger, Percent, Span, View},
};
use store::{Assignment, Store, StoreError, assignment, record};

/// The revenue of one group of accounts.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The group; `None` for accounts that are in no group.
    pub name: Option<String>,
    /// Accounts that paid at the opening.
    pub accounts: usize,
    /// What moved.
    pub bridge: Bridge,
    /// ARR at the closing of accounts that went to another group within the span.
    pub handed_on: Arr,
    /// ARR at the closing of accounts that came from another group.
    pub taken_over: Arr,
    /// Net retention.
    pub net: Option<Percent>,
    /// Gross retention.
    pub gross: Option<Percent>,
}

impl Part {
    /// ARR at the closing of the accounts that are in the group then.
    pub fn closing(&self) -> Arr {
        self.bridge.closing() - self.handed_on + self.taken_over
    }
}

/// The parts of a ledger by a group at the opening and at the closing of a span; largest opening first.
pub fn parts(
    ledger: &Ledger,
    span: Span,
    view: &View<'_>,
    opening: impl Fn(i64) -> Option<String>,
    closing: impl Fn(i64) -> Option<String>,
) -> Vec<Part> {
    let mut groups: BTreeMap<Option<String>, (Arr, Arr)> = BTreeMap::new();
    for account in ledger.accounts() {
        let (from, to) = (opening(account.account_id), closing(account.account_id));
        let arr = account.arr(span.through, view);
        groups.entry(from.clone()).or_default();
        groups.entry(to.clone()).or_default();
        if from != to {
            groups.entry(from).or_default().0 += arr;
            groups.entry(to).or_default().1 += arr;
        }
    }
    let part = |(name, (handed_on, taken_over)): (Option<String>, (Arr, Arr))| {
        let own = ledger.only(|id| opening(id) == name);
        let retention = own.retention(span, view);
        Part {
            accounts: retention.logos,
            bridge: own.bridge(span, view),
            handed_on,
            taken_over,
            net: retention.net(),
            gross: retention.gross(),
            name,
        }
    };
    let mut parts: Vec<Part> = groups.into_iter().map(part).collect();
    parts.retain(|part| part.bridge != Bridge::default() || part.taken_over.is_positive());
    parts.sort_by(|a, b| b.bridge.opening.cmp(&a.bridge.opening).then_with(|| a.name.cmp(&b.name)));
    parts
}

/// Who looked after which account at any time.
#[derive(Debug)]
pub struct Owners {
    names: HashMap<i64, String>,
    csms: HashMap<i64, Vec<Assignment>>,
}

impl Owners {
    /// Reads the assignments of all CSMs, also past ones.
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        let names = store::member::all(store).await?.into_iter().map(|member| (member.id, member.name)).collect();
        let mut csms: HashMap<i64, Vec<Assignment>> = HashMap::new();
        for each in record::load::<Assignment>(store.read(), None, None).await? {
            if each.role == assignment::Role::Csm {
                csms.entry(each.account_id).or_default().push(each);
            }
        }
        Ok(Self { names, csms })
    }

    /// The CSM of an account on a day.
    pub fn on(&self, account_id: i64, day: Day) -> Option<String> {
        let mut terms = self.csms.get(&account_id)?.iter();
        let term = terms.find(|term| term.effective_from <= day && term.effective_to.is_none_or(|to| day < to))?;
        self.names.get(&term.member_id).cloned()
    }
}

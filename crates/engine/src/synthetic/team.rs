//! The *team* is the members of the vendor: one for operations, one executive, two managers and the CSMs, each with a
//! book of about forty accounts. Passwords are deliberately absent; whoever serves the company prints login links.

use domain::Instant;
use store::member::{Model as Member, Role};

use super::calendar::{Window, add_months, at};
use super::names;
use super::stream::{Stream, Topic};

/// Accounts a CSM looks after.
const BOOK: usize = 40;
/// The mail domain of the vendor.
const DOMAIN: &str = "trellis.example";
/// Members before the first CSM: operations, executive, two managers.
const FIRST_CSM_ID: i64 = 5;

/// The members of the vendor.
#[derive(Debug, Clone)]
pub(super) struct Team {
    pub(super) csms: usize,
    members: Vec<Member>,
}

/// How many CSMs a book of this many accounts needs.
pub(super) fn csms_for(accounts: usize) -> usize {
    accounts.div_ceil(BOOK).max(1)
}

impl Team {
    pub(super) fn draw(seed: u64, accounts: usize, window: &Window) -> Self {
        let csms = csms_for(accounts);
        let mut stream = Stream::new(seed, Topic::Team, 0, 0);
        let joined = at(add_months(window.start, -6), 8 * 3600);
        let mut team = Self { csms, members: Vec::new() };
        let mut hire = |role, title: &str, manager| team.hire(role, title, manager, joined, &mut stream);
        hire(Role::Admin, "Head of Customer Operations", None);
        hire(Role::Viewer, "VP Customer Success", None);
        hire(Role::Manager, "Director of Customer Success", Some(2));
        hire(Role::Manager, "Manager, Scaled Success", Some(2));
        for position in 0..csms {
            let (title, manager) = match position % 2 {
                0 => ("Senior Customer Success Manager", 3),
                _ => ("Customer Success Manager", 4),
            };
            hire(Role::Csm, title, Some(manager));
        }
        team
    }

    fn hire(&mut self, role: Role, title: &str, manager_id: Option<i64>, created_at: Instant, stream: &mut Stream) {
        let id = self.members.len() as i64 + 1;
        let name = names::person(stream);
        let namesakes = self.members.iter().filter(|member| member.name == name).count();
        let email = match namesakes {
            0 => names::email(&name, DOMAIN),
            _ => names::email(&format!("{name} {}", namesakes + 1), DOMAIN),
        };
        self.members.push(Member {
            id,
            email,
            name,
            role,
            title: Some(title.to_owned()),
            manager_id,
            password_hash: None,
            active: true,
            created_at,
        });
    }

    /// The first name of a member.
    pub(super) fn given_name(&self, member_id: i64) -> &str {
        let index = usize::try_from(member_id - 1).unwrap_or(0);
        self.members.get(index).map_or("", |member| names::given(&member.name))
    }

    /// All members, in the order of their ids.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }
}

/// The member id of the CSM at a position.
pub(super) fn csm_id(position: usize) -> i64 {
    FIRST_CSM_ID + position as i64
}

/// The manager of a CSM.
pub(super) fn manager_of(csm_id: i64) -> i64 {
    if (csm_id - FIRST_CSM_ID) % 2 == 0 { 3 } else { 4 }
}

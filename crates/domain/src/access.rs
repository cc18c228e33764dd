//! Who may do what. One closed list of [`Action`]s, one function,
//! [`authorize`], and its answer: a refusal, or a [`RowFilter`] that every query
//! the action runs must carry. There is no second place that decides, and no
//! filtering of results afterwards.

use serde::{Deserialize, Serialize};

/// What a member is here to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the installation; sees and changes everything.
    Admin,
    /// Leads CSMs; sees their accounts and their own.
    Manager,
    /// Looks after accounts; sees their own.
    Csm,
    /// Reads everything, changes nothing.
    Viewer,
}

impl Role {
    /// Every role, most powerful first.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Manager, Self::Csm, Self::Viewer];

    /// The word stored and shown for the role.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Csm => "csm",
            Self::Viewer => "viewer",
        }
    }

    /// The role a stored word means.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// What an API token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// Read accounts and everything about them.
    #[serde(rename = "accounts:read")]
    AccountsRead,
    /// Change accounts and log facts about them.
    #[serde(rename = "accounts:write")]
    AccountsWrite,
    /// Send events.
    #[serde(rename = "events:write")]
    EventsWrite,
    /// Work CTAs and tasks.
    #[serde(rename = "ctas:write")]
    CtasWrite,
    /// Run read-only SQL.
    #[serde(rename = "query:read")]
    QueryRead,
    /// Manage members, tokens, sources and definitions.
    #[serde(rename = "admin")]
    Admin,
}

impl Scope {
    /// Every scope, in the order the settings page lists them.
    pub const ALL: [Self; 6] =
        [Self::AccountsRead, Self::AccountsWrite, Self::EventsWrite, Self::CtasWrite, Self::QueryRead, Self::Admin];

    /// The word used in the API and on screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccountsRead => "accounts:read",
            Self::AccountsWrite => "accounts:write",
            Self::EventsWrite => "events:write",
            Self::CtasWrite => "ctas:write",
            Self::QueryRead => "query:read",
            Self::Admin => "admin",
        }
    }

    /// The scope a word names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

/// Everything anybody can ask the product to do. Each route declares one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// See what anyone may see: the login page, assets, health probes.
    ReadPublic,
    /// Begin or end one's own session, follow a login link.
    SignIn,
    /// See and end one's own sessions and preferences.
    ManageSelf,
    /// Read accounts, their people, scores, facts and work.
    ReadAccounts,
    /// Change an account or log a fact about it.
    WriteAccounts,
    /// Work CTAs and tasks.
    WorkCtas,
    /// Save or delete segments.
    WriteSegments,
    /// Set, change and delete goals.
    WriteGoals,
    /// Take rows out in bulk.
    Export,
    /// Merge accounts that are one, and take that back.
    MergeAccounts,
    /// Load records in bulk.
    Import,
    /// Send events through a source.
    SendEvents,
    /// Run read-only SQL over the whole book.
    Query,
    /// See sources, their health and refused messages.
    ReadSources,
    /// Create, change and rotate sources.
    ManageSources,
    /// Manage members, their roles and other people's tokens.
    ManageMembers,
    /// Read operational figures.
    ReadMetrics,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Nobody we know.
    Anonymous,
    /// A source, known by its write key.
    Source {
        /// The source's id.
        id: i64,
    },
    /// A colleague with a session.
    Member(Colleague),
    /// A colleague's API token: the member's rights, narrowed to scopes.
    Token {
        /// The token's id.
        id: i64,
        /// The member the token acts for.
        member: Colleague,
        /// What it may be used for.
        scopes: Vec<Scope>,
    },
}

/// The part of a member that decisions need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colleague {
    /// The member's id.
    pub id: i64,
    /// Their role.
    pub role: Role,
    /// Members who report to them, directly or further down.
    pub reports: Vec<i64>,
}

impl Actor {
    /// The member behind the request, if a member is behind it.
    pub fn member(&self) -> Option<&Colleague> {
        match self {
            Self::Member(member) | Self::Token { member, .. } => Some(member),
            Self::Anonymous | Self::Source { .. } => None,
        }
    }

    /// How the change log names the actor: `member:3`, `token:7`, `source:1`.
    pub fn label(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::Source { id } => format!("source:{id}"),
            Self::Member(member) => format!("member:{}", member.id),
            Self::Token { id, .. } => format!("token:{id}"),
        }
    }
}

/// Which accounts' rows a permitted action may touch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RowFilter {
    /// The whole book.
    All,
    /// Accounts on which one of these members has a current assignment.
    Members(Vec<i64>),
}

/// The answer of [`authorize`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Permitted, on these rows.
    Allow(RowFilter),
    /// Refused because nobody is signed in (or the key is unknown).
    Unauthenticated,
    /// Refused although we know who asks.
    Forbidden,
}

/// Decides whether `actor` may do `action`, and on which rows.
///
/// The rules, in order: public actions are open; sources may only send events;
/// a token needs a scope that covers the action; then the member's role speaks.
pub fn authorize(actor: &Actor, action: Action) -> Decision {
    if matches!(action, Action::ReadPublic | Action::SignIn) {
        return Decision::Allow(RowFilter::All);
    }
    match actor {
        Actor::Anonymous => Decision::Unauthenticated,
        Actor::Source { .. } if action == Action::SendEvents => Decision::Allow(RowFilter::All),
        Actor::Source { .. } => Decision::Forbidden,
        Actor::Member(member) => by_role(member, action),
        Actor::Token { member, scopes, .. } => {
            if scope_for(action).is_some_and(|needed| scopes.contains(&needed)) {
                by_role(member, action)
            } else {
                Decision::Forbidden
            }
        }
    }
}

/// The scope a token needs for an action; `None` means no token may do it.
pub fn scope_for(action: Action) -> Option<Scope> {
    match action {
        Action::ReadAccounts | Action::Export | Action::ReadSources => Some(Scope::AccountsRead),
        Action::WriteAccounts | Action::WriteSegments | Action::WriteGoals | Action::MergeAccounts | Action::Import => {
            Some(Scope::AccountsWrite)
        }
        Action::WorkCtas => Some(Scope::CtasWrite),
        Action::SendEvents => Some(Scope::EventsWrite),
        Action::Query => Some(Scope::QueryRead),
        Action::ManageSources | Action::ManageMembers | Action::ReadMetrics => Some(Scope::Admin),
        Action::ReadPublic | Action::SignIn | Action::ManageSelf => None,
    }
}

fn by_role(member: &Colleague, action: Action) -> Decision {
    use Action as A;
    let permitted = match member.role {
        Role::Admin => true,
        Role::Manager => !matches!(action, A::ManageMembers | A::ManageSources | A::Query | A::ReadMetrics),
        Role::Csm => matches!(
            action,
            A::ManageSelf | A::ReadAccounts | A::WriteAccounts | A::WorkCtas | A::WriteSegments | A::Export
        ),
        Role::Viewer => matches!(action, A::ManageSelf | A::ReadAccounts | A::Export | A::ReadSources),
    };
    if !permitted {
        return Decision::Forbidden;
    }
    Decision::Allow(match member.role {
        Role::Admin | Role::Viewer => RowFilter::All,
        Role::Csm => RowFilter::Members(vec![member.id]),
        Role::Manager => {
            let mut team = member.reports.clone();
            team.push(member.id);
            team.sort_unstable();
            team.dedup();
            RowFilter::Members(team)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colleague(role: Role) -> Colleague {
        Colleague { id: 7, role, reports: vec![9, 8] }
    }

    #[test]
    fn rows_follow_the_role() {
        let read = |role| authorize(&Actor::Member(colleague(role)), Action::ReadAccounts);
        assert_eq!(read(Role::Admin), Decision::Allow(RowFilter::All));
        assert_eq!(read(Role::Viewer), Decision::Allow(RowFilter::All));
        assert_eq!(read(Role::Csm), Decision::Allow(RowFilter::Members(vec![7])));
        assert_eq!(read(Role::Manager), Decision::Allow(RowFilter::Members(vec![7, 8, 9])));
    }

    #[test]
    fn viewers_change_nothing() {
        for action in [Action::WriteAccounts, Action::WorkCtas, Action::WriteSegments, Action::Import] {
            assert_eq!(authorize(&Actor::Member(colleague(Role::Viewer)), action), Decision::Forbidden);
        }
    }

    #[test]
    fn a_token_is_never_more_than_its_member_or_its_scopes() {
        let token = |role, scopes: &[Scope]| Actor::Token { id: 1, member: colleague(role), scopes: scopes.to_vec() };
        let all = token(Role::Csm, &Scope::ALL);
        assert_eq!(authorize(&all, Action::ManageMembers), Decision::Forbidden);
        let reader = token(Role::Admin, &[Scope::AccountsRead]);
        assert_eq!(authorize(&reader, Action::WriteAccounts), Decision::Forbidden);
        assert_eq!(authorize(&reader, Action::ReadAccounts), Decision::Allow(RowFilter::All));
        assert_eq!(authorize(&all, Action::ManageSelf), Decision::Forbidden);
    }

    #[test]
    fn write_keys_only_write() {
        let source = Actor::Source { id: 3 };
        assert_eq!(authorize(&source, Action::SendEvents), Decision::Allow(RowFilter::All));
        assert_eq!(authorize(&source, Action::ReadAccounts), Decision::Forbidden);
        assert_eq!(authorize(&Actor::Anonymous, Action::SendEvents), Decision::Unauthenticated);
    }
}

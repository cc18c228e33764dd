//! The doors of a demo: links that let anybody in as one of its members, and keys for scripts.
//!
//! They are made only for the synthetic company, whose data is nobody's. Absent: any use on real data; a reusable link is
//! as good as a password that everybody knows.

use std::collections::HashMap;

use domain::access::Scope;
use engine::Engine;
use serde_json::{Value, json};
use store::member::{self, Role};
use store::{Member, Source, StoreError, source};

use super::link::{self, Kind, LinkError};
use super::secret::{self, NoRandomness};
use super::token::{NewToken, TokenError, issue};

/// The key of the source that the demo's write key belongs to.
const SOURCE_KEY: &str = "demo-app";

/// Why the doors of a demo could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The company has nobody of this role.
    #[error("the demo has no active member with the role {0}; make it anew in an empty home")]
    Nobody(Role),
    /// A link could not be made.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// A token could not be made.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// There is no randomness for the write key.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes the source `demo-app` and an API token of the admin with every scope; answers `write_key` and `api_token`.
pub async fn keys(engine: &Engine) -> Result<Value, DemoError> {
    let write_key = secret::write_key()?;
    let row = Source {
        write_key_hash: Some(engine::ingest::hash_key(write_key.reveal())),
        write_key_prefix: Some(write_key.shown_prefix()),
        ..Source::new(SOURCE_KEY, "Demo app", source::Kind::Segment, engine.now())
    };
    let made: Result<Source, StoreError> = engine.store().write(async |tx| source::insert(tx, row).await).await;
    made?;
    engine.sources_changed();
    let members = member::all(engine.store()).await?;
    let new = NewToken {
        name: "Demo scripts".to_owned(),
        member_id: first(&members, Role::Admin)?,
        scopes: Scope::ALL.to_vec(),
        expires_at: None,
    };
    let (_, api_token) = issue(engine.store(), new, engine.now()).await?;
    Ok(json!({ "write_key": write_key.reveal(), "api_token": api_token.reveal() }))
}

/// Makes reusable links for a CSM (the one with most accounts), a manager, an executive and the admin.
pub async fn links(engine: &Engine) -> Result<Vec<(&'static str, String)>, DemoError> {
    let members = member::all(engine.store()).await?;
    let book = engine.book();
    let mut accounts: HashMap<i64, usize> = HashMap::new();
    for owner in book.rows().iter().filter(|row| row.active).filter_map(|row| row.owner.as_ref()) {
        *accounts.entry(owner.member_id).or_default() += 1;
    }
    let busiest = members
        .iter()
        .filter(|member| member.active && member.role == Role::Csm)
        .max_by_key(|member| (accounts.get(&member.id).copied().unwrap_or(0), std::cmp::Reverse(member.id)));
    let people = [
        ("csm", busiest.ok_or(DemoError::Nobody(Role::Csm))?.id),
        ("manager", first(&members, Role::Manager)?),
        ("executive", first(&members, Role::Viewer)?),
        ("admin", first(&members, Role::Admin)?),
    ];
    let mut links = Vec::with_capacity(people.len());
    for (word, member_id) in people {
        links.push((word, link::create(engine.store(), Kind::Demo { member_id }, engine.now()).await?));
    }
    Ok(links)
}

fn first(members: &[Member], role: Role) -> Result<i64, DemoError> {
    let of_role = members.iter().filter(|member| member.active && member.role == role);
    of_role.map(|member| member.id).min().ok_or(DemoError::Nobody(role))
}

//! A source is an external system that sends us data, with what it has sent and refused. Its settings that are
//! secret live with the connector, not here.

use chrono::TimeDelta;
use domain::Instant;
use sea_orm::{ConnectionTrait, QueryOrder, entity::prelude::*, sea_query::Expr};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError, Tx,
    declare::{no_relations, text_enum},
    row,
    source_minute::{self, Came},
};

text_enum! {
    /// How a source speaks.
    pub enum Kind {
        /// Segment-style HTTP.
        Segment = "segment",
        /// Uploaded CSV files.
        Csv = "csv",
        /// Our own JSON API.
        Api = "api",
        /// The synthetic company.
        Synthetic = "synthetic",
        /// A Singer tap.
        Singer = "singer",
        /// A table of somebody else's PostgreSQL.
        Sql = "sql",
    }
}

/// An external system that sends data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "source")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Its name in URLs and files; unique.
    #[sea_orm(unique)]
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// How it speaks.
    pub kind: Kind,
    /// Hex SHA-256 of its write key; unique.
    #[sea_orm(unique)]
    pub write_key_hash: Option<String>,
    /// The first characters, shown in lists.
    pub write_key_prefix: Option<String>,
    /// Whether it may send.
    pub enabled: bool,
    /// When it was added.
    pub created_at: Instant,
    /// When it last sent anything.
    pub last_message_at: Option<Instant>,
    /// Events accepted in all.
    pub accepted: i64,
    /// Messages refused in all.
    pub refused: i64,
    /// Accepted events that belong to no account as far as is known.
    pub unattributed: i64,
    /// The last refusal, in words.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at: Option<Instant>,
    /// Hours of silence after which it is missed: 0 is never, nothing is what is usual for its kind.
    pub silent_after_hours: Option<i32>,
}

no_relations!();

/// Hours of silence after which a source that sends by itself is missed, unless somebody said otherwise.
pub const USUAL_SILENCE_HOURS: i32 = 24;

impl Model {
    /// A source that may send and has sent nothing yet, without a write key; its identity comes with the first insert.
    pub fn new(key: impl Into<String>, name: impl Into<String>, kind: Kind, created_at: Instant) -> Self {
        Self {
            id: 0,
            key: key.into(),
            name: name.into(),
            kind,
            write_key_hash: None,
            write_key_prefix: None,
            enabled: true,
            created_at,
            last_message_at: None,
            accepted: 0,
            refused: 0,
            unattributed: 0,
            last_error: None,
            last_error_at: None,
            silent_after_hours: None,
        }
    }

    /// After how many hours of silence it is missed. A file comes when somebody brings it, so unless somebody said
    /// otherwise only what sends by itself is missed.
    pub fn missed_after_hours(&self) -> Option<i32> {
        let usual =
            matches!(self.kind, Kind::Segment | Kind::Api | Kind::Sql | Kind::Singer).then_some(USUAL_SILENCE_HOURS);
        self.silent_after_hours.or(usual).filter(|hours| *hours > 0)
    }

    /// How long it has been silent, if that is longer than it may be.
    pub fn silence(&self, now: Instant) -> Option<TimeDelta> {
        let silence = now - self.last_message_at?;
        let most = TimeDelta::hours(i64::from(self.missed_after_hours()?));
        (self.enabled && silence >= most).then_some(silence)
    }
}

/// Adds a source.
pub async fn insert(tx: &Tx, source: Model) -> Result<Model, StoreError> {
    row::insert(tx, source).await
}

/// Deletes a source from which nothing has come. Fails with [`StoreError::Conflict`] if something has.
pub async fn delete(tx: &Tx, id: i64) -> Result<(), StoreError> {
    Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

/// The source with this id.
pub async fn find(db: &impl ConnectionTrait, id: i64) -> Result<Model, StoreError> {
    row::find::<Entity>(db, "source", id).await
}

/// The source with this key.
pub async fn by_key(db: &impl ConnectionTrait, key: &str) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find().filter(Column::Key.eq(key)).one(db).await?)
}

/// The source whose write key has this hash.
pub async fn by_write_key(db: &impl ConnectionTrait, hash: &str) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find().filter(Column::WriteKeyHash.eq(hash)).one(db).await?)
}

/// Every source, by name.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<Model>, StoreError> {
    Ok(Entity::find().order_by_asc(Column::Name).order_by_asc(Column::Id).all(db).await?)
}

/// Adds to the counters of a source what came another way than through the inbox. Where nothing came but an error, the
/// source has not been heard.
pub async fn noted(
    tx: &Tx,
    id: i64,
    accepted: i64,
    refused: i64,
    last_error: Option<&str>,
    now: Instant,
) -> Result<(), StoreError> {
    let source = find(tx, id).await?;
    let heard = accepted + refused > 0 || last_error.is_none();
    let last_message_at = if heard { Some(now) } else { source.last_message_at };
    let (last_error, last_error_at) = match last_error {
        Some(error) => (Some(error.to_owned()), Some(now)),
        None => (source.last_error, source.last_error_at),
    };
    let came = Came { messages: accepted + refused, ..Came::default() };
    source_minute::count(tx, id, now, came).await?;
    let (accepted, refused) = (source.accepted + accepted, source.refused + refused);
    row::update(tx, Model { last_message_at, accepted, refused, last_error, last_error_at, ..source }).await?;
    Ok(())
}

/// Sets how many events of some sources belong to nobody: source and count.
pub async fn recount(tx: &Tx, unattributed: &[(i64, i64)]) -> Result<(), StoreError> {
    for (id, count) in unattributed {
        let source = Entity::update_many().col_expr(Column::Unattributed, Expr::value(*count));
        source.filter(Column::Id.eq(*id)).exec(tx).await?;
    }
    Ok(())
}

/// Replaces the source with the same id. Its counters are the inbox's and are left as they are.
pub async fn update(tx: &Tx, source: Model) -> Result<Model, StoreError> {
    let before = find(tx, source.id).await?;
    let Model { last_message_at, accepted, refused, unattributed, last_error, last_error_at, .. } = before;
    row::update(tx, Model { last_message_at, accepted, refused, unattributed, last_error, last_error_at, ..source })
        .await
}

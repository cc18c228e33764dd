//! A refusal is a message we could not take, kept with the reason so that somebody can repair and resend it. Bodies
//! are cut at 8 KiB.

use domain::Instant;
use sea_orm::{ConnectionTrait, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{StoreError, Tx, declare::no_relations, inbox::Refused, record, row, statement::statement};

/// The most bytes of a refused message that are kept.
pub const MAX_BODY: usize = 8 * 1024;

/// A message that was refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "refusal")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who sent it.
    pub source_id: i64,
    /// When.
    pub at: Instant,
    /// Why, as a stable word.
    pub code: String,
    /// Why, in a sentence.
    pub message: String,
    /// What was sent, at most 8 KiB.
    pub body: String,
}

no_relations!();

/// Keeps refused messages of a source.
pub async fn record(tx: &Tx, source_id: i64, refused: &[Refused], at: Instant) -> Result<(), StoreError> {
    let rows = refused.iter().map(|refused| Model {
        id: 0,
        source_id,
        at,
        code: refused.code.clone(),
        message: refused.message.clone(),
        body: beginning(&refused.body).to_owned(),
    });
    record::insert_many(tx, rows.collect::<Vec<_>>()).await?;
    Ok(())
}

/// The refusals of a source, newest first: those with an id before `before`, at most `limit`.
pub async fn of_source(
    db: &impl ConnectionTrait,
    source_id: i64,
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<Model>, StoreError> {
    Ok(row::newest::<Entity>((Column::SourceId, source_id), Column::Id, before, limit).all(db).await?)
}

/// Forgets refusals before an instant, and of each source all but the newest `most`. Returns how many.
pub async fn prune(tx: &Tx, before: Instant, most: i64) -> Result<u64, StoreError> {
    let old = Entity::delete_many().filter(Column::At.lt(before)).exec(tx).await?.rows_affected;
    let sql = "DELETE FROM refusal WHERE id IN (
                   SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY source_id ORDER BY id DESC) AS place
                                   FROM refusal) AS placed
                   WHERE place > $1)";
    Ok(old + tx.execute_raw(statement(tx, sql, [most.into()])).await?.rows_affected())
}

/// The beginning of a text, cut between characters.
fn beginning(body: &str) -> &str {
    &body[..body.floor_char_boundary(MAX_BODY)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_body_is_cut_between_characters() {
        let long = format!("{}é", "x".repeat(MAX_BODY - 1));
        assert_eq!(beginning(&long).len(), MAX_BODY - 1);
        assert_eq!(beginning("short"), "short");
    }
}

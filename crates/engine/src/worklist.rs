//! What there is to do: every CTA that is not closed. Several pages begin with it, for one reader after another, and in a
//! big book it is thousands of rows, so it is read once and kept until anything has changed. Whoever changes a CTA writes a
//! `change` in the same transaction, so the last change says whether what is kept still holds. Absent: who may see which
//! of them, and what is said about them; that is asked of the book each time.

use std::sync::Arc;

use store::{
    Cta, StoreError, change,
    cta::{self, Filter, Status},
};

use crate::{Engine, answers::Answers};

/// CTAs read at once.
const BATCH: u64 = 2_000;

/// The CTAs that are not closed, by the last change of anything.
pub(crate) type Worklist = Answers<Option<i64>, Vec<Arc<Cta>>, 1>;

/// Every CTA that is not closed, in order of id.
pub async fn open(engine: &Engine) -> Result<Arc<Vec<Arc<Cta>>>, StoreError> {
    let db = engine.store().read();
    let last = change::last(db).await?;
    if let Some(known) = engine.worklist().known(&last) {
        return Ok(known);
    }
    let filter = Filter { status: vec![Status::Open, Status::InProgress], ..Filter::default() };
    let (mut open, mut after) = (Vec::new(), None);
    loop {
        let batch = cta::list(db, &filter, after, BATCH).await?;
        let read = batch.len() as u64;
        after = batch.last().map(|cta| cta.id);
        open.extend(batch.into_iter().map(Arc::new));
        if read < BATCH {
            return Ok(engine.worklist().keep(last, open));
        }
    }
}

//! Facts that members and programs record by hand, and what every one of them must satisfy.
//!
//! A fact is written together with the change that tells of it, then its account is recomputed. Texts are trimmed and
//! bounded, nothing happens in the future, and a contact named by a fact works at the account. Absent: facts that arrive
//! through sources, which the engine records.

use chrono::TimeDelta;
use domain::Instant;
use store::Contact;
use store::change::{self, NewChange};
use store::record::{self, Fact};

use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// A caller's clock may be ahead of ours by this much.
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(5);

/// What kind of fact it is, for the change that tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occurred {
    /// Something we did with a customer.
    Touchpoint,
    /// An answer to a survey.
    Response,
    /// A member's judgement.
    Sentiment,
}

impl Occurred {
    const fn kind(self) -> &'static str {
        match self {
            Self::Touchpoint => "touchpoint.logged",
            Self::Response => "response.recorded",
            Self::Sentiment => "sentiment.set",
        }
    }
}

/// Writes a fact and the change that tells of it in one transaction, then has the account recomputed.
pub async fn record<F: Fact + Send>(app: &AppState, access: &Access, row: F, occurred: Occurred) -> Answer<F> {
    let (now, actor, account_id) = (app.engine.now(), access.actor.label(), row.account_id());
    let written = app
        .engine
        .store()
        .write(async |tx| -> Answer<F> {
            let written = record::insert(tx, row).await?;
            let change = NewChange {
                actor,
                account_id: Some(account_id),
                kind: occurred.kind().to_owned(),
                subject_id: Some(written.id()),
                detail: serde_json::json!({}),
            };
            change::record(tx, change, now).await?;
            Ok(written)
        })
        .await?;
    app.engine.touch(account_id);
    Ok(written)
}

/// A text that must say something, trimmed.
pub fn text(field: &'static str, given: &str, longest: usize) -> Answer<String> {
    optional_text(field, Some(given), longest)?.ok_or_else(|| Problem::invalid(field, "This must not be empty."))
}

/// A text that may be absent, trimmed; nothing but spaces is absent.
pub fn optional_text(field: &'static str, given: Option<&str>, longest: usize) -> Answer<Option<String>> {
    let Some(text) = given.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.chars().count() > longest {
        return Err(Problem::invalid(field, format!("This may have at most {longest} characters.")));
    }
    if text.contains('\0') {
        return Err(Problem::invalid(field, "This contains a NUL character, which no database keeps."));
    }
    Ok(Some(text.to_owned()))
}

/// When a fact happened: now unless said, and not in the future.
pub fn occurred(app: &AppState, field: &'static str, given: Option<Instant>) -> Answer<Instant> {
    let now = app.engine.now();
    let at = given.map_or(now, domain::time::to_micros);
    if at > now + CLOCK_SKEW {
        return Err(Problem::invalid(field, format!("{at} is in the future; the time here is {now}.")));
    }
    Ok(at)
}

/// Checks that a contact works at the account.
pub async fn contact_belongs(app: &AppState, account_id: i64, contact_id: Option<i64>) -> Answer<()> {
    let Some(id) = contact_id else { return Ok(()) };
    let contacts = record::load::<Contact>(app.engine.store().read(), None, Some(&[account_id])).await?;
    if contacts.iter().any(|contact| contact.id == id) {
        return Ok(());
    }
    Err(Problem::invalid("contact_id", "There is no such contact at this account."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_trimmed_and_bounded() {
        assert_eq!(text("subject", "  Call  ", 4).unwrap(), "Call");
        assert_eq!(text("subject", "Calls", 4).unwrap_err().fields[0].message, "This may have at most 4 characters.");
        assert_eq!(text("subject", " \t ", 4).unwrap_err().fields[0].message, "This must not be empty.");
        assert_eq!(optional_text("note", Some("   "), 4).unwrap(), None);
        assert!(optional_text("note", Some("a\0b"), 4).is_err());
    }
}

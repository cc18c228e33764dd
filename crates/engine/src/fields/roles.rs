//! The roles of a contact as a person meets them: what the contact is to us, since when, and who says so. A role is a
//! row of its own with a period, but who says which roles somebody has is one field of the contact: what a person sets
//! is held as a whole, and until it is released sources add no role, only to what they say instead. Deliberately
//! absent: several people with several minds about one contact; the last one who set the roles is who holds them.

use std::collections::BTreeSet;

use domain::{Day, Instant, time::day_of};
use serde_json::{Value, json};
use store::{
    Contact, ContactRole, Provenance, Tx,
    contact_role::{self, Role},
    provenance,
    record::{self, Fact},
};

use super::{Editable, FieldError, Hand, Names, Offered, Origin, say};
use crate::{Engine, EngineError};

/// What provenance and forms call the roles of a contact.
pub const ROLES: &str = "roles";

/// What a contact is and was to us, and who says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Roles {
    /// Each role with its period; those that have not ended come first, then the latest.
    pub all: Vec<ContactRole>,
    /// Who says so.
    pub origin: Origin,
    /// Whether sources must leave them alone.
    pub held: bool,
    /// The roles a source says instead, while they are held.
    pub offered: Option<Offered>,
}

/// The roles of a contact.
pub async fn of(engine: &Engine, contact: &Contact) -> Result<Roles, EngineError> {
    let db = engine.store().read();
    let today = day_of(engine.now());
    let mut all = contact_role::of_contacts(db, &[contact.id]).await?;
    all.sort_by_key(|role| (!stands(role, today), std::cmp::Reverse(role.effective_from), role.id));
    let known = provenance::of_record(db, Contact::KIND, contact.id).await?;
    let known = known.into_iter().find(|origin| origin.field == ROLES);
    let names = Names::load(engine).await?;
    let held = known.as_ref().is_some_and(|origin| origin.held);
    let offered = known.as_ref().filter(|_| held).map(|origin| Offered {
        source: origin.source_id.and_then(|id| names.sources.get(&id).cloned()),
        value: said(origin).iter().map(|role| words(*role)).collect::<Vec<_>>().join(", "),
    });
    Ok(Roles { origin: names.origin(known.as_ref(), contact.source_id), all, held, offered })
}

/// A role as people write it.
pub fn words(role: Role) -> String {
    role.as_str().replace('_', " ")
}

/// Whether a role has not ended; one that is still to begin has not.
pub fn stands(role: &ContactRole, today: Day) -> bool {
    role.effective_to.is_none_or(|end| end > today)
}

/// Sets what a contact is to us by hand: a role that is new begins on a day, one that is no longer named ends on it, and
/// one that would never have lasted a day is taken back. Returns how many roles changed; if any did, all are held.
pub async fn set(
    engine: &Engine,
    contact_id: i64,
    wanted: &BTreeSet<Role>,
    on: Day,
    hand: &Hand,
) -> Result<usize, FieldError> {
    let now = engine.now();
    let today = day_of(now);
    let set = engine.store().write(async |tx| -> Result<(usize, i64), FieldError> {
        let contact = record::find::<Contact>(tx, contact_id).await?;
        fits(&contact, on, today)?;
        let rows = contact_role::of_contacts(tx, &[contact_id]).await?;
        let were = standing(&rows, today);
        let changed = become_these(tx, &contact, &rows, wanted, on, now).await?;
        if changed > 0 {
            let known = provenance::of_record(tx, Contact::KIND, contact_id).await?;
            let known = known.into_iter().find(|origin| origin.field == ROLES);
            let offered = match known.as_ref().filter(|origin| origin.held) {
                Some(held) => held.offered.clone(),
                None => Some(json!(were)),
            };
            let source_id = known.map_or(contact.source_id, |origin| origin.source_id);
            let held = Provenance {
                record_kind: Contact::KIND.to_owned(),
                record_id: contact_id,
                field: ROLES.to_owned(),
                source_id,
                member_id: Some(hand.member_id),
                held: true,
                offered,
                at: now,
            };
            provenance::note(tx, &[held]).await?;
            let detail = json!({ "from": { ROLES: were }, "to": { ROLES: wanted } });
            say(tx, &contact, Contact::CHANGED, detail, hand, now).await?;
        }
        Ok((changed, contact.account_id))
    });
    let (changed, account_id) = set.await?;
    if changed > 0 {
        engine.touch(account_id);
    }
    Ok(changed)
}

/// Gives the roles of a contact back to its source: from today they are what the source said last. False if they were
/// not held.
pub async fn release(engine: &Engine, contact_id: i64, hand: &Hand) -> Result<bool, FieldError> {
    let now = engine.now();
    let released = engine.store().write(async |tx| -> Result<Option<i64>, FieldError> {
        let known = provenance::of_record(tx, Contact::KIND, contact_id).await?;
        let Some(origin) = known.into_iter().find(|origin| origin.held && origin.field == ROLES) else {
            return Ok(None);
        };
        let contact = record::find::<Contact>(tx, contact_id).await?;
        let rows = contact_role::of_contacts(tx, &[contact_id]).await?;
        let wanted = said(&origin).into_iter().collect();
        become_these(tx, &contact, &rows, &wanted, day_of(now), now).await?;
        let free = Provenance { held: false, offered: None, member_id: None, at: now, ..origin };
        provenance::note(tx, &[free]).await?;
        say(tx, &contact, Contact::RELEASED, json!({ "field": ROLES }), hand, now).await?;
        Ok(Some(contact.account_id))
    });
    let released = released.await?;
    if let Some(account_id) = released {
        engine.touch(account_id);
    }
    Ok(released.is_some())
}

/// What a source says the roles are, while a person says something else. A word that is no role any more says nothing.
pub(crate) fn said(origin: &Provenance) -> Vec<Role> {
    let words = origin.offered.as_ref().and_then(Value::as_array);
    words.into_iter().flatten().filter_map(|word| word.as_str()?.parse().ok()).collect()
}

fn fits(contact: &Contact, on: Day, today: Day) -> Result<(), FieldError> {
    let fault = |sentence: String| Err(FieldError::Value { field: "on", sentence });
    if on > today {
        return fault(format!("{on} is still to come: roles change on a day up to today, {today}."));
    }
    if on < contact.effective_from {
        let from = contact.effective_from;
        return fault(format!(
            "{on} is before {} came, on {from}: set that day first, or choose a later one.",
            contact.name
        ));
    }
    Ok(())
}

fn standing(rows: &[ContactRole], today: Day) -> BTreeSet<Role> {
    rows.iter().filter(|role| stands(role, today)).map(|role| role.role).collect()
}

/// Ends and begins roles on a day, so that the contact has these. Returns how many changed.
async fn become_these(
    tx: &Tx,
    contact: &Contact,
    rows: &[ContactRole],
    wanted: &BTreeSet<Role>,
    on: Day,
    now: Instant,
) -> Result<usize, FieldError> {
    let today = day_of(now);
    let were = standing(rows, today);
    let mut changed = 0;
    for row in rows.iter().filter(|row| stands(row, today) && !wanted.contains(&row.role)) {
        if row.effective_from < on {
            record::edit::<ContactRole>(tx, row.id, now, |row| row.effective_to = Some(on)).await?;
        } else {
            record::delete::<ContactRole>(tx, row.id, now).await?;
        }
        changed += 1;
    }
    for role in wanted.difference(&were).copied() {
        let before = rows.iter().filter(|row| row.role == role).filter_map(|row| row.effective_to).max();
        if let Some(end) = before.filter(|end| *end > on) {
            let sentence = format!("{} was {} until {end}: choose that day or a later one.", contact.name, words(role));
            return Err(FieldError::Value { field: "on", sentence });
        }
        let (contact_id, account_id) = (contact.id, contact.account_id);
        let begun = ContactRole {
            id: 0,
            contact_id,
            account_id,
            role,
            effective_from: on,
            effective_to: None,
            recorded_at: now,
        };
        record::insert(tx, begun).await?;
        changed += 1;
    }
    Ok(changed)
}

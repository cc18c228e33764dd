//! From one raw message to a [`Message`], or to the reason why not. It sees one message
//! at a time and what its batch shares, and never looks at its neighbours.

use std::borrow::Cow;

use chrono::{SecondsFormat, TimeDelta};
use domain::Instant;

use super::evidence::{self, lookup};
use super::message::{Action, Clocks, Kind, Message};
use super::{Call, Evidence, Limits, clock, traits};
use crate::json::{self, Members, Value};
use crate::personal;
use crate::record::{DerivedKeys, Draft, Fault, Object};

/// Longest id of a user, a group or a message.
const MAX_ID_BYTES: usize = 512;
/// Longest name of an event.
const MAX_NAME_BYTES: usize = 512;
/// Largest quantity of one event.
const MAX_QUANTITY: i64 = 1_000_000_000_000;

/// How far a sender's clock may be off before both of its readings are kept: slow networks and retries explain less.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(1);

/// Why a message was refused: a stable word and a sentence.
type Refusal = (&'static str, String);

/// What all messages of a body share.
pub(super) struct Reader<'a> {
    pub(super) hint: Option<Call>,
    pub(super) context: Option<&'a Value<'a>>,
    pub(super) sent_at: Option<&'a Value<'a>>,
    pub(super) limits: &'a Limits,
    pub(super) received_at: Instant,
    /// Whether the body held bytes that are not UTF-8.
    pub(super) repaired: bool,
}

impl Reader<'_> {
    /// Understands one message. `derived` gives ids to those without one.
    pub(super) fn message(&self, raw: &str, index: usize, derived: &mut DerivedKeys) -> Result<Message, Refusal> {
        let limit = self.limits.message_bytes;
        if raw.len() > limit {
            return Err((
                "too_large",
                format!("The message holds {} bytes, more than the {limit} allowed.", raw.len()),
            ));
        }
        let document = json::parse(raw).map_err(|error| ("broken_json", format!("The message is {error}.")))?;
        let mut message = document.value;
        if message.as_object().is_none() {
            return Err(("not_an_object", "A message must be a JSON object.".to_owned()));
        }
        let call = self.call(&message)?;
        let clocks = self.clocks(&message)?;
        let occurred_at = clock::correct(&clocks)
            .ok_or_else(|| ("future", "The message says it happened more than a day from now.".to_owned()))?;
        let user_id = id(&message, &["userId", "user_id"])?;
        let anonymous_id = id(&message, &["anonymousId", "anonymous_id"])?;
        let account = evidence::account(&message, self.context, &self.limits.account_paths);
        let mail_domain = evidence::mail_domain(&message, self.context);
        if user_id.is_none() && anonymous_id.is_none() && account.is_none() {
            let reason = "The message names neither a user nor an account: set userId, anonymousId or groupId.";
            return Err(("no_identity", reason.to_owned()));
        }
        let message_id = match id(&message, &["messageId", "message_id"])? {
            Some(given) => given,
            None => self.derived_id(&message, index, clocks.original, derived),
        };
        let altered = document.stripped_nul || (self.repaired && raw.contains(char::REPLACEMENT_CHARACTER));
        let mut removed = 0;
        let (kind, faults) = match call {
            Call::Track | Call::Page | Call::Screen => {
                (action(call, &mut message, notes(&clocks, altered), &mut removed)?, Vec::new())
            }
            Call::Identify => self.identify(&message, user_id.as_deref())?,
            Call::Group => self.group(&message, account.as_ref())?,
            Call::Alias => (alias(&message, user_id.as_ref())?, Vec::new()),
        };
        Ok(Message {
            kind,
            id: message_id,
            user_id,
            anonymous_id,
            account,
            mail_domain,
            occurred_at,
            clocks,
            removed,
            altered,
            text: (call == Call::Identify).then(|| raw.to_owned()),
            faults,
        })
    }

    /// The type the message names, else the one of its path, else the one of its shape.
    fn call(&self, message: &Value<'_>) -> Result<Call, Refusal> {
        let named = message.get("type").and_then(Value::as_id);
        if let Some(word) = named {
            let known = Call::parse(word).filter(|_| word.len() > 1);
            return known.or(self.hint).ok_or_else(|| {
                ("unknown_type", format!("`{word}` is not one of identify, group, track, page, screen, alias."))
            });
        }
        let has = |key: &str| message.get(key).is_some_and(|value| !matches!(value, Value::Null));
        let by_shape = || {
            [("event", Call::Track), ("previousId", Call::Alias), ("groupId", Call::Group), ("traits", Call::Identify)]
                .into_iter()
                .find(|(key, _)| has(key))
                .map(|(_, call)| call)
        };
        self.hint.or_else(by_shape).ok_or_else(|| ("no_type", "The message names no type.".to_owned()))
    }

    fn clocks(&self, message: &Value<'_>) -> Result<Clocks, Refusal> {
        let said = ["originalTimestamp", "timestamp"].iter().find_map(|key| lookup(message, None, key));
        let original = match said {
            None => None,
            Some(value) => Some(clock::instant(value).ok_or_else(|| {
                let reason = format!("The timestamp {value} is not a time like 2026-12-31T23:59:59Z.");
                ("bad_timestamp", reason)
            })?),
        };
        let sent = message.get("sentAt").and_then(clock::instant).or_else(|| self.sent_at.and_then(clock::instant));
        Ok(Clocks { original, sent, received: self.received_at })
    }

    /// An id for a message without one. It follows from the content, leaving out what
    /// changes between retries, and from how many equal messages came before it in the
    /// batch. A message that does not even say when it happened cannot be told from its
    /// next occurrence, so the time of receipt makes it unique: it is never deduplicated.
    fn derived_id(
        &self,
        message: &Value<'_>,
        index: usize,
        original: Option<Instant>,
        derived: &mut DerivedKeys,
    ) -> String {
        const VOLATILE: [&str; 4] = ["sentAt", "_metadata", "writeKey", "integrations"];
        let members = message.as_object().into_iter().flat_map(Members::iter);
        let content = members.filter(|(key, _)| !VOLATILE.contains(key)).map(|(key, value)| format!("{key}:{value}"));
        let receipt = original.is_none().then(|| format!("{}.{index}", self.received_at.timestamp_micros()));
        derived.key(content.chain(receipt))
    }

    fn identify(&self, message: &Value<'_>, user_id: Option<&str>) -> Result<(Kind, Vec<Fault>), Refusal> {
        let Some(user_id) = user_id else { return Ok((Kind::Identify(None), Vec::new())) };
        let (draft, faults) = self.draft(Object::Contact, user_id, message)?;
        Ok((Kind::Identify(Some(draft)), faults))
    }

    fn group(&self, message: &Value<'_>, account: Option<&Evidence>) -> Result<(Kind, Vec<Fault>), Refusal> {
        let Some(account) = account else {
            return Err(("no_group", "A group call needs a groupId.".to_owned()));
        };
        let (draft, faults) = self.draft(Object::Account, &account.account, message)?;
        Ok((Kind::Group(draft), faults))
    }

    /// A draft from the traits of a message. For a person they may also lie in the context
    /// (T7), where a group call keeps those of the person, not of the group.
    fn draft(&self, object: Object, key: &str, message: &Value<'_>) -> Result<(Draft, Vec<Fault>), Refusal> {
        let own = message.get("traits").and_then(Value::as_object);
        let context = match object {
            Object::Contact => lookup(message, self.context, "context.traits").and_then(Value::as_object),
            _ => None,
        };
        let sources: Vec<&Members<'_>> = context.into_iter().chain(own).collect();
        traits::draft(object, key, &sources, self.received_at).map_err(|fault| ("bad_id", fault.sentence))
    }
}

/// The first id at one of `keys`.
fn id(message: &Value<'_>, keys: &[&str]) -> Result<Option<String>, Refusal> {
    let Some(id) = keys.iter().find_map(|key| message.get(key).and_then(Value::as_id)) else { return Ok(None) };
    if id.len() > MAX_ID_BYTES {
        return Err(("bad_id", format!("`{}` holds {} bytes, more than {MAX_ID_BYTES}.", keys[0], id.len())));
    }
    Ok(Some(id.to_owned()))
}

/// What we have to say about an event, for its properties: the sender's two clocks where they were wrong, since the
/// other two are the event's own times (T6), and that its text was altered (T11).
fn notes(clocks: &Clocks, altered: bool) -> Members<'static> {
    let mut notes = Members::default();
    let text = |at: Instant| Value::Text(Cow::Owned(at.to_rfc3339_opts(SecondsFormat::AutoSi, true)));
    if let (Some(original), Some(sent)) = (clocks.original, clocks.sent)
        && (clocks.received - sent).abs() > CLOCK_TOLERANCE
    {
        let mut said = Members::default();
        said.push("original", text(original));
        said.push("sent", text(sent));
        notes.push("$clocks", Value::Object(said));
    }
    if altered {
        notes.push("$altered", Value::Bool(true));
    }
    notes
}

/// What becomes an event: its name, how many, and properties without a person, with our own `notes` at their end.
fn action(call: Call, message: &mut Value<'_>, notes: Members<'_>, removed: &mut u32) -> Result<Kind, Refusal> {
    let name = |key: &str| message.get(key).and_then(Value::as_id).map(str::to_owned);
    let name = match call {
        Call::Track => name("event").ok_or_else(|| ("no_event", "A track call needs an event name.".to_owned()))?,
        Call::Screen => {
            name("name").map_or_else(|| "Screen Viewed".to_owned(), |screen| format!("Viewed {screen} Screen"))
        }
        _ => name("name").map_or_else(|| "Page Viewed".to_owned(), |page| format!("Viewed {page} Page")),
    };
    if name.len() > MAX_NAME_BYTES {
        return Err(("bad_event", format!("The event name holds more than {MAX_NAME_BYTES} bytes.")));
    }
    let mut members = match message.take("properties") {
        None | Some(Value::Null) => Members::default(),
        Some(Value::Object(members)) => members,
        Some(_) => return Err(("bad_properties", "`properties` must be a JSON object.".to_owned())),
    };
    let quantity = quantity(&mut members);
    *removed = personal::remove(&mut members);
    members.extend(notes);
    let properties = (!members.is_empty()).then(|| Value::Object(members).to_string());
    let action = Action { name, quantity, properties };
    Ok(match call {
        Call::Track => Kind::Track(action),
        Call::Screen => Kind::Screen(action),
        _ => Kind::Page(action),
    })
}

/// Takes a whole, sane `quantity` out of the properties; one where there is none.
fn quantity(properties: &mut Members<'_>) -> i64 {
    let mut found = 1;
    properties.retain(|key, value| match (key, value) {
        ("quantity", Value::Number(digits)) => match digits.parse() {
            Ok(whole @ 0..=MAX_QUANTITY) => {
                found = whole;
                false
            }
            _ => true,
        },
        _ => true,
    });
    found
}

fn alias(message: &Value<'_>, user_id: Option<&String>) -> Result<Kind, Refusal> {
    match (id(message, &["previousId", "previous_id"])?, user_id) {
        (Some(previous_id), Some(_)) => Ok(Kind::Alias { previous_id }),
        _ => Err(("no_identity", "An alias call needs userId and previousId.".to_owned())),
    }
}

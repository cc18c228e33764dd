//! Contracts and their lines. A line whose amount changes ends today and a new one begins, so that the past keeps
//! its revenue; a contract whose draft carries its amount has one line, and lines that a source names are told apart
//! by its names.

use std::collections::{HashMap, HashSet};

use connectors::record::{Code, Draft, Given};
use domain::{Day, money, time::day_of};
use store::{
    Account, Identity, Subscription, SubscriptionItem, Tx, account_merge, identity,
    record::{self, Fact, Saved},
    subscription::{Discounts, Pauses},
    subscription_item,
};

use super::{
    From, Outcomes, Refusal, dropped, either, missing,
    owner::Owners,
    save::{self, Known},
    state, unknown,
};
use crate::{EngineError, import::Taken};

/// Writes contracts, and the one line of those whose draft carries an amount.
pub(super) async fn apply(tx: &Tx, drafts: &[&Draft], from: From) -> Outcomes {
    let owners = Owners::find(tx, drafts, from).await?;
    let earlier: Vec<&str> = drafts.iter().filter_map(|draft| draft.text("continues").set()).collect();
    let earlier = record::known::<Subscription>(tx, from.source_id, &earlier).await?;
    let merge = |draft: &Draft, before: Option<&Subscription>| merged(before, draft, &owners, &earlier, from);
    let saved = save::imported(tx, drafts, from, merge).await?;
    let with_amount = drafts.iter().zip(&saved).filter_map(|(draft, row)| Some((*draft, row.as_ref().ok()?)));
    let mut lines = lines(tx, &with_amount.collect::<Vec<_>>(), from).await?.into_iter();
    let outcome = |row: Result<(Saved, Subscription), Refusal>| {
        let (saved, subscription) = row?;
        let saved = either(saved, lines.next().unwrap_or(Saved::Unchanged));
        Ok(Taken { saved, account_id: Some(subscription.account_id), contact_id: None })
    };
    Ok(saved.into_iter().map(outcome).collect())
}

fn merged(
    before: Option<&Subscription>,
    draft: &Draft,
    owners: &Owners,
    earlier: &Known<Subscription>,
    from: From,
) -> Result<Subscription, Refusal> {
    let account_id = owners.of_known(draft, before.map(|before| before.account_id))?;
    no_less_than_nothing(draft)?;
    let starts = draft.day("effective_from").set().or(before.map(|before| before.effective_from));
    let starts = starts.unwrap_or_else(|| day_of(from.now));
    let cancelled = draft.day("cancelled_on").set().is_some();
    if let Given::Set(ends) = draft.day("effective_to")
        && (ends < starts || ends == starts && !cancelled)
    {
        return Err(Refusal {
            field: "effective_to",
            code: Code::OutOfRange,
            sentence: format!("the term ends on {ends}, not after its start on {starts}"),
        });
    }
    let currency = || owners.of(draft).map_or_else(|_| "USD".to_owned(), |account| account.currency.clone());
    let mut subscription = before.cloned().unwrap_or_else(|| blank(account_id, currency(), &draft.key, starts, from));
    subscription.recorded_at = from.now;
    subscription.account_id = account_id;
    if let Given::Set(name) = draft.text("name") {
        name.clone_into(&mut subscription.name);
    }
    if let Given::Set(currency) = draft.text("currency") {
        currency.clone_into(&mut subscription.currency);
    }
    if let Given::Set(months) = draft.int("period_months") {
        subscription.period_months = months as i32;
    }
    if let Given::Set(days) = draft.int("notice_days") {
        subscription.notice_days = days as i32;
    }
    if let Given::Set(renews) = draft.bool("auto_renew") {
        subscription.auto_renew = renews;
    }
    subscription.effective_from = starts;
    draft.day("effective_to").apply(&mut subscription.effective_to);
    draft.day("cancelled_on").apply(&mut subscription.cancelled_on);
    draft.day("signed_on").apply(&mut subscription.signed_on);
    let on = draft.day("changed_on").set().unwrap_or_else(|| day_of(from.now));
    state::pause(&mut subscription, draft, on)?;
    state::discounts(&mut subscription, draft, on)?;
    match draft.text("continues") {
        Given::Set(key) => {
            let sentence = || format!("no subscription has the id `{key}`: import what it took over first");
            let found = earlier.get(key).ok_or_else(|| unknown("continues", sentence()))?;
            subscription.continues_id = Some(found.id);
        }
        Given::Cleared => subscription.continues_id = None,
        Given::Absent => {}
    }
    Ok(subscription)
}

/// Refuses an amount below zero: what is given back is a refund, and no subscription owes the customer money.
fn no_less_than_nothing(draft: &Draft) -> Result<(), Refusal> {
    let negative = |name: &&&str| draft.cents(name).set().is_some_and(|cents| cents < 0);
    match ["arr_cents", "amount_cents", "mrr_cents"].iter().find(negative) {
        Some(_) if draft.text("charge").set() == Some("refund") => Ok(()),
        Some(name) => Err(Refusal {
            field: name,
            code: Code::OutOfRange,
            sentence: "the amount is below zero: write what is given back as a line of its own with the charge refund"
                .to_owned(),
        }),
        None => Ok(()),
    }
}

/// A contract of which nothing is known but whose it is.
pub(super) fn blank(account_id: i64, currency: String, key: &str, starts: Day, from: From) -> Subscription {
    Subscription {
        id: 0,
        account_id,
        external_id: Some(key.to_owned()),
        name: key.to_owned(),
        currency,
        period_months: 12,
        notice_days: 0,
        auto_renew: true,
        effective_from: starts,
        effective_to: None,
        cancelled_on: None,
        signed_on: None,
        continues_id: None,
        paused_on: None,
        resumes_on: None,
        earlier_pauses: Pauses::default(),
        discounts: Discounts::default(),
        source_id: from.source_id,
        recorded_at: from.now,
    }
}

/// The contracts that accounts carry on their own line; one answer for each account.
pub(super) async fn of_accounts(
    tx: &Tx,
    drafts: &[&Draft],
    accounts: &[&Account],
    from: From,
) -> Result<Vec<Saved>, EngineError> {
    let says =
        |draft: &Draft| ["arr_cents", "mrr_cents", "renewal_date"].iter().any(|name| draft.fields.contains_key(name));
    let own: Vec<(&Draft, &Account)> =
        drafts.iter().copied().zip(accounts.iter().copied()).filter(|(draft, _)| says(draft)).collect();
    let mut answers = vec![Saved::Unchanged; drafts.len()];
    if own.is_empty() {
        return Ok(answers);
    }
    let keys: Vec<String> = own.iter().map(|(_, account)| format!("{}:contract", account.external_id)).collect();
    let names: Vec<&str> = keys.iter().map(String::as_str).collect();
    let known = record::known::<Subscription>(tx, from.source_id, &names).await?;
    let merged = account_merge::standing(tx, None).await?;
    let contract = |((draft, account), key): (&(&Draft, &Account), &String)| {
        let before = known.get(key);
        let starts = account.customer_from.unwrap_or_else(|| day_of(from.now));
        let new = || blank(merged.of(account.id), account.currency.clone(), key, starts, from);
        let mut after = before.cloned().unwrap_or_else(new);
        after.recorded_at = from.now;
        account.currency.clone_into(&mut after.currency);
        draft.day("renewal_date").apply(&mut after.effective_to);
        (before.cloned(), after)
    };
    let saved = record::save(tx, own.iter().zip(&keys).map(contract).collect()).await?;
    let pairs: Vec<(&Draft, &(Saved, Subscription))> =
        own.iter().zip(&saved).map(|((draft, _), saved)| (*draft, saved)).collect();
    let lines = lines(tx, &pairs, from).await?;
    let mut found = saved.iter().zip(lines).map(|((saved, _), line)| either(*saved, line));
    for (answer, draft) in answers.iter_mut().zip(drafts) {
        if says(draft) {
            *answer = found.next().unwrap_or(Saved::Unchanged);
        }
    }
    Ok(answers)
}

/// The lines of contracts whose drafts carry an amount; one answer for each. A contract that is new has none yet.
async fn lines(tx: &Tx, contracts: &[(&Draft, &(Saved, Subscription))], from: From) -> Result<Vec<Saved>, EngineError> {
    let may_run = |(draft, (saved, subscription)): &&(&Draft, &(Saved, Subscription))| {
        *saved != Saved::Created && amount(draft, subscription).is_some()
    };
    let ids: Vec<i64> = contracts.iter().filter(may_run).map(|(_, (_, subscription))| subscription.id).collect();
    let running = if ids.is_empty() { HashMap::new() } else { subscription_item::all_running(tx, &ids).await? };
    let mut pairs = Vec::new();
    for (at, (draft, (_, subscription))) in contracts.iter().enumerate() {
        let before = running.get(&subscription.id);
        if let Some(item) = item(draft, subscription, before, from) {
            pairs.push((at, before.cloned(), item));
        }
    }
    put(tx, contracts.len(), pairs, from).await
}

/// Lines that a source names, of contracts it has named before.
pub(super) async fn items(tx: &Tx, drafts: &[&Draft], from: From) -> Outcomes {
    let keys: HashSet<&str> = drafts.iter().filter_map(|draft| draft.text("subscription").set()).collect();
    let contracts = record::known::<Subscription>(tx, from.source_id, &keys.into_iter().collect::<Vec<_>>()).await?;
    let names: Vec<&str> = drafts.iter().map(|draft| draft.key.as_str()).collect();
    let names = identity::of_source(tx, SubscriptionItem::KIND, from.source_id, &names).await?;
    let rows = record::of_ids::<SubscriptionItem>(tx, &names.values().copied().collect::<Vec<_>>()).await?;
    let known: Known<SubscriptionItem> =
        names.iter().filter_map(|(name, id)| Some((name.clone(), rows.get(id)?.clone()))).collect();
    let (mut outcomes, mut pairs) = (Vec::with_capacity(drafts.len()), Vec::new());
    for (at, draft) in drafts.iter().enumerate() {
        let found = of_contract(draft, &contracts).and_then(|subscription| checked(draft, subscription));
        if let Ok(subscription) = &found
            && let Some(item) = item(draft, subscription, known.get(&draft.key), from)
        {
            pairs.push((at, known.get(&draft.key).cloned(), item));
        }
        outcomes.push(found.map(|subscription| subscription.account_id));
    }
    let saved = put_named(tx, drafts, pairs, from).await?;
    dropped::end(tx, drafts, &contracts, from).await?;
    let taken = |(outcome, saved): (Result<i64, Refusal>, Saved)| {
        outcome.map(|account| Taken { saved, account_id: Some(account), contact_id: None })
    };
    Ok(outcomes.into_iter().zip(saved).map(taken).collect())
}

/// Refuses a line that ends before it begins, or is less than nothing; one that is not dated is as long as its subscription.
fn checked<'a>(draft: &Draft, subscription: &'a Subscription) -> Result<&'a Subscription, Refusal> {
    no_less_than_nothing(draft)?;
    discount(draft)?;
    let starts = draft.day("effective_from").set().unwrap_or(subscription.effective_from);
    match draft.day("effective_to") {
        Given::Set(ends) if ends < starts => Err(Refusal {
            field: "effective_to",
            code: Code::OutOfRange,
            sentence: format!("the line ends on {ends}, before its start on {starts}"),
        }),
        _ => Ok(subscription),
    }
}

fn of_contract<'a>(draft: &Draft, contracts: &'a Known<Subscription>) -> Result<&'a Subscription, Refusal> {
    let Given::Set(key) = draft.text("subscription") else {
        return Err(missing("subscription", "the line names no subscription"));
    };
    let unknown = || unknown("subscription", format!("no subscription has the id `{key}`: import subscriptions first"));
    contracts.get(key).ok_or_else(unknown)
}

/// Saves lines and moves the source's name of each to the line that runs now.
async fn put_named(tx: &Tx, drafts: &[&Draft], pairs: Vec<Pair>, from: From) -> Result<Vec<Saved>, EngineError> {
    let mut saved = vec![Saved::Unchanged; drafts.len()];
    let mut names = Vec::new();
    for (at, before, item) in pairs {
        let was = before.as_ref().map(|before| before.id);
        let changed = drafts[at].day("changed_on").set().unwrap_or_else(|| day_of(from.now));
        let (what, row) = put_one(tx, before, item, changed).await?;
        saved[at] = what;
        match was {
            None => names.push(save::name(SubscriptionItem::KIND, &drafts[at].key, row.id, from)),
            Some(old) if old != row.id => identity::give(tx, SubscriptionItem::KIND, old, row.id).await?,
            Some(_) => {}
        }
    }
    let names: Vec<Identity> = names;
    identity::insert_many(tx, names).await?;
    Ok(saved)
}

/// A line, the one it follows, and which draft it is of.
type Pair = (usize, Option<SubscriptionItem>, SubscriptionItem);

/// Saves lines: all that are new with one statement.
async fn put(tx: &Tx, answers: usize, pairs: Vec<Pair>, from: From) -> Result<Vec<Saved>, EngineError> {
    let mut saved = vec![Saved::Unchanged; answers];
    let mut new = Vec::new();
    for (at, before, item) in pairs {
        match before {
            None => {
                saved[at] = Saved::Created;
                new.push(item);
            }
            Some(before) => saved[at] = put_one(tx, Some(before), item, day_of(from.now)).await?.0,
        }
    }
    record::insert_many(tx, new).await?;
    Ok(saved)
}

/// Saves a line, or the one that follows on it where the amount was another until the day it `changed`.
async fn put_one(
    tx: &Tx,
    running: Option<SubscriptionItem>,
    mut item: SubscriptionItem,
    changed: Day,
) -> Result<(Saved, SubscriptionItem), EngineError> {
    let Some(running) = running else {
        return Ok((Saved::Created, record::insert(tx, item).await?));
    };
    let same = SubscriptionItem {
        id: item.id,
        recorded_at: item.recorded_at,
        effective_from: item.effective_from,
        ..running.clone()
    };
    let begun = running.effective_from <= changed || item.effective_from < changed;
    if same == item && (begun || running.effective_from == item.effective_from) {
        return Ok((Saved::Unchanged, running));
    }
    let price = |it: &SubscriptionItem| (it.amount_cents, it.period_months, it.quantity, it.charge);
    let amount = |it: &SubscriptionItem| (price(it), it.discount_bp, it.discount_cents);
    if amount(&running) == amount(&item) || running.effective_from >= changed {
        item.id = running.id;
        if begun {
            item.effective_from = running.effective_from;
        }
        return Ok(record::update(tx, item).await?);
    }
    // The amount changed: the old line ends and the new one begins.
    record::edit::<SubscriptionItem>(tx, running.id, item.recorded_at, |old| old.effective_to = Some(changed)).await?;
    item.effective_from = changed;
    Ok((Saved::Updated, record::insert(tx, item).await?))
}

/// What a line costs as a draft gives it, and the months it is for. A year says more than a month, which was rounded.
fn amount(draft: &Draft, subscription: &Subscription) -> Option<(i64, i32)> {
    let yearly = draft.cents("arr_cents").set().map(|cents| (cents, 12));
    let months = draft.int("period_months").set().map_or(subscription.period_months, |months| months as i32);
    let periodic = || draft.cents("amount_cents").set().map(|cents| (cents, months));
    yearly.or_else(periodic).or_else(|| draft.cents("mrr_cents").set().map(|cents| (cents, 1)))
}

/// A percentage in basis points, if it is one from 0 to 100 with at most two places.
pub(super) fn basis_points(percent: &str) -> Option<i32> {
    // Hundredths of a percent are to a percent what cents are to a dollar.
    let points = money::parse_cents(percent, "USD").ok().and_then(|points| i32::try_from(points).ok());
    points.filter(|points| (0..=10_000).contains(points))
}

/// The discount of a line in basis points, if the draft speaks of one.
fn discount(draft: &Draft) -> Result<Option<i32>, Refusal> {
    let text = match draft.text("discount_percent") {
        Given::Absent => return Ok(None),
        Given::Cleared => return Ok(Some(0)),
        Given::Set(text) => text.trim().trim_end_matches('%').trim_end(),
    };
    match basis_points(text) {
        Some(points) => Ok(Some(points)),
        None => Err(Refusal {
            field: "discount_percent",
            code: Code::OutOfRange,
            sentence: format!("`{text}` is no discount: write a percentage from 0 to 100 with at most two places"),
        }),
    }
}

/// The line a draft describes, if it carries an amount.
fn item(
    draft: &Draft,
    subscription: &Subscription,
    running: Option<&SubscriptionItem>,
    from: From,
) -> Option<SubscriptionItem> {
    let (amount_cents, period_months) = amount(draft, subscription)?;
    let seats = draft.int("quantity").set().or_else(|| draft.int("seats").set());
    let counted = if seats.is_some() { subscription_item::Unit::Seat } else { subscription_item::Unit::Flat };
    let word = |field: &str, known: Option<&String>, otherwise: &str| match draft.text(field) {
        Given::Set(text) => text.to_owned(),
        _ => known.map_or_else(|| otherwise.to_owned(), String::clone),
    };
    let of_item = draft.object == connectors::record::Object::SubscriptionItem;
    let own = |field: &str| draft.day(field).set().filter(|_| of_item);
    let effective_to = own("effective_to").or_else(|| subscription.cancelled_on.and(subscription.effective_to));
    let starts = own("effective_from").unwrap_or(subscription.effective_from);
    // A trial that was given up never recurred.
    let begins = own("trial_to").map_or(starts, |trial| starts.max(trial).min(effective_to.unwrap_or(Day::MAX)));
    let currency = draft.text("currency").set().filter(|_| of_item).unwrap_or(&subscription.currency);
    let charge = draft.text("charge").set().and_then(|word| word.parse().ok());
    // A source that lists all lines says all of each: what it does not speak of is no more.
    let unsaid = running.filter(|_| draft.text("lines").set().is_none());
    let mut discount_until = unsaid.and_then(|item| item.discount_until);
    draft.day("discount_until").apply(&mut discount_until);
    Some(SubscriptionItem {
        id: 0,
        subscription_id: subscription.id,
        account_id: subscription.account_id,
        product: word("product", running.map(|item| &item.product), "Subscription"),
        plan: word("plan", running.map(|item| &item.plan), "Standard"),
        unit: draft.text("unit").set().and_then(|word| word.parse().ok()).unwrap_or(counted),
        quantity: seats.unwrap_or(1),
        amount_cents,
        period_months,
        charge: charge.or(running.map(|item| item.charge)).unwrap_or_default(),
        discount_bp: discount(draft).ok().flatten().or(unsaid.map(|item| item.discount_bp)).unwrap_or(0),
        discount_cents: match draft.cents("discount_cents") {
            Given::Absent => unsaid.map_or(0, |item| item.discount_cents),
            given => given.set().unwrap_or(0),
        },
        discount_until,
        currency: currency.to_owned(),
        effective_from: begins,
        effective_to,
        recorded_at: from.now,
    })
}

//! Pauses and discounts of a contract as sources tell them: what is the case now, seldom since when. The day of their word
//! makes a history of it: a pause that is over stays known when another begins, and a discount that is no longer named
//! ended then. Deliberately absent: what they come to, which is `domain::revenue`'s to say.

use connectors::record::{Code, Draft, Given};
use domain::{Day, money};
use store::{Subscription, subscription::Discount};

use super::{Refusal, contract::basis_points};

/// Brings the pause of a contract up to date, by its days or by what a source says of the day `on`.
pub(super) fn pause(subscription: &mut Subscription, draft: &Draft, on: Day) -> Result<(), Refusal> {
    draft.day("paused_on").apply(&mut subscription.paused_on);
    match draft.bool("paused").set() {
        None => draft.day("resumes_on").apply(&mut subscription.resumes_on),
        Some(paused) => found(subscription, paused, on, draft.day("resumes_on").set()),
    }
    match subscription.paused_on.zip(subscription.resumes_on).filter(|(on, off)| off < on) {
        Some((paused, resumes)) => {
            let sentence = format!("it resumes on {resumes}, before its pause on {paused}");
            Err(Refusal { field: "resumes_on", code: Code::OutOfRange, sentence })
        }
        None => Ok(()),
    }
}

/// A contract that is found paused on a day, until another perhaps, or is found not to be.
fn found(subscription: &mut Subscription, paused: bool, on: Day, resumes_on: Option<Day>) {
    let known = (subscription.paused_on, subscription.resumes_on);
    let is_paused = known.0.is_some_and(|from| from <= on) && known.1.is_none_or(|to| on < to);
    if !paused {
        if is_paused {
            subscription.resumes_on = Some(on);
        }
        return;
    }
    if !is_paused {
        if let (Some(from), Some(to)) = known
            && from < to
            && to <= on
        {
            subscription.earlier_pauses.0.push((from, to));
        }
        subscription.paused_on = Some(on);
    }
    subscription.resumes_on = resumes_on.filter(|to| subscription.paused_on.is_some_and(|from| from < *to));
}

/// Brings what is taken off a contract up to date: all that is named where all are, or one.
pub(super) fn discounts(subscription: &mut Subscription, draft: &Draft, on: Day) -> Result<(), Refusal> {
    let mut named = Vec::new();
    match draft.text("discounts") {
        Given::Absent => {}
        Given::Cleared => end_all_but(subscription, &named, on),
        Given::Set(text) => {
            for told in text.split(';').map(str::trim).filter(|told| !told.is_empty()) {
                named.push(told.split(' ').next().unwrap_or_default());
                take(subscription, told, "discounts")?;
            }
            end_all_but(subscription, &named, on);
        }
    }
    match draft.text("discount") {
        Given::Set(told) => take(subscription, told.trim(), "discount"),
        Given::Absent | Given::Cleared => Ok(()),
    }
}

/// What is not named any more holds no longer.
fn end_all_but(subscription: &mut Subscription, named: &[&str], on: Day) {
    for discount in &mut subscription.discounts.0 {
        if !named.contains(&discount.key.as_str()) && discount.until.is_none_or(|until| on < until) {
            discount.until = Some(discount.from.map_or(on, |from| on.max(from)));
        }
    }
}

/// Adds a discount, or corrects the one of its name and first day. A name alone says no more than that it holds.
fn take(subscription: &mut Subscription, told: &str, field: &'static str) -> Result<(), Refusal> {
    if !told.contains(' ') {
        return Ok(());
    }
    let mut discount = read(told, &subscription.currency).map_err(|why| Refusal {
        field,
        code: Code::OutOfRange,
        sentence: format!("`{told}` is no discount: {why}"),
    })?;
    let all = &mut subscription.discounts.0;
    match all.iter_mut().find(|known| (&known.key, known.from) == (&discount.key, discount.from)) {
        Some(known) => {
            // Who says again what it takes off does not say that it goes on.
            discount.until = discount.until.or(known.until);
            *known = discount;
        }
        None => {
            all.push(discount);
            all.sort_by(|a, b| (a.from, &a.key).cmp(&(b.from, &b.key)));
        }
    }
    Ok(())
}

/// `NAME 20% [FROM [UNTIL]]` or `NAME 5.00 USD[/MONTHS] [FROM [UNTIL]]`; or what to write instead.
fn read(told: &str, currency: &str) -> Result<Discount, String> {
    let mut words = told.split_ascii_whitespace();
    let key = words.next().unwrap_or_default().to_owned();
    let off = words.next().unwrap_or_default();
    let (mut cents, mut period_months) = (0, None);
    let percent = off.strip_suffix('%');
    if percent.is_none() {
        let unit = words.next().unwrap_or_default();
        let (code, months) = unit.split_once('/').map_or((unit, None), |(code, months)| (code, Some(months)));
        if code != currency {
            let said = if code.is_empty() { "no currency".to_owned() } else { format!("`{code}`") };
            return Err(format!(
                "the amount is in {said} and the contract in {currency}: write the amount in {currency}"
            ));
        }
        cents = money::parse_cents(off, currency).map_err(|error| error.to_string())?;
        period_months = months.map(str::parse).transpose().map_err(|_| format!("write whole months after {code}/"))?;
    }
    let basis_points = match percent {
        Some(percent) => basis_points(percent).ok_or("write from 0 to 100 % with at most two places")?,
        None => 0,
    };
    if cents < 0 || period_months.is_some_and(|months: i32| months < 1) {
        return Err("write an amount above zero".to_owned());
    }
    let mut day = || match words.next() {
        None | Some("-") => Ok(None),
        Some(text) => text.parse::<Day>().map(Some).map_err(|_| format!("`{text}` is no day like 2026-12-31")),
    };
    Ok(Discount { key, basis_points, cents, period_months, from: day()?, until: day()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn contract() -> Subscription {
        let from = super::super::From {
            source_id: None,
            now: "2026-11-22T12:00:00Z".parse().unwrap(),
            orphans: super::super::Orphans::Refuse,
            ids: super::super::Ids::Shared,
        };
        super::super::contract::blank(1, "USD".to_owned(), "s1", day("2026-01-01"), from)
    }

    #[test]
    fn pauses_that_follow_each_other_are_all_known() {
        let mut it = contract();
        for (paused, on, resumes) in [
            (false, "2026-01-01", None),
            (true, "2026-02-01", Some("2026-06-01")),
            (true, "2026-02-10", None),
            (false, "2026-03-01", None),
            (false, "2026-03-05", None),
            (true, "2026-05-01", Some("2026-07-01")),
        ] {
            found(&mut it, paused, day(on), resumes.map(day));
        }
        assert_eq!(it.earlier_pauses.0, [(day("2026-02-01"), day("2026-03-01"))]);
        assert_eq!((it.paused_on, it.resumes_on), (Some(day("2026-05-01")), Some(day("2026-07-01"))));
        found(&mut it, false, day("2026-07-02"), None);
        assert_eq!(it.resumes_on, Some(day("2026-07-01")), "it was over by itself");
    }

    #[test]
    fn discounts_are_read_or_it_is_said_what_to_write() {
        let five = read("di_1 5.00 USD 2026-01-15 -", "USD").unwrap();
        assert_eq!((five.cents, five.basis_points, five.from, five.until), (500, 0, Some(day("2026-01-15")), None));
        let share = read("summer 12.5% - 2026-09-01", "USD").unwrap();
        assert_eq!((share.basis_points, share.from, share.until), (1_250, None, Some(day("2026-09-01"))));
        assert_eq!(read("w 2.61 USD/12", "USD").unwrap().period_months, Some(12));
        for (told, because) in [
            ("a 5.00 EUR", "the contract in USD"),
            ("a 5.00", "no currency"),
            ("a 120%", "from 0 to 100"),
            ("a -5.00 USD", "above zero"),
            ("a 5.00 USD soon", "no day"),
            ("a 5.00 USD/x", "whole months"),
            ("a many USD", "many"),
        ] {
            let why = read(told, "USD").unwrap_err();
            assert!(why.contains(because), "{told}: {why}");
        }
    }

    #[test]
    fn what_is_no_longer_named_ended_then_and_what_is_named_alone_goes_on() {
        let mut it = contract();
        take(&mut it, "b 5.00 USD 2026-02-01 -", "discounts").unwrap();
        take(&mut it, "a 20% 2026-01-01 2026-04-01", "discounts").unwrap();
        take(&mut it, "b", "discounts").unwrap();
        end_all_but(&mut it, &["b"], day("2026-03-01"));
        let known: Vec<_> = it.discounts.0.iter().map(|it| (it.key.as_str(), it.until)).collect();
        assert_eq!(known, [("a", Some(day("2026-03-01"))), ("b", None)]);
        end_all_but(&mut it, &[], day("2026-06-01"));
        take(&mut it, "b 5.00 USD 2026-02-01 -", "discount").unwrap();
        assert_eq!(it.discounts.0[1].until, Some(day("2026-06-01")), "heard late");
    }
}

//! What an account has under contract: one subscription per term, its items, and the features they entitle to. A
//! renewed term has a successor; a changed amount closes an item and opens another on the same day, so the items of a
//! product never overlap. Signatures precede the day they take effect, which is what `recorded_at` shows.

use domain::{Day, Instant, time::day_of};
use store::entitlement::Model as Entitlement;
use store::subscription::Model as Subscription;
use store::subscription_item::{Charge, Model as Item, Unit};

use super::calendar::{at, shift};
use super::features::{FEATURES, is_entitled};
use super::life::{Bought, Cause, Change};
use super::records::Ledger;
use super::source;
use super::stream::{Stream, Topic};
use super::subject::Subject;

/// The terms of an account: first day and subscription id, oldest first.
#[derive(Debug, Default)]
pub(super) struct Terms(Vec<(Day, i64)>);

impl Terms {
    /// First day and subscription of each, oldest first.
    pub(super) fn all(&self) -> &[(Day, i64)] {
        &self.0
    }

    /// The subscription that runs on a day.
    pub(super) fn subscription_on(&self, day: Day) -> Option<i64> {
        let after = self.0.partition_point(|(from, _)| *from <= day);
        self.0.get(after.checked_sub(1)?).map(|(_, id)| *id)
    }
}

/// Monthly recurring revenue of everything bought, in cents.
pub(super) fn mrr_cents(subject: &Subject<'_>, bought: &Bought) -> i64 {
    lines(subject, bought).iter().map(|line| line.mrr_cents).sum()
}

/// One line of what is bought.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    product: &'static str,
    plan: &'static str,
    unit: Unit,
    quantity: i64,
    mrr_cents: i64,
}

fn lines(subject: &Subject<'_>, bought: &Bought) -> Vec<Line> {
    let mut lines = vec![Line {
        product: "Workspace",
        plan: bought.plan.as_str(),
        unit: Unit::Seat,
        quantity: bought.seats,
        mrr_cents: bought.seats * bought.seat_cents,
    }];
    // A pack is priced by the size at the first signature and keeps its price.
    let pack = |product, cents| Line { product, plan: "standard", unit: Unit::Flat, quantity: 1, mrr_cents: cents };
    if bought.automation {
        lines.push(pack("Automation pack", 9_900 + 400 * subject.profile.seats));
    }
    if bought.platform {
        lines.push(pack("Platform pack", 14_900 + 600 * subject.profile.seats));
    }
    lines
}

/// An item that is still open.
struct Open {
    line: Line,
    item: Item,
}

/// Writes subscriptions, items and entitlements.
pub(super) fn write(subject: &Subject<'_>, ledger: &mut Ledger) -> Terms {
    let mut stream = subject.stream(Topic::Contract);
    let mut terms = Terms::default();
    let mut open: Vec<Open> = Vec::new();
    for change in &subject.life.changes {
        let signed = signature(subject, change, &mut stream);
        if change.cause == Cause::Term {
            let Some(id) = ledger.write_history(term(subject, change, signed)) else {
                break;
            };
            terms.0.push((change.day, id));
        }
        let Some(&(_, subscription_id)) = terms.0.last() else {
            break;
        };
        let wanted = lines(subject, &change.bought);
        let keeps = |each: &Open| change.cause == Cause::Amendment && wanted.contains(&each.line);
        close(&mut open, change.day, signed, keeps, ledger);
        for line in wanted {
            if open.iter().all(|each| each.line != line) {
                open.push(begin(subject, subscription_id, line, change.day, signed));
            }
        }
    }
    if let Some(exit) = subject.truth.exit {
        close(&mut open, exit.day, at(exit.notice_on, 14 * 3600), |_| false, ledger);
    }
    for each in open {
        ledger.write(each.item);
    }
    write_entitlements(subject, ledger);
    terms
}

/// When a change became known.
fn signature(subject: &Subject<'_>, change: &Change, stream: &mut Stream) -> Instant {
    let ahead = match change.cause {
        Cause::Term if change.day == subject.profile.start => stream.between(0, 14),
        Cause::Term if subject.profile.auto_renew => 0,
        Cause::Term => stream.between(1, 35),
        Cause::Amendment => stream.between(0, 3),
    };
    at(shift(change.day, -ahead), 6 * 3600)
}

/// The states of a term: as signed and, if it is the last, with its notice.
fn term(subject: &Subject<'_>, change: &Change, signed: Instant) -> Vec<Subscription> {
    let profile = subject.profile;
    let end = subject.term_end(change.day);
    let began = Subscription {
        id: 0,
        account_id: subject.id(),
        external_id: Some(format!("contract-{:05}-{}", profile.id, change.day.format("%Y%m"))),
        name: format!("{} plan from {}", capitalised(change.bought.plan.as_str()), change.day.format("%B %Y")),
        currency: "USD".to_owned(),
        period_months: profile.term_months,
        notice_days: profile.notice_days as i32,
        auto_renew: profile.auto_renew,
        effective_from: change.day,
        effective_to: Some(end),
        cancelled_on: None,
        signed_on: Some(day_of(signed)),
        continues_id: None,
        paused_on: None,
        resumes_on: None,
        earlier_pauses: store::subscription::Pauses::default(),
        discounts: store::subscription::Discounts::default(),
        source_id: Some(source::CRM),
        recorded_at: signed,
    };
    let ends_here = subject.truth.exit.filter(|exit| change.day < exit.day && exit.day <= end);
    let Some(exit) = ends_here else {
        return vec![began];
    };
    let cancelled = Subscription {
        effective_to: Some(exit.day),
        cancelled_on: Some(exit.notice_on),
        recorded_at: at(exit.notice_on, 13 * 3600),
        ..began.clone()
    };
    vec![began, cancelled]
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn begin(subject: &Subject<'_>, subscription_id: i64, line: Line, day: Day, signed: Instant) -> Open {
    let item = Item {
        id: 0,
        subscription_id,
        account_id: subject.id(),
        product: line.product.to_owned(),
        plan: line.plan.to_owned(),
        unit: line.unit,
        quantity: line.quantity,
        amount_cents: line.mrr_cents,
        period_months: 1,
        charge: Charge::Recurring,
        discount_bp: 0,
        discount_cents: 0,
        discount_until: None,
        currency: "USD".to_owned(),
        effective_from: day,
        effective_to: None,
        recorded_at: signed,
    };
    Open { line, item }
}

/// Closes the open items that are not kept and writes them.
fn close(open: &mut Vec<Open>, day: Day, known: Instant, keeps: impl Fn(&Open) -> bool, ledger: &mut Ledger) {
    let (kept, ended): (Vec<Open>, Vec<Open>) = std::mem::take(open).into_iter().partition(keeps);
    *open = kept;
    for Open { item, .. } in ended {
        let over = Item { effective_to: Some(day), recorded_at: known, ..item.clone() };
        ledger.write_history(vec![item, over]);
    }
}

/// Writes which features the account may use, from what it bought.
fn write_entitlements(subject: &Subject<'_>, ledger: &mut Ledger) {
    for feature in &FEATURES {
        let mut since: Option<Day> = None;
        let mut spans: Vec<(Day, Option<Day>)> = Vec::new();
        for change in &subject.life.changes {
            match (since, is_entitled(&change.bought, feature)) {
                (None, true) => since = Some(change.day),
                (Some(from), false) => {
                    spans.push((from, Some(change.day)));
                    since = None;
                }
                _ => {}
            }
        }
        spans.extend(since.map(|from| (from, subject.exit_day())));
        for (from, to) in spans {
            let began = Entitlement {
                id: 0,
                account_id: subject.id(),
                feature: feature.name.to_owned(),
                effective_from: from,
                effective_to: None,
                recorded_at: at(from, 6 * 3600),
            };
            let over =
                to.map(|day| Entitlement { effective_to: Some(day), recorded_at: at(day, 6 * 3600), ..began.clone() });
            ledger.write_history([Some(began), over].into_iter().flatten().collect());
        }
    }
}

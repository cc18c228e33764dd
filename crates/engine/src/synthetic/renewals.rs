//! What CSMs say of renewals as they come near: that they have begun, how sure they are, what will recur, and in the end
//! why it was lost. They see more than a model does and hope more than they see: some losses are forecast as kept, some
//! renewals are worked late, and a few are never spoken of at all.

use domain::Day;
use store::Renewal;
use store::renewal::{Category, LossReason, Stage};

use super::calendar::{at, shift};
use super::contracts::{Terms, mrr_cents};
use super::records::Ledger;
use super::stream::{Stream, Topic};
use super::subject::Subject;
use super::truth::ExitCause;

/// Why customers who decided to leave say they did, and how often.
const REASONS: [(LossReason, f64); 6] = [
    (LossReason::NoValue, 3.0),
    (LossReason::Adoption, 3.0),
    (LossReason::Price, 2.0),
    (LossReason::Competitor, 2.0),
    (LossReason::ProductGap, 1.0),
    (LossReason::SponsorLeft, 1.0),
];

/// Writes what is said of the end of each term.
pub(super) fn write(subject: &Subject<'_>, terms: &Terms, ledger: &mut Ledger) {
    let mut stream = Stream::new(subject.seed, Topic::Contract, subject.id(), 1);
    for (begins, subscription_id) in terms.all() {
        let due = subject.term_end(*begins);
        let is_over = subject.exit_day().is_some_and(|exit| exit < shift(due, -100));
        if !is_over && !stream.chance(0.08) {
            ledger.write_history(said(subject, *subscription_id, due, &mut stream));
        }
    }
}

/// What is said of one term, in the order in which it is said.
fn said(subject: &Subject<'_>, subscription_id: i64, due: Day, stream: &mut Stream) -> Vec<Renewal> {
    let exit = subject.truth.exit.filter(|exit| exit.day <= due);
    let feared = stream.chance(if exit.is_some() { 0.6 } else { 0.06 });
    let unsure = stream.chance(if exit.is_some() { 0.6 } else { 0.2 });
    let yearly_cents = 12 * mrr_cents(subject, &subject.bought(shift(due, -60)));
    let hundred = |cents: f64| (cents / 10_000.0).round() as i64 * 10_000;
    let hoped = hundred(yearly_cents as f64 * (1.02 + 0.04 * stream.normal()).max(0.5));
    let on = |days: i64| (shift(due, -days), at(shift(due, -days), 10 * 3600));
    let (first, began_at) = on(stream.between(95, 118));
    let begun = Renewal {
        id: 0,
        account_id: subject.id(),
        subscription_id,
        due_on: due,
        stage: Stage::Preparing,
        category: None,
        forecast_cents: None,
        loss_reason: None,
        note: None,
        member_id: Some(subject.csm(first)),
        recorded_at: began_at,
    };
    let category = match (feared, unsure) {
        (true, _) => Category::AtRisk,
        (false, true) => Category::BestCase,
        (false, false) => Category::Commit,
    };
    let judged = Renewal {
        stage: Stage::InTalks,
        category: Some(category),
        recorded_at: on(stream.between(70, 88)).1,
        ..begun.clone()
    };
    let forecast_cents = Some(if feared { 0 } else { hoped });
    let forecast =
        Renewal { stage: Stage::Proposed, forecast_cents, recorded_at: on(stream.between(40, 58)).1, ..judged.clone() };
    let mut states = vec![begun, judged];
    if !stream.chance(0.2) {
        states.push(forecast.clone());
    }
    match exit {
        Some(exit) => {
            let heard_at = at(exit.notice_on, 15 * 3600);
            states.retain(|state| state.recorded_at < heard_at);
            states.push(Renewal {
                category: Some(Category::Lost),
                forecast_cents: Some(0),
                loss_reason: Some(reason(exit.cause, stream)),
                recorded_at: heard_at,
                ..forecast
            });
        }
        None => states.push(Renewal {
            stage: Stage::Agreed,
            category: Some(Category::Commit),
            forecast_cents: Some(hoped),
            recorded_at: on(stream.between(8, 25)).1,
            ..forecast
        }),
    }
    states
}

fn reason(cause: ExitCause, stream: &mut Stream) -> LossReason {
    match cause {
        ExitCause::Voluntary => REASONS[stream.weighted(&REASONS.map(|(_, weight)| weight))].0,
        ExitCause::Involuntary => stream.pick(&[LossReason::Acquired, LossReason::Closed, LossReason::Budget]),
    }
}

//! Invoices and attempts to collect them. Small accounts that pay monthly do so by card, and cards fail; everybody else
//! pays by transfer, and transfers are late. Both become likelier as latent health sinks, and an account that is lost against
//! its will stops paying before it goes.

use domain::Day;
use store::invoice::Model as Invoice;
use store::payment_attempt::Model as Attempt;

use super::calendar::{add_months, at, days_between, shift};
use super::contracts::{Terms, mrr_cents};
use super::records::Ledger;
use super::source;
use super::stream::{Stream, Topic, logistic};
use super::subject::Subject;
use super::truth::{ExitCause, ShockKind};

/// Days to pay by transfer.
const TERMS_DAYS: i64 = 30;
/// Days before an involuntary exit from which nothing is paid.
const SILENT_DAYS: i64 = 80;

const REFUSALS: [&str; 4] = ["insufficient_funds", "card_declined", "expired_card", "processing_error"];

/// Writes invoices and payment attempts.
pub(super) fn write(subject: &Subject<'_>, terms: &Terms, ledger: &mut Ledger) {
    if subject.profile.missing.invoices {
        return;
    }
    let mut stream = subject.stream(Topic::Billing);
    let profile = subject.profile;
    let earliest = shift(subject.window.start, -60);
    let mut months = 0;
    loop {
        let issued_on = add_months(profile.start, months);
        if issued_on > subject.last_day() {
            return;
        }
        months += profile.billing_months;
        if issued_on >= earliest {
            bill(subject, terms, issued_on, &mut stream, ledger);
        }
    }
}

fn bill(subject: &Subject<'_>, terms: &Terms, issued_on: Day, stream: &mut Stream, ledger: &mut Ledger) {
    let by_card = subject.profile.pays_by_card;
    let (due_on, payment) = if by_card {
        (shift(issued_on, 7), collect(subject, issued_on, stream))
    } else {
        let due_on = shift(issued_on, TERMS_DAYS);
        (due_on, Payment::transfer(transfer(subject, due_on, stream)))
    };
    let is_void = stream.chance(0.004);
    let amount_cents = mrr_cents(subject, &subject.bought(issued_on)) * i64::from(subject.profile.billing_months);
    let issued = Invoice {
        id: 0,
        account_id: subject.id(),
        subscription_id: terms.subscription_on(issued_on),
        external_id: Some(format!("inv-{:05}-{}", subject.id(), issued_on.format("%y%m%d"))),
        amount_cents,
        currency: "USD".to_owned(),
        issued_on,
        due_on,
        paid_on: None,
        voided_on: None,
        source_id: Some(source::BILLING),
        recorded_at: at(issued_on, 4 * 3600),
    };
    let settled = if is_void {
        let day = shift(issued_on, 3);
        let recorded_at = at(day, 15 * 3600);
        Some(Invoice { voided_on: Some(day), recorded_at, ..issued.clone() })
    } else {
        payment.paid_on.map(|day| Invoice { paid_on: Some(day), recorded_at: at(day, 20 * 3600), ..issued.clone() })
    };
    let states = [Some(issued), settled].into_iter().flatten().collect();
    let Some(invoice_id) = ledger.write_history(states) else {
        return;
    };
    if is_void {
        return;
    }
    for (day, failed) in payment.attempts {
        let occurred_at = at(day, stream.between(1, 18) * 3600);
        ledger.write(Attempt {
            id: 0,
            invoice_id,
            account_id: subject.id(),
            occurred_at,
            failed,
            reason: failed.then(|| stream.pick(&REFUSALS).to_owned()),
            recorded_at: occurred_at,
        });
    }
}

/// How an invoice was paid.
struct Payment {
    paid_on: Option<Day>,
    /// Day and whether it failed; empty for transfers.
    attempts: Vec<(Day, bool)>,
}

impl Payment {
    fn transfer(paid_on: Option<Day>) -> Self {
        Self { paid_on, attempts: Vec::new() }
    }
}

/// Whether an account that will be lost against its will has stopped paying by a day.
fn is_silent(subject: &Subject<'_>, day: Day) -> bool {
    subject.exit_cause() == Some(ExitCause::Involuntary)
        && subject.exit_day().is_some_and(|exit| days_between(day, exit) < SILENT_DAYS)
}

/// Charges a card until it works, at most four times.
fn collect(subject: &Subject<'_>, issued_on: Day, stream: &mut Stream) -> Payment {
    let silent = is_silent(subject, issued_on);
    let mut day = shift(issued_on, 1);
    let mut attempts = Vec::new();
    let mut fails = logistic(-3.3 - 0.7 * subject.latent(issued_on));
    for _ in 0..4 {
        let failed = silent || stream.chance(fails);
        attempts.push((day, failed));
        if !failed {
            return Payment { paid_on: Some(day), attempts };
        }
        fails = 0.45;
        day = shift(day, stream.between(3, 5));
    }
    let saved = shift(day, stream.between(5, 30));
    Payment { paid_on: (!silent).then_some(saved), attempts }
}

/// The day a transfer arrives.
fn transfer(subject: &Subject<'_>, due_on: Day, stream: &mut Stream) -> Option<Day> {
    if is_silent(subject, due_on) {
        return None;
    }
    let disputes = subject
        .truth
        .shocks
        .iter()
        .any(|shock| shock.kind == ShockKind::PriceDispute && days_between(shock.month, due_on).abs() < 60);
    let dispute = if disputes { 1.2 } else { 0.0 };
    let is_late = stream.chance(logistic(-1.6 + dispute - 0.9 * subject.latent(due_on)));
    Some(if is_late {
        shift(due_on, stream.spread(11.0, 0.8).min(150.0) as i64 + 1)
    } else {
        shift(due_on, -stream.between(0, 12))
    })
}

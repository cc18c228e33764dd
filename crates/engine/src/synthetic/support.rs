//! Tickets: how many, how urgent, how fast they were answered and how people felt about it. Their number grows with
//! seats and with trouble; how fast the help desk answers is its own affair and does not depend on the account.

use domain::{Day, Instant};
use store::ticket::{Model as Ticket, Priority};

use super::calendar::{later, office_hours};
use super::people::People;
use super::phrases;
use super::profile::Tier;
use super::records::Ledger;
use super::source;
use super::stream::{Stream, Topic, logistic};
use super::subject::Subject;
use super::truth::ShockKind;

/// Writes the tickets of an account.
pub(super) fn write(subject: &Subject<'_>, people: &People, ledger: &mut Ledger) {
    if subject.profile.missing.tickets {
        return;
    }
    let mut desk = Desk { subject, people, stream: subject.stream(Topic::Support), opened: 0, ledger };
    for month in subject.months() {
        for _ in 0..desk.stream.count(rate(subject, month)) {
            desk.open(month, false);
        }
        if subject.shocks_in(month).any(|shock| shock.kind == ShockKind::Outage) {
            for _ in 0..=desk.stream.count(0.8) {
                desk.open(month, true);
            }
        }
    }
}

/// Tickets to expect in a month.
fn rate(subject: &Subject<'_>, month: Day) -> f64 {
    let seats = subject.bought(month).seats as f64;
    let tenure = super::calendar::months_between(subject.profile.start, month);
    let learning = if tenure < 3 { 1.7 } else { 1.0 };
    let trouble = (-0.4 * subject.latent(month)).exp();
    (0.22 + 0.016 * seats.powf(0.95)) * learning * trouble * subject.share_of(month)
}

struct Desk<'a> {
    subject: &'a Subject<'a>,
    people: &'a People,
    stream: Stream,
    /// Tickets opened so far.
    opened: u32,
    ledger: &'a mut Ledger,
}

impl Desk<'_> {
    /// Opens a ticket in a month and follows it to its end.
    fn open(&mut self, month: Day, outage: bool) {
        let subject = self.subject;
        let day = subject.day_in(month, &mut self.stream);
        let latent = subject.latent(day);
        let priority = priority(latent, outage, &mut self.stream);
        let opened_at = office_hours(day, subject.profile.region, &mut self.stream);
        self.opened += 1;
        let mut states = vec![Ticket {
            id: 0,
            account_id: subject.id(),
            contact_id: self.people.anybody(day, &mut self.stream).map(|person| person.id),
            external_id: Some(format!("case-{:05}-{}", subject.id(), self.opened)),
            subject: phrases::ticket(priority, outage, &mut self.stream),
            priority,
            opened_at,
            first_response_at: None,
            resolved_at: None,
            escalated_at: None,
            csat: None,
            source_id: Some(source::HELPDESK),
            recorded_at: later(opened_at, 60),
        }];
        self.work(&mut states, latent);
        self.ledger.write_history(states);
    }

    /// Answers, perhaps escalates, and resolves a ticket.
    fn work(&mut self, states: &mut Vec<Ticket>, latent: f64) {
        let (opened_at, priority) = (states[0].opened_at, states[0].priority);
        let (answer_hours, mut resolve_hours) = pace(self.subject.profile.tier, priority, &mut self.stream);
        let answered_at = later(opened_at, (answer_hours * 3600.0) as i64);
        follow(states, answered_at, |ticket| ticket.first_response_at = Some(answered_at));
        if self.stream.chance(logistic(-3.1 - 0.8 * latent + urgency(priority))) {
            let escalated_at = later(answered_at, (resolve_hours * 3600.0 * 0.4) as i64);
            follow(states, escalated_at, |ticket| ticket.escalated_at = Some(escalated_at));
            resolve_hours *= 1.8;
        }
        let resolved_at = later(answered_at, (resolve_hours * 3600.0) as i64);
        let slowness = (resolve_hours / 72.0).min(2.0);
        let felt = 4.3 + 0.45 * latent - 0.5 * slowness + 0.8 * self.stream.normal();
        let answers = self.stream.chance(0.38);
        follow(states, resolved_at, |ticket| {
            ticket.resolved_at = Some(resolved_at);
            ticket.csat = answers.then_some(felt.round().clamp(1.0, 5.0) as i16);
        });
    }
}

/// Adds the state that became known at an instant.
fn follow(states: &mut Vec<Ticket>, known: Instant, change: impl FnOnce(&mut Ticket)) {
    if let Some(last) = states.last() {
        let mut next = last.clone();
        next.recorded_at = known;
        change(&mut next);
        states.push(next);
    }
}

fn priority(latent: f64, outage: bool, stream: &mut Stream) -> Priority {
    if outage {
        return if stream.chance(0.5) { Priority::Urgent } else { Priority::High };
    }
    let trouble = (-0.5 * latent).exp();
    let weights = [0.30, 0.52, 0.14 * trouble, 0.04 * trouble];
    [Priority::Low, Priority::Normal, Priority::High, Priority::Urgent][stream.weighted(&weights)]
}

fn urgency(priority: Priority) -> f64 {
    match priority {
        Priority::Low => -1.5,
        Priority::Normal => 0.0,
        Priority::High => 0.9,
        Priority::Urgent => 1.6,
    }
}

/// Hours the help desk takes to answer and, after that, to resolve.
fn pace(tier: Tier, priority: Priority, stream: &mut Stream) -> (f64, f64) {
    let patience = match tier {
        Tier::Strategic => 0.6,
        Tier::Growth => 1.0,
        Tier::Digital => 1.5,
    };
    let (answer, resolve) = match priority {
        Priority::Low => (9.0, 110.0),
        Priority::Normal => (5.0, 55.0),
        Priority::High => (2.0, 22.0),
        Priority::Urgent => (0.6, 9.0),
    };
    (stream.spread(answer * patience, 0.7).min(200.0), stream.spread(resolve * patience, 1.1).min(1500.0))
}

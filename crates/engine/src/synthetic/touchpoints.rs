//! What we did with an account: mails both ways, calls, meetings, business reviews, notes. How often we reach out
//! follows the tier; whether they answer, write and come follows latent health; and what befell them leaves traces.

use domain::{Day, Instant};
use store::touchpoint::{Direction, Kind, Model as Touchpoint};

use super::calendar::{add_months, later, office_hours, shift};
use super::people::People;
use super::phrases::{self, Mood, Text};
use super::profile::Tier;
use super::records::Ledger;
use super::stream::{Stream, Topic, logistic};
use super::subject::Subject;
use super::truth::ShockKind;

/// Touchpoints a month that we begin, by kind.
struct Cadence {
    mails: f64,
    talks: f64,
    notes: f64,
    /// Months between business reviews.
    reviews: Option<i64>,
}

fn cadence(tier: Tier) -> Cadence {
    let (mails, talks, notes, reviews) = match tier {
        Tier::Strategic => (1.8, 1.5, 0.5, Some(3)),
        Tier::Growth => (1.0, 0.55, 0.2, Some(6)),
        Tier::Digital => (0.45, 0.06, 0.04, None),
    };
    Cadence { mails, talks, notes, reviews }
}

/// Writes the touchpoints of an account.
pub(super) fn write(subject: &Subject<'_>, people: &People, ledger: &mut Ledger) {
    let mut desk = Desk { subject, people, stream: subject.stream(Topic::Touch), ledger };
    for month in subject.months() {
        desk.routine(month);
        desk.traces(month);
    }
    desk.renewals();
    desk.notice();
}

struct Desk<'a> {
    subject: &'a Subject<'a>,
    people: &'a People,
    stream: Stream,
    ledger: &'a mut Ledger,
}

impl Desk<'_> {
    /// What happens in any month.
    fn routine(&mut self, month: Day) {
        let share = self.subject.share_of(month);
        let latent = self.subject.latent(month);
        let cadence = cadence(self.subject.profile.tier);
        let warmth = (0.35 * latent).exp();
        for _ in 0..self.stream.count(cadence.mails * share) {
            self.sometime(month, Kind::Email, Direction::Outbound, phrases::mail_out);
        }
        for _ in 0..self.stream.count(cadence.mails * 0.6 * warmth * share) {
            self.sometime(month, Kind::Email, Direction::Inbound, phrases::mail_in);
        }
        for _ in 0..self.stream.count(cadence.talks * warmth * share) {
            let kind = self.stream.pick(&[Kind::Call, Kind::Call, Kind::Meeting]);
            self.sometime(month, kind, Direction::Outbound, phrases::talk);
        }
        for _ in 0..self.stream.count(cadence.notes * share) {
            self.sometime(month, Kind::Note, Direction::Internal, phrases::note);
        }
        let turn = i64::from(self.subject.window.index_of(month)) + self.subject.id();
        let is_due = cadence.reviews.is_some_and(|every| turn % every == 0);
        if is_due && share > 0.5 && self.stream.chance(logistic(1.3 + latent)) {
            self.sometime(month, Kind::Qbr, Direction::Outbound, phrases::review);
        }
    }

    fn sometime(&mut self, month: Day, kind: Kind, direction: Direction, text: fn(Mood, &mut Stream) -> Text) {
        let day = self.subject.day_in(month, &mut self.stream);
        let mood = Mood::of(self.subject.latent(day), &mut self.stream);
        let text = text(mood, &mut self.stream);
        let at_the_top = match kind {
            Kind::Qbr => 0.9,
            Kind::Meeting => 0.35,
            Kind::Call | Kind::Email | Kind::Note => 0.15,
        };
        self.write(day, kind, direction, text, at_the_top);
    }

    /// What the month's shocks leave behind.
    fn traces(&mut self, month: Day) {
        let subject = self.subject;
        for shock in subject.shocks_in(month) {
            let learned = shift(subject.day_in(month, &mut self.stream), self.stream.between(3, 14));
            let (kind, direction, text, shows) = match shock.kind {
                ShockKind::SponsorLeft => (Kind::Note, Direction::Internal, phrases::shock::SPONSOR_LEFT, 0.8),
                ShockKind::SponsorReplaced => {
                    (Kind::Meeting, Direction::Outbound, phrases::shock::SPONSOR_REPLACED, 0.7)
                }
                ShockKind::ChampionPromoted => {
                    (Kind::Note, Direction::Internal, phrases::shock::CHAMPION_PROMOTED, 0.6)
                }
                ShockKind::Reorganisation => (Kind::Note, Direction::Internal, phrases::shock::REORGANISATION, 0.5),
                ShockKind::Competitor => (Kind::Note, Direction::Internal, phrases::shock::COMPETITOR, 0.5),
                ShockKind::PriceDispute => (Kind::Email, Direction::Inbound, phrases::shock::PRICE_DISPUTE, 0.9),
                ShockKind::Outage => (Kind::Email, Direction::Outbound, phrases::shock::OUTAGE, 0.9),
                ShockKind::SavePlay => (Kind::Call, Direction::Outbound, phrases::shock::SAVE_CALL, 1.0),
                ShockKind::SaveHeldOut => continue,
            };
            if self.stream.chance(shows) {
                self.write(learned, kind, direction, text, 0.5);
            }
            if shock.kind == ShockKind::SavePlay {
                let later = shift(learned, 13);
                self.write(later, Kind::Meeting, Direction::Outbound, phrases::shock::SAVE_REVIEW, 0.3);
            }
        }
    }

    /// A mail before the end of each term that ends within reach.
    fn renewals(&mut self) {
        let (subject, horizon) = (self.subject, shift(self.subject.window.today, 100));
        let mut end = subject.term_end(subject.first_day());
        while end <= horizon {
            let day = shift(end, -self.stream.between(80, 95));
            if day >= subject.first_day() && self.stream.chance(0.85) {
                self.write(day, Kind::Email, Direction::Outbound, phrases::shock::RENEWAL, 0.6);
            }
            end = add_months(end, subject.profile.term_months);
        }
    }

    /// The letter of an account that leaves.
    fn notice(&mut self) {
        let Some(exit) = self.subject.truth.exit else {
            return;
        };
        if exit.notice_on < exit.day && exit.notice_on >= self.subject.first_day() {
            self.write(exit.notice_on, Kind::Email, Direction::Inbound, phrases::shock::NOTICE, 0.5);
        }
    }

    /// Writes one touchpoint, and the answer to it if there is one.
    fn write(&mut self, day: Day, kind: Kind, direction: Direction, text: Text, at_the_top: f64) {
        let (subject, people) = (self.subject, self.people);
        if !subject.is_customer(day) {
            return;
        }
        let occurred_at = office_hours(day, subject.profile.region, &mut self.stream);
        let member_id = subject.csm(day);
        let sponsor = self.stream.chance(at_the_top).then(|| people.sponsor(day)).flatten();
        let person = sponsor.or_else(|| people.anybody(day, &mut self.stream));
        let fill = |text: &str| {
            text.replace("{who}", person.map_or("there", |person| super::names::given(&person.name)))
                .replace("{company}", &subject.profile.name)
                .replace("{me}", subject.team.given_name(member_id))
        };
        let began = Touchpoint {
            id: 0,
            account_id: subject.id(),
            contact_id: person.filter(|_| direction != Direction::Internal).map(|person| person.id),
            member_id: Some(member_id),
            kind,
            direction,
            subject: fill(text.0),
            body: Some(fill(text.1)),
            occurred_at,
            replied_at: None,
            minutes: minutes(kind, &mut self.stream),
            recorded_at: later(occurred_at, written_down(kind, &mut self.stream)),
        };
        let mut states = vec![began.clone()];
        if kind == Kind::Email
            && let Some(replied_at) = self.reply(day, direction, occurred_at)
        {
            states.push(Touchpoint { replied_at: Some(replied_at), recorded_at: later(replied_at, 60), ..began });
        }
        self.ledger.write_history(states);
    }

    /// When a mail was answered, if it was.
    fn reply(&mut self, day: Day, direction: Direction, sent: Instant) -> Option<Instant> {
        let latent = self.subject.latent(day);
        let (answers, hours) = match direction {
            Direction::Outbound => (logistic(0.35 + 0.95 * latent), 11.0 * (-0.3 * latent).exp()),
            Direction::Inbound => (0.97, 5.0),
            Direction::Internal => return None,
        };
        let hours = self.stream.spread(hours, 1.0).min(400.0);
        let answered = self.stream.chance(answers);
        answered.then(|| later(sent, (hours * 3600.0) as i64 + 120))
    }
}

fn minutes(kind: Kind, stream: &mut Stream) -> Option<i32> {
    let quarters = match kind {
        Kind::Call => stream.between(1, 3),
        Kind::Meeting => stream.between(2, 4),
        Kind::Qbr => stream.between(4, 6),
        Kind::Email | Kind::Note => return None,
    };
    Some(quarters as i32 * 15)
}

/// Seconds until a touchpoint is in our records: mails at once, the rest when somebody finds the time.
fn written_down(kind: Kind, stream: &mut Stream) -> i64 {
    match kind {
        Kind::Email => 60,
        Kind::Note => 300,
        Kind::Call | Kind::Meeting | Kind::Qbr => 3600 + (stream.spread(3.0, 1.1).min(120.0) * 3600.0) as i64,
    }
}

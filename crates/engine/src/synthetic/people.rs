//! The people at an account: contacts, what they are to us, and whom they sway. A sponsor follows the truth; when one
//! leaves, the contact ends on that day and we learn of it days or weeks later. Everybody else comes and goes at random.

use domain::Day;
use store::contact::Model as Contact;
use store::contact_role::{Model as ContactRole, Role};
use store::stakeholder_edge::Model as StakeholderEdge;

use super::calendar::{at, days_between, shift};
use super::names;
use super::profile::Tier;
use super::records::Ledger;
use super::source;
use super::stream::{Stream, Topic};
use super::subject::Subject;

/// The contacts of an account, for whoever writes what they did.
#[derive(Debug, Default)]
pub(super) struct People(Vec<Person>);

/// A contact, as far as others need it.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) id: i64,
    pub(super) name: String,
    role: Option<Role>,
    from: Day,
    to: Option<Day>,
}

impl Person {
    fn is_there(&self, day: Day) -> bool {
        self.from <= day && self.to.is_none_or(|to| day < to)
    }
}

impl People {
    /// The sponsor of a day.
    pub(super) fn sponsor(&self, day: Day) -> Option<&Person> {
        let is_sponsor = |person: &&Person| person.role == Some(Role::Sponsor) && person.is_there(day);
        self.0.iter().find(is_sponsor)
    }

    /// Somebody who is there on a day.
    pub(super) fn anybody(&self, day: Day, stream: &mut Stream) -> Option<&Person> {
        let there: Vec<&Person> = self.0.iter().filter(|person| person.is_there(day)).collect();
        if there.is_empty() {
            return None;
        }
        Some(stream.pick(&there))
    }

    /// The ids of those who use the product themselves, in order.
    pub(super) fn users(&self) -> impl Iterator<Item = i64> {
        let uses =
            |person: &&Person| matches!(person.role, Some(Role::Admin | Role::PowerUser | Role::User | Role::Champion));
        self.0.iter().filter(uses).map(|person| person.id)
    }
}

/// Writes the people of an account.
pub(super) fn write(subject: &Subject<'_>, ledger: &mut Ledger) -> People {
    let mut stream = subject.stream(Topic::People);
    let mut people = People::default();
    for &(from, to) in &subject.life.sponsors {
        let also = stream.pick(&[Role::DecisionMaker, Role::EconomicBuyer]);
        let roles = [Role::Sponsor, also];
        people.add(subject, &roles, from, to, &mut stream, ledger);
    }
    for role in cast(subject, &mut stream) {
        let from = shift(subject.profile.start, stream.between(0, 18));
        let stays = days_between(from, subject.last_day());
        let leaves = stream.chance(0.14) && stays > 120;
        let to = leaves.then(|| shift(from, stream.between(60, stays - 1)));
        people.add(subject, role.as_slice(), from, to, &mut stream, ledger);
    }
    connect(subject, &people, &mut stream, ledger);
    people
}

/// Who there is beside the sponsor.
fn cast(subject: &Subject<'_>, stream: &mut Stream) -> Vec<Option<Role>> {
    let mut cast = vec![Some(Role::Admin)];
    let (champion, extras) = match subject.profile.tier {
        Tier::Strategic => (0.9, stream.between(4, 7)),
        Tier::Growth => (0.7, stream.between(1, 4)),
        Tier::Digital => (0.25, stream.between(0, 1)),
    };
    if stream.chance(champion) {
        cast.push(Some(Role::Champion));
    }
    if subject.is_strategic() {
        cast.push(Some(Role::Procurement));
    }
    if subject.profile.level < 0.0 && stream.chance(0.5) {
        cast.push(Some(Role::Detractor));
    }
    let others = [Some(Role::PowerUser), Some(Role::User), Some(Role::User), Some(Role::DecisionMaker), None];
    cast.extend((0..extras).map(|_| stream.pick(&others)));
    cast
}

impl People {
    fn add(
        &mut self,
        subject: &Subject<'_>,
        roles: &[Role],
        from: Day,
        to: Option<Day>,
        stream: &mut Stream,
        ledger: &mut Ledger,
    ) {
        let name = names::person(stream);
        let role = roles.first().copied();
        let learned = at(shift(from, stream.between(0, 2)), stream.between(8, 16) * 3600);
        let noticed = to.map(|to| at(shift(to, stream.between(2, 30)), stream.between(8, 16) * 3600));
        let contact = Contact {
            id: 0,
            account_id: subject.id(),
            external_id: None,
            email: Some(names::email(&name, &subject.profile.domain)),
            name: name.clone(),
            title: Some(title(role, stream).to_owned()),
            effective_from: from,
            effective_to: None,
            source_id: Some(source::CRM),
            recorded_at: learned,
        };
        let Some(id) = ledger.write_history(ended(
            contact,
            |contact| {
                contact.effective_to = to;
                contact.recorded_at = noticed.unwrap_or(learned);
            },
            to.is_some(),
        )) else {
            return;
        };
        for &role in roles {
            let held = ContactRole {
                id: 0,
                contact_id: id,
                account_id: subject.id(),
                role,
                effective_from: from,
                effective_to: None,
                recorded_at: learned,
            };
            ledger.write_history(ended(
                held,
                |held| {
                    held.effective_to = to;
                    held.recorded_at = noticed.unwrap_or(learned);
                },
                to.is_some(),
            ));
        }
        self.0.push(Person { id, name, role, from, to });
    }
}

/// The states of a fact that may end: as it began and, if it ended, as it ended.
fn ended<F: Clone>(began: F, end: impl FnOnce(&mut F), has_end: bool) -> Vec<F> {
    let mut last = began.clone();
    if !has_end {
        return vec![began];
    }
    end(&mut last);
    vec![began, last]
}

/// Draws who sways whom: most sway the sponsors, champions and admins also each other.
fn connect(subject: &Subject<'_>, people: &People, stream: &mut Stream, ledger: &mut Ledger) {
    for from in &people.0 {
        for to in &people.0 {
            let chance = match (from.role, to.role) {
                _ if from.id == to.id => 0.0,
                (Some(Role::Sponsor), Some(_)) => 0.15,
                (Some(_), Some(Role::Sponsor)) => 0.7,
                (Some(Role::Champion | Role::Admin), Some(_)) => 0.25,
                _ => 0.04,
            };
            if stream.chance(chance) {
                let known = from.from.max(to.from);
                ledger.write(StakeholderEdge {
                    id: 0,
                    account_id: subject.id(),
                    from_contact_id: from.id,
                    to_contact_id: to.id,
                    influence: stream.between(15, 90) as i16,
                    recorded_at: at(shift(known, 20), 15 * 3600),
                });
            }
        }
    }
}

fn title(role: Option<Role>, stream: &mut Stream) -> &'static str {
    let titles: &[&str] = match role {
        Some(Role::Sponsor) => &["Chief Operating Officer", "VP Operations", "Head of Delivery", "Managing Director"],
        Some(Role::Champion) => &["Director of Programs", "PMO Lead", "Head of Transformation"],
        Some(Role::Admin) => &["Workspace Administrator", "Systems Manager", "Operations Analyst"],
        Some(Role::Procurement) => &["Procurement Manager", "Sourcing Lead"],
        Some(Role::Detractor) => &["IT Architect", "Head of Engineering"],
        Some(Role::DecisionMaker | Role::EconomicBuyer) => &["Finance Director", "VP Finance", "General Manager"],
        Some(Role::PowerUser | Role::User) | None => &["Project Manager", "Team Lead", "Coordinator", "Analyst"],
    };
    stream.pick(titles)
}

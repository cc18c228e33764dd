//! The roles of a contact on their page: each with its period, who says so, and a form that sets them by hand. A role is
//! ticked or not; the day on which that begins or ends is one for all that change. Deliberately absent: changing the
//! days of a role that has ended, which is history.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Day, Instant, time::day_of};
use engine::fields::roles::{self, ROLES, Roles};
use maud::{Markup, html};
use report::Ink;
use store::contact_role::Role;

use crate::pages::account::fields::sheet;
use crate::pages::faults::Faults;
use crate::problem::{Answer, Problem};
use crate::ui::form::{self, Field};
use crate::ui::{Link, format, pill};

/// The parameter of the day on which roles change.
const ON: &str = "on";

/// What was picked in the form and refused; nothing where it is shown for the first time.
#[derive(Debug, Default)]
pub(super) struct Picked {
    pub(super) words: Option<BTreeMap<String, String>>,
    pub(super) faults: Faults,
}

/// The roles that were ticked, and the day on which they change: today unless it is said.
pub(super) fn read(words: &BTreeMap<String, String>, now: Instant) -> Answer<(BTreeSet<Role>, Day)> {
    let on = match words.get(ON).map_or("", |day| day.trim()) {
        "" => day_of(now),
        day => day.parse().map_err(|_| Problem::invalid(ON, format!("`{day}` is not a day like 2026-12-31.")))?,
    };
    let ticked = words.keys().filter(|name| *name != ON);
    let role = |name: &String| {
        name.parse::<Role>().map_err(|_| Problem::malformed(format!("There is no role `{name}` of a contact.")))
    };
    Ok((ticked.map(role).collect::<Answer<_>>()?, on))
}

/// What the card of the roles shows.
#[derive(Debug)]
pub(super) struct Card<'a> {
    pub(super) roles: &'a Roles,
    /// The contact's page.
    pub(super) at: &'a Link,
    pub(super) now: Instant,
    pub(super) may_edit: bool,
}

impl Card<'_> {
    /// The roles with who says so, and the form where it may be used.
    pub(super) fn show(&self, picked: &Picked) -> Markup {
        html! {
            @if self.roles.all.is_empty() { p.muted { "Nothing is known of what they are there for." } }
            ul.plain { @for role in &self.roles.all { li {
                (roles::words(role.role)) " " small.muted {
                    "since " (format::day(role.effective_from))
                    @if let Some(to) = role.effective_to { ", until " (format::day(to)) }
                }
            } } }
            @if self.roles.held || !self.roles.all.is_empty() { p { small.muted { "Said by " } (sheet::origin(&self.roles.origin)) } }
            @if self.roles.held {
                (pill::pill(Ink::Yellow, "held"))
                p.muted { "No source changes the roles. " (sheet::offer(self.roles.offered.as_ref())) }
                @if self.may_edit {
                    form.inline method="post" action=(format!("{}/fields/release", self.at)) {
                        input type="hidden" name="field" value=(ROLES);
                        button.btn { "Release to the source" span.vh { ": Roles" } }
                    }
                }
            }
            @if self.may_edit { (self.editor(picked)) }
        }
    }

    fn editor(&self, picked: &Picked) -> Markup {
        let today = day_of(self.now);
        let has = |role: Role| match &picked.words {
            Some(words) => words.contains_key(role.as_str()),
            None => self.roles.all.iter().any(|known| known.role == role && roles::stands(known, today)),
        };
        let typed = picked.words.as_ref().and_then(|words| words.get(ON)).map_or("", String::as_str);
        let today = today.to_string();
        let on = Field::new(ON, "Changes on").value(if typed.is_empty() { &today } else { typed }).required();
        let on =
            on.hint("What you tick begins on this day, what you untick ends on it.").error(picked.faults.field(ON));
        html! {
            (picked.faults.notice(&[ON]))
            form.form method="post" action=(format!("{}/roles", self.at)) {
                fieldset {
                    legend { "Set roles by hand" }
                    @for role in Role::ALL { (form::checkbox(has(*role), &Field::new(role.as_str(), &roles::words(*role)))) }
                }
                (form::input("date", &on))
                div.actions { (form::submit("Save the roles")) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::fields::{Offered, Origin};
    use store::ContactRole;

    use super::*;

    fn now() -> Instant {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn champion(to: Option<Day>) -> ContactRole {
        ContactRole {
            id: 1,
            contact_id: 9,
            account_id: 7,
            role: Role::Champion,
            effective_from: "2026-01-01".parse().unwrap(),
            effective_to: to,
            recorded_at: now(),
        }
    }

    fn rendered(all: Vec<ContactRole>, may_edit: bool, picked: &Picked) -> String {
        let offered = Some(Offered { source: Some("Shop".to_owned()), value: "economic buyer".to_owned() });
        let roles = Roles { all, origin: Origin::Person("Ann".to_owned()), held: true, offered };
        let at = Link::to("/accounts/7/contacts/9");
        Card { roles: &roles, at: &at, now: now(), may_edit }.show(picked).into_string()
    }

    #[test]
    fn roles_say_who_holds_them_and_can_be_set() {
        let html = rendered(vec![champion(None)], true, &Picked::default());
        for part in [
            "<b>Ann</b>",
            "Shop says <b>economic buyer</b>.",
            "action=\"/accounts/7/contacts/9/roles\"",
            "action=\"/accounts/7/contacts/9/fields/release\"",
            "name=\"champion\" checked",
            "value=\"2026-11-22\"",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
        let ended = rendered(vec![champion(Some("2026-02-01".parse().unwrap()))], true, &Picked::default());
        assert!(!ended.contains("checked"), "{ended}");
        assert!(!rendered(vec![champion(None)], false, &Picked::default()).contains("<form"));
    }

    #[test]
    fn what_was_picked_comes_back_with_its_fault() {
        let words = BTreeMap::from([("sponsor".to_owned(), "on".to_owned()), (ON.to_owned(), "2030-01-01".to_owned())]);
        let (wanted, on) = read(&words, now()).unwrap();
        assert_eq!((wanted, on.to_string()), (BTreeSet::from([Role::Sponsor]), "2030-01-01".to_owned()));
        let faults = Faults::of(Problem::invalid(ON, "2030-01-01 is still to come.")).unwrap();
        let html = rendered(vec![champion(None)], true, &Picked { words: Some(words), faults });
        assert!(html.contains("name=\"sponsor\" checked") && !html.contains("name=\"champion\" checked"), "{html}");
        assert!(html.contains("is still to come.") && html.contains("value=\"2030-01-01\""), "{html}");
        assert!(read(&BTreeMap::from([("king".to_owned(), "on".to_owned())]), now()).is_err());
        assert!(read(&BTreeMap::from([(ON.to_owned(), "tomorrow".to_owned())]), now()).is_err());
        assert_eq!(read(&BTreeMap::new(), now()).unwrap().1.to_string(), "2026-11-22");
    }
}

//! The work of the day: open CTAs, the latest first, each with the next of its
//! tasks. A CSM sees their own, a manager the team's, an admin everybody's.

use domain::Day;
use domain::time::days_after;
use engine::Engine;
use maud::{Markup, html};
use store::{Task, task};

use crate::pages::ctas::list::{Item, Viewer, Whose, urgency};
use crate::pages::ctas::{due, overdue, priority, snoozed};
use crate::problem::Answer;
use crate::ui::card::card_with;
use crate::ui::table::{Column, Stay, cell, frame, row_head};
use crate::ui::{Link, form, format, notice};

/// CTAs shown.
const SHOWN: usize = 10;

const WORK: Column<'_> = Column::new("What");
const PRIORITY: Column<'_> = Column::new("Priority").until(Stay::Tablet);
const DUE: Column<'_> = Column::new("Due");

/// What there is to do.
#[derive(Clone, Debug, Default)]
pub(super) struct Today {
    pub(super) day: Day,
    pub(super) entries: Vec<Entry>,
    pub(super) total: i64,
    pub(super) overdue: i64,
    pub(super) due_in_a_week: i64,
    /// Whether the work of several people is shown.
    pub(super) of_many: bool,
}

/// A CTA with its next task.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) item: Item,
    /// The first task that is not done, and how many of all are.
    pub(super) next: Option<String>,
    pub(super) done: usize,
    pub(super) tasks: usize,
}

impl Today {
    /// Picks what is due out of everything that is open.
    pub(super) async fn of(engine: &Engine, items: Vec<Item>, viewer: &Viewer) -> Answer<Self> {
        let whose = viewer.choices()[0];
        let (mut today, first) = Self::picked(items, viewer, engine.today());
        today.of_many = whose != Whose::Mine;
        for item in first {
            let tasks = task::of_cta(engine.store().read(), item.cta.id).await?;
            today.entries.push(Entry::of(item, &tasks));
        }
        Ok(today)
    }

    /// Counts what is to do, and takes what comes first.
    fn picked(mut items: Vec<Item>, viewer: &Viewer, day: Day) -> (Self, Vec<Item>) {
        let whose = viewer.choices()[0];
        items.retain(|item| whose.holds(&item.cta, viewer) && !snoozed(&item.cta, day));
        items.sort_by_key(|item| urgency(&item.cta));
        let count = |test: &dyn Fn(&Item) -> bool| items.iter().filter(|item| test(item)).count() as i64;
        let today = Self {
            day,
            total: items.len() as i64,
            overdue: count(&|item| overdue(&item.cta, day)),
            due_in_a_week: count(&|item| item.cta.due_on >= day && item.cta.due_on < days_after(day, 7)),
            ..Self::default()
        };
        items.truncate(SHOWN);
        (today, items)
    }

    /// The work in one sentence.
    pub(super) fn sentence(&self) -> String {
        match (self.overdue, self.due_in_a_week) {
            (0, 0) => "Nothing is due in the next seven days.".to_owned(),
            (0, due) => format!("{} due in the next seven days.", format::count(due)),
            (late, due) => {
                format!("{} overdue, {} due in the next seven days.", format::count(late), format::count(due))
            }
        }
    }
}

impl Entry {
    fn of(item: Item, tasks: &[Task]) -> Self {
        Self {
            item,
            next: tasks.iter().find(|task| task.done_at.is_none()).map(|task| task.title.clone()),
            done: tasks.iter().filter(|task| task.done_at.is_some()).count(),
            tasks: tasks.len(),
        }
    }
}

/// The card.
pub(super) fn view(today: &Today) -> Markup {
    let title = if today.of_many { "The team's work" } else { "My work" };
    let all = html! { a href="/ctas" { "All " (format::count(today.total)) } };
    if today.entries.is_empty() {
        let why = "A CTA opens by itself when a signal sees a risk; you can also open one yourself.";
        let next = form::link_button(&Link::to("/ctas/new"), "Open a CTA");
        return card_with(title, &html! {}, &notice::empty("Nothing to do", why, &next));
    }
    let columns = [WORK, PRIORITY, DUE];
    let head =
        html! { thead { tr { @for column in columns { th class=(column.class()) scope="col" { (column.label) } } } } };
    card_with(title, &all, &frame(title, &head, &html! { @for entry in &today.entries { (line(today, entry)) } }))
}

fn line(today: &Today, entry: &Entry) -> Markup {
    let (item, cta) = (&entry.item, &entry.item.cta);
    let detail = html! {
        (item.account)
        @if today.of_many { " · " (item.owner.as_deref().unwrap_or("Nobody")) }
        span.from-tablet { (next(entry)) }
    };
    html! {
        tr id=(format!("cta-{}", cta.id)) data-account=(cta.account_id) {
            (row_head(&Link::to(format!("/ctas/{}", cta.id)), item.title(), &detail))
            (cell(&PRIORITY, &priority(cta.priority)))
            (cell(&DUE, &due(cta, today.day)))
        }
    }
}

/// The next task, and how far the others are.
fn next(entry: &Entry) -> Markup {
    html! {
        @if let Some(next) = &entry.next { " · Next: " (next) }
        @else if entry.tasks > 0 { " · All tasks done: close it" }
        @if entry.next.is_some() && entry.done > 0 { " (" (entry.done) " of " (entry.tasks) " done)" }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::pages::ctas::list::tests::{item, manager};
    use crate::pages::ctas::tests::{cta, day};
    use domain::access::Role;
    use store::Cta;
    use store::cta::Priority;

    fn items() -> Vec<Item> {
        let asleep = Cta { snoozed_until: Some(day("2026-12-24")), ..cta(4, "2026-11-01", Priority::High) };
        let others = Cta { owner_id: Some(9), ..cta(5, "2026-11-01", Priority::High) };
        [
            cta(1, "2026-11-28", Priority::Low),
            cta(2, "2026-11-20", Priority::Low),
            cta(3, "2026-11-29", Priority::High),
            asleep,
            others,
        ]
        .map(item)
        .into()
    }

    #[test]
    fn what_is_late_comes_first_and_what_sleeps_not_at_all() {
        let csm = Viewer { role: Role::Csm, id: Some(3), team: vec![3], may_work: true };
        let (today, first) = Today::picked(items(), &csm, day("2026-11-22"));
        assert_eq!(first.iter().map(|item| item.cta.id).collect::<Vec<_>>(), [2, 1, 3]);
        assert_eq!((today.total, today.overdue, today.due_in_a_week), (3, 1, 1));
        assert_eq!(today.sentence(), "1 overdue, 1 due in the next seven days.");
        assert_eq!(Today::picked(items(), &manager(), day("2026-11-22")).0.total, 3);
    }

    #[test]
    fn a_line_says_the_next_task() {
        let task = |id, title: &str, done: bool| Task {
            id,
            cta_id: 2,
            account_id: 7,
            title: title.to_owned(),
            position: 1,
            done_at: done.then(|| crate::pages::ctas::tests::instant("2026-11-21T08:00:00Z")),
            done_by: None,
        };
        let tasks = [task(1, "Look", true), task(2, "Talk", false), task(3, "Agree", false)];
        let entry = Entry::of(item(cta(2, "2026-11-20", Priority::Low)), &tasks);
        let today = Today { day: day("2026-11-22"), entries: vec![entry], total: 1, ..Today::default() };
        let html = view(&today).into_string();
        assert!(
            html.contains(
                "<small class=\"muted\">Orchard Ltd<span class=\"from-tablet\"> · Next: Talk (1 of 3 done)</span>"
            ),
            "{html}"
        );
        assert!(html.contains("<tr id=\"cta-2\" data-account=\"7\">") && !html.contains("Sofia"), "{html}");
        assert!(view(&Today { of_many: true, ..today }).into_string().contains("Sofia Duarte"));
        assert!(view(&Today::default()).into_string().contains("Nothing to do"));
    }
}

//! Which CTAs a list's URL names, in which order. The whole state of the list is
//! in its URL; a count on a chip is what the list would hold if only that chip
//! were changed.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, HashMap};

use axum::extract::State;
use axum::response::Response;
use domain::Day;
use domain::access::{Action, Role, RowFilter};
use domain::time::{days_before, start_of};
use engine::{Book, Engine};
use serde::Deserialize;
use store::cta::{Filter, Priority, Status};
use store::{Cta, cta, member};

use super::{overdue, reason_word, snoozed, view};
use crate::extract::Params;
use crate::gate::Access;
use crate::page::{Titled, Want, respond};
use crate::pages::may;
use crate::problem::Answer;
use crate::ui::{Link, Nav};

/// Rows on a page.
pub(super) const PER_PAGE: u64 = 50;
/// Closed CTAs stay in lists for this many days; after that they are on their account's page.
pub(super) const CLOSED_DAYS: u64 = 30;
/// Rows read at once.
const BATCH: u64 = 2_000;

/// The parameters of the list; an empty text asks for nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub(super) q: String,
    pub(super) whose: String,
    pub(super) status: String,
    pub(super) overdue: String,
    pub(super) priority: String,
    pub(super) reason: String,
    pub(super) sort: String,
    pub(super) dir: String,
    pub(super) page: String,
    pub(super) view: String,
}

impl Asked {
    /// Whether the board is asked for instead of the list.
    pub(super) fn board(&self) -> bool {
        self.view == "board"
    }

    /// The URL of the list as it is.
    pub(super) fn link(&self) -> Link {
        [
            ("q", &self.q),
            ("whose", &self.whose),
            ("status", &self.status),
            ("overdue", &self.overdue),
            ("priority", &self.priority),
            ("reason", &self.reason),
            ("sort", &self.sort),
            ("dir", &self.dir),
            ("page", &self.page),
            ("view", &self.view),
        ]
        .into_iter()
        .fold(Link::to("/ctas"), |link, (name, value)| link.with(name, value))
    }
}

/// Shows the list or the board.
pub async fn show(
    State(engine): State<Engine>,
    access: Access,
    want: Want,
    Params(asked): Params<Asked>,
) -> Answer<Response> {
    let book = engine.book();
    let viewer = Viewer::of(&access);
    let mut items = active(&engine, &access, &book).await?;
    if asked.board() || asked.status == Show::Closed.key() {
        items.extend(recently_closed(&engine, &access, &book).await?);
    }
    let list = List::of(&items, asked, &viewer, engine.today());
    let titled = Titled { title: "CTAs", active: Some(Nav::Ctas) };
    Ok(respond(&access, &engine, want, &titled, &view::page(&list)))
}

/// A CTA with what lists say about its account and its owner.
#[derive(Clone, Debug)]
pub(in crate::pages) struct Item {
    pub(in crate::pages) cta: Cta,
    pub(in crate::pages) account: String,
    pub(in crate::pages) owner: Option<String>,
    pub(in crate::pages) reason: String,
}

impl Item {
    /// The title without the account's name, which playbooks put at its end and lists show beside it.
    pub(in crate::pages) fn title(&self) -> &str {
        let title = &self.cta.title;
        title.strip_suffix(&self.account).and_then(|rest| rest.strip_suffix(": ")).unwrap_or(title)
    }
}

/// Every CTA one may see that is not closed.
pub(in crate::pages) async fn active(engine: &Engine, access: &Access, book: &Book) -> Answer<Vec<Item>> {
    load(engine, access, book, Filter { status: vec![Status::Open, Status::InProgress], ..Filter::default() }).await
}

async fn recently_closed(engine: &Engine, access: &Access, book: &Book) -> Answer<Vec<Item>> {
    let oldest = start_of(days_before(engine.today(), CLOSED_DAYS));
    let closed = Filter { status: vec![Status::Closed], closed_since: Some(oldest), ..Filter::default() };
    load(engine, access, book, closed).await
}

async fn load(engine: &Engine, access: &Access, book: &Book, of: Filter) -> Answer<Vec<Item>> {
    let db = engine.store().read();
    let names: HashMap<i64, String> =
        member::list(db).await?.into_iter().map(|member| (member.id, member.name)).collect();
    let accounts = match access.rows {
        RowFilter::All => None,
        RowFilter::Members(_) => Some(book.visible(&access.rows).map(|row| row.account.id).collect()),
    };
    let filter = Filter { accounts, ..of };
    let (mut items, mut after) = (Vec::new(), None);
    loop {
        let batch = cta::list(db, &filter, after, BATCH).await?;
        let last = batch.len() < BATCH as usize;
        after = batch.last().map(|cta| cta.id);
        items.extend(batch.into_iter().filter_map(|cta| {
            let row = book.visible_row(cta.account_id, &access.rows)?;
            Some(Item {
                account: row.account.name.clone(),
                owner: cta.owner_id.and_then(|id| names.get(&id).cloned()),
                reason: reason_word(&book.definitions, &cta.reason),
                cta,
            })
        }));
        if last {
            return Ok(items);
        }
    }
}

/// Whoever looks, as far as a list must know.
#[derive(Clone, Debug)]
pub(in crate::pages) struct Viewer {
    pub(in crate::pages) role: Role,
    pub(in crate::pages) id: Option<i64>,
    /// The member and everybody who reports to them.
    pub(in crate::pages) team: Vec<i64>,
    pub(in crate::pages) may_work: bool,
}

impl Viewer {
    pub(in crate::pages) fn of(access: &Access) -> Self {
        let member = access.actor.member();
        Self {
            role: member.map_or(Role::Viewer, |member| member.role),
            id: member.map(|member| member.id),
            team: member.map_or_else(Vec::new, |member| {
                member.reports.iter().copied().chain(std::iter::once(member.id)).collect()
            }),
            may_work: may(access, Action::WorkCtas),
        }
    }

    /// The choices that make sense for the role, the one it starts with first.
    pub(in crate::pages) fn choices(&self) -> &'static [Whose] {
        match self.role {
            Role::Csm => &[Whose::Mine, Whose::All],
            Role::Manager => &[Whose::Team, Whose::Mine, Whose::All],
            Role::Admin => &[Whose::All, Whose::Mine],
            Role::Viewer => &[Whose::All],
        }
    }
}

/// Whose CTAs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pages) enum Whose {
    /// One's own.
    Mine,
    /// One's own, those of one's reports, and those nobody has taken.
    Team,
    /// Those of every account one may see.
    All,
}

impl Whose {
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Mine => "mine",
            Self::Team => "team",
            Self::All => "all",
        }
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Mine => "Mine",
            Self::Team => "My team",
            Self::All => "Everybody's",
        }
    }

    pub(in crate::pages) fn holds(self, cta: &Cta, viewer: &Viewer) -> bool {
        match self {
            Self::Mine => cta.owner_id.is_some() && cta.owner_id == viewer.id,
            Self::Team => cta.owner_id.is_none_or(|owner| viewer.team.contains(&owner)),
            Self::All => true,
        }
    }
}

/// Where CTAs stand that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Show {
    Active,
    Open,
    InProgress,
    Snoozed,
    Closed,
    /// What a board has lanes for.
    Lanes,
}

impl Show {
    pub(super) const CHIPS: [Self; 5] = [Self::Active, Self::Open, Self::InProgress, Self::Snoozed, Self::Closed];

    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Active | Self::Lanes => "",
            Self::Open => "open",
            Self::InProgress => "in_progress",
            Self::Snoozed => "snoozed",
            Self::Closed => "closed",
        }
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Active | Self::Lanes => "To do",
            Self::Open => "Open",
            Self::InProgress => "In progress",
            Self::Snoozed => "Snoozed",
            Self::Closed => "Closed, 30 days",
        }
    }

    fn holds(self, cta: &Cta, today: Day) -> bool {
        let awake = !snoozed(cta, today);
        match self {
            Self::Active => awake && cta.status != Status::Closed,
            Self::Open => awake && cta.status == Status::Open,
            Self::InProgress => awake && cta.status == Status::InProgress,
            Self::Snoozed => !awake,
            Self::Closed => cta.status == Status::Closed,
            Self::Lanes => awake,
        }
    }
}

/// What the list is narrowed by.
#[derive(Clone, Debug)]
struct Chosen {
    whose: Whose,
    show: Show,
    overdue: bool,
    priority: Option<Priority>,
    reason: String,
    needle: String,
}

impl Chosen {
    fn of(asked: &Asked, viewer: &Viewer) -> Self {
        let choices = viewer.choices();
        let show = Show::CHIPS.into_iter().find(|show| show.key() == asked.status).unwrap_or(Show::Active);
        Self {
            whose: choices.iter().copied().find(|whose| whose.key() == asked.whose).unwrap_or(choices[0]),
            show: if asked.board() { Show::Lanes } else { show },
            overdue: !asked.overdue.is_empty(),
            priority: asked.priority.parse().ok(),
            reason: asked.reason.clone(),
            needle: asked.q.trim().to_lowercase(),
        }
    }

    fn holds(&self, item: &Item, viewer: &Viewer, today: Day) -> bool {
        let cta = &item.cta;
        self.whose.holds(cta, viewer)
            && self.show.holds(cta, today)
            && (!self.overdue || overdue(cta, today))
            && self.priority.is_none_or(|priority| cta.priority == priority)
            && (self.reason.is_empty() || cta.reason == self.reason)
            && (self.needle.is_empty()
                || cta.title.to_lowercase().contains(&self.needle)
                || item.account.to_lowercase().contains(&self.needle))
    }
}

/// The CTAs of a list, filtered and sorted, with what is said about them.
#[derive(Clone, Debug)]
pub(super) struct List {
    pub(super) asked: Asked,
    pub(super) items: Vec<Item>,
    pub(super) whose: Whose,
    pub(super) show: Show,
    /// What each of these chips would leave; closed ones are only counted when they are read.
    pub(super) by_whose: Vec<(Whose, i64)>,
    pub(super) by_show: Vec<(Show, Option<i64>)>,
    pub(super) overdue: i64,
    /// Key and name of every reason there is.
    pub(super) reasons: Vec<(String, String)>,
    pub(super) may_work: bool,
    pub(super) today: Day,
}

impl List {
    /// Narrows and sorts what one may see.
    pub(super) fn of(items: &[Item], asked: Asked, viewer: &Viewer, today: Day) -> Self {
        let chosen = Chosen::of(&asked, viewer);
        let count = |chosen: &Chosen| items.iter().filter(|item| chosen.holds(item, viewer, today)).count() as i64;
        let by_whose = viewer.choices().iter().map(|&whose| (whose, count(&Chosen { whose, ..chosen.clone() })));
        let by_whose = by_whose.collect();
        let closed_read = chosen.show == Show::Closed;
        let by_show = Show::CHIPS.into_iter().map(|show| {
            let known = show != Show::Closed || closed_read;
            (show, known.then(|| count(&Chosen { show, ..chosen.clone() })))
        });
        let by_show = by_show.collect();
        let late = count(&Chosen { overdue: true, ..chosen.clone() });
        let reasons: BTreeMap<_, _> = items.iter().map(|item| (&item.reason, &item.cta.reason)).collect();
        let reasons = reasons.into_iter().map(|(name, key)| (key.clone(), name.clone())).collect();
        let mut list = Self {
            items: items.iter().filter(|item| chosen.holds(item, viewer, today)).cloned().collect(),
            whose: chosen.whose,
            show: chosen.show,
            by_whose,
            by_show,
            overdue: late,
            reasons,
            may_work: viewer.may_work,
            today,
            asked,
        };
        list.sort();
        list
    }

    fn sort(&mut self) {
        let (key, descending) = (self.sort_key().to_owned(), self.descending());
        self.items.sort_by(|a, b| {
            let order = compare(&key, a, b);
            let order = if descending { order.reverse() } else { order };
            order.then_with(|| urgency(&a.cta).cmp(&urgency(&b.cta)))
        });
    }

    /// The column the list is sorted by: what is due first, or what was closed last.
    pub(super) fn sort_key(&self) -> &str {
        match self.asked.sort.as_str() {
            "" if self.show == Show::Closed => "closed",
            "" => "due",
            key => key,
        }
    }

    /// Whether the largest comes first.
    pub(super) fn descending(&self) -> bool {
        self.asked.dir == "desc" || (self.asked.sort.is_empty() && self.show == Show::Closed)
    }

    /// The page asked for, from 1.
    pub(super) fn page(&self) -> u64 {
        let last = (self.items.len() as u64).div_ceil(PER_PAGE).max(1);
        self.asked.page.parse().unwrap_or(1).clamp(1, last)
    }

    /// The CTAs of that page.
    pub(super) fn shown(&self) -> &[Item] {
        let from = ((self.page() - 1) * PER_PAGE) as usize;
        &self.items[from..self.items.len().min(from + PER_PAGE as usize)]
    }
}

/// What comes first where nothing else decides: due earlier, then more urgent.
pub(in crate::pages) fn urgency(cta: &Cta) -> (Day, Reverse<Priority>, i64) {
    (cta.due_on, Reverse(cta.priority), cta.id)
}

fn compare(key: &str, a: &Item, b: &Item) -> Ordering {
    match key {
        "title" => a.title().cmp(b.title()).then_with(|| a.account.cmp(&b.account)),
        "priority" => a.cta.priority.cmp(&b.cta.priority),
        "status" => a.cta.status.cmp(&b.cta.status),
        // Whoever has no owner comes last.
        "owner" => (a.owner.is_none(), &a.owner).cmp(&(b.owner.is_none(), &b.owner)),
        "opened" => a.cta.created_at.cmp(&b.cta.created_at),
        "closed" => a.cta.closed_at.cmp(&b.cta.closed_at),
        _ => a.cta.due_on.cmp(&b.cta.due_on),
    }
}

#[cfg(test)]
pub(in crate::pages) mod tests {
    use super::*;
    use crate::pages::ctas::tests::{cta, day, instant};

    pub(in crate::pages) fn item(cta: Cta) -> Item {
        Item {
            account: "Orchard Ltd".to_owned(),
            owner: Some("Sofia Duarte".to_owned()),
            reason: "Usage declines".to_owned(),
            cta,
        }
    }

    pub(in crate::pages) fn manager() -> Viewer {
        Viewer { role: Role::Manager, id: Some(2), team: vec![3, 2], may_work: true }
    }

    fn items() -> Vec<Item> {
        let low = cta(1, "2026-11-25", Priority::Low);
        let late = cta(2, "2026-11-20", Priority::High);
        let mine = Cta { owner_id: Some(2), status: Status::InProgress, ..cta(3, "2026-11-25", Priority::High) };
        let stranger =
            Cta { owner_id: Some(9), reason: "by_hand".to_owned(), ..cta(4, "2026-11-30", Priority::Medium) };
        let asleep = Cta { snoozed_until: Some(day("2026-12-24")), ..cta(5, "2026-11-19", Priority::Low) };
        let closed = Cta {
            status: Status::Closed,
            closed_at: Some(instant("2026-11-21T10:00:00Z")),
            ..cta(6, "2026-11-19", Priority::Low)
        };
        [low, late, mine, stranger, asleep, closed].map(item).into()
    }

    fn ids(asked: Asked) -> Vec<i64> {
        let list = List::of(&items(), asked, &manager(), day("2026-11-22"));
        list.items.iter().map(|item| item.cta.id).collect()
    }

    #[test]
    fn a_manager_starts_with_the_team_and_what_is_due_first() {
        assert_eq!(ids(Asked::default()), [2, 3, 1]);
        assert_eq!(ids(Asked { whose: "mine".to_owned(), ..Asked::default() }), [3]);
        assert_eq!(ids(Asked { whose: "all".to_owned(), ..Asked::default() }), [2, 3, 1, 4]);
    }

    #[test]
    fn filters_narrow_together() {
        assert_eq!(ids(Asked { status: "snoozed".to_owned(), ..Asked::default() }), [5]);
        assert_eq!(ids(Asked { status: "closed".to_owned(), ..Asked::default() }), [6]);
        assert_eq!(ids(Asked { overdue: "1".to_owned(), ..Asked::default() }), [2]);
        assert_eq!(ids(Asked { priority: "high".to_owned(), ..Asked::default() }), [2, 3]);
        let by_hand = Asked { whose: "all".to_owned(), reason: "by_hand".to_owned(), ..Asked::default() };
        assert_eq!(ids(by_hand), [4]);
        assert_eq!(ids(Asked { q: " ORCHARD ".to_owned(), ..Asked::default() }).len(), 3);
        assert_eq!(ids(Asked { q: "nobody".to_owned(), ..Asked::default() }), [0; 0]);
    }

    #[test]
    fn a_board_shows_every_lane_but_nothing_asleep() {
        assert_eq!(ids(Asked { view: "board".to_owned(), ..Asked::default() }), [6, 2, 3, 1]);
    }

    #[test]
    fn a_chip_counts_what_it_would_show() {
        let list = List::of(
            &items(),
            Asked { priority: "high".to_owned(), ..Asked::default() },
            &manager(),
            day("2026-11-22"),
        );
        assert_eq!(list.by_whose, [(Whose::Team, 2), (Whose::Mine, 1), (Whose::All, 2)]);
        assert_eq!(list.by_show[0], (Show::Active, Some(2)));
        assert_eq!(list.by_show[4], (Show::Closed, None));
        assert_eq!(list.overdue, 1);
    }

    #[test]
    fn sorting_goes_both_ways_and_a_page_too_far_is_the_last() {
        let sorted =
            |sort: &str, dir: &str| ids(Asked { sort: sort.to_owned(), dir: dir.to_owned(), ..Asked::default() });
        assert_eq!(sorted("priority", "desc"), [2, 3, 1]);
        assert_eq!(sorted("due", "desc"), [3, 1, 2]);
        let far = Asked { page: "99".to_owned(), ..Asked::default() };
        let list = List::of(&items(), far, &manager(), day("2026-11-22"));
        assert_eq!((list.page(), list.shown().len()), (1, 3));
    }

    #[test]
    fn the_account_is_not_said_twice() {
        assert_eq!(items()[0].title(), "Usage declines");
        let own = item(Cta { title: "Call them".to_owned(), ..cta(1, "2026-11-25", Priority::Low) });
        assert_eq!(own.title(), "Call them");
    }
}

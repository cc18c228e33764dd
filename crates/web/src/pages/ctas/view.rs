//! How the CTAs look: search and filters, chips with counts, the list, and the board whose cards are moved by
//! mouse, keyboard or button. Which CTAs are shown is decided in the list.

use std::cmp::Reverse;

use maud::{Markup, html};
use report::Ink;
use store::cta::{Priority, Status};

use super::list::{Item, List, PER_PAGE, Whose};
use super::{due, outcome_ink, outcome_word, priority, priority_ink, priority_word, status_word};
use crate::ui::board::{Card, Lane, board};
use crate::ui::filter::{Chip, Choice, chips, search};
use crate::ui::table::{Column, Pages, Sort, Stay, cell, frame, header, pager, row_head};
use crate::ui::tabs::{Tab, tabs};
use crate::ui::{Link, form, format, notice, pill, shell};

/// The fragment a change of the list swaps.
const RESULTS: &str = "results";
/// Cards in a lane; a longer lane is for the list.
const CARDS: usize = 50;

const TITLE: Column<'_> = Column::new("CTA").sorts("title");
const PRIORITY: Column<'_> = Column::new("Priority").sorts("priority");
const DUE: Column<'_> = Column::new("Due").sorts("due");
const STATUS: Column<'_> = Column::new("Status").sorts("status").until(Stay::Tablet);
const OWNER: Column<'_> = Column::new("Owner").sorts("owner").until(Stay::Tablet);
const OPENED: Column<'_> = Column::new("Opened").sorts("opened").until(Stay::Desktop);
const COLUMNS: [Column<'_>; 6] = [TITLE, PRIORITY, DUE, STATUS, OWNER, OPENED];

/// The whole page.
pub(super) fn page(list: &List) -> Markup {
    let actions = html! { @if list.may_work { (form::primary_link(&Link::to("/ctas/new"), "New CTA")) } };
    html! {
        (shell::heading(&[], "CTAs", &html! {}, &actions))
        (filters(list))
        div id=(RESULTS) data-fragment="" { (results(list)) }
    }
}

fn filters(list: &List) -> Markup {
    let mut reason = vec![("", "All reasons")];
    reason.extend(list.reasons.iter().map(|(key, name)| (key.as_str(), name.as_str())));
    let mut urgency = vec![("", "All priorities")];
    let words = [Priority::High, Priority::Medium, Priority::Low];
    urgency.extend(words.map(|priority| (priority.as_str(), priority_word(priority))));
    let choices = [
        Choice { name: "priority", label: "Priority", value: &list.asked.priority, options: urgency },
        Choice { name: "reason", label: "Reason", value: &list.asked.reason, options: reason },
    ];
    search(&list.asked.link(), &list.asked.q, "Search title or account", &choices, RESULTS)
}

fn results(list: &List) -> Markup {
    html! {
        (tabs("View", &views(list), RESULTS))
        (whose(list))
        (standing(list))
        @if list.items.is_empty() { (nothing(list)) }
        @else if list.asked.board() { (lanes(list)) }
        @else { (table(list)) }
    }
}

fn views(list: &List) -> [Tab<'static>; 2] {
    let here = list.asked.link().without("page");
    let board = list.asked.board();
    [
        Tab { label: "List", link: here.clone().without("view"), count: None, active: !board },
        Tab { label: "Board", link: here.with("view", "board").without("status"), count: None, active: board },
    ]
}

fn whose(list: &List) -> Markup {
    if list.by_whose.len() < 2 {
        return html! {};
    }
    let here = list.asked.link().without("page");
    let all: Vec<_> = list
        .by_whose
        .iter()
        .map(|&(whose, count)| Chip {
            label: whose.label(),
            count: Some(count),
            link: here.clone().with("whose", whose.key()),
            active: list.whose == whose,
            ink: None,
        })
        .collect();
    chips("Whose", &all, &html! {}, RESULTS)
}

fn standing(list: &List) -> Markup {
    let here = list.asked.link().without("page");
    let mut all: Vec<_> = match list.asked.board() {
        true => Vec::new(),
        false => list
            .by_show
            .iter()
            .map(|&(show, count)| Chip {
                label: show.label(),
                count,
                link: here.clone().with("status", show.key()).without("sort").without("dir"),
                active: list.show == show,
                ink: None,
            })
            .collect(),
    };
    let late = !list.asked.overdue.is_empty();
    all.push(Chip {
        label: "Overdue",
        count: Some(list.overdue),
        link: if late { here.without("overdue") } else { here.with("overdue", 1) },
        active: late,
        ink: Some(Ink::Red),
    });
    let summary = html! { (format::counted(list.items.len() as i64, "CTA", "CTAs")) };
    chips("Status", &all, &summary, RESULTS)
}

/// Says what to do next when there is nothing here.
fn nothing(list: &List) -> Markup {
    let narrowed = list.asked.link().without("view").without("sort").without("dir").without("page");
    if narrowed.parameters().next().is_some() {
        let why = "The search and the filters together leave nothing.";
        return notice::empty("No CTA fits", why, &form::link_button(&Link::to("/ctas"), "Show what is to do"));
    }
    let why = "CTAs open when a signal sees a risk or an opportunity, or when you open one yourself.";
    let next = html! {
        @if list.may_work { (form::link_button(&Link::to("/ctas/new"), "Open a CTA")) }
        (form::link_button(&Link::to("/definitions").with("part", "signals"), "See the signals"))
    };
    notice::empty("Nothing to do", why, &next)
}

fn table(list: &List) -> Markup {
    let here = list.asked.link();
    let sort = Sort { key: list.sort_key(), descending: list.descending() };
    let pages = Pages { page: list.page(), per_page: PER_PAGE, total: list.items.len() as u64 };
    html! {
        (frame("CTAs", &header(&COLUMNS, sort, &here, RESULTS),
            &html! { @for item in list.shown() { (line(list, item)) } }))
        (pager(pages, &here, RESULTS))
    }
}

fn line(list: &List, item: &Item) -> Markup {
    let cta = &item.cta;
    let detail = html! { (item.account) @if item.reason != item.title() { " · " (item.reason) } };
    html! {
        tr id=(format!("cta-{}", cta.id)) data-account=(cta.account_id) {
            (row_head(&Link::to(format!("/ctas/{}", cta.id)), item.title(), &detail))
            (cell(&PRIORITY, &priority(cta.priority)))
            (cell(&DUE, &due(cta, list.today)))
            (cell(&STATUS, &status(item)))
            (cell(&OWNER, &html! { @match &item.owner { Some(name) => (name), None => span.muted { "Nobody" } } }))
            (cell(&OPENED, &format::relative(domain::time::day_of(cta.created_at), list.today)))
        }
    }
}

fn status(item: &Item) -> Markup {
    match item.cta.outcome {
        Some(outcome) => pill::pill(outcome_ink(outcome), outcome_word(outcome)),
        None => html! { (status_word(item.cta.status)) },
    }
}

fn lanes(list: &List) -> Markup {
    let lane = |status: Status| {
        let mut items: Vec<_> = list.items.iter().filter(|item| item.cta.status == status).collect();
        // What was closed last stands first; `None` everywhere else keeps the order of the list.
        items.sort_by_key(|item| Reverse(item.cta.closed_at));
        let cards = items.into_iter().take(CARDS).map(|item| card(list, item)).collect();
        Lane { key: status.as_str(), label: status_word(status), cards }
    };
    html! {
        @for status in Status::ALL { (too_many(list, *status)) }
        (board("status", &[lane(Status::Open), lane(Status::InProgress), lane(Status::Closed)]))
        @if list.may_work {
            p.muted { "A card moved to Closed ends as “Done”; open it to end it with another outcome. "
                "Closed ones stay here for " (super::list::CLOSED_DAYS) " days." }
        }
    }
}

fn too_many(list: &List, status: Status) -> Markup {
    let all = list.items.iter().filter(|item| item.cta.status == status).count();
    html! {
        @if all > CARDS {
            (notice::remark(&html! {
                b { (status_word(status)) } ": the " (CARDS) " that are due first of " (format::count(all as i64))
                ". Narrow them with the filters, or "
                a href=(list.asked.link().without("view").with("status", status.as_str())) { "see all in the list" } "."
            }))
        }
    }
}

fn card<'a>(list: &List, item: &'a Item) -> Card<'a> {
    let cta = &item.cta;
    let (ink, word) = match cta.outcome {
        Some(outcome) => (outcome_ink(outcome), outcome_word(outcome)),
        None => (priority_ink(cta.priority), priority_word(cta.priority)),
    };
    Card {
        id: format!("cta-{}", cta.id),
        title: html! { (pill::dot(ink)) " " a href=(Link::to(format!("/ctas/{}", cta.id))) { (item.title()) } },
        detail: html! {
            (item.account) br;
            (word) " · " (due(cta, list.today))
            @if list.whose != Whose::Mine { br; (item.owner.as_deref().unwrap_or("Nobody")) }
        },
        action: list.may_work.then(|| format!("/ctas/{}/move", cta.id)),
        account_id: Some(cta.account_id),
        name: item.title(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::list::tests::{item, manager};
    use super::super::list::{Asked, List, Viewer};
    use super::super::tests::{cta, day};
    use super::*;

    fn rendered(items: &[Item], asked: Asked, viewer: &Viewer) -> String {
        page(&List::of(items, asked, viewer, day("2026-11-22"))).into_string()
    }

    fn board_asked() -> Asked {
        Asked { view: "board".to_owned(), ..Asked::default() }
    }

    #[test]
    fn a_line_leads_to_the_cta_and_names_its_account() {
        let html = rendered(&[item(cta(5, "2026-11-20", Priority::High))], Asked::default(), &manager());
        assert!(html.contains("<tr id=\"cta-5\" data-account=\"7\">"), "{html}");
        assert!(html.contains("<a class=\"row\" href=\"/ctas/5\">Usage declines</a>"), "{html}");
        assert!(html.contains("<small class=\"muted\">Orchard Ltd</small>"), "{html}");
        assert!(html.contains("2 days overdue") && html.contains("href=\"/ctas?overdue=1\""), "{html}");
        assert!(html.contains("Overdue <b>1</b>"), "{html}");
    }

    #[test]
    fn a_card_moves_only_for_whoever_may_work() {
        let items = [item(cta(5, "2026-11-20", Priority::High))];
        let html = rendered(&items, board_asked(), &manager());
        assert!(html.contains("action=\"/ctas/5/move\""), "{html}");
        assert_eq!(html.matches("data-lane=").count(), 3);
        let viewer = Viewer { may_work: false, ..manager() };
        let html = rendered(&items, board_asked(), &viewer);
        assert!(!html.contains("/move") && !html.contains("New CTA"), "{html}");
    }

    #[test]
    fn a_lane_that_is_too_long_says_so() {
        let items: Vec<_> = (1..=60).map(|id| item(cta(id, "2026-11-25", Priority::Low))).collect();
        let html = rendered(&items, board_asked(), &manager());
        assert!(html.contains("that are due first of 60"), "{html}");
        assert_eq!(html.matches("class=\"card task\"").count(), 50);
    }

    #[test]
    fn an_empty_list_says_what_to_do_next() {
        let html = rendered(&[], Asked::default(), &manager());
        assert!(html.contains("Nothing to do") && html.contains("href=\"/ctas/new\""), "{html}");
        let html = rendered(&[], Asked { q: "x".to_owned(), ..Asked::default() }, &manager());
        assert!(html.contains("No CTA fits"), "{html}");
    }
}

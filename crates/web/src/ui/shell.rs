//! The frame around every page: head, navigation, top bar, freshness, dialogs.
//!
//! A page hands over a [`Shell`] with what it knows and the markup of its content; the frame adds everything that is
//! the same everywhere. [`bare`] is the frame of pages without a member (sign-in, set-up). Absent: reading the session,
//! choosing the data's age, and any inline script or style.

use maud::{DOCTYPE, Markup, html};

use super::icon::Icon;
use super::{dialog, link::Link};

/// An entry of the main navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nav {
    /// The member's own work and book.
    Home,
    /// All accounts the member may see.
    Portfolio,
    /// Calls to action.
    Ctas,
    /// The company's numbers.
    Executive,
    /// What the book is meant to reach.
    Goals,
    /// What customers are worth.
    Lifetime,
    /// What recurs, what moved it, what was retained.
    Revenue,
    /// Where that goes.
    Forecast,
    /// Where data comes from.
    Sources,
    /// Members, tokens, definitions.
    Settings,
}

impl Nav {
    /// Every entry in the order of the bar.
    pub const ALL: [Self; 10] = [
        Self::Home,
        Self::Portfolio,
        Self::Ctas,
        Self::Executive,
        Self::Revenue,
        Self::Forecast,
        Self::Lifetime,
        Self::Goals,
        Self::Sources,
        Self::Settings,
    ];

    /// Where the entry leads.
    pub const fn href(self) -> &'static str {
        match self {
            Self::Home => "/",
            Self::Portfolio => "/accounts",
            Self::Ctas => "/ctas",
            Self::Executive => "/executive",
            Self::Revenue => "/revenue",
            Self::Forecast => "/forecast",
            Self::Goals => "/goals",
            Self::Lifetime => "/lifetime",
            Self::Sources => "/sources",
            Self::Settings => "/settings",
        }
    }

    /// What the entry is called.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Home => "Home",
            Self::Portfolio => "Portfolio",
            Self::Ctas => "CTAs",
            Self::Executive => "Executive",
            Self::Revenue => "Revenue",
            Self::Forecast => "Forecast",
            Self::Goals => "Goals",
            Self::Lifetime => "Lifetime value",
            Self::Sources => "Sources",
            Self::Settings => "Settings",
        }
    }

    /// The letter that goes there after `g`.
    pub const fn key(self) -> char {
        match self {
            Self::Home => 'h',
            Self::Portfolio => 'p',
            Self::Ctas => 'c',
            Self::Executive => 'e',
            Self::Revenue => 'r',
            Self::Forecast => 'f',
            Self::Goals => 'o',
            Self::Lifetime => 'v',
            Self::Sources => 's',
            Self::Settings => 't',
        }
    }

    const fn icon(self) -> Icon {
        match self {
            Self::Home => Icon::Home,
            Self::Portfolio => Icon::List,
            Self::Ctas => Icon::Board,
            Self::Executive => Icon::Chart,
            Self::Revenue => Icon::Coins,
            Self::Forecast => Icon::Fan,
            Self::Goals => Icon::Flag,
            Self::Lifetime => Icon::Gem,
            Self::Sources => Icon::Plug,
            Self::Settings => Icon::Sliders,
        }
    }
}

/// How old the numbers of a page are, in words.
#[derive(Clone, Debug, Default)]
pub struct Freshness {
    /// What to say, for example `Data as of 2026-11-22, computed 09:14 UTC`; empty shows no badge.
    pub text: String,
    /// Whether something is late or missing, so that the badge must not look calm.
    pub stale: bool,
}

/// What the frame needs to know about a page.
#[derive(Clone, Debug)]
pub struct Shell<'a> {
    /// The page's title, without the product's name.
    pub title: &'a str,
    /// The entry of the navigation the page belongs to, if any.
    pub active: Option<Nav>,
    /// The entries the member may open.
    pub entries: Vec<Nav>,
    /// The signed-in member's name.
    pub member: &'a str,
    /// The member's role, as a word.
    pub role: &'a str,
    /// How old the numbers are.
    pub freshness: Freshness,
}

/// Renders a whole page for a signed-in member.
pub fn shell(page: &Shell<'_>, body: &Markup) -> Markup {
    document(
        page.title,
        &html! {
            a.skip href="#main" { "Skip to content" }
            (sidebar(page))
            div.page {
                (topbar(page))
                main #main tabindex="-1" { (body) }
            }
            (dialog::help(&page.entries))
            (dialog::palette())
        },
    )
}

/// Renders a whole page without navigation: sign-in, set-up, an error before anyone is known.
pub fn bare(title: &str, body: &Markup) -> Markup {
    document(title, &html! { main.bare #main tabindex="-1" { p.brand { (mark()) span { "Pomona" } } (body) } })
}

/// The head of a page: where we are, what it is called, one line about it, and what can be done.
pub fn heading(crumbs: &[(&str, &Link)], title: &str, detail: &Markup, actions: &Markup) -> Markup {
    html! {
        (breadcrumb(crumbs, title))
        header.head {
            div { h1 { (title) } @if !detail.0.is_empty() { p.muted { (detail) } } }
            @if !actions.0.is_empty() { div.actions { (actions) } }
        }
    }
}

/// Renders the way to this page; nothing when the page is at the top.
pub fn breadcrumb(crumbs: &[(&str, &Link)], here: &str) -> Markup {
    html! {
        @if !crumbs.is_empty() {
            nav.crumbs aria-label="Breadcrumb" { ol {
                @for (label, link) in crumbs { li { a href=(link) { (label) } } }
                li { span aria-current="page" { (here) } }
            } }
        }
    }
}

fn document(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Pomona" }
                script src=(asset("theme.js")) {}
                link rel="stylesheet" href=(asset("app.css"));
                link rel="icon" type="image/svg+xml" href=(asset("favicon.svg"));
                script src=(asset("app.js")) type="module" {}
            }
            body {
                (body)
                div.vh #announce role="status" aria-live="polite" {}
                div #toasts role="status" aria-live="polite" {}
            }
        }
    }
}

fn sidebar(page: &Shell<'_>) -> Markup {
    html! {
        nav.side aria-label="Main" {
            a.brand href="/" { (mark()) span { "Pomona" } }
            ul {
                @for entry in &page.entries {
                    li { a href=(entry.href()) aria-current=[(page.active == Some(*entry)).then_some("page")]
                        data-key=(format!("g {}", entry.key())) { (entry.icon()) span { (entry.label()) } } }
                }
            }
        }
    }
}

fn member_menu(page: &Shell<'_>) -> Markup {
    html! {
        details.menu.member {
            summary { span.avatar aria-hidden="true" { (initials(page.member)) } span.vh { "Signed in as " (page.member) } }
            div.menu-body {
                p { b { (page.member) } small.muted { (page.role) } }
                form action="/logout" method="post" { button.btn { (Icon::Leave) "Sign out" } }
            }
        }
    }
}

fn topbar(page: &Shell<'_>) -> Markup {
    html! {
        header.topbar {
            a.brand href="/" { (mark()) span.vh { "Pomona" } }
            button.palette-open.js-only type="button" data-open="palette" aria-haspopup="dialog" aria-keyshortcuts="Control+K" {
                (Icon::Search) span { "Find anything" } kbd aria-hidden="true" { "Ctrl K" }
            }
            @if !page.freshness.text.is_empty() {
                p.fresh.stale[page.freshness.stale] data-freshness="" role="status" {
                    (Icon::Clock) span { (page.freshness.text) }
                }
            }
            button.quiet.js-only.help type="button" data-open="help" aria-haspopup="dialog" title="Keyboard shortcuts" {
                kbd aria-hidden="true" { "?" } span.vh { "Keyboard shortcuts" }
            }
            button.quiet.js-only type="button" data-theme-toggle="" title="Light or dark" {
                (Icon::Theme) span.vh { "Switch between light and dark" }
            }
            (member_menu(page))
        }
    }
}

/// The mark: an apple with one leaf.
fn mark() -> Markup {
    html! {
        svg.mark width="22" height="22" viewBox="0 0 24 24" aria-hidden="true" {
            path.fruit d="M12 8.2c1.8-1.3 4-1.5 5.7-.3 2.3 1.6 2.6 5 1.3 8-1.2 2.9-3.3 5.3-5.3 5.1-.7-.1-1.1-.4-1.7-.4s-1 .3-1.7.4c-2 .2-4.1-2.2-5.3-5.1-1.3-3-1-6.4 1.3-8 1.7-1.2 3.9-1 5.7.3z" {}
            path.leaf d="M12.2 7c-.1-2.6 1.5-4.5 4.6-4.7.1 2.8-1.6 4.7-4.6 4.7z" {}
        }
    }
}

/// The first letters of the first and last word of a name, for a disc beside it.
fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().next());
    words.next().into_iter().chain(words.next_back()).flat_map(char::to_uppercase).collect()
}

/// The address of a static file, with the build's fingerprint so that it may be cached for ever.
pub fn asset(name: &str) -> String {
    format!("/static/{name}?v={FINGERPRINT:016x}")
}

/// FNV-1a over the static files, computed when the binary is built.
const FINGERPRINT: u64 = {
    let files: [&[u8]; 4] = [
        include_bytes!("../../static/app.css"),
        include_bytes!("../../static/app.js"),
        include_bytes!("../../static/theme.js"),
        include_bytes!("../../static/favicon.svg"),
    ];
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut file = 0;
    while file < files.len() {
        let mut byte = 0;
        while byte < files[file].len() {
            hash = (hash ^ files[file][byte] as u64).wrapping_mul(0x0100_0000_01b3);
            byte += 1;
        }
        file += 1;
    }
    hash
};

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Shell<'static> {
        Shell {
            title: "Portfolio",
            active: Some(Nav::Portfolio),
            entries: Nav::ALL.to_vec(),
            member: "Sofia Maria Duarte",
            role: "CSM",
            freshness: Freshness { text: "Data as of 2026-11-22".to_owned(), stale: false },
        }
    }

    #[test]
    fn the_active_entry_is_marked_once_and_every_entry_has_its_key() {
        let html = shell(&page(), &html! { h1 { "Portfolio" } }).into_string();
        assert_eq!(html.matches("aria-current=\"page\"").count(), 1);
        for entry in Nav::ALL {
            assert!(html.contains(&format!("data-key=\"g {}\"", entry.key())), "{entry:?}");
        }
        assert!(html.contains("<title>Portfolio · Pomona</title>"));
        assert!(html.contains("Data as of 2026-11-22"));
    }

    #[test]
    fn nothing_is_inline_so_the_content_security_policy_holds() {
        let html = shell(&page(), &html! {}).into_string();
        assert!(!html.contains("style=") && !html.contains("onclick") && !html.contains("<style"));
        assert_eq!(html.matches("<script").count(), html.matches("<script src=\"/static/").count());
    }

    #[test]
    fn initials_take_the_first_and_last_word() {
        assert_eq!(initials("Sofia Maria Duarte"), "SD");
        assert_eq!(initials("élodie"), "É");
        assert_eq!(initials(""), "");
    }
}

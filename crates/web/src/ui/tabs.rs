//! Tabs: the parts of one page, each at its own address.
//!
//! They are links in a navigation, not the ARIA tab pattern, because each has a URL and Back must work. Tabs that hide
//! content already on the page are absent.

use maud::{Markup, html};

use super::{Link, format};

/// One tab.
#[derive(Clone, Debug)]
pub struct Tab<'a> {
    /// The word.
    pub label: &'a str,
    /// Its address.
    pub link: Link,
    /// How many things wait there, if that is worth saying.
    pub count: Option<i64>,
    /// Whether it is open now.
    pub active: bool,
}

/// Renders tabs that swap the fragment `target`, which must contain the tabs; an empty `target` loads the page.
pub fn tabs(label: &str, all: &[Tab<'_>], target: &str) -> Markup {
    html! {
        nav.tabs aria-label=(label) { ul {
            @for tab in all {
                li { a href=(tab.link) data-frag=[(!target.is_empty()).then_some(target)]
                    data-focus=(format!("tab-{}", tab.label)) aria-current=[tab.active.then_some("page")] {
                    (tab.label) @if let Some(count) = tab.count { " " span.count { (format::count(count)) } }
                } }
            }
        } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_open_tab_is_marked() {
        let tab = |label, active| Tab { label, link: Link::to("/accounts/7").with("tab", label), count: None, active };
        let html = tabs("Account", &[tab("usage", false), tab("people", true)], "").into_string();
        assert_eq!(html.matches("aria-current=\"page\"").count(), 1);
        assert!(html.contains("href=\"/accounts/7?tab=people\" data-focus=\"tab-people\" aria-current"), "{html}");
        assert!(!html.contains("data-frag"), "{html}");
    }
}

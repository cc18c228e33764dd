//! Dialogs, and the two every page has: keyboard help and the command palette.
//!
//! An opener is a link to the dialog's anchor: with JavaScript it opens as a modal, without it the style sheet shows
//! the dialog as a panel in the page (`:target`). Absent: confirmation dialogs; what is dangerous asks on its own page.

use maud::{Markup, html};

use super::{Icon, Nav};

/// Renders a link that opens the dialog `id`; `class` is the button style (`btn` or `btn primary`).
pub fn opener(id: &str, class: &str, label: &str) -> Markup {
    html! { a class=(class) href=(format!("#{id}")) data-open=(id) aria-haspopup="dialog" { (label) } }
}

/// Renders a dialog titled `title`; `id` must be unique on the page. The body usually is a form.
pub fn dialog(id: &str, title: &str, body: &Markup) -> Markup {
    let heading = format!("{id}-title");
    html! {
        dialog id=(id) aria-labelledby=(heading) {
            header.dialog-head {
                h2 id=(heading) { (title) }
                a.quiet href="#" data-close="" { (Icon::Close) span.vh { "Close" } }
            }
            (body)
        }
    }
}

/// The keys of every page and what they do.
const KEYS: [(&[&str], &str); 7] = [
    (&["/"], "Search this page"),
    (&["Ctrl", "K"], "Find an account, a page or an action"),
    (&["j", "k"], "Next and previous line"),
    (&["Enter"], "Open the line"),
    (&["[", "]"], "Previous and next page"),
    (&["Shift", "←", "→"], "Move a card between lanes"),
    (&["?"], "This help"),
];

/// Renders the keyboard help; `entries` are the pages one may open.
pub(super) fn help(entries: &[Nav]) -> Markup {
    let keys = html! {
        dl.keys {
            @for (keys, meaning) in KEYS { div { dt { @for key in keys { kbd { (key) } " " } } dd { (meaning) } } }
            @for entry in entries { div { dt { kbd { "g" } " " kbd { (entry.key()) } } dd { "Go to " (entry.label()) } } }
        }
    };
    dialog("help", "Keyboard shortcuts", &keys)
}

/// Renders the empty command palette; `app.js` fills it from `/palette?q=`.
pub(super) fn palette() -> Markup {
    html! {
        dialog.palette #palette aria-label="Command palette" {
            input #palette-q type="search" autocomplete="off" spellcheck="false" placeholder="Account, page or action"
                aria-label="Find an account, a page or an action" role="combobox" aria-expanded="true"
                aria-controls="palette-list" aria-autocomplete="list";
            ul #palette-list role="listbox" aria-label="Results" {}
            p.muted.palette-hint { kbd { "↑" } " " kbd { "↓" } " choose · " kbd { "Enter" } " open · " kbd { "Esc" } " close" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opener_also_works_as_a_link_to_its_dialog() {
        let opener = opener("log", "btn", "Log touchpoint").into_string();
        assert!(opener.contains("href=\"#log\"") && opener.contains("data-open=\"log\""));
        let dialog = dialog("log", "Log a touchpoint", &html! { p { "…" } }).into_string();
        assert!(dialog.starts_with("<dialog id=\"log\" aria-labelledby=\"log-title\">"));
    }
}

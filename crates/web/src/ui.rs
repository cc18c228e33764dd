//! The components every page is built from.
//!
//! The nouns: the *shell* is the frame around a page (navigation, freshness, dialogs); a *fragment* is an element with
//! an id that the server can also send alone, so that `app.js` swaps it without losing focus, URL or Back; everything
//! else is a plain function from values to [`maud::Markup`]. The functions write classes, never styles, because the
//! content security policy forbids inline style and script; what a class looks like is `static/app.css`.
//!
//! Deliberately absent: state, database access, the clock (callers pass `today`), and any component that only works
//! with JavaScript. A menu is a `details`, a tab is a link, a dialog opener is a link to the dialog's own anchor.

pub mod board;
pub mod card;
pub mod dialog;
pub mod filter;
pub mod form;
pub mod format;
pub mod icon;
pub mod link;
pub mod notice;
pub mod pill;
pub mod shell;
pub mod table;
pub mod tabs;
pub mod timeline;

pub use icon::Icon;
pub use link::Link;
pub use shell::{Nav, Shell, shell};

#[cfg(test)]
mod tests {
    use report::palette::{HEAT_DARK, HEAT_LIGHT, contrast};

    const CSS: &str = include_str!("../static/app.css");

    /// The light and the dark value of a colour token.
    fn token(name: &str) -> [&'static str; 2] {
        let line = CSS.lines().find(|line| line.trim_start().starts_with(&format!("--{name}: light-dark("))).unwrap();
        let (light, dark) = line.split_once('(').unwrap().1.split_once(')').unwrap().0.split_once(", ").unwrap();
        [light, dark]
    }

    #[test]
    fn the_style_sheet_and_the_chart_kit_agree_on_the_heat_ramp() {
        for (step, expected) in HEAT_LIGHT.into_iter().zip(HEAT_DARK).enumerate() {
            assert_eq!(token(&format!("heat-{step}")), [expected.0, expected.1]);
        }
    }

    #[test]
    fn text_is_readable_on_everything_it_stands_on() {
        let pairs = [
            ("fg", "bg"),
            ("fg", "surface"),
            ("fg", "sunken"),
            ("muted", "bg"),
            ("muted", "surface"),
            ("muted", "sunken"),
            ("accent", "bg"),
            ("accent", "surface"),
            ("accent", "soft"),
            ("on-accent", "accent"),
            ("green", "surface"),
            ("green", "green-back"),
            ("yellow", "yellow-back"),
            ("red", "surface"),
            ("red", "red-back"),
            ("grey", "grey-back"),
            ("fg", "red-back"),
        ];
        for (text, ground) in pairs {
            for (text_value, ground_value) in token(text).into_iter().zip(token(ground)) {
                let ratio = contrast(text_value, ground_value);
                assert!(ratio >= 4.5, "--{text} on --{ground}: {ratio:.2}");
            }
        }
    }

    #[test]
    fn the_edge_of_a_control_is_visible() {
        for (edge, surface) in token("edge").into_iter().zip(token("surface")) {
            assert!(contrast(edge, surface) >= 3.0, "{edge} on {surface}");
        }
    }
}

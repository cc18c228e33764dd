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

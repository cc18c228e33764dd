//! The pages, one file each: what a path shows and what its forms do. A page
//! reads the book and the records through the filter it was given, and writes
//! through the store; it computes nothing itself.

pub mod account;
pub mod ctas;
pub mod definitions;
pub mod executive;
pub mod expansion;
mod faults;
pub mod forecast;
pub mod goals;
pub mod home;
pub mod lifetime;
pub mod merges;
pub mod portfolio;
pub mod readiness;
pub mod renewals;
pub mod revenue;
mod rows;
pub mod settings;
pub mod sources;

use axum::http::{HeaderMap, header};
use domain::Day;
use domain::access::{Action, Decision, authorize};
use domain::scorecard::Band;

use crate::gate::Access;
use crate::state::AppState;

/// Whether a page may offer an action. Offering is all this is for: the route of the action decides.
pub(crate) fn may(access: &Access, action: Action) -> bool {
    matches!(authorize(&access.actor, action), Decision::Allow(_))
}

/// Where this server is, as whoever asks reached it, for addresses that are copied elsewhere.
pub(crate) fn site(app: &AppState, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let given = app.settings.public_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
    given.unwrap_or_else(|| format!("http://{host}"))
}

/// The word of a band on screen.
pub(crate) fn band_label(band: Band) -> &'static str {
    match band {
        Band::Green => "Healthy",
        Band::Yellow => "Watch",
        Band::Red => "At risk",
        Band::Unknown => "Unknown",
    }
}

/// A large number in few characters: `1.2M`, `33k`, `410`.
pub(crate) fn compact(value: f64) -> String {
    let size = value.abs();
    let (unit, letter, decimals) = match size {
        _ if size >= 1e9 => (1e9, "B", 1),
        _ if size >= 1e6 => (1e6, "M", 1),
        _ if size >= 1e4 => (1e3, "k", 0),
        _ if size >= 1e3 => (1e3, "k", 1),
        _ => (1.0, "", 0),
    };
    // A round number of an axis, like 1.25M or 12.5k, is said exactly.
    let exact = |decimals: usize| (size / unit * 10_f64.powi(decimals as i32)).fract().abs() < 1e-9;
    let decimals = decimals + usize::from(unit > 1.0 && !exact(decimals) && exact(decimals + 1));
    let sign = if value < 0.0 { "−" } else { "" };
    format!("{sign}{:.decimals$}{letter}", size / unit)
}

/// The same with its sign, for changes.
pub(crate) fn compact_signed(value: f64) -> String {
    if value > 0.0 { format!("+{}", compact(value)) } else { compact(value) }
}

/// A month as charts label it: `Nov 26`.
pub(crate) fn month_label(day: Day) -> String {
    day.format("%b %y").to_string()
}

//! Whether a request that changes something was started by our own pages.
//!
//! Browsers say so themselves in `Sec-Fetch-Site`; those too old for it send `Origin` with every unsafe request. A
//! request with neither was not started by a website at all (a program, a test), so another website cannot have forged
//! it. Absent: tokens in forms, which these headers replace (OWASP CSRF cheat sheet, "Fetch Metadata").

use axum::http::{HeaderMap, header};

/// How a route is protected from being called by another website through a member's browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Csrf {
    /// It changes nothing: `GET`, `HEAD`, `OPTIONS`.
    Safe,
    /// It changes something, so a browser must say that our own page asks; callers with a key are not browsers.
    SameOrigin,
    /// Cookies count for nothing on it: the key is in the request itself.
    Keyed,
}

/// Whether the headers allow an unsafe request with a member's cookie.
pub fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("invalid"));
    match text(header::HeaderName::from_static("sec-fetch-site")) {
        Some(site) => matches!(site, "same-origin" | "none"),
        None => match (text(header::ORIGIN), text(header::HOST)) {
            (None, _) => true,
            (Some(origin), Some(host)) => {
                origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
            }
            (Some(_), None) => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn check(headers: &[(&'static str, &'static str)]) -> bool {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        same_origin(&headers.iter().map(pair).collect())
    }

    #[test]
    fn the_browser_is_believed_and_a_program_has_nothing_to_forge() {
        let host = ("host", "pomona.example:8443");
        assert!(check(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(check(&[host, ("sec-fetch-site", "none")]));
        assert!(!check(&[host, ("sec-fetch-site", "same-site")]));
        assert!(!check(&[host, ("sec-fetch-site", "cross-site")]));
        assert!(!check(&[host, ("sec-fetch-site", "cross-site"), ("origin", "https://pomona.example:8443")]));
        assert!(check(&[host, ("origin", "https://pomona.example:8443")]));
        assert!(!check(&[host, ("origin", "https://evil.example")]));
        assert!(!check(&[host, ("origin", "null")]));
        assert!(check(&[host]));
    }
}

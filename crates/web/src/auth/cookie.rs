//! The session cookie: its name, its attributes and how it is found again.
//!
//! Over HTTPS it is `__Host-pomona`, which a browser accepts only with `Secure`, without a domain and for the whole
//! site; over plain HTTP, meant for loopback, it is `pomona_session`. Neither script nor another site's form gets it
//! (`HttpOnly`, `SameSite=Lax`). Absent: signed or encrypted contents, as the value is an opaque secret.

use axum::http::{HeaderMap, HeaderValue, header};

use super::secret::Secret;

/// The cookie of one installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionCookie {
    /// Whether browsers reach us over HTTPS.
    pub https: bool,
}

impl SessionCookie {
    /// The cookie's name.
    pub const fn name(self) -> &'static str {
        if self.https { "__Host-pomona" } else { "pomona_session" }
    }

    /// The `Set-Cookie` value that begins a session of at most `seconds`.
    pub fn begin(self, secret: &Secret, seconds: i64) -> HeaderValue {
        self.header(secret.reveal(), seconds)
    }

    /// The `Set-Cookie` value that removes the cookie.
    pub fn end(self) -> HeaderValue {
        self.header("", 0)
    }

    /// The secret a request carries, if exactly one cookie of our name is there.
    ///
    /// Two of them mean that somebody planted one beside ours (cookie tossing), and neither is believed.
    pub fn find(self, headers: &HeaderMap) -> Option<&str> {
        let mut found = headers
            .get_all(header::COOKIE)
            .into_iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.name())
            .map(|(_, value)| value);
        let first = found.next();
        if found.next().is_some() { None } else { first }
    }

    fn header(self, value: &str, seconds: i64) -> HeaderValue {
        let secure = if self.https { "; Secure" } else { "" };
        let line = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}", self.name());
        // Our names and secrets are letters, digits, hyphens and underscores.
        HeaderValue::try_from(line).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| (header::COOKIE, HeaderValue::from_static(line))).collect()
    }

    #[test]
    fn https_gets_the_host_prefix() {
        assert_eq!(
            SessionCookie { https: true }.end(),
            "__Host-pomona=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure"
        );
        assert_eq!(SessionCookie { https: false }.end(), "pomona_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    }

    #[test]
    fn only_a_single_cookie_of_our_name_counts() {
        let cookie = SessionCookie { https: false };
        assert_eq!(cookie.find(&headers(&["theme=dark; pomona_session=abc"])), Some("abc"));
        assert_eq!(cookie.find(&headers(&["__Host-pomona=abc"])), None);
        assert_eq!(cookie.find(&headers(&["pomona_session=abc; pomona_session=def"])), None);
        assert_eq!(cookie.find(&headers(&["pomona_session=abc", "pomona_session=def"])), None);
    }
}

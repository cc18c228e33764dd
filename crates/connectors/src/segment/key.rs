//! Where clients put the write key. Basic with an empty password is Segment's way,
//! `X-Write-Key: key:secret` is Jitsu's, the query string is for beacons, and the
//! body comes last because anybody can read it there; a masked body key
//! (`key:***`) is no key.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

/// The parts of a request that can carry a write key.
#[derive(Debug, Clone, Copy, Default)]
pub struct Credentials<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The `X-Write-Key` header.
    pub x_write_key: Option<&'a str>,
    /// The query string, without its question mark.
    pub query: Option<&'a str>,
}

/// The write key of a request: from its headers, its query, or else its body.
pub fn write_key(credentials: &Credentials<'_>, body: Option<&str>) -> Option<String> {
    let header = credentials.authorization.and_then(authorization);
    let jitsu = || credentials.x_write_key.map(|value| value.split(':').next().unwrap_or(value)).and_then(plain);
    let query = || credentials.query.and_then(from_query);
    header.or_else(jitsu).or_else(query).or_else(|| body.and_then(plain))
}

/// A key that is neither blank nor masked.
pub(super) fn plain(key: &str) -> Option<String> {
    let key = key.trim();
    (!key.is_empty() && !key.contains("***") && key.len() <= 512).then(|| key.to_owned())
}

fn authorization(header: &str) -> Option<String> {
    let (scheme, value) = header.trim().split_once(' ')?;
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return plain(value);
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = STANDARD.decode(value).or_else(|_| STANDARD_NO_PAD.decode(value)).ok()?;
    let pair = String::from_utf8(bytes).ok()?;
    plain(pair.split(':').next().unwrap_or(&pair))
}

fn from_query(query: &str) -> Option<String> {
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| unescape(value))
    };
    ["writeKey", "write_key", "api_key"].iter().find_map(|name| plain(&value(name)?))
}

/// Undoes the percent-encoding of a form or a query; what is not UTF-8 becomes U+FFFD.
pub fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.as_bytes().iter();
    while let Some(&byte) = bytes.next() {
        let ahead = bytes.as_slice();
        let digit = |i: usize| ahead.get(i).and_then(|byte| char::from(*byte).to_digit(16));
        match (byte, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                bytes.nth(1);
            }
            (b'+', ..) => out.push(b' '),
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn basic(pair: &str) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    #[track_caller]
    fn check(
        authorization: Option<&str>,
        x_write_key: Option<&str>,
        query: Option<&str>,
        body: Option<&str>,
        key: Option<&str>,
    ) {
        let credentials = Credentials { authorization, x_write_key, query };
        assert_eq!(write_key(&credentials, body).as_deref(), key);
    }

    #[test]
    fn every_place_is_looked_into_in_order() {
        check(Some(&basic("wk_1:")), None, None, Some("body"), Some("wk_1"));
        check(Some(&basic("wk_1")), None, None, None, Some("wk_1"));
        check(Some("bearer wk_2"), None, None, None, Some("wk_2"));
        check(None, Some("wk_3:secret"), None, Some("wk_3:***"), Some("wk_3"));
        check(None, None, Some("v=1&writeKey=wk%5F4"), None, Some("wk_4"));
        check(None, None, None, Some("wk_5"), Some("wk_5"));
    }

    #[test]
    fn blank_masked_and_garbled_keys_are_none() {
        check(Some(&basic(":")), None, None, Some("wk"), Some("wk"));
        check(Some("Basic !!!"), None, None, None, None);
        check(Some("Digest x"), None, None, None, None);
        check(None, None, Some("writeKey="), Some("wk:***"), None);
    }

    proptest! {
        #[test]
        fn never_panics(header in any::<String>(), encoded in any::<Vec<u8>>(), query in "[a-z%0-9=&+]{0,30}") {
            for authorization in [header.clone(), format!("Basic {}", STANDARD.encode(&encoded)), format!("Basic {header}")] {
                let credentials = Credentials { authorization: Some(&authorization), x_write_key: Some(&header), query: Some(&query) };
                write_key(&credentials, Some(&header));
            }
        }
    }
}

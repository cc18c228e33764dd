//! Addresses of mail and of the web, and what they say about an account: their domain, unless anybody can have an
//! address there. The list is of free-mail providers, not of bad addresses; a person with such an address is somebody,
//! only not known to be somewhere. Deliberately absent: whether anything answers at an address.

use super::fault::shorten;

/// Domains where anybody can have an address, sorted.
const FREE_MAIL: [&str; 87] = [
    "126.com",
    "163.com",
    "aol.com",
    "aol.de",
    "arcor.de",
    "att.net",
    "bluewin.ch",
    "bol.com.br",
    "btinternet.com",
    "comcast.net",
    "duck.com",
    "fastmail.com",
    "free.fr",
    "freemail.hu",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.fr",
    "gmx.net",
    "googlemail.com",
    "hey.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.es",
    "hotmail.fr",
    "hotmail.it",
    "hushmail.com",
    "icloud.com",
    "inbox.ru",
    "laposte.net",
    "libero.it",
    "list.ru",
    "live.com",
    "live.de",
    "live.fr",
    "live.nl",
    "mac.com",
    "mail.com",
    "mail.ru",
    "mailbox.org",
    "me.com",
    "msn.com",
    "naver.com",
    "o2.pl",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "outlook.fr",
    "pm.me",
    "posteo.de",
    "proton.me",
    "protonmail.ch",
    "protonmail.com",
    "qq.com",
    "rediffmail.com",
    "rocketmail.com",
    "sbcglobal.net",
    "seznam.cz",
    "sfr.fr",
    "t-online.de",
    "telia.com",
    "tuta.com",
    "tutanota.com",
    "uol.com.br",
    "verizon.net",
    "virgilio.it",
    "wanadoo.fr",
    "web.de",
    "wp.pl",
    "yahoo.ca",
    "yahoo.co.in",
    "yahoo.co.jp",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.com.br",
    "yahoo.de",
    "yahoo.es",
    "yahoo.fr",
    "yahoo.it",
    "yandex.com",
    "yandex.ru",
    "ymail.com",
    "zoho.com",
];

/// The domain of an address, in lower case, unless it is one of a free-mail provider.
pub fn business_domain(address: &str) -> Option<String> {
    let domain = address.rsplit_once('@')?.1.trim().to_lowercase();
    let is_domain = domain.contains('.') && domain.len() <= 253 && !domain.contains(char::is_whitespace);
    (is_domain && !is_free(&domain)).then_some(domain)
}

/// A mail address in lower case; `None` where the text is none.
pub fn address(text: &str) -> Option<String> {
    let (local, host) = text.split_once('@')?;
    let blank =
        |part: &str| part.is_empty() || part.contains(|c: char| c.is_whitespace() || c.is_control() || c == '@');
    (!blank(local) && !blank(host) && text.len() <= 254).then(|| text.to_lowercase())
}

/// Why a text is no web domain of an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoDomain {
    /// It names no host that a company could own.
    #[error("`{0}` is not a web domain like example.com")]
    NotAHost(String),
    /// Anybody can have a mail address there.
    #[error(
        "`{0}` gives a mail address to anybody, so it says nothing about who an account is: write the company's own domain, \
         or none"
    )]
    FreeMail(String),
}

/// The web domain that an address of a page, of a person or a bare name speaks of: its host in lower case, without
/// `www.`, port and path.
pub fn web_domain(text: &str) -> Result<String, NoDomain> {
    let host = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or(host);
    let host = host.rsplit('@').next().unwrap_or(host).split(':').next().unwrap_or(host);
    let host = host.trim_end_matches('.').to_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    let is_label = |label: &str| {
        let known = label.chars().all(|letter| letter.is_alphanumeric() || letter == '-');
        known && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    let last = host.rsplit_once('.').map(|(_, last)| last);
    let is_name = last.is_some_and(|last| last.len() > 1 && last.chars().any(char::is_alphabetic));
    if !is_name || host.len() > 253 || !host.split('.').all(is_label) {
        return Err(NoDomain::NotAHost(shorten(text, 80).to_owned()));
    }
    if is_free(host) {
        return Err(NoDomain::FreeMail(host.to_owned()));
    }
    Ok(host.to_owned())
}

/// Whether anybody can have an address at this domain.
pub fn is_free(domain: &str) -> bool {
    FREE_MAIL.binary_search(&domain).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_company_has_a_domain_and_free_mail_says_nothing() {
        assert!(FREE_MAIL.is_sorted());
        assert_eq!(business_domain("Ann@Acme.test").as_deref(), Some("acme.test"));
        assert_eq!(business_domain("ann@gmail.com"), None);
        assert_eq!(business_domain("not an address"), None);
        assert_eq!(address("Ann@Acme.test").as_deref(), Some("ann@acme.test"));
        assert_eq!((address("ann at acme"), address("@acme.test"), address("a@b@c")), (None, None, None));
    }

    #[test]
    fn a_web_domain_is_the_name_of_a_host_that_a_company_owns() {
        for (text, domain) in [
            ("https://WWW.Acme.test/about?x=1", "acme.test"),
            ("acme.test:8443", "acme.test"),
            ("Ann@eu.acme.test", "eu.acme.test"),
            ("Bücher.de.", "bücher.de"),
        ] {
            assert_eq!(web_domain(text).as_deref(), Ok(domain), "{text}");
        }
        for text in ["", "acme", "not a domain", "n/a", "-.test", "acme..test", "192.168.0.1", "acme.1", "a_b.test"] {
            assert!(matches!(web_domain(text), Err(NoDomain::NotAHost(_))), "{text}");
        }
        assert_eq!(web_domain("https://www.GMail.com"), Err(NoDomain::FreeMail("gmail.com".to_owned())));
    }
}

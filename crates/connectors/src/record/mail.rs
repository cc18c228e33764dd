//! Addresses of mail and of the web, and what they say about an account: their domain, unless anybody can have an
//! address there. The list is of free-mail providers, not of bad addresses; a person with such an address is somebody,
//! only not known to be somewhere. Deliberately absent: whether anything answers at an address.

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

/// The host of a web address, without `www.`.
pub fn host(text: &str) -> &str {
    let host = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or(host);
    let host = host.rsplit('@').next().unwrap_or(host);
    host.strip_prefix("www.").unwrap_or(host)
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
        assert_eq!(host("https://www.acme.test/about?x=1"), "acme.test");
    }
}

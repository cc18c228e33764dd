//! What a mail address says about an account: its domain, unless anybody can have an address there. The list is of
//! free-mail providers, not of bad addresses; a person with such an address is somebody, only not known to be
//! somewhere.

/// Domains where anybody can have an address, sorted.
const FREE_MAIL: [&str; 32] = [
    "126.com",
    "163.com",
    "aol.com",
    "fastmail.com",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hey.com",
    "hotmail.co.uk",
    "hotmail.com",
    "icloud.com",
    "laposte.net",
    "libero.it",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "orange.fr",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "t-online.de",
    "web.de",
    "yahoo.com",
];

/// The domain of an address, in lower case, unless it is one of a free-mail provider.
pub fn business_domain(address: &str) -> Option<String> {
    let domain = address.rsplit_once('@')?.1.trim().to_lowercase();
    let is_domain = domain.contains('.') && domain.len() <= 253 && !domain.contains(char::is_whitespace);
    (is_domain && !is_free(&domain)).then_some(domain)
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
    }
}

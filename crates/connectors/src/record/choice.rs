//! Closed lists of words, each with the words other systems use for it. A word
//! nobody listed is refused with the list, never guessed.

use super::field::normal_header;

/// One word of a closed list.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// The word we store.
    pub word: &'static str,
    /// What other systems call it, without case, spaces and punctuation.
    pub aliases: &'static [&'static str],
}

const fn choice(word: &'static str, aliases: &'static [&'static str]) -> Choice {
    Choice { word, aliases }
}

/// The word of `choices` that `text` means.
pub(super) fn find(choices: &[Choice], text: &str) -> Option<&'static str> {
    let wanted = normal_header(text);
    choices
        .iter()
        .find(|choice| normal_header(choice.word) == wanted || choice.aliases.contains(&wanted.as_str()))
        .map(|choice| choice.word)
}

/// What an account is.
pub(super) const ACCOUNT_KIND: &[Choice] = &[
    choice("customer", &["company", "organization", "organisation", "account"]),
    choice("site", &["location", "branch", "standort"]),
    choice("product_instance", &["instance", "workspace", "tenant"]),
];

/// Whether an account is with us.
pub(super) const ACCOUNT_STATUS: &[Choice] = &[
    choice("active", &["customer", "live", "aktiv"]),
    choice("churned", &["canceled", "cancelled", "inactive", "lost", "former", "gekündigt"]),
    choice("prospect", &["lead", "trial", "opportunity"]),
];

/// Where an account is in its life.
pub(super) const STAGE: &[Choice] = &[
    choice("onboarding", &["implementation", "kickoff"]),
    choice("adoption", &["adopting", "value"]),
    choice("expansion", &["growth", "grow"]),
    choice("renewal", &["renewing"]),
];

/// What a contact is to us.
pub(super) const CONTACT_ROLE: &[Choice] = &[
    choice("sponsor", &["executivesponsor", "exec", "executive"]),
    choice("champion", &["advocate"]),
    choice("economic_buyer", &["buyer", "budgetholder"]),
    choice("decision_maker", &["entscheider"]),
    choice("admin", &["administrator", "owner"]),
    choice("power_user", &["superuser", "keyuser"]),
    choice("user", &["enduser", "member", "benutzer", "anwender"]),
    choice("detractor", &["blocker"]),
    choice("procurement", &["purchasing", "einkauf"]),
];

/// How a line is counted.
pub(super) const UNIT: &[Choice] = &[
    choice("seat", &["seats", "user", "users", "license", "licenses"]),
    choice("flat", &["fixed", "once", "package"]),
    choice("use_case", &["usecases", "application", "applications"]),
    choice("organisation", &["organization", "organisations", "organizations", "site", "sites", "team", "teams"]),
];

/// How a line is charged.
pub(super) const CHARGE: &[Choice] = &[
    choice("recurring", &["licensed", "fixed", "subscription", "wiederkehrend"]),
    choice("committed_usage", &["commitment", "committed", "minimum"]),
    choice("usage", &["metered", "overage", "consumption", "verbrauch"]),
    choice("one_off", &["once", "onetime", "setup", "service", "services", "einmalig"]),
    choice("refund", &["credit", "creditnote", "gutschrift"]),
    choice("trial", &["free", "pilot", "test"]),
];

/// How urgent a ticket is.
pub(super) const PRIORITY: &[Choice] = &[
    choice("low", &["niedrig", "minor", "p4"]),
    choice("normal", &["medium", "mittel", "p3", "notpriority"]),
    choice("high", &["hoch", "major", "priority", "p2"]),
    choice("urgent", &["critical", "dringend", "blocker", "p1"]),
];

/// What we did.
pub(super) const TOUCHPOINT_KIND: &[Choice] = &[
    choice("call", &["phone", "anruf", "telefonat"]),
    choice("meeting", &["appointment", "termin", "demo", "workshop"]),
    choice("email", &["mail", "emailmessage"]),
    choice("note", &["notiz", "comment", "update"]),
    choice("qbr", &["ebr", "businessreview", "quarterlybusinessreview"]),
];

/// Who started it.
pub(super) const DIRECTION: &[Choice] = &[
    choice("inbound", &["incoming", "in", "received"]),
    choice("outbound", &["outgoing", "out", "sent"]),
    choice("internal", &["intern"]),
];

/// What a survey asked.
pub(super) const SURVEY_KIND: &[Choice] = &[
    choice("nps", &["netpromoterscore"]),
    choice("csat", &["satisfaction"]),
    choice("ces", &["effort", "customereffortscore"]),
];

/// What kind of value an objective is about.
pub(super) const OBJECTIVE_KIND: &[Choice] = &[
    choice("performance", &["adoption", "efficiency", "productivity"]),
    choice("cost", &["costs", "savings", "kosten"]),
    choice("risk", &["compliance", "security", "risiko"]),
    choice("revenue", &["growth", "sales", "umsatz"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_other_systems_are_understood_and_strangers_are_not() {
        assert_eq!(find(PRIORITY, "Critical"), Some("urgent"));
        assert_eq!(find(CONTACT_ROLE, "Economic Buyer"), Some("economic_buyer"));
        assert_eq!(find(TOUCHPOINT_KIND, "QBR"), Some("qbr"));
        assert_eq!(find(UNIT, "bananas"), None);
        assert_eq!(find(UNIT, ""), None);
    }
}

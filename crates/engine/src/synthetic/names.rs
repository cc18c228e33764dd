//! Names of companies and people, composed from parts of our own: no real organisation is meant, and every domain ends
//! in `.example`, which nobody can register. Company names never repeat; people may share a name, as people do.

use super::profile::Industry;
use super::stream::Stream;

const FIRST_PARTS: [&str; 30] = [
    "Al", "Bel", "Cor", "Dar", "El", "Fen", "Gal", "Hal", "Iso", "Jun", "Kel", "Lor", "Mar", "Nor", "Oro", "Pel",
    "Quin", "Ros", "Sal", "Tav", "Umbra", "Ver", "Wen", "Yar", "Zan", "Bran", "Cas", "Dun", "Har", "Tor",
];
const MIDDLE_PARTS: [&str; 14] = ["da", "vi", "ro", "le", "mi", "no", "ta", "ka", "be", "si", "lu", "ra", "en", "o"];
const LAST_PARTS: [&str; 14] =
    ["ford", "via", "nix", "mont", "wick", "dale", "lis", "stad", "vane", "mark", "holm", "quay", "rin", "field"];

const TECHNOLOGY: [&str; 6] = ["Software", "Systems", "Labs", "Cloud", "Robotics", "Networks"];
const FINANCE: [&str; 6] = ["Capital", "Credit Union", "Insurance", "Bank", "Leasing", "Payments"];
const HEALTH: [&str; 6] = ["Health", "Clinics", "Diagnostics", "Care", "Hospitals", "Therapeutics"];
const COMMERCE: [&str; 6] = ["Outfitters", "Market", "Goods", "Home", "Foods", "Cycles"];

const GIVEN_NAMES: [&str; 72] = [
    "Aisha", "Alba", "Amara", "Anders", "Anjali", "Arif", "Astrid", "Bao", "Beatriz", "Bram", "Camille", "Carlos",
    "Chiara", "Chloe", "Daniel", "Daria", "David", "Deepa", "Diego", "Elena", "Elif", "Emeka", "Emma", "Erik", "Farah",
    "Felix", "Fiona", "Gabriel", "Grace", "Hana", "Henrik", "Ines", "Ivan", "James", "Jin", "Jonas", "Kavya", "Keiko",
    "Kofi", "Laila", "Lars", "Laura", "Lena", "Liam", "Lucia", "Maja", "Marco", "Maria", "Mateo", "Mei", "Mina",
    "Nadia", "Naomi", "Nikhil", "Noah", "Nora", "Olga", "Omar", "Paula", "Priya", "Rafael", "Rosa", "Ruth", "Samir",
    "Sofia", "Sven", "Tariq", "Tomas", "Victor", "Yara", "Yusuf", "Zoe",
];
const FAMILY_NAMES: [&str; 88] = [
    "Abe", "Acosta", "Adeyemi", "Ahmed", "Almeida", "Andersen", "Antunes", "Bakker", "Banerjee", "Barros", "Bauer",
    "Becker", "Berg", "Bergman", "Blanc", "Brandt", "Brennan", "Calder", "Campos", "Castel", "Chen", "Costa", "Dahl",
    "Demir", "Diaz", "Dubois", "Duran", "Ekberg", "Eriksen", "Farrell", "Ferran", "Fischer", "Fontaine", "Friis",
    "Gallo", "Garrido", "Ghosh", "Haddad", "Hassan", "Hayashi", "Ibarra", "Iyer", "Jansen", "Kamara", "Kaplan",
    "Keller", "Kessler", "Kim", "Larsen", "Leclerc", "Lindholm", "Lorenz", "Mahler", "Mbeki", "Mensah", "Moreau",
    "Moreno", "Morita", "Navarro", "Nguyen", "Novak", "Nyberg", "Okafor", "Okonkwo", "Oliveira", "Park", "Petrov",
    "Quinn", "Raman", "Reyes", "Rinaldi", "Rosen", "Saito", "Sandoval", "Santos", "Silva", "Sorensen", "Tanaka",
    "Torres", "Varga", "Vidal", "Vogel", "Weiss", "Winter", "Wood", "Yildiz", "Zhang", "Zimmer",
];

/// The name of the `nth` company of an industry, different for every `nth`.
pub(super) fn company(industry: Industry, nth: usize, seed: u64) -> String {
    let suffixes = match industry {
        Industry::Technology => TECHNOLOGY,
        Industry::FinancialServices => FINANCE,
        Industry::Healthcare => HEALTH,
        Industry::Ecommerce => COMMERCE,
    };
    let all = FIRST_PARTS.len() * MIDDLE_PARTS.len() * LAST_PARTS.len() * suffixes.len();
    // A step without a common divisor with `all` visits every combination once before it repeats.
    let start = (seed % all as u64) as usize;
    let index = (nth % all * STEP + start + industry as usize * 1_009) % all;
    let (index, suffix) = (index / suffixes.len(), suffixes[index % suffixes.len()]);
    let (index, last) = (index / LAST_PARTS.len(), LAST_PARTS[index % LAST_PARTS.len()]);
    let middle = MIDDLE_PARTS[index % MIDDLE_PARTS.len()];
    let first = FIRST_PARTS[index / MIDDLE_PARTS.len()];
    let name = format!("{first}{middle}{last} {suffix}");
    match nth / all {
        0 => name,
        round => format!("{name} {}", round + 1),
    }
}

/// Shares no divisor with 30 × 14 × 14 × 6.
const STEP: usize = 20_011;

/// The domain of a company: its name in lower case with dashes.
pub(super) fn domain(company: &str) -> String {
    format!("{}.example", company.to_lowercase().replace(' ', "-"))
}

/// The full name of a person.
pub(super) fn person(stream: &mut Stream) -> String {
    let given = stream.pick(&GIVEN_NAMES);
    let family = stream.pick(&FAMILY_NAMES);
    format!("{given} {family}")
}

/// The first name of a full name.
pub(super) fn given(name: &str) -> &str {
    name.split(' ').next().unwrap_or(name)
}

/// The mail address of a person at a domain.
pub(super) fn email(name: &str, domain: &str) -> String {
    format!("{}@{domain}", name.to_lowercase().replace(' ', "."))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::stream::Topic;
    use super::*;

    #[test]
    fn company_names_never_repeat() {
        let count = 40_000;
        let names: BTreeSet<String> = [Industry::Healthcare, Industry::Technology]
            .into_iter()
            .flat_map(|industry| (0..count).map(move |nth| company(industry, nth, 5)))
            .collect();
        assert_eq!(names.len(), 2 * count);
    }

    #[test]
    fn addresses_cannot_be_real() {
        let name = person(&mut Stream::new(1, Topic::People, 1, 0));
        let address = email(&name, &domain("Beltavia Credit Union"));
        assert!(address.ends_with("@beltavia-credit-union.example"), "{address}");
        assert!(address.starts_with(&given(&name).to_lowercase()));
    }
}

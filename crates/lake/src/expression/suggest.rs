//! The nearest known name to a misspelt one, by Levenshtein's edit distance
//! (V. I. Levenshtein, 1966).

/// Returns the known name nearest to `name`, if it is near enough to be meant.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let tolerated = (name.chars().count() / 3).max(2);
    let near = known.map(|candidate| (distance(name, candidate), candidate));
    near.filter(|(distance, _)| *distance <= tolerated).min().map(|(_, candidate)| candidate)
}

/// Insertions, deletions and substitutions that turn one word into another.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, other) in to.iter().enumerate() {
            let substituted = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = substituted.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_textbook() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("health", "health"), 0);
    }

    #[test]
    fn only_near_names_are_suggested() {
        let known = ["health", "arr", "days_to_renewal"];
        assert_eq!(nearest("helth", known.into_iter()), Some("health"));
        assert_eq!(nearest("day_to_renewals", known.into_iter()), Some("days_to_renewal"));
        assert_eq!(nearest("sentiment", known.into_iter()), None);
    }
}

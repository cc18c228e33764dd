//! Definitions are files: metrics, scorecards, signal rules and playbooks are
//! typed TOML. This module reads one and, when it is wrong, says in which file,
//! line and column, and what to do. It does not find files; text is passed in.

use std::fmt;

use serde::de::DeserializeOwned;

/// What is wrong with a definition, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionError {
    /// The file as the reader knows it.
    pub file: String,
    /// 1-based line, where one is known.
    pub line: Option<usize>,
    /// 1-based column in characters, where one is known.
    pub column: Option<usize>,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for DefinitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(column) = self.column {
            write!(f, ":{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for DefinitionError {}

/// Reads one definition file, refusing fields it does not know.
pub fn read<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, DefinitionError> {
    toml::from_str(text).map_err(|error| {
        let position = error.span().map(|span| position(text, span.start));
        DefinitionError {
            file: file.to_owned(),
            line: position.map(|(line, _)| line),
            column: position.map(|(_, column)| column),
            message: error.message().to_owned(),
        }
    })
}

/// An error about a word in a definition: located where the word first stands in quotes.
pub fn error_at(file: &str, text: &str, word: &str, message: String) -> DefinitionError {
    let position = text.find(&format!("\"{word}\"")).map(|offset| position(text, offset + 1));
    DefinitionError {
        file: file.to_owned(),
        line: position.map(|(line, _)| line),
        column: position.map(|(_, column)| column),
        message,
    }
}

/// The known word nearest to a misspelt one, for "did you mean".
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (edits(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 2 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

/// 1-based line and column of a byte offset.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// Levenshtein distance in characters.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substitution = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substitution.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[expect(dead_code, reason = "only its type is checked")]
        weight: f64,
    }

    #[test]
    fn errors_name_the_place() {
        let error = read::<Sample>("card.toml", "# a card\nweight = \"much\"\n").unwrap_err();
        assert_eq!((error.line, error.column), (Some(2), Some(10)));
        assert!(error.to_string().starts_with("card.toml:2:10: "), "{error}");
    }

    #[test]
    fn misspelt_words_find_their_neighbour() {
        let known = ["active_users_28d", "arr", "days_to_renewal"];
        assert_eq!(nearest("activ_users_28", known), Some("active_users_28d"));
        assert_eq!(nearest("zzzzzzzzzz", known), None);
    }
}

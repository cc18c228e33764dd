//! Where in its text an expression is wrong, and how to say so: a message, a hint
//! when there is a likely remedy, and the place as offset and as line and column,
//! so that a page can underline it and a terminal can point at it. The parser counts
//! characters from one; everything that leaves here also counts bytes from zero.

use datafusion::sql::sqlparser::ast::Spanned;
use datafusion::sql::sqlparser::tokenizer::{Location, Span};

/// An expression is not allowed, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}", hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default())]
pub struct ExpressionError {
    /// What is wrong.
    pub message: String,
    /// What to write instead, when that is likely.
    pub hint: Option<String>,
    /// First byte of the offending text.
    pub offset: usize,
    /// Bytes of the offending text; zero at the end of the expression.
    pub length: usize,
    /// Line of the offending text, counted from one.
    pub line: usize,
    /// Character within the line, counted from one.
    pub column: usize,
}

impl ExpressionError {
    /// Draws the offending line with a caret below each offending character.
    pub fn caret(&self, text: &str) -> String {
        let line = text.lines().nth(self.line - 1).unwrap_or_default();
        let marked = text.get(self.offset..self.offset + self.length).unwrap_or_default();
        let width = marked.lines().next().map_or(0, |first| first.chars().count()).max(1);
        format!("{line}\n{}{}", " ".repeat(self.column - 1), "^".repeat(width))
    }

    #[must_use]
    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The whole expression is at fault.
pub(super) fn whole(text: &str, message: impl Into<String>) -> ExpressionError {
    at_offset(text, 0, text.len(), message)
}

/// The text an expression was parsed from is at fault.
pub(super) fn at(text: &str, node: &impl Spanned, message: impl Into<String>) -> ExpressionError {
    at_span(text, node.span(), message)
}

pub(super) fn at_span(text: &str, span: Span, message: impl Into<String>) -> ExpressionError {
    if span == Span::empty() {
        return whole(text, message);
    }
    let (start, end) = (offset_of(text, span.start), offset_of(text, span.end));
    at_offset(text, start, end.saturating_sub(start), message)
}

pub(super) fn at_location(text: &str, location: Location, message: impl Into<String>) -> ExpressionError {
    let start = offset_of(text, location);
    let word = text[start..].find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len() - start);
    let first = text[start..].chars().next().map_or(0, char::len_utf8);
    at_offset(text, start, word.max(first), message)
}

fn at_offset(text: &str, offset: usize, length: usize, message: impl Into<String>) -> ExpressionError {
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    ExpressionError {
        message: message.into(),
        hint: None,
        offset,
        length,
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
    }
}

/// The byte at a line and column, both counted from one; the end of the text for places outside it.
fn offset_of(text: &str, location: Location) -> usize {
    let Some(line) = location.line.checked_sub(1) else { return text.len() };
    let mut start = 0;
    for _ in 0..line {
        match text[start..].find('\n') {
            Some(newline) => start += newline + 1,
            None => return text.len(),
        }
    }
    let skipped = usize::try_from(location.column.saturating_sub(1)).unwrap_or(usize::MAX);
    text[start..].char_indices().nth(skipped).map_or(text.len(), |(offset, _)| start + offset)
}

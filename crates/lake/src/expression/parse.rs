//! From text to a syntax tree, with the SQL parser queries are read with. Its limits
//! come first: a text too long or too deep is refused before anything walks it.

use datafusion::sql::sqlparser::ast::Expr;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Location, Token, Tokenizer};

use super::place::{self, ExpressionError};
use super::{MAX_BYTES, MAX_DEPTH};

/// Parses one whole expression.
pub(super) fn parse(text: &str) -> Result<Expr, ExpressionError> {
    if text.trim().is_empty() {
        return Err(place::whole(text, "the expression is empty").with_hint("write a condition such as health < 50"));
    }
    if text.len() > MAX_BYTES {
        return Err(place::whole(text, format!("the expression is longer than {MAX_BYTES} bytes")));
    }
    let dialect = GenericDialect {};
    let tokens = Tokenizer::new(&dialect, text).tokenize_with_location();
    let tokens = tokens.map_err(|error| place::at_location(text, error.location, lower_first(&error.message)))?;
    let mut parser = Parser::new(&dialect).with_recursion_limit(MAX_DEPTH).with_tokens_with_locations(tokens);
    let parsed = parser.parse_expr().map_err(|error| explain(text, error))?;
    let rest = parser.peek_token();
    match rest.token {
        Token::EOF => Ok(parsed),
        token => {
            let error = place::at_span(text, rest.span, format!("the expression ends before {token}"));
            let is_word = matches!(token, Token::Word(_));
            Err(if is_word { error.with_hint("join conditions with and or or") } else { error })
        }
    }
}

fn explain(text: &str, error: ParserError) -> ExpressionError {
    match error {
        ParserError::RecursionLimitExceeded => {
            place::whole(text, format!("the expression is nested deeper than {MAX_DEPTH} levels"))
        }
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => {
            let (message, location) = split_location("expression", &message);
            match location {
                Some(location) => place::at_location(text, location, message),
                None => place::at_location(text, Location::empty(), message),
            }
        }
    }
}

/// What a parser found wrong with a statement, and where.
pub(crate) fn said(error: &ParserError) -> String {
    let (ParserError::TokenizerError(message) | ParserError::ParserError(message)) = error else {
        return "the statement is nested too deeply".to_owned();
    };
    match split_location("statement", message) {
        (said, Some(place)) => format!("{said}, at line {}, column {}", place.line, place.column),
        (said, None) => said,
    }
}

/// The parser writes the place at the end of its message: `... at Line: 1, Column: 9`.
fn split_location(what: &str, message: &str) -> (String, Option<Location>) {
    let Some((said, place)) = message.rsplit_once(" at Line: ") else { return (phrase(what, message), None) };
    let location = place
        .split_once(", Column: ")
        .and_then(|(line, column)| Some(Location::new(line.trim().parse().ok()?, column.trim().parse().ok()?)));
    (phrase(what, said), location)
}

/// Says what was found where something else was expected, without the parser's capitals.
fn phrase(what: &str, message: &str) -> String {
    match message.strip_prefix("Expected: ").and_then(|rest| rest.rsplit_once(", found: ")) {
        Some((expected, "EOF")) => format!("the {what} ends where {expected} was expected"),
        Some((expected, found)) => format!("expected {expected}, found {found}"),
        None => lower_first(message),
    }
}

fn lower_first(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

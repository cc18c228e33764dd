//! From the errors of the other crates to what the reader is told.
//!
//! Only errors whose author is the reader (an expression, a statement, a file) are shown; a busy or absent dependency is
//! named with a time to try again; everything else is ours, told without its text and logged with its whole chain.

use std::error::Error;

use axum::http::StatusCode;
use engine::EngineError;
use engine::import::{ImportError, SqlError};
use lake::expression::ExpressionError;
use lake::{FrameError, QueryError};
use store::StoreError;
use store::account_merge::MergeError;
use store::foreign::{ForeignError, Part};

use super::Problem;
use crate::auth::link::LinkError;
use crate::auth::password::PasswordError;
use crate::auth::secret::NoRandomness;
use crate::auth::token::TokenError;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { .. } => Self::not_found(),
            StoreError::Busy => Self::unavailable("Too many are writing at this moment. Nothing was changed.", 1),
            StoreError::Unreachable(_) => {
                Self::unavailable("The database does not answer. Nothing was changed.", 5).because(error)
            }
            StoreError::Conflict { .. } => {
                Self::conflict("Something with the same identity is there already, or what this refers to is not.")
            }
            StoreError::Lost { .. } => Self::conflict("Somebody else changed this at the same moment; look again."),
            error => Self::internal(error),
        }
    }
}

impl From<ExpressionError> for Problem {
    fn from(error: ExpressionError) -> Self {
        let problem =
            Self::refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "The expression cannot be understood.");
        let problem = problem.field("expression", error.message, Some(error.offset));
        match error.hint {
            Some(hint) => problem.advise(hint),
            None => problem,
        }
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Refused { message } => Self::invalid("sql", message),
            QueryError::TooLarge { .. } => Self::invalid("sql", error.to_string()),
            QueryError::Failed { .. } => Self::internal(error),
        }
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Store(error) => error.into(),
            EngineError::Expression(error) => error.into(),
            EngineError::Query(error) => error.into(),
            error => Self::internal(error),
        }
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Engine(error) => error.into(),
            ImportError::UnderWay | ImportError::Stopped { .. } => Self::conflict(sentence(&error)),
            ImportError::Key(sentences) => Self::invalid("rules", sentences),
            ImportError::Object(_) => Self::not_found().advise(sentence(&error)),
            error => Self::invalid("file", sentence(&error)).because(error),
        }
    }
}

impl From<SqlError> for Problem {
    fn from(error: SqlError) -> Self {
        match error {
            SqlError::NotSql => Self::conflict("This source reads no database."),
            SqlError::Import(error) => error.into(),
            SqlError::Engine(error) => error.into(),
            SqlError::Foreign(error) => {
                let field = match &error {
                    ForeignError::Statement(_) | ForeignError::Query(_) => "query",
                    ForeignError::Column { part: Part::Key, .. } => "keys",
                    ForeignError::Column { part: Part::Cursor, .. } => "cursor",
                    _ => "url",
                };
                Self::invalid(field, sentence(&error))
            }
        }
    }
}

impl From<engine::merge::Error> for Problem {
    fn from(error: engine::merge::Error) -> Self {
        match error {
            engine::merge::Error::Engine(error) => error.into(),
            engine::merge::Error::Refused(MergeError::Store(error)) => error.into(),
            engine::merge::Error::Refused(error) => Self::conflict(sentence(&error)),
        }
    }
}

impl From<PasswordError> for Problem {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::rate_limited(3),
            PasswordError::Stopping(_) => Self::unavailable("The server is stopping.", 5).because(error),
            PasswordError::TooShort | PasswordError::TooLong => Self::invalid("password", sentence(&error)),
            PasswordError::Broken(_) => Self::internal(error),
        }
    }
}

/// An error as a sentence for the reader: a capital first, a full stop last.
fn sentence(error: &impl Error) -> String {
    let text = error.to_string();
    let mut letters = text.trim_end_matches('.').chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Store(error) => error.into(),
            LinkError::Randomness(error) => error.into(),
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Store(error) => error.into(),
            TokenError::Randomness(error) => error.into(),
        }
    }
}

impl From<NoRandomness> for Problem {
    fn from(error: NoRandomness) -> Self {
        Self::internal(error)
    }
}

impl From<FrameError> for Problem {
    fn from(error: FrameError) -> Self {
        Self::internal(error)
    }
}

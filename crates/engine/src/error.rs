//! What can go wrong in the engine. Errors keep their source; whoever shows one
//! to a person prints the chain.

use domain::definition::DefinitionError;
use lake::{FrameError, LakeError, QueryError, expression::ExpressionError};
use store::StoreError;

use crate::{definitions::DefinitionsError, vault::VaultError};

/// Why the engine could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The home folder cannot be used.
    #[error("cannot use the home folder {path}: make it a folder that this user may write")]
    Home {
        /// The folder.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The lake failed.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// A query failed.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A table has not the expected shape.
    #[error("a table does not have the columns it should have")]
    Frame(#[from] FrameError),
    /// An expression is wrong.
    #[error(transparent)]
    Expression(#[from] ExpressionError),
    /// A definition is wrong.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// The definitions of a home cannot be used.
    #[error(transparent)]
    Definitions(#[from] DefinitionsError),
    /// A stored plan cannot be read back.
    #[error("step {step} holds a plan that this version cannot read")]
    Plan {
        /// The step.
        step: i64,
        /// Why.
        source: serde_json::Error,
    },
    /// Something that is to be kept cannot be written as JSON.
    #[error("{what} cannot be written down")]
    Kept {
        /// What.
        what: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// A secret cannot be sealed or opened.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A blocking task died.
    #[error("background work ended early")]
    Interrupted(#[from] tokio::task::JoinError),
}

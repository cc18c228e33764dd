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
    /// There is no home where a command looks for one.
    #[error("there is no home at {path}: say where it is with --home, or begin one there with `pomona serve`")]
    NoHome {
        /// The folder.
        path: String,
    },
    /// Another process serves the home.
    #[error("another Pomona{} serves the home {path}: stop it, or choose another folder with --home", named(*.process))]
    Served {
        /// The folder.
        path: String,
        /// The other process, if it says.
        process: Option<u32>,
    },
    /// A home in which something is to begin is not empty.
    #[error(
        "the home {path} holds data, and no demo that was made to its end: choose an empty folder, or serve what is there with `pomona serve`"
    )]
    Occupied {
        /// The folder.
        path: String,
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

fn named(process: Option<u32>) -> String {
    process.map_or_else(String::new, |process| format!(" (process {process})"))
}

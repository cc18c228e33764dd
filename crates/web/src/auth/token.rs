//! API tokens: made once, shown once, kept as a hash.
//!
//! A token acts as the member it belongs to, within its scopes; the gate reads both with each request. Absent: refresh
//! tokens, and any way to see a token again.

use domain::Instant;
use domain::access::Scope;
use store::{Store, StoreError, Token, token};

use super::secret::{self, NoRandomness, Secret};

/// What a new token is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// What people call it.
    pub name: String,
    /// As whom it acts.
    pub member_id: i64,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// When it stops working by itself.
    pub expires_at: Option<Instant>,
}

/// Why a token could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// It could not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a token; the secret is in the answer and nowhere else.
pub async fn issue(store: &Store, new: NewToken, now: Instant) -> Result<(Token, Secret), TokenError> {
    let secret = secret::api_token()?;
    let scopes = new.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>();
    let row = Token {
        id: 0,
        name: new.name,
        token_hash: secret.hash(),
        prefix: secret.shown_prefix(),
        scopes: scopes.into(),
        member_id: new.member_id,
        created_at: now,
        expires_at: new.expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    let kept: Result<Token, StoreError> = store.write(async |tx| token::insert(tx, row).await).await;
    Ok((kept?, secret))
}

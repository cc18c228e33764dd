//! Passwords: Argon2id at OWASP's memory-bounded setting, with a bounded number of hashes at once.
//!
//! A hash costs 19 MiB and tens of milliseconds of one core on purpose, so the *hasher* lets two run, sixteen wait and
//! turns the rest away; whoever is not known pays the same time as whoever is. The parameters travel inside the stored
//! hash (PHC string), so they can be raised without touching old hashes. Absent: a pepper, and rules about characters.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::Deserialize;
use tokio::sync::Semaphore;

const RUNNING: usize = 2;
const WAITING: usize = 16;
/// The fewest characters of a password.
pub const MIN_CHARACTERS: usize = 12;
/// The most bytes of a password, far above what a person types.
pub const MAX_BYTES: usize = 512;

/// A password that somebody typed; it does not print.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Typed(pub String);

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(…)")
    }
}

/// Why a password was not hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many at once.
    #[error("too many people are signing in at this moment; try again in a few seconds")]
    Busy,
    /// Shorter than [`MIN_CHARACTERS`].
    #[error("a password needs at least {MIN_CHARACTERS} characters; a few words in a row are easy to remember")]
    TooShort,
    /// Longer than [`MAX_BYTES`].
    #[error("a password may have at most {MAX_BYTES} bytes")]
    TooLong,
    /// The stored hash is damaged, or there is no randomness for the salt.
    #[error("the password could not be processed")]
    Broken(#[source] argon2::password_hash::Error),
    /// The task that hashes was cancelled, because the process is stopping.
    #[error("the server is stopping")]
    Stopping(#[source] tokio::task::JoinError),
}

/// Hashes and compares passwords, a few at a time. Cloning shares the places.
#[derive(Clone, Debug)]
pub struct Hasher {
    running: Arc<Semaphore>,
    present: Arc<AtomicUsize>,
    /// The hash that unknown people are compared with, so that they take as long as known ones.
    decoy: Arc<str>,
}

impl Hasher {
    /// Makes a hasher; hashes one decoy, which takes a moment.
    pub fn new() -> Result<Self, PasswordError> {
        let decoy = digest("nobody has this password")?;
        Ok(Self { running: Arc::new(Semaphore::new(RUNNING)), present: Arc::default(), decoy: decoy.into() })
    }

    /// Hashes a new password after checking its length; the answer is a PHC string.
    pub async fn hash(&self, Typed(password): &Typed) -> Result<String, PasswordError> {
        if password.chars().count() < MIN_CHARACTERS {
            return Err(PasswordError::TooShort);
        }
        if password.len() > MAX_BYTES {
            return Err(PasswordError::TooLong);
        }
        let password = password.clone();
        self.run(move || digest(&password)).await
    }

    /// Whether `password` is the one behind `stored`; without a stored hash the answer is no, after the same time.
    pub async fn verify(&self, Typed(password): &Typed, stored: Option<&str>) -> Result<bool, PasswordError> {
        if password.len() > MAX_BYTES {
            return Ok(false);
        }
        let known = stored.is_some();
        let stored = stored.map_or_else(|| Arc::clone(&self.decoy), Arc::from);
        let password = password.clone();
        let same = self.run(move || matches(&password, &stored)).await?;
        Ok(same && known)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _place = Place::take(&self.present).ok_or(PasswordError::Busy)?;
        let _permit = self.running.acquire().await.map_err(|_| PasswordError::Busy)?;
        tokio::task::spawn_blocking(work).await.map_err(PasswordError::Stopping)?
    }
}

/// A place among those who run or wait; dropping it frees the place, also when the caller goes away.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(present: &'a AtomicUsize) -> Option<Self> {
        let next = |count: usize| (count < RUNNING + WAITING).then_some(count + 1);
        present.fetch_update(Ordering::AcqRel, Ordering::Acquire, next).ok().map(|_| Self(present))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    // OWASP Password Storage Cheat Sheet: m = 19456 (19 MiB), t = 2, p = 1.
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|error| PasswordError::Broken(error.into()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn digest(password: &str) -> Result<String, PasswordError> {
    let hash: PasswordHash = argon2()?.hash_password(password.as_bytes()).map_err(PasswordError::Broken)?;
    Ok(hash.to_string())
}

fn matches(password: &str, stored: &str) -> Result<bool, PasswordError> {
    let hash = PasswordHash::new(stored).map_err(|error| PasswordError::Broken(error.into()))?;
    match argon2()?.verify_password(password.as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(PasswordError::Broken(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Typed {
        Typed(text.to_owned())
    }

    #[tokio::test]
    async fn the_right_password_alone_opens() {
        let hasher = Hasher::new().unwrap();
        let stored = hasher.hash(&typed("correct horse battery")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(hasher.verify(&typed("correct horse battery"), Some(&stored)).await.unwrap());
        assert!(!hasher.verify(&typed("correct horse batterz"), Some(&stored)).await.unwrap());
        assert!(!hasher.verify(&typed("nobody has this password"), None).await.unwrap());
    }

    #[tokio::test]
    async fn a_flood_is_turned_away_and_the_rest_is_served() {
        let hasher = Hasher::new().unwrap();
        let guess = typed("a wrong password");
        let guesses = (0..40).map(|_| hasher.verify(&guess, None));
        let answers = futures::future::join_all(guesses).await;
        let busy = answers.iter().filter(|answer| matches!(answer, Err(PasswordError::Busy))).count();
        assert_eq!(busy, 40 - RUNNING - WAITING);
        assert!(!hasher.verify(&typed("later there is room again"), None).await.unwrap());
    }

    #[tokio::test]
    async fn length_is_the_only_rule() {
        let hasher = Hasher::new().unwrap();
        assert!(matches!(hasher.hash(&typed("elevenchars")).await, Err(PasswordError::TooShort)));
        assert!(matches!(hasher.hash(&typed(&"x".repeat(513))).await, Err(PasswordError::TooLong)));
    }
}

//! The one source of secrets: random words, their hashes and the checksum that makes a key recognisable.
//!
//! A *key* is `pom_` (API token) or `wk_` (write key), 43 letters and digits of 256 random bits, and six of a checksum
//! over everything before it, so that a scanner finds a leaked key without asking us and a typing error is told apart
//! from an unknown key. An *opaque* secret, for cookies and links, is the 43 characters alone. Only hashes are stored.

use std::fmt;

use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BODY: usize = 43;
const CHECKSUM: usize = 6;

/// The prefix of API tokens.
pub const TOKEN_PREFIX: &str = "pom_";
/// The prefix of the write keys of sources.
pub const WRITE_KEY_PREFIX: &str = "wk_";

/// A secret in clear, to be shown once; it neither prints in `Debug` nor serialises by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, for the one place that shows it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored instead: see [`hash`].
    pub fn hash(&self) -> String {
        hash(&self.0)
    }

    /// The first characters, by which people tell their keys apart: the prefix and four more.
    pub fn shown_prefix(&self) -> String {
        let prefix = self.0.find('_').map_or(0, |position| position + 1);
        self.0.chars().take(prefix + 4).collect()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The operating system gave no randomness; nothing secret can be made until it does.
#[derive(Debug, thiserror::Error)]
#[error("the operating system has no randomness to give")]
pub struct NoRandomness(#[from] rand::rand_core::OsError);

/// Makes a secret for a cookie or a link.
pub fn opaque() -> Result<Secret, NoRandomness> {
    Ok(Secret(base62(&random()?, BODY)))
}

/// Makes an API token.
pub fn api_token() -> Result<Secret, NoRandomness> {
    Ok(key(TOKEN_PREFIX, &random()?))
}

/// Makes the write key of a source.
pub fn write_key() -> Result<Secret, NoRandomness> {
    Ok(key(WRITE_KEY_PREFIX, &random()?))
}

/// A short random word that tells one start of the process from another in request ids.
pub fn boot_id() -> Result<String, NoRandomness> {
    Ok(hex::encode(&random()?[..4]))
}

/// Whether a word has the shape and the checksum of a key with this prefix.
pub fn is_well_formed(prefix: &str, word: &str) -> bool {
    let Some(body) = word.strip_prefix(prefix) else { return false };
    if body.len() != BODY + CHECKSUM || !body.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return false;
    }
    let (signed, sum) = word.split_at(word.len() - CHECKSUM);
    checksum(signed) == sum
}

/// The lower-case hexadecimal SHA-256 of a secret, as stored and looked up.
///
/// A plain hash is right here, and only here, because the secret has 256 random bits: there is nothing to guess.
pub fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

fn key(prefix: &str, bits: &[u8; 32]) -> Secret {
    let signed = format!("{prefix}{}", base62(bits, BODY));
    let sum = checksum(&signed);
    Secret(signed + &sum)
}

fn checksum(signed: &str) -> String {
    base62(&Sha256::digest(signed.as_bytes())[..4], CHECKSUM)
}

fn random() -> Result<[u8; 32], NoRandomness> {
    let mut bits = [0; 32];
    OsRng.try_fill_bytes(&mut bits)?;
    Ok(bits)
}

/// Writes a big-endian number in base 62, most significant digit first, with leading zeros up to `digits`.
fn base62(number: &[u8], digits: usize) -> String {
    let mut number = number.to_vec();
    let mut word = vec![ALPHABET[0]; digits];
    for digit in word.iter_mut().rev() {
        let mut rest = 0_usize;
        for byte in &mut number {
            let value = rest * 256 + usize::from(*byte);
            *byte = (value / 62) as u8;
            rest = value % 62;
        }
        *digit = ALPHABET[rest];
    }
    word.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_62_agrees_with_arithmetic() {
        assert_eq!(base62(&[0, 61], 2), "0z");
        assert_eq!(base62(&[1, 0], 3), "048"); // 256 = 4 * 62 + 8
        assert_eq!(base62(&[255; 32], 43).len(), 43);
        // 62^43 > 2^256: the largest number fits in 43 digits, so no two secrets share a word.
        assert_ne!(base62(&[255; 32], 43), base62(&[255; 32], 44)[..43]);
    }

    #[test]
    fn a_key_is_recognisable_and_a_typing_error_is_not_a_key() {
        let token = key(TOKEN_PREFIX, &[7; 32]);
        assert_eq!(token.reveal().len(), 4 + 43 + 6);
        assert!(is_well_formed(TOKEN_PREFIX, token.reveal()));
        assert!(!is_well_formed(WRITE_KEY_PREFIX, token.reveal()));
        let typo = token.reveal().replacen(&token.reveal()[10..11], "!", 1);
        assert!(!is_well_formed(TOKEN_PREFIX, &typo));
        let mut swapped: Vec<char> = token.reveal().chars().collect();
        let other = swapped.iter().skip(5).position(|c| *c != swapped[4]).unwrap() + 5;
        swapped.swap(4, other);
        assert!(!is_well_formed(TOKEN_PREFIX, &swapped.into_iter().collect::<String>()));
    }

    #[test]
    fn secrets_differ_and_do_not_print() {
        let (one, two) = (opaque().unwrap(), opaque().unwrap());
        assert_ne!(one, two);
        assert_eq!(format!("{one:?}"), "Secret(…)");
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}

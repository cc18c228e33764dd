//! The one place where signatures are computed and compared. A signature is compared as bytes, by the constant-time
//! comparison of the `hmac` crate, never as text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::{Algorithm, Encoding};

/// Whether `signature` is the HMAC of the parts, one after another, under `key`.
pub(super) fn matches(algorithm: Algorithm, key: &[u8], parts: &[&[u8]], signature: &[u8]) -> bool {
    match algorithm {
        Algorithm::Sha1 => check::<Hmac<Sha1>>(key, parts, signature),
        Algorithm::Sha256 => check::<Hmac<Sha256>>(key, parts, signature),
        Algorithm::Sha512 => check::<Hmac<Sha512>>(key, parts, signature),
    }
}

fn check<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]], signature: &[u8]) -> bool {
    // An HMAC takes keys of any length.
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else { return false };
    for part in parts {
        mac.update(part);
    }
    mac.verify_slice(signature).is_ok()
}

/// The bytes a written signature means.
pub(super) fn decode(encoding: Encoding, text: &str) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Hex => hex::decode(text.trim()).ok(),
        Encoding::Base64 => STANDARD.decode(text.trim()).ok(),
    }
}

#[cfg(test)]
pub(super) mod sign {
    use super::*;

    fn made<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
        let mut mac = <M as KeyInit>::new_from_slice(key).unwrap();
        mac.update(message);
        mac.finalize().into_bytes().to_vec()
    }

    pub(in crate::webhook) fn hex(algorithm: Algorithm, key: &[u8], message: &[u8]) -> String {
        hex::encode(bytes(algorithm, key, message))
    }

    pub(in crate::webhook) fn base64(algorithm: Algorithm, key: &[u8], message: &[u8]) -> String {
        STANDARD.encode(bytes(algorithm, key, message))
    }

    fn bytes(algorithm: Algorithm, key: &[u8], message: &[u8]) -> Vec<u8> {
        match algorithm {
            Algorithm::Sha1 => made::<Hmac<Sha1>>(key, message),
            Algorithm::Sha256 => made::<Hmac<Sha256>>(key, message),
            Algorithm::Sha512 => made::<Hmac<Sha512>>(key, message),
        }
    }
}

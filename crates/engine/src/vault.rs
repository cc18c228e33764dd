//! The vault keeps secrets that are needed as they are: those that webhooks are signed with and the addresses of other
//! databases with their passwords. In the store they are sealed with AES-256-GCM under a key that lies in the home
//! folder, in a file that nobody but its user may read; a copy of the database alone gives none of them away.
//!
//! A seal holds for one *place*, such as `source.4.sql`, so that a sealed text moved elsewhere is not opened. Passwords
//! of people, tokens and write keys are not here: they are hashed, since nobody needs them again. Deliberately absent:
//! showing a secret, and changing the key, which is to set every secret up again.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};

/// The file of the key, in the home folder.
pub const KEY_FILE: &str = "secrets.key";

/// The bytes of a key.
const KEY_LEN: usize = 32;

/// What every sealed text begins with: what it is, and which way of sealing.
const SEALED: &str = "sealed:1:";

/// Why a secret cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The file cannot be read or made.
    #[error("cannot use {path}, the key of the secrets: make it readable to the user who runs this")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Others may read the key.
    #[error(
        "others may read {path}, the key of the secrets: run `chmod 600 {path}`, and change the secrets if anybody did"
    )]
    Readable {
        /// The file.
        path: String,
    },
    /// The file holds no key.
    #[error("{path} holds no key of {KEY_LEN} bytes in hexadecimal: bring back the file that belongs to this database")]
    NoKey {
        /// The file.
        path: String,
    },
    /// The operating system has no randomness.
    #[error("the operating system has no randomness to give")]
    Randomness,
    /// The text was sealed by another key, for another place, or not at all.
    #[error(
        "the secret of {place} cannot be opened with the key in the home folder: bring back the {KEY_FILE} it was sealed \
         with, or set the source up again"
    )]
    Foreign {
        /// What the secret is for.
        place: String,
    },
}

/// Seals and opens secrets.
pub struct Vault(LessSafeKey);

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    /// Reads the key of a home folder; makes one the first time.
    pub fn open(home: &Path) -> Result<Self, VaultError> {
        let path = home.join(KEY_FILE);
        match make(&path) {
            Ok(()) => {}
            Err(VaultError::File { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let shown = || path.display().to_string();
        let file = |source| VaultError::File { path: shown(), source };
        if fs::metadata(&path).map_err(file)?.permissions().mode() & 0o077 != 0 {
            return Err(VaultError::Readable { path: shown() });
        }
        let text = fs::read_to_string(&path).map_err(file)?;
        let key = hex::decode(text.trim()).ok().and_then(|bytes| UnboundKey::new(&AES_256_GCM, &bytes).ok());
        key.map(|key| Self(LessSafeKey::new(key))).ok_or_else(|| VaultError::NoKey { path: shown() })
    }

    /// Seals a secret for a place.
    pub fn seal(&self, place: &str, secret: &str) -> Result<String, VaultError> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| VaultError::Randomness)?;
        let mut text = secret.as_bytes().to_vec();
        let sealed = self.0.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(place.as_bytes()),
            &mut text,
        );
        sealed.map_err(|_| VaultError::Foreign { place: place.to_owned() })?;
        Ok(format!("{SEALED}{}", hex::encode([&nonce[..], &text].concat())))
    }

    /// Opens a secret that was sealed for this place.
    pub fn unseal(&self, place: &str, sealed: &str) -> Result<String, VaultError> {
        self.opened(place, sealed).ok_or_else(|| VaultError::Foreign { place: place.to_owned() })
    }

    fn opened(&self, place: &str, sealed: &str) -> Option<String> {
        let bytes = hex::decode(sealed.strip_prefix(SEALED)?).ok()?;
        let (nonce, text) = bytes.split_at_checked(NONCE_LEN)?;
        let mut text = text.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let clear = self.0.open_in_place(nonce, Aad::from(place.as_bytes()), &mut text).ok()?;
        String::from_utf8(clear.to_vec()).ok()
    }
}

/// Makes a key, for its user alone and on the disk before anything is sealed with it; fails if there is one.
fn make(path: &Path) -> Result<(), VaultError> {
    let failed = |source| VaultError::File { path: path.display().to_string(), source };
    if path.exists() {
        return Ok(());
    }
    let mut key = [0; KEY_LEN];
    SystemRandom::new().fill(&mut key).map_err(|_| VaultError::Randomness)?;
    // Written aside and linked, so that whoever starts at the same time finds a whole key or none.
    let aside: PathBuf = path.with_extension(format!("key.{}", std::process::id()));
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
        writeln!(file, "{}", hex::encode(key))?;
        file.sync_all()?;
        let linked = fs::hard_link(&aside, path);
        fs::remove_file(&aside)?;
        linked?;
        path.parent().map_or(Ok(()), |home| File::open(home)?.sync_all())
    };
    write().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_opened_where_it_was_sealed_and_nowhere_else() {
        let home = tempfile::tempdir().unwrap();
        let vault = Vault::open(home.path()).unwrap();
        let sealed = vault.seal("source.4.sql", "postgres://reader:s3cret@db/app").unwrap();
        assert!(sealed.starts_with(SEALED) && !sealed.contains("s3cret"), "{sealed}");
        assert_ne!(sealed, vault.seal("source.4.sql", "postgres://reader:s3cret@db/app").unwrap(), "never twice alike");
        let again = Vault::open(home.path()).unwrap();
        assert_eq!(again.unseal("source.4.sql", &sealed).unwrap(), "postgres://reader:s3cret@db/app");
        let mut damaged = sealed.clone().into_bytes();
        *damaged.last_mut().unwrap() = if damaged.ends_with(b"0") { b'1' } else { b'0' };
        let damaged = String::from_utf8(damaged).unwrap();
        for (place, text) in
            [("source.5.sql", sealed.as_str()), ("source.4.sql", &damaged), ("source.4.sql", "in clear")]
        {
            let refused = vault.unseal(place, text).unwrap_err().to_string();
            assert!(refused.contains(place) && refused.contains("secrets.key"), "{refused}");
        }
        let other = tempfile::tempdir().unwrap();
        assert!(Vault::open(other.path()).unwrap().unseal("source.4.sql", &sealed).is_err());
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let home = tempfile::tempdir().unwrap();
        Vault::open(home.path()).unwrap();
        let path = home.path().join(KEY_FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let refused = Vault::open(home.path()).unwrap_err().to_string();
        assert!(refused.contains("chmod 600"), "{refused}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "not a key\n").unwrap();
        assert!(matches!(Vault::open(home.path()), Err(VaultError::NoKey { .. })));
    }
}

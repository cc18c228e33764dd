//! Serving a home is for one process at a time. Workers seal the inbox, merge parts and carry out steps; the database
//! keeps two of them from doing a thing twice, but not from doing all of it twice as often, with two books that learn of
//! each other's facts only by chance. So whoever serves a home with a database of its own claims it first.
//!
//! The claim is a lock of the operating system on a file of the home. It ends with the process, also when that is killed,
//! and when the process begins anew as another program. Commands beside a server (queries, imports, taps) take none: they
//! have no workers, and the database keeps them apart. Homes on a PostgreSQL server are not claimed, since several servers
//! may share one there.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    path::Path,
};

use crate::{EngineError, Settings};

/// The file of the home that is locked; it holds the number of the process that serves.
const FILE: &str = "serving.lock";

/// A home that this process alone serves, until it is dropped.
#[derive(Debug)]
pub struct Claim {
    /// Locked as long as it is open.
    _file: Option<File>,
}

impl Claim {
    /// Claims a home for serving, and creates its folder where there is none. Fails where another process serves it.
    pub fn of(settings: &Settings) -> Result<Self, EngineError> {
        settings.create()?;
        if settings.database_url.is_some() {
            return Ok(Self { _file: None });
        }
        let path = settings.home.display().to_string();
        match lock(&settings.home.join(FILE)) {
            Ok(Locked::Ours(file)) => Ok(Self { _file: Some(file) }),
            Ok(Locked::Theirs { process }) => Err(EngineError::Served { path, process }),
            Err(source) => Err(EngineError::Home { path, source }),
        }
    }
}

enum Locked {
    Ours(File),
    Theirs { process: Option<u32> },
}

fn lock(path: &Path) -> io::Result<Locked> {
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(std::process::id().to_string().as_bytes())?;
            Ok(Locked::Ours(file))
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder)?;
            Ok(Locked::Theirs { process: holder.trim().parse().ok() })
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_served_once_at_a_time() {
        let home = tempfile::tempdir().unwrap();
        let settings = Settings::at(home.path().join("new"));
        let claim = Claim::of(&settings).unwrap();
        let second = Claim::of(&settings).unwrap_err().to_string();
        let expected = format!(
            "another Pomona (process {}) serves the home {}: stop it, or choose another folder with --home",
            std::process::id(),
            settings.home.display()
        );
        assert_eq!(second, expected);
        drop(claim);
        drop(Claim::of(&settings).unwrap());
    }

    #[test]
    fn what_a_killed_server_left_is_no_claim() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(FILE), "4294967295").unwrap();
        drop(Claim::of(&Settings::at(home.path())).unwrap());
    }

    #[test]
    fn servers_may_share_a_postgresql_store() {
        let home = tempfile::tempdir().unwrap();
        let shared = Settings { database_url: Some("postgres://db/pomona".to_owned()), ..Settings::at(home.path()) };
        let (_one, _other) = (Claim::of(&shared).unwrap(), Claim::of(&shared).unwrap());
    }
}

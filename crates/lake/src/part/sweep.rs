//! Removing parts: those the catalogue has replaced, and orphans that a crash left
//! between writing a file and cataloguing it. An orphan is a file below the table's
//! folder that no catalogue names and that is older than any seal still running.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path};
use std::time::SystemTime;

use domain::Instant;

use crate::{Lake, LakeError};

impl Lake {
    /// Removes the files of parts that the catalogue no longer names. A file that is gone already is fine. Blocks.
    ///
    /// # Errors
    /// [`LakeError::Io`] at the first file that cannot be removed, also when a path leaves the lake.
    pub fn remove<P: AsRef<str>>(&self, paths: impl IntoIterator<Item = P>) -> Result<(), LakeError> {
        for path in paths {
            let full = self.part_path(path.as_ref())?;
            match fs::remove_file(&full) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(LakeError::io("remove", &full)(error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes orphans last written before `older_than` and returns their paths.
    ///
    /// `catalogued` must name every part of every snapshot that can still be read,
    /// and `older_than` must lie before the start of any seal still running: a day
    /// ago is safe. Blocks.
    ///
    /// # Errors
    /// [`LakeError::Io`] when a folder cannot be listed or a file not removed.
    pub fn sweep(&self, catalogued: &HashSet<String>, older_than: Instant) -> Result<Vec<String>, LakeError> {
        let table = self.table_folder();
        let mut orphans = Vec::new();
        for folder in list(&table)? {
            if !folder.is_dir() {
                continue;
            }
            for file in list(&folder)? {
                let Some(path) = file.strip_prefix(&table).ok().and_then(Path::to_str) else { continue };
                let is_part = file.extension().is_some_and(|extension| extension == "parquet");
                if is_part && !catalogued.contains(path) && is_older(&file, older_than.into())? {
                    orphans.push(path.to_owned());
                }
            }
        }
        self.remove(&orphans)?;
        Ok(orphans)
    }

    /// The file of a part; refuses a path that would leave the table's folder.
    pub(crate) fn part_path(&self, path: &str) -> Result<std::path::PathBuf, LakeError> {
        let table = self.table_folder();
        if Path::new(path).components().all(|component| matches!(component, Component::Normal(_))) {
            return Ok(table.join(path));
        }
        let refused = std::io::Error::new(ErrorKind::InvalidInput, "a part lies below its table's folder");
        Err(LakeError::io("open", &table.join(path))(refused))
    }
}

fn list(folder: &Path) -> Result<Vec<std::path::PathBuf>, LakeError> {
    match fs::read_dir(folder) {
        Ok(entries) => {
            entries.map(|entry| entry.map(|entry| entry.path()).map_err(LakeError::io("list", folder))).collect()
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(LakeError::io("list", folder)(error)),
    }
}

fn is_older(file: &Path, than: SystemTime) -> Result<bool, LakeError> {
    let modified = fs::metadata(file).and_then(|metadata| metadata.modified());
    modified.map(|modified| modified < than).map_err(LakeError::io("read", file))
}

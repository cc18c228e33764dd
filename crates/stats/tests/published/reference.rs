//! Where the larger public data sets are found, and how their tables are read.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// A reference file, or `None` with a loud line when the folder is not beside the repository.
pub(crate) fn file(path: &str) -> Option<File> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference").join(path);
    match File::open(&path) {
        Ok(file) => Some(file),
        Err(error) => {
            println!("SKIPPED: {}: {error}", path.display());
            None
        }
    }
}

/// The text of a reference file; see [`file`].
pub(crate) fn text(path: &str) -> Option<String> {
    let mut text = String::new();
    file(path)?.read_to_string(&mut text).unwrap();
    Some(text)
}

/// A comma-separated table without quoted commas: header and rows.
pub(crate) struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn read(path: &str) -> Option<Self> {
        let text = text(path)?;
        let split = |line: &str| line.split(',').map(|c| c.trim_matches('"').to_owned()).collect::<Vec<_>>();
        let mut lines = text.trim_start_matches('\u{feff}').lines();
        let header = split(lines.next()?);
        Some(Self { header, rows: lines.filter(|l| !l.is_empty()).map(split).collect() })
    }

    pub(crate) fn column(&self, name: &str) -> Vec<&str> {
        let j = self.header.iter().position(|h| h == name).unwrap_or_else(|| panic!("no column {name}"));
        self.rows.iter().map(|r| r[j].as_str()).collect()
    }

    pub(crate) fn numbers(&self, name: &str) -> Vec<f64> {
        self.column(name).iter().map(|c| c.parse().unwrap_or_else(|_| panic!("{name}: {c}"))).collect()
    }

    pub(crate) fn is(&self, name: &str, level: &str) -> Vec<f64> {
        self.column(name).iter().map(|&c| f64::from(u8::from(c == level))).collect()
    }
}

/// Asserts that `ours` agrees with a printed number in all of its digits, given as the unit of the last one.
#[track_caller]
pub(crate) fn printed(what: &str, ours: f64, published: f64, last_digit: f64) {
    assert!((ours - published).abs() <= 0.500_001 * last_digit, "{what}: ours {ours}, published {published}");
}

/// Asserts agreement of several numbers printed to the same digit.
#[track_caller]
pub(crate) fn all_printed(what: &str, ours: &[f64], published: &[f64], last_digit: f64) {
    assert_eq!(ours.len(), published.len(), "{what}");
    for (i, (&o, &p)) in ours.iter().zip(published).enumerate() {
        printed(&format!("{what} [{i}]"), o, p, last_digit);
    }
}

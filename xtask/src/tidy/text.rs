//! What no text file of the tree may hold: paths of somebody's machine, hosts of the registries the build happens to
//! use, notes to oneself, a missing last newline.
//!
//! Lock files are spared the hosts, because their format demands an address. The words are put together here from
//! pieces, so that this file does not break its own rule.

use super::report::Report;
use super::tree::{File, Tree};

/// First folders of paths that exist on one machine only.
const MACHINE_FOLDERS: [&str; 2] = ["work", "root"];

/// Package registries, split before the last dot.
const REGISTRY_HOSTS: [(&str, &str); 6] = [
    ("index.crates", "io"),
    ("static.crates", "io"),
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("registry.npmjs", "org"),
    ("deb.debian", "org"),
];

/// Notes to oneself, split after their first letters.
const MARKERS: [(&str, &str); 4] = [("TO", "DO"), ("FIX", "ME"), ("XX", "X"), ("coming", " soon")];

pub(super) fn check(tree: &Tree, report: &mut Report) {
    for file in &tree.files {
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            report.finding("newline", &*file.path, "the last line does not end");
        }
        for (number, line) in file.text.lines().enumerate() {
            for (rule, message) in faults(file, line) {
                report.finding(rule, format!("{}:{}", file.path, number + 1), message);
            }
        }
    }
}

fn faults(file: &File, line: &str) -> Vec<(&'static str, String)> {
    let mut faults = Vec::new();
    for folder in MACHINE_FOLDERS.iter().filter(|folder| names_machine(line, folder)) {
        faults.push(("machine-path", format!("`/{folder}/…` exists on one machine only")));
    }
    if !file.has_ending("lock") {
        for (name, ending) in REGISTRY_HOSTS {
            if line.contains(&format!("{name}.{ending}")) {
                faults.push(("registry-host", format!("`{name}`: the package client knows where to ask")));
            }
        }
    }
    for (first, rest) in MARKERS {
        if has_word(line, &format!("{first}{rest}")) {
            faults.push(("marker", format!("`{first}{rest}`: do it, or open an issue")));
        }
    }
    faults
}

/// `/folder/` at the beginning of a path: not after a letter, a digit or a dot, as in `../shared/folder/`.
fn names_machine(line: &str, folder: &str) -> bool {
    let needle = format!("/{folder}/");
    line.match_indices(&needle).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-}*".contains(c))
    })
}

fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word)
        .any(|(at, _)| !is_part(line[..at].chars().next_back()) && !is_part(line[at + word.len()..].chars().next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        let mut report = Report::default();
        check(&Tree::of(&[(path, text)]), &mut report);
        report.findings.into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn each_fault_is_found() {
        let [machine, host, marker] = [
            format!("see /{}/notes\n", MACHINE_FOLDERS[0]),
            format!("from {}.{}\n", REGISTRY_HOSTS[2].0, REGISTRY_HOSTS[2].1),
            format!("// {}{}: later\n", MARKERS[0].0, MARKERS[0].1),
        ];
        assert_eq!(rules("a.md", &machine), ["machine-path"]);
        assert_eq!(rules("a.md", &host), ["registry-host"]);
        assert_eq!(rules("a.md", &marker), ["marker"]);
        assert_eq!(rules("a.md", "no end"), ["newline"]);
    }

    #[test]
    fn what_only_looks_like_a_fault_is_not() {
        let [host, marker] = [
            format!("from {}.{}\n", REGISTRY_HOSTS[2].0, REGISTRY_HOSTS[2].1),
            format!("{}{}S\n", MARKERS[0].0, MARKERS[0].1),
        ];
        assert!(rules("Cargo.lock", &host).is_empty());
        assert!(rules("a.md", &marker).is_empty());
        assert!(rules("a.md", "/accounts/work/ and ../root/x\n").is_empty());
        assert!(rules("empty.txt", "").is_empty());
    }
}

//! The prose beside the code: every module opens by saying what it is, and every document points at things that exist.
//!
//! One sentence restates the name; the second is where a reader learns something, so two is the least. Links out of the
//! tree are not followed: nothing here reaches the network.

use syn::{Expr, ExprLit, Lit, Meta};

use super::report::Report;
use super::tree::{Source, Tree};

pub(super) fn check(tree: &Tree, report: &mut Report) {
    for (file, source) in tree.shipped().filter(|(file, _)| file.module_path().is_some()) {
        let sentences = sentences(&module_doc(source));
        if sentences < 2 {
            let message =
                format!("{sentences} sentences open the module; say what it is and what it is not (2 or more)");
            report.finding("module-doc", &*file.path, message);
        }
    }
    for file in tree.files.iter().filter(|file| file.has_ending("md")) {
        for (line, target) in targets(&file.text) {
            let path = resolve(&file.path, &target);
            if !path.as_deref().is_some_and(|path| path.is_empty() || tree.has(path)) {
                report.finding("link", format!("{}:{line}", file.path), format!("`{target}` is not in the tree"));
            }
        }
    }
}

/// The `//!` lines at the top, joined.
fn module_doc(source: &Source) -> String {
    let lines = source.shipped.attrs.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(doc) if doc.path.is_ident("doc") => match &doc.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Sentence ends outside code blocks: `.`, `!`, `?` or `:` before white space or the end.
fn sentences(doc: &str) -> usize {
    let prose: String = doc.split("```").step_by(2).collect();
    let mut ends = 0;
    let mut closed = false;
    for c in prose.chars().chain(['\n']) {
        match c {
            '.' | '!' | '?' => closed = true,
            ')' | '*' | '_' | '"' | '`' | '”' if closed => {}
            c if c.is_whitespace() && closed => {
                ends += 1;
                closed = false;
            }
            _ => closed = false,
        }
    }
    ends
}

/// Link targets inside the tree, and paths of ours in backticks, each with its line; code blocks are skipped.
fn targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let links = line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
            found.extend(links.filter(|target| is_inside(target)).map(|target| (number + 1, target.to_owned())));
            let spans = line.split('`').skip(1).step_by(2);
            found.extend(spans.filter(|span| is_path(span)).map(|span| (number + 1, format!("/{span}"))));
        }
    }
    found
}

fn is_inside(target: &str) -> bool {
    !target.starts_with('#') && !target.contains("://") && !target.starts_with("mailto:")
}

/// A path of ours, spelled out: `crates/lake/src/seal.rs`, but not `crates/*` or `docs/NAME.md`.
fn is_path(span: &str) -> bool {
    let ours = ["crates/", "docs/", "e2e/", "xtask/", ".ci/"];
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "/._-".contains(c);
    ours.iter().any(|folder| span.starts_with(folder)) && span.chars().all(plain)
}

/// The target relative to the root, `None` when it climbs out; a leading slash means the root already.
fn resolve(file: &str, target: &str) -> Option<String> {
    let target = target.split_once('#').map_or(target, |(path, _)| path);
    let (mut parts, target): (Vec<&str>, &str) = match target.strip_prefix('/') {
        Some(target) => (Vec::new(), target),
        None => (file.rsplit_once('/').map_or(Vec::new(), |(folder, _)| folder.split('/').collect()), target),
    };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(files: &[(&str, &str)]) -> Vec<String> {
        let mut report = Report::default();
        check(&Tree::of(files), &mut report);
        report.findings.into_iter().map(|finding| finding.place).collect()
    }

    #[test]
    fn a_module_opens_with_two_sentences() {
        let found = places(&[
            ("crates/a/src/lib.rs", "//! Only one, of 3.5 or so.\nfn f() {}"),
            ("crates/a/src/none.rs", "fn f() {}"),
            ("crates/a/src/two.rs", "//! What it is.\n//!\n//! And what it is not (yet.)\nfn f() {}"),
            ("crates/a/tests/flow.rs", "fn f() {}"),
        ]);
        assert_eq!(found, ["crates/a/src/lib.rs", "crates/a/src/none.rs"]);
    }

    #[test]
    fn code_in_a_doc_is_not_prose() {
        assert_eq!(sentences("One.\n```text\nA. B. C.\n```\n"), 1);
    }

    #[test]
    fn a_document_points_at_things_that_exist() {
        let text = "[up](../README.md#why) [gone](gone.md) [web](https://example.com)\n\
                    `docs/guide/a.md` `docs/guide/b.md` `crates/*` [out](../../../x.md)\n\
                    ```\n[not](a-link.md)\n```\n[here](#anchor) [folder](guide/)\n";
        let found = places(&[("README.md", ""), ("docs/guide/a.md", "[root](../../README.md)"), ("docs/x.md", text)]);
        assert_eq!(found, ["docs/x.md:1", "docs/x.md:2", "docs/x.md:2"]);
    }
}

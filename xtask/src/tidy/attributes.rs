//! Lints are silenced in the open: `#[expect]` with a reason, which the compiler takes back when its cause is gone;
//! never `#[allow]`, which stays for ever.
//!
//! Clippy denies both of these where it looks; this rule also reads `cfg_attr`, code behind other features and tests,
//! and prints how many expectations there are.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Attribute, Meta, MetaList};

use super::report::Report;
use super::tree::Tree;

pub(super) fn check(tree: &Tree, report: &mut Report) {
    let mut expectations = 0;
    for file in &tree.files {
        let Some(source) = &file.source else { continue };
        let mut seen = Silencers::default();
        seen.visit_file(&source.whole);
        for line in seen.allowed {
            report.finding("allow", format!("{}:{line}", file.path), "use `#[expect(…, reason = \"…\")]`");
        }
        for line in seen.unexplained {
            report.finding("allow", format!("{}:{line}", file.path), "say why, with `reason = \"…\"`");
        }
        expectations += seen.expectations;
    }
    report.budget("expected lints, each with its reason", expectations as f64, None);
}

#[derive(Default)]
struct Silencers {
    allowed: Vec<usize>,
    unexplained: Vec<usize>,
    expectations: usize,
}

impl<'ast> Visit<'ast> for Silencers {
    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let line = attribute.pound_token.span.start().line;
        match &attribute.meta {
            Meta::List(list) if list.path.is_ident("allow") => self.allowed.push(line),
            Meta::List(list) if list.path.is_ident("expect") => self.expectation(line, list),
            Meta::List(list) if list.path.is_ident("cfg_attr") && names(&list.tokens, "allow") => {
                self.allowed.push(line);
            }
            _ => {}
        }
    }
}

impl Silencers {
    fn expectation(&mut self, line: usize, list: &MetaList) {
        self.expectations += 1;
        if !names(&list.tokens, "reason") {
            self.unexplained.push(line);
        }
    }
}

fn names(tokens: &TokenStream, word: &str) -> bool {
    tokens.clone().into_iter().any(|token| matches!(token, TokenTree::Ident(ident) if ident == word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> (Vec<String>, String) {
        let mut report = Report::default();
        check(&Tree::of(&[("crates/a/src/x.rs", text)]), &mut report);
        let figures = report.figures().concat();
        (report.findings.into_iter().map(|finding| finding.place).collect(), figures)
    }

    #[test]
    fn allow_is_found_wherever_it_stands() {
        let text = "#![allow(a)]\n#[allow(b)]\nfn f() {\n    #[allow(c)]\n    let x = 1;\n}\n#[cfg_attr(x, allow(d))]\n\
                    fn g() {}\n#[cfg(test)]\nmod tests {\n    #[allow(e)]\n    fn h() {}\n}\n";
        let lines = ["1", "2", "4", "7", "11"].map(|line| format!("crates/a/src/x.rs:{line}"));
        assert_eq!(checked(text).0, lines);
    }

    #[test]
    fn an_expectation_says_why() {
        let text = "#[expect(a, reason = \"because\")]\nfn f() {}\n#[expect(a)]\nfn g() {}\n";
        assert_eq!(checked(text), (vec!["crates/a/src/x.rs:3".to_owned()], "2".to_owned()));
    }
}

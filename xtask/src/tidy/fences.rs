//! Heavy or leaky dependencies each have one home, pure crates stay free of the outside world, and pages write no SQL.
//!
//! The first two are read from the manifests and the paths in the code; the third from the string literals, inside
//! macros too. SQL that a person typed (a segment, a query on the command line) is data and passes through; what is
//! looked for is a literal that begins like a statement.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{LitStr, Macro, UseTree};

use super::config::{Config, Fence};
use super::report::Report;
use super::tree::{File, Source, Tree};
use super::workspace::{Member, Workspace};

pub(super) fn check(workspace: &Workspace, tree: &Tree, config: &Config, report: &mut Report) {
    for member in &workspace.crates {
        homes(member, &config.fences, report);
        if config.pure.crates.contains(&member.name) {
            pure_manifest(member, &config.pure.packages, report);
        }
    }
    for (file, source) in tree.shipped() {
        let Some(name) = file.crate_name() else {
            continue;
        };
        if config.pure.crates.iter().any(|pure| pure == name) {
            pure_source(file, source, &config.pure.paths, report);
        }
        if name == "web" {
            no_sql(file, source, report);
        }
    }
}

fn homes(member: &Member, fences: &[Fence], report: &mut Report) {
    for fence in fences.iter().filter(|fence| fence.home.as_ref() != Some(&member.name)) {
        let home = fence.home.as_deref().unwrap_or("nobody");
        for dependency in member.dependencies.iter().filter(|dependency| covers(&fence.packages, &dependency.name)) {
            report.finding(
                "fence",
                format!("crates/{}/Cargo.toml", member.name),
                format!("only {home} may name {}: {}", dependency.name, fence.reason),
            );
        }
    }
}

/// `arrow` covers `arrow` and `arrow-array`, not `arrowhead`.
fn covers(packages: &[String], name: &str) -> bool {
    packages.iter().any(|package| {
        name.strip_prefix(package.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
    })
}

fn pure_manifest(member: &Member, packages: &[String], report: &mut Report) {
    let shipped = member.dependencies.iter().filter(|dependency| !dependency.is_dev);
    for dependency in shipped.filter(|dependency| covers(packages, &dependency.name)) {
        report.finding(
            "pure",
            format!("crates/{}/Cargo.toml", member.name),
            format!("{} does no input or output and needs no {}", member.name, dependency.name),
        );
    }
}

fn pure_source(file: &File, source: &Source, banned: &[String], report: &mut Report) {
    let mut names = PathNames::default();
    names.visit_file(&source.shipped);
    for (line, name) in names.found {
        if banned.iter().any(|banned| name == *banned || name.starts_with(&format!("{banned}::"))) {
            report.finding("pure", format!("{}:{line}", file.path), format!("`{name}`: this crate touches nothing"));
        }
    }
    for line in names.asynchronous {
        report.finding("pure", format!("{}:{line}", file.path), "`async`: this crate waits for nothing");
    }
}

/// Every path in the code, imports included, and every asynchronous function.
#[derive(Default)]
struct PathNames {
    found: Vec<(usize, String)>,
    asynchronous: Vec<usize>,
}

impl<'ast> Visit<'ast> for PathNames {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let words: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let Some(first) = path.segments.first() {
            self.found.push((first.ident.span().start().line, words.join("::")));
        }
        visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let line = item.use_token.span.start().line;
        for leaf in leaves(&item.tree) {
            self.found.push((line, leaf.path));
        }
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if let Some(token) = &signature.asyncness {
            self.asynchronous.push(token.span.start().line);
        }
        visit::visit_signature(self, signature);
    }
}

/// One name that an import brings in.
pub(super) struct Leaf {
    /// `std::fs::File`, or `std::fs` for a glob.
    pub(super) path: String,
    /// Whether it is `*`.
    pub(super) is_glob: bool,
}

/// The names of an import, with braces multiplied out.
pub(super) fn leaves(tree: &UseTree) -> Vec<Leaf> {
    fn walk(tree: &UseTree, prefix: &str, leaves: &mut Vec<Leaf>) {
        let join = |name: &dyn std::fmt::Display| match prefix {
            "" => name.to_string(),
            _ => format!("{prefix}::{name}"),
        };
        match tree {
            UseTree::Path(path) => walk(&path.tree, &join(&path.ident), leaves),
            UseTree::Name(name) => leaves.push(Leaf { path: join(&name.ident), is_glob: false }),
            UseTree::Rename(rename) => leaves.push(Leaf { path: join(&rename.ident), is_glob: false }),
            UseTree::Glob(_) => leaves.push(Leaf { path: prefix.to_owned(), is_glob: true }),
            UseTree::Group(group) => group.items.iter().for_each(|item| walk(item, prefix, leaves)),
        }
    }
    let mut found = Vec::new();
    walk(tree, "", &mut found);
    found
}

fn no_sql(file: &File, source: &Source, report: &mut Report) {
    let mut literals = Literals::default();
    literals.visit_file(&source.shipped);
    for (line, text) in literals.found {
        if is_statement(&text) {
            report.finding("sql-in-web", format!("{}:{line}", file.path), "SQL belongs beside its record, in `store`");
        }
    }
}

/// Begins like a statement, in one case throughout: "Select a file from …" is a sentence.
fn is_statement(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let has = |word: &str| words.contains(&word);
    match words[..] {
        ["select", ..] => has("from"),
        ["SELECT", ..] => has("FROM"),
        ["insert", "into", ..]
        | ["INSERT", "INTO", ..]
        | ["delete", "from", ..]
        | ["DELETE", "FROM", ..]
        | ["update", _, "set", ..]
        | ["UPDATE", _, "SET", ..] => true,
        ["with", _, "as", ..] | ["WITH", _, "AS", ..] => has("select") || has("SELECT"),
        _ => false,
    }
}

/// Every string literal with its line, also inside macro calls.
#[derive(Default)]
struct Literals {
    found: Vec<(usize, String)>,
}

impl Literals {
    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => {
                    if let Ok(text) = syn::parse_str::<LitStr>(&literal.to_string()) {
                        self.found.push((literal.span().start().line, text.value()));
                    }
                }
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Literals {
    fn visit_lit_str(&mut self, literal: &'ast LitStr) {
        self.found.push((literal.span().start().line, literal.value()));
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.tokens(call.tokens.clone());
    }

    /// Prose may show a query.
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(crates: &[(&str, &[&str])], files: &[(&str, &str)]) -> Vec<(&'static str, String)> {
        let mut report = Report::default();
        check(&Workspace::of_edges(crates), &Tree::of(files), &Config::ours(), &mut report);
        report.findings.into_iter().map(|finding| (finding.rule, finding.place)).collect()
    }

    #[test]
    fn only_the_home_may_name_a_fenced_package() {
        let found = findings(&[("web", &["datafusion-expr"]), ("lake", &["datafusion", "arrow"])], &[]);
        assert_eq!(found, [("fence", "crates/web/Cargo.toml".to_owned())]);
        assert_eq!(findings(&[("engine", &["dev:sqlx"])], &[]).len(), 1, "tests are fenced too");
        assert_eq!(findings(&[("lake", &["jiff"])], &[]).len(), 1, "some have no home at all");
        assert!(findings(&[("web", &["arrowhead"])], &[]).is_empty());
    }

    #[test]
    fn a_pure_crate_has_no_runtime_no_files_and_no_async() {
        assert_eq!(findings(&[("domain", &["tokio"])], &[]), [("pure", "crates/domain/Cargo.toml".to_owned())]);
        let impure = "use std::{fs::File, fmt};\nasync fn wait() { std::net::TcpStream::connect(x); }";
        let found = findings(&[], &[("crates/domain/src/x.rs", impure), ("crates/lake/src/x.rs", impure)]);
        let places: Vec<_> = found.iter().map(|(_, place)| place.as_str()).collect();
        assert_eq!(places, ["crates/domain/src/x.rs:1", "crates/domain/src/x.rs:2", "crates/domain/src/x.rs:2"]);
    }

    #[test]
    fn a_page_writes_no_sql_not_even_in_a_macro() {
        let page = "fn a() { run(\"select id from account\"); }\nfn b() { html! { p { \"DELETE FROM account\" } } }\n\
                    fn c() { html! { p { \"Select an account from the list\" } } }";
        let found = findings(&[], &[("crates/web/src/x.rs", page), ("crates/store/src/x.rs", page)]);
        assert_eq!(
            found,
            [("sql-in-web", "crates/web/src/x.rs:1".to_owned()), ("sql-in-web", "crates/web/src/x.rs:2".to_owned())]
        );
    }
}

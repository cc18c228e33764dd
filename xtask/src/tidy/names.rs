//! One word per thing. Modules have names that say what is inside, public functions say what they do, and public types
//! use the words of `docs/reference/glossary.md`, whose last column lists the words each of them replaces.
//!
//! Fields and enum variants are left alone, because roles of contacts and other systems' answers are spelled there; so
//! are the crates that translate from other systems.

use std::collections::BTreeMap;

use syn::visit::{self, Visit};
use syn::{Ident, Item, Visibility};

use super::config::Config;
use super::report::Report;
use super::tree::{File, Source, Tree};

const GLOSSARY: &str = "docs/reference/glossary.md";

pub(super) fn check(tree: &Tree, config: &Config, report: &mut Report) {
    let never = never_words(tree);
    if never.is_empty() {
        report.finding("word", GLOSSARY, "the glossary has no words to avoid; its table has a column `never`");
    }
    for file in &tree.files {
        let Some(source) = &file.source else { continue };
        modules(file, source, &config.names.modules, report);
    }
    for (file, source) in tree.shipped() {
        if file.crate_name().is_none_or(|name| config.names.translators.iter().any(|translator| translator == name)) {
            continue;
        }
        let mut names = PublicNames::default();
        names.visit_file(&source.shipped);
        words(file, &names, &never, &config.names.prefixes, report);
    }
}

fn modules(file: &File, source: &Source, banned: &[String], report: &mut Report) {
    let in_path = file.path.split('/').map(|part| part.trim_end_matches(".rs")).map(str::to_owned);
    let inline = source.whole.items.iter().filter_map(|item| match item {
        Item::Mod(module) => Some(module.ident.to_string()),
        _ => None,
    });
    for name in in_path.chain(inline).filter(|name| banned.contains(name)) {
        report.finding("module-name", &*file.path, format!("`{name}` says nothing; put it where its data is"));
    }
}

fn words(file: &File, names: &PublicNames, never: &BTreeMap<String, String>, prefixes: &[String], report: &mut Report) {
    for (line, name) in &names.types {
        for word in camel_words(name) {
            let singular = word.strip_suffix('s').unwrap_or(&word);
            if let Some(instead) = never.get(&word).or_else(|| never.get(singular)) {
                let message = format!("`{name}` says {word}; the glossary says {instead}");
                report.finding("word", format!("{}:{line}", file.path), message);
            }
        }
    }
    for (line, name) in &names.functions {
        for prefix in prefixes.iter().filter(|prefix| name.starts_with(prefix.as_str())) {
            report.finding("word", format!("{}:{line}", file.path), format!("`{name}`: drop `{prefix}`"));
        }
    }
}

/// `StaleCTAList` → `stale`, `ctalist`: a word begins at a capital that follows a small letter or a digit.
fn camel_words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_small = false;
    for c in name.chars() {
        if c.is_uppercase() && after_small {
            words.push(String::new());
        }
        after_small = !c.is_uppercase();
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words
}

/// The words of the glossary's last column, each with the word to use instead.
fn never_words(tree: &Tree) -> BTreeMap<String, String> {
    let glossary = tree.files.iter().find(|file| file.path == GLOSSARY);
    let rows = glossary.map_or("", |file| file.text.as_str()).lines().filter(|line| line.starts_with("| **"));
    let mut never = BTreeMap::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        if let [instead, _, words] = cells[..] {
            for word in words.split(',').map(str::trim).filter(|word| !word.is_empty()) {
                never.insert(word.to_lowercase().replace(' ', ""), instead.replace('*', ""));
            }
        }
    }
    never
}

/// Public types, and public functions wherever they stand.
#[derive(Default)]
struct PublicNames {
    types: Vec<(usize, String)>,
    functions: Vec<(usize, String)>,
}

impl PublicNames {
    fn types(&mut self, visibility: &Visibility, name: &Ident) {
        if matches!(visibility, Visibility::Public(_)) {
            self.types.push((name.span().start().line, name.to_string()));
        }
    }

    fn functions(&mut self, visibility: &Visibility, name: &Ident) {
        if matches!(visibility, Visibility::Public(_)) {
            self.functions.push((name.span().start().line, name.to_string()));
        }
    }
}

impl<'ast> Visit<'ast> for PublicNames {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.types(&item.vis, &item.ident);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.types(&item.vis, &item.ident);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.types(&item.vis, &item.ident);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.types(&item.vis, &item.ident);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.functions(&item.vis, &item.sig.ident);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.functions(&item.vis, &item.sig.ident);
        visit::visit_impl_item_fn(self, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: (&str, &str) =
        (GLOSSARY, "| word | means | never |\n|---|---|---|\n| **Account** | a customer | company, organization |\n");

    fn places(files: &[(&str, &str)]) -> Vec<(&'static str, String)> {
        let mut report = Report::default();
        check(&Tree::of(&[&[WORDS], files].concat()), &Config::ours(), &mut report);
        report.findings.into_iter().map(|finding| (finding.rule, finding.place)).collect()
    }

    #[test]
    fn modules_that_say_nothing_are_found_as_file_folder_and_inline() {
        let found = places(&[
            ("crates/a/src/utils.rs", ""),
            ("crates/a/src/common/dates.rs", ""),
            ("crates/a/src/x.rs", "mod helpers { }"),
            ("crates/a/src/dates.rs", ""),
        ]);
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|(rule, _)| *rule == "module-name"));
    }

    #[test]
    fn public_types_speak_the_glossary() {
        let text = "pub struct CompanyName;\npub enum Organizations {}\nstruct CompanyPrivate;\npub struct Companion;";
        let found = places(&[("crates/a/src/x.rs", text), ("crates/connectors/src/x.rs", text)]);
        assert_eq!(found, [("word", "crates/a/src/x.rs:1".to_owned()), ("word", "crates/a/src/x.rs:2".to_owned())]);
    }

    #[test]
    fn a_function_does_not_get() {
        let text = "impl X { pub fn get_name() {} fn get_private() {} }\npub fn getter() {}";
        assert_eq!(places(&[("crates/a/src/x.rs", text)]), [("word", "crates/a/src/x.rs:1".to_owned())]);
    }

    #[test]
    fn a_glossary_without_words_is_noticed() {
        let mut report = Report::default();
        check(&Tree::of(&[]), &Config::ours(), &mut report);
        assert_eq!(report.findings[0].place, GLOSSARY);
    }

    #[test]
    fn words_of_a_name() {
        assert_eq!(camel_words("StaleCTAList"), ["stale", "ctalist"]);
        assert_eq!(camel_words("Day30Window"), ["day30", "window"]);
    }
}

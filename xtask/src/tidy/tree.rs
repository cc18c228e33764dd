//! The files of the workspace as the rules see them: text, and for Rust the syntax tree twice, whole and without tests.
//!
//! A file belongs to the tree when git keeps it or would keep it (`git ls-files --cached --others
//! --exclude-standard`), so a new file is judged before its first commit and build output never is. Files that are not
//! UTF-8 are left out: no rule has anything to say about a picture.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use syn::spanned::Spanned;
use syn::{Attribute, ImplItem, Item, Meta};

/// Every file of the workspace.
#[derive(Debug)]
pub struct Tree {
    /// In the order of their paths.
    pub files: Vec<File>,
}

/// One text file.
#[derive(Debug)]
pub struct File {
    /// Relative to the root, with forward slashes.
    pub path: String,
    /// Its whole content.
    pub text: String,
    /// Its syntax when it is Rust.
    pub source: Option<Source>,
}

/// A Rust file, parsed.
pub struct Source {
    /// As written, tests included.
    pub whole: syn::File,
    /// What ships: items behind `#[cfg(test)]` and `#[test]` are gone.
    pub shipped: syn::File,
    /// Lines outside test items; 0 when the whole file is a test.
    pub lines: usize,
    /// Whether the file is only compiled for tests, benchmarks or by the test kit.
    pub is_test: bool,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("lines", &self.lines).field("is_test", &self.is_test).finish_non_exhaustive()
    }
}

impl File {
    pub(super) fn new(path: impl Into<String>, text: impl Into<String>) -> Result<Self> {
        let mut file = Self { path: path.into(), text: text.into(), source: None };
        if file.has_ending("rs") {
            let source = Source::parse(&file.path, &file.text);
            file.source = Some(source.with_context(|| format!("{} is not Rust", file.path))?);
        }
        Ok(file)
    }

    /// Whether the name ends so: `rs`, `md`.
    pub fn has_ending(&self, ending: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|own| own == ending)
    }

    /// The crate whose folder the file lies in: `crates/web/src/ui.rs` is in `web`, `xtask/src/main.rs` in `xtask`.
    pub fn crate_name(&self) -> Option<&str> {
        match self.path.split('/').collect::<Vec<_>>()[..] {
            ["crates", name, _, ..] | [name @ "xtask", _, ..] => Some(name),
            _ => None,
        }
    }

    /// The path inside the `src` folder of its crate, without the ending: `ui/icon`.
    pub fn module_path(&self) -> Option<&str> {
        let (_, inside) = self.path.split_once("/src/")?;
        inside.strip_suffix(".rs")
    }
}

impl Source {
    fn parse(path: &str, text: &str) -> Result<Self> {
        let whole = syn::parse_file(text)?;
        let mut shipped = whole.clone();
        let test_lines = drop_tests(&mut shipped.items);
        let is_test = is_test_path(path);
        let lines = if is_test { 0 } else { text.lines().count().saturating_sub(test_lines) };
        Ok(Self { whole, shipped, lines, is_test })
    }
}

/// Integration tests, benchmarks, examples, out-of-line `tests.rs` modules and the whole test kit.
fn is_test_path(path: &str) -> bool {
    path.starts_with("crates/testkit/")
        || path.split('/').any(|part| matches!(part, "tests" | "benches" | "examples" | "tests.rs" | "build.rs"))
}

/// Removes the items that only tests compile and returns how many lines went with them.
fn drop_tests(items: &mut Vec<Item>) -> usize {
    let mut lines = 0;
    items.retain_mut(|item| {
        if attributes(item).iter().any(marks_test) {
            lines += line_count(item);
            return false;
        }
        match item {
            Item::Mod(module) => {
                if let Some((_, inner)) = &mut module.content {
                    lines += drop_tests(inner);
                }
            }
            Item::Impl(block) => block.items.retain(|inner| {
                let test = matches!(inner, ImplItem::Fn(function) if function.attrs.iter().any(marks_test));
                lines += if test { line_count(inner) } else { 0 };
                !test
            }),
            _ => {}
        }
        true
    });
    lines
}

fn line_count(spanned: &impl Spanned) -> usize {
    let span = spanned.span();
    span.end().line + 1 - span.start().line
}

/// `#[test]`, `#[tokio::test]`, `#[cfg(test)]` and `#[cfg(all(test, …))]`, but not `#[cfg(not(test))]`.
fn marks_test(attribute: &Attribute) -> bool {
    match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            let words = list.tokens.to_string();
            words.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "test") && !words.contains("not")
        }
        meta => meta.path().segments.last().is_some_and(|segment| segment.ident == "test"),
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(syn::ItemConst { attrs, .. })
        | Item::Enum(syn::ItemEnum { attrs, .. })
        | Item::ExternCrate(syn::ItemExternCrate { attrs, .. })
        | Item::Fn(syn::ItemFn { attrs, .. })
        | Item::ForeignMod(syn::ItemForeignMod { attrs, .. })
        | Item::Impl(syn::ItemImpl { attrs, .. })
        | Item::Macro(syn::ItemMacro { attrs, .. })
        | Item::Mod(syn::ItemMod { attrs, .. })
        | Item::Static(syn::ItemStatic { attrs, .. })
        | Item::Struct(syn::ItemStruct { attrs, .. })
        | Item::Trait(syn::ItemTrait { attrs, .. })
        | Item::TraitAlias(syn::ItemTraitAlias { attrs, .. })
        | Item::Type(syn::ItemType { attrs, .. })
        | Item::Union(syn::ItemUnion { attrs, .. })
        | Item::Use(syn::ItemUse { attrs, .. }) => attrs,
        _ => &[],
    }
}

impl Tree {
    /// Reads what git keeps, or would keep, below the root.
    pub fn read(root: &Path) -> Result<Self> {
        let output = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .context("cannot run git, which lists the files of the tree")?;
        ensure!(output.status.success(), "git cannot list the files: {}", String::from_utf8_lossy(&output.stderr));
        let listing = String::from_utf8(output.stdout).context("git listed a path that is not UTF-8")?;
        let mut paths: Vec<&str> = listing.split_terminator('\0').collect();
        paths.sort_unstable();
        paths.dedup();

        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            // A file deleted but not yet committed is still listed; a picture is not text.
            if let Ok(text) = std::fs::read_to_string(root.join(path)) {
                files.push(File::new(path, text)?);
            }
        }
        Ok(Self { files })
    }

    /// The Rust files, tests included.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.files.iter().filter_map(|file| file.source.as_ref())
    }

    /// The Rust files that ship, beside the file each was parsed from.
    pub fn shipped(&self) -> impl Iterator<Item = (&File, &Source)> {
        self.files.iter().filter_map(|file| Some((file, file.source.as_ref()?))).filter(|(_, source)| !source.is_test)
    }

    /// Whether the tree has this file, or a folder of this name.
    pub fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files.iter().any(|file| file.path == path || file.path.starts_with(&folder))
    }
}

#[cfg(test)]
impl Tree {
    /// A tree made of these paths and texts.
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| File::new(*path, *text).unwrap()).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: &str = "
fn ships() {}

#[cfg(test)]
mod tests {
    #[test]
    fn does_not() {}
}

#[cfg(not(test))]
fn ships_too() {}

impl X {
    #[cfg(test)]
    fn for_tests() {}
    fn ships_as_well() {}
}
";

    #[test]
    fn test_items_are_not_shipped_and_not_counted() {
        let tree = Tree::of(&[("crates/a/src/lib.rs", MIXED)]);
        let source = tree.sources().next().unwrap();
        assert_eq!(source.shipped.items.len(), 3);
        assert_eq!(source.whole.items.len(), 4);
        assert_eq!(source.lines, MIXED.lines().count() - 5 - 2);
    }

    #[test]
    fn paths_say_what_is_a_test_and_whose_file_it_is() {
        let tree = Tree::of(&[
            ("crates/a/src/ui/icon.rs", ""),
            ("crates/a/tests/flow.rs", ""),
            ("crates/testkit/src/lib.rs", ""),
            ("xtask/src/main.rs", ""),
            ("README.md", "hello"),
        ]);
        let tests: Vec<_> = tree.sources().map(|source| source.is_test).collect();
        assert_eq!(tests, [false, true, true, false]);
        let crates: Vec<_> = tree.files.iter().map(File::crate_name).collect();
        assert_eq!(crates, [Some("a"), Some("a"), Some("testkit"), Some("xtask"), None]);
        assert_eq!(tree.files[0].module_path(), Some("ui/icon"));
        assert!(tree.has("crates/a/tests") && tree.has("README.md") && !tree.has("crates/a/test"));
    }

    #[test]
    fn what_is_not_rust_is_an_error_that_names_the_file() {
        let error = File::new("crates/a/src/lib.rs", "fn {").unwrap_err();
        assert_eq!(error.to_string(), "crates/a/src/lib.rs is not Rust");
    }
}

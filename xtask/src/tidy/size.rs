//! How long files and functions are. Length is not ugliness, irregularity is: so the middle and the tail of the
//! distribution are budgets, and a single long file only needs a reason written down.
//!
//! A file counts without its test items, with its comments; a function from its signature to its closing brace. What a
//! macro hides (a page's markup, say) counts by its lines like anything else.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::config::Config;
use super::report::Report;
use super::tree::Tree;

pub(super) fn check(tree: &Tree, config: &Config, report: &mut Report) {
    let limits = &config.budgets;
    let mut files = Vec::new();
    let mut functions = Functions::default();
    for (file, source) in tree.shipped() {
        files.push(source.lines);
        functions.visit_file(&source.shipped);
        if source.lines > limits.file_longest {
            let message = format!("{} lines outside tests; split it, or say why not in xtask/tidy.toml", source.lines);
            report.finding("long-file", &*file.path, message);
        }
    }
    report.budget("lines of a file, median", quantile(&mut files, 0.5) as f64, limits.file_median);
    report.budget("lines of a file, 95th percentile", quantile(&mut files, 0.95) as f64, limits.file_p95);
    report.budget(
        "lines of a function, 90th percentile",
        quantile(&mut functions.lines, 0.9) as f64,
        limits.function_p90,
    );
    report.budget("lines of the longest function", quantile(&mut functions.lines, 1.0) as f64, None);
}

/// The smallest value that at least this share of the values does not exceed; 0 of nothing.
fn quantile(values: &mut [usize], share: f64) -> usize {
    values.sort_unstable();
    let rank = (share * values.len() as f64).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

#[derive(Default)]
struct Functions {
    lines: Vec<usize>,
}

impl Functions {
    fn push(&mut self, signature: &syn::Signature, block: &syn::Block) {
        self.lines.push(block.span().end().line + 1 - signature.span().start().line);
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.push(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.push(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.push(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(files: &[(&str, &str)]) -> Report {
        let mut report = Report::default();
        check(&Tree::of(files), &Config::ours(), &mut report);
        report
    }

    fn lines(count: usize) -> String {
        "// a line\n".repeat(count)
    }

    #[test]
    fn a_long_file_needs_a_reason_and_its_tests_do_not_count() {
        let long = lines(501);
        let tested = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", lines(400), lines(400));
        let report = checked(&[("crates/a/src/long.rs", &long), ("crates/a/src/tested.rs", &tested)]);
        assert_eq!(report.findings.len(), 1);
        assert_eq!(report.findings[0].place, "crates/a/src/long.rs");
        assert_eq!(report.figures()[..2], ["400", "501"]);
        assert!(!report.is_clean());
    }

    #[test]
    fn functions_count_from_signature_to_brace() {
        let text =
            "/// Doc.\n#[inline]\nfn a(\n    x: u8,\n) {\n    f(x);\n}\nimpl X { fn b() {} }\ntrait Y { fn c(); }\n";
        let report = checked(&[("crates/a/src/x.rs", text)]);
        assert_eq!(report.figures()[2..], ["5", "5"]);

        let long = format!("fn a() {{\n{}}}\n", lines(40));
        assert!(!checked(&[("crates/a/src/x.rs", &long)]).is_clean());
    }

    #[test]
    fn quantiles_are_values_that_occur() {
        assert_eq!(quantile(&mut [4, 1, 3, 2], 0.5), 2);
        assert_eq!(quantile(&mut [4, 1, 3, 2], 0.9), 4);
        assert_eq!(quantile(&mut [], 0.5), 0);
    }
}

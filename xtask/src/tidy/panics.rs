//! `unwrap` and `expect` in code that ships. A few are honest (a lock that cannot be poisoned, a constant that parses);
//! many are user input waiting to bring the process down, so their density is a budget.
//!
//! Counted are method calls by these two names, inside macros too. Indexing and arithmetic are not: tests find those.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::visit::{self, Visit};

use super::config::Config;
use super::report::Report;
use super::tree::Tree;

pub(super) fn check(tree: &Tree, config: &Config, report: &mut Report) {
    let mut panics = Panics::default();
    let mut lines = 0;
    for (_, source) in tree.shipped() {
        panics.visit_file(&source.shipped);
        lines += source.lines;
    }
    let density = 1000.0 * panics.count as f64 / lines.max(1) as f64;
    report.budget("unwrap and expect per 1000 lines", density, config.budgets.panics_per_1000_lines);
}

#[derive(Default)]
struct Panics {
    count: usize,
}

fn panics(name: &syn::Ident) -> bool {
    name == "unwrap" || name == "expect"
}

impl Panics {
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for window in tokens.windows(3) {
            if let [TokenTree::Punct(dot), TokenTree::Ident(name), TokenTree::Group(arguments)] = window
                && dot.as_char() == '.'
                && panics(name)
                && arguments.delimiter() == Delimiter::Parenthesis
            {
                self.count += 1;
            }
        }
        for token in tokens {
            if let TokenTree::Group(group) = token {
                self.tokens(group.stream());
            }
        }
    }
}

impl<'ast> Visit<'ast> for Panics {
    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.count += usize::from(panics(&call.method));
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn density(text: &str) -> (String, bool) {
        let mut report = Report::default();
        check(&Tree::of(&[("crates/a/src/x.rs", text)]), &Config::ours(), &mut report);
        (report.figures().concat(), report.is_clean())
    }

    #[test]
    fn three_in_a_thousand_lines_is_too_many() {
        let code = "fn a() { x.unwrap(); y.expect(\"z\"); html! { (z.unwrap()) } }\n";
        assert_eq!(density(&format!("{code}{}", "//\n".repeat(999))), ("3".to_owned(), false));
    }

    #[test]
    fn tests_and_gentler_methods_do_not_count() {
        let code = "fn a() { x.unwrap_or(1); }\n#[cfg(test)]\nmod tests { fn b() { x.unwrap(); } }\n";
        assert_eq!(density(code), ("0".to_owned(), true));
    }
}

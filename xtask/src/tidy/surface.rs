//! What a crate shows at its root, and what its handlers share. A root that re-exports everything is a facade nobody
//! reads; a state with thirty fields is a god object in the making.
//!
//! The state is the struct `AppState` of `web`. If it is renamed this rule says so, because a budget that measures
//! nothing is worse than none.

use syn::{Item, Visibility};

use super::config::Config;
use super::fences::leaves;
use super::report::Report;
use super::tree::{Source, Tree};

pub(super) fn check(tree: &Tree, config: &Config, report: &mut Report) {
    state(tree, config.budgets.state_fields, report);
    roots(tree, config.budgets.root_reexports, report);
}

fn state(tree: &Tree, limit: usize, report: &mut Report) {
    let in_web = tree.shipped().filter(|(file, _)| file.crate_name() == Some("web"));
    let fields = in_web.flat_map(|(_, source)| &source.shipped.items).find_map(|item| match item {
        Item::Struct(item) if item.ident == "AppState" => Some(item.fields.len()),
        _ => None,
    });
    match fields {
        Some(fields) => report.budget("fields of the application state", fields as f64, limit as f64),
        None => report.finding("state", "crates/web/src", "no struct `AppState` to count the fields of"),
    }
}

fn roots(tree: &Tree, limit: usize, report: &mut Report) {
    let mut most = 0;
    for (file, source) in tree.shipped().filter(|(file, _)| file.module_path() == Some("lib")) {
        let names = reexports(source);
        for glob in names.iter().filter(|leaf| leaf.is_glob) {
            report.finding("glob", &*file.path, format!("`{}::*` hides what the crate shows", glob.path));
        }
        if names.len() > limit {
            let message = format!("{} re-exports; let callers name the module", names.len());
            report.finding("root", &*file.path, message);
        }
        most = most.max(names.len());
    }
    report.budget("most re-exports at a crate root", most as f64, None);
}

fn reexports(source: &Source) -> Vec<super::fences::Leaf> {
    let public = source.shipped.items.iter().filter_map(|item| match item {
        Item::Use(item) if matches!(item.vis, Visibility::Public(_)) => Some(&item.tree),
        _ => None,
    });
    public.flat_map(leaves).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(files: &[(&str, &str)]) -> Report {
        let mut report = Report::default();
        check(&Tree::of(files), &Config::ours(), &mut report);
        report
    }

    #[test]
    fn an_eleventh_field_is_too_many_and_a_missing_state_is_noticed() {
        let fields = ["u8"; 11].join(", ");
        let report = checked(&[("crates/web/src/state.rs", &format!("pub struct AppState({fields});"))]);
        assert_eq!(report.figures()[0], "11");
        assert!(!report.is_clean());
        assert_eq!(checked(&[]).findings[0].rule, "state");
    }

    #[test]
    fn a_root_shows_twenty_names_and_no_glob() {
        let state = ("crates/web/src/state.rs", "struct AppState {}");
        let names: Vec<String> = (0..21).map(|n| format!("N{n}")).collect();
        let wide = format!("pub use a::{{{}}};\nuse private::*;", names.join(", "));
        let report = checked(&[state, ("crates/a/src/lib.rs", &wide), ("crates/a/src/b.rs", &wide)]);
        assert_eq!(report.findings.len(), 1);
        assert_eq!((report.findings[0].rule, report.findings[0].place.as_str()), ("root", "crates/a/src/lib.rs"));

        let report = checked(&[state, ("crates/a/src/lib.rs", "pub use a::*;")]);
        assert_eq!(report.findings[0].rule, "glob");
    }
}

//! The rules of the house hold for this tree, so `cargo test` fails where `cargo xtask tidy` does.

#[test]
fn the_workspace_keeps_its_rules() {
    let report = xtask::tidy::run(xtask::tidy::workspace_root()).unwrap();
    assert!(report.is_clean(), "{report}");
}

//! Why each crate is there is written down: `docs/dependencies.md` and the manifests name the same ones.

use std::collections::BTreeSet;

#[test]
fn every_direct_dependency_has_a_line_that_says_why_and_no_line_outlives_its_crate() {
    let manifest: toml::Table = include_str!("../Cargo.toml").parse().unwrap();
    let fuzzer: toml::Table = include_str!("fuzz/Cargo.toml").parse().unwrap();
    let declared: BTreeSet<&str> = [
        &manifest["dependencies"],
        &manifest["dev-dependencies"],
        &fuzzer["dependencies"],
    ]
    .into_iter()
    .flat_map(|table| table.as_table().unwrap().keys())
    .map(String::as_str)
    .filter(|name| *name != "obsgate")
    .collect();
    let explained: BTreeSet<&str> = include_str!("../docs/dependencies.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split(" | ").next())
        .flat_map(|cell| cell.split(", "))
        .map(|name| name.trim_matches('`'))
        .collect();
    assert_eq!(declared, explained);
}

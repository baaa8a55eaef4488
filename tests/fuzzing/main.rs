//! The fuzz targets without the fuzzer: each law over its seeds and over 10,000 mutations of them.
//!
//! A test fails as well if the mutations no longer reach both sides of a law: a law about what is accepted shows
//! nothing where everything is refused.

#![cfg(test)]

#[expect(unreachable_pub, reason = "the fuzzer's targets are programs of their own")]
mod laws;
mod run;

use run::{count, run};

#[test]
fn the_guard_reads_any_bytes_in_one_way_however_they_are_cut() {
    let met = run("guard", laws::guard::holds);
    assert!(count(&met, "whole") > 800, "{met:?}");
    assert!(met.len() > 20, "{met:?}");
}

#[test]
fn guard_hyper_and_reference_read_the_same_requests_in_any_bytes() {
    let met = run("differential", laws::differential::holds);
    assert!(count(&met, "whole") > 800, "{met:?}");
    assert!(met.len() > 20, "{met:?}");
}

#[test]
fn answers_are_read_in_one_way_however_they_are_cut() {
    let met = run("answer", laws::answer::holds);
    for kind in ["whole", "until close", "fault", "cut off"] {
        assert!(count(&met, kind) > 500, "{met:?}");
    }
}

#[test]
fn any_head_is_classified_alike_in_every_order_and_spelling() {
    let met = run("classify", laws::classify::holds);
    for kind in ["allowed", "in doubt", "refused"] {
        assert!(count(&met, kind) > 200, "{met:?}");
    }
    assert!(met.len() > 20, "{met:?}");
}

#[test]
fn a_query_holds_what_a_slow_reader_finds_in_it() {
    let met = run("query", laws::query::holds);
    for kind in ["refused", "encrypted", "passed"] {
        assert!(count(&met, kind) > 500, "{met:?}");
    }
}

#[test]
fn a_copy_source_names_a_bucket_and_a_key_or_is_refused() {
    let met = run("copy_source", laws::copy_source::holds);
    for kind in ["refused", "passed"] {
        assert!(count(&met, kind) > 1000, "{met:?}");
    }
}

#[test]
fn a_form_is_read_alike_however_it_is_cut_and_as_others_read_it() {
    let met = run("form", laws::form::holds);
    for kind in ["v4", "v2", "anonymous"] {
        assert!(count(&met, kind) > 20, "{met:?}");
    }
    assert!(met.len() > 20, "{met:?}");
}

#[test]
fn xml_is_read_alike_however_it_is_cut() {
    let met = run("xml", laws::xml::holds);
    for kind in ["an upload", "a default", "error", "not-xml"] {
        assert!(count(&met, kind) > 50, "{met:?}");
    }
}

#[test]
fn a_policy_file_has_mistakes_with_places_or_rules_that_can_be_written_down() {
    let met = run("policy_file", laws::policy_file::holds);
    for kind in ["mistaken", "rules", "a union"] {
        assert!(count(&met, kind) > 20, "{met:?}");
    }
}

#[test]
fn a_settings_file_is_right_or_has_mistakes_with_places_and_shows_no_secret() {
    let met = run("settings", laws::settings::holds);
    for kind in ["mistaken", "right"] {
        assert!(count(&met, kind) > 50, "{met:?}");
    }
}

//! `obsgate rules` and `obsgate check`, as a shell sees them.

#![cfg(test)]

use serde_json::Value;
use std::process::{Command, Output};

#[test]
fn rules_are_printed_with_document_table_and_row() {
    let printed = out(&["rules", "--profile", "huawei"]);
    let line = line_of(&printed, "huawei.sse-kms.get-object ");
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[1..6], ["GetObject", "any", "sse-kms", "https", "any"]);
    assert!(line.ends_with("[1] Table 2, row 5"), "{line}");
    assert!(line_of(&printed, "[1] ").contains("(2023-10-11)"));
    assert_eq!(printed.lines().count(), 1 + 46 + 1 + 1);
}

#[test]
fn strict_is_what_is_shown_by_default_and_cites_every_document() {
    let printed = out(&["rules"]);
    let line = line_of(&printed, "strict.sse-kms.put-object ");
    assert!(
        line.ends_with("[1] Table 2, row 1; [2] 表 2, row 1; [3] Table 2, row 1; [4] Table 2, row 1"),
        "{line}"
    );
    assert!(line_of(&printed, "strict.customer-key ").ends_with("the profile itself"));
}

#[test]
fn markdown_is_a_table_of_as_many_columns_in_each_row() {
    let printed = out(&["rules", "--profile", "otc-s3", "--format", "markdown"]);
    let rows: Vec<&str> = printed.lines().take_while(|line| !line.is_empty()).collect();
    assert_eq!(rows.len(), 2 + 32);
    let columns = |line: &str| line.matches('|').count();
    assert!(
        rows.iter().all(|row| columns(row) == columns(rows[0])),
        "{printed}"
    );
}

#[test]
fn json_has_every_rule_with_its_citations() {
    for (profile, count) in [
        ("strict", 47),
        ("huawei", 46),
        ("huawei-legacy", 32),
        ("otc-s3", 32),
    ] {
        let printed: Value =
            serde_json::from_str(&out(&["rules", "--profile", profile, "--format", "json"])).unwrap();
        assert_eq!(printed["profile"], profile);
        let rules = printed["rules"].as_array().unwrap();
        assert_eq!(rules.len(), count, "{profile}");
        for rule in rules {
            let citations = rule["citations"].as_array().unwrap();
            assert_eq!(citations.is_empty(), rule["scope"] == "customer-key", "{rule}");
            assert!(
                citations
                    .iter()
                    .all(|citation| citation["row"].as_u64() > Some(0)),
                "{rule}"
            );
        }
    }
}

#[test]
fn check_says_in_a_line_what_a_sound_file_is() {
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/config/policies");
    let printed = out(&["check", &format!("{policies}/strict.toml")]);
    assert_eq!(
        printed,
        format!("{policies}/strict.toml: ok, a policy file: `strict` with 47 rules\n")
    );
}

#[test]
fn check_says_that_a_key_does_not_fit_its_certificate() {
    let directory = std::env::temp_dir().join(format!("obsgate-unfit-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let [one, other] =
        [(); 2].map(|()| rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap());
    let settings = |key: &rcgen::KeyPair| {
        std::fs::write(directory.join("cert.pem"), one.cert.pem()).unwrap();
        std::fs::write(directory.join("key.pem"), key.serialize_pem()).unwrap();
        let file = directory.join("obsgate.toml");
        let text = "[[listener]]\naddress = '127.0.0.1:0'\nscheme = 'https'\ncertificate = 'cert.pem'\n\
                    private_key = 'key.pem'\n[upstream]\nurl = 'https://obs.example.com'\n\
                    domains = ['obs.example.com']\n";
        std::fs::write(&file, text).unwrap();
        obsgate(&["check", file.to_str().unwrap()])
    };
    assert!(settings(&one.signing_key).status.success());
    let unfit = settings(&other.signing_key);
    assert_eq!(unfit.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&unfit.stderr).contains("certificate and key do not make"));
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn check_names_every_mistake_and_ends_with_78() {
    // The sample names a certificate and a key that are not beside it.
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/config/obsgate.toml");
    let output = obsgate(&["check", sample]);
    assert_eq!(output.status.code(), Some(78));
    let mistakes = String::from_utf8(output.stderr).unwrap();
    let starts: Vec<bool> = mistakes
        .lines()
        .map(|line| line.starts_with(&format!("{sample}:")))
        .collect();
    assert_eq!(starts, [true, true], "{mistakes}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_mistaken_command_line_ends_with_64_and_help_with_0() {
    for arguments in [
        &[][..],
        &["check"],
        &["rules", "--profile", "srtict"],
        &["rules", "--format", "xml"],
        &["nonsense"],
    ] {
        let output = obsgate(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert!(
            !output.stderr.is_empty() && output.stdout.is_empty(),
            "{arguments:?}"
        );
    }
    for arguments in [&["--help"][..], &["--version"], &["rules", "--help"]] {
        let output = obsgate(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(!output.stdout.is_empty(), "{arguments:?}");
    }
}

fn out(arguments: &[&str]) -> String {
    let output = obsgate(arguments);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn obsgate(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_obsgate"))
        .args(arguments)
        .output()
        .unwrap()
}

fn line_of<'p>(printed: &'p str, start: &str) -> &'p str {
    printed.lines().find(|line| line.starts_with(start)).unwrap()
}

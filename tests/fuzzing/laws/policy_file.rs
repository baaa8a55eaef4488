//! A policy file, as an operator writes it.
//!
//! 1. It is read, or every mistake has a place in it and words.
//! 2. What `obsgate rules` prints of it, written down as a policy file again, reads as the same rules.

use super::mistakes;
use obsgate::{
    cli::{Format, rules},
    config::Profile,
    policy::Settings,
};
use serde_json::Value;
use std::path::Path;
use toml::Table;

/// Whether it is right, and has rows of its own.
pub fn holds(bytes: &[u8]) -> &'static str {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return "no text";
    };
    let file = Path::new("policy.toml");
    let profile = match Profile::read(text, file, Settings::default()) {
        Ok(profile) => profile,
        Err(mistakes) => {
            mistakes::assert_are_in(text, file, &mistakes);
            return "mistaken";
        }
    };
    let printed = printed(&profile);
    for format in [Format::Table, Format::Markdown] {
        rules::print(&profile, format, &mut Vec::new()).unwrap();
    }
    let own: Table = text.parse().unwrap();
    if own.contains_key("union") {
        return "a union";
    }
    let written = written(&printed);
    let again = Profile::read(&written, file, Settings::default())
        .unwrap_or_else(|mistakes| panic!("printed, it has mistakes:\n{mistakes}\n{written}"));
    assert_eq!(self::printed(&again), printed, "{written}");
    if profile.policy.rules().is_empty() {
        "without rules"
    } else {
        "rules"
    }
}

fn printed(profile: &Profile) -> Value {
    let mut output = Vec::new();
    rules::print(profile, Format::Json, &mut output).unwrap();
    serde_json::from_slice(&output).unwrap()
}

/// Printed rules as a policy file: a rule's id says in which table it stood, its citations where in there.
fn written(printed: &Value) -> String {
    let text = |value: &Value| toml::Value::from(value.as_str().unwrap());
    let mut file = Table::new();
    file.insert("name".into(), text(&printed["profile"]));
    let mut tables: Vec<(String, Table)> = Vec::new();
    for rule in printed["rules"].as_array().unwrap() {
        let protocol = text(&rule["protocol"]);
        if rule["scope"] == "customer-key" {
            let table = Table::from_iter([("protocol".to_owned(), protocol)]);
            file.insert("customer_key".into(), table.into());
            continue;
        }
        let citations = rule["citations"].as_array().unwrap();
        let documents: toml::Value = citations
            .iter()
            .map(|one| text(&one["document"]))
            .collect::<Vec<_>>()
            .into();
        file.insert("documents".into(), documents);
        let id = rule["id"].as_str().unwrap().split('.').nth(1).unwrap();
        let scope = &rule["scope"];
        let of_operation = !scope["source"].is_null();
        let found = tables.iter().position(|(one, _)| one == id);
        let n = found.unwrap_or_else(|| {
            let mut table = Table::new();
            table.insert("id".into(), id.into());
            table.insert("cite".into(), text(&citations[0]["table"]));
            let (key, value) = if of_operation {
                ("operation", &scope["operation"])
            } else {
                ("encryption", &scope["target"])
            };
            table.insert(key.into(), text(value));
            table.insert("rows".into(), toml::Value::Array(Vec::new()));
            tables.push((id.to_owned(), table));
            tables.len() - 1
        });
        let mut row = Table::new();
        row.insert("row".into(), citations[0]["row"].as_i64().unwrap().into());
        row.insert("protocol".into(), protocol);
        if rule["authentication"] == "v4" {
            row.insert("authentication".into(), "v4".into());
        }
        if of_operation {
            row.insert("source".into(), text(&scope["source"]));
            row.insert("target".into(), text(&scope["target"]));
        } else {
            row.insert("operation".into(), text(&scope["operation"]));
        }
        tables[n].1["rows"].as_array_mut().unwrap().push(row.into());
    }
    let tables: Vec<toml::Value> = tables.into_iter().map(|(_, table)| table.into()).collect();
    if tables.is_empty() {
        file.insert("table".into(), toml::Value::Array(Vec::new()));
    } else {
        file.insert("table".into(), tables.into());
    }
    file.to_string()
}

//! A policy file as written: the tables of published documents, in the documents' own shape.
//!
//! A table is either about one encryption, with a row for each operation, or about one operation, with a row for each
//! pair of a source's and a target's encryption:
//!
//! ```toml
//! name = "example"
//! documents = ["Storage handbook, chapter 4"]
//!
//! [[table]]
//! id = "sse-kms"
//! cite = "Table 2"
//! encryption = "sse-kms"
//! rows = [{ row = 1, operation = "PutObject", protocol = "https", authentication = "v4" }]
//! ```

use super::{
    Builtin,
    error::{Fault, Place, choices},
    section::{Section, Source},
};
use crate::{
    obs::{encryption::Encryption, operation::Operation},
    policy::{Citation, Requirement, Rule, Scope},
};
use toml::{Spanned, de::DeTable};

/// What a policy file says.
pub(super) struct PolicyFile {
    pub(super) name: String,
    pub(super) obs_scheme_exempt: bool,
    pub(super) union: Vec<Builtin>,
    pub(super) rows: Vec<Row>,
}

/// A row as a rule, and where it stands.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) rule: Rule,
    pub(super) place: Place,
}

/// Whether a file means to be a policy file: it has what only those have, at its top level.
pub(super) fn is_policy_file(root: &Spanned<DeTable<'_>>) -> bool {
    let has = |key: &&str| root.get_ref().contains_key(*key);
    ["name", "documents", "table", "union", "customer_key"]
        .iter()
        .any(has)
        && !["listener", "upstream", "policy"].iter().any(has)
}

impl PolicyFile {
    pub(super) fn read<'s>(source: &'s Source<'s>, root: &'s Spanned<DeTable<'s>>) -> Self {
        let file = Section::root(source, root);
        file.require("name", NAME);
        let name = file
            .parsed("name", NAME, |text| is_name(text).then(|| text.to_owned()))
            .map(Spanned::into_inner)
            .unwrap_or_default();
        let documents = read_documents(&file);
        let obs_scheme_exempt = file
            .choice("obs_scheme", &[("v2", false), ("exempt", true)])
            .unwrap_or_default();
        let union = read_union(&file);
        let tables = file.sections("table");
        if !file.has("union") {
            file.require_elements(
                "table",
                "an array of tables, each a table of the documents, unless there is a `union`",
            );
        }
        if !tables.is_empty() {
            file.require_elements(
                "documents",
                "an array with the titles of the documents that the tables are from",
            );
        }
        let mut rows: Vec<Row> = tables
            .into_iter()
            .flat_map(|table| read_table(table, &name, &documents))
            .collect();
        rows.extend(read_customer_key(&file, &name));
        file.finish();
        Self {
            name,
            obs_scheme_exempt,
            union,
            rows,
        }
    }
}

fn read_documents(file: &Section<'_>) -> Vec<String> {
    let written = file.strings("documents").unwrap_or_default();
    written.into_iter().map(Spanned::into_inner).collect()
}

fn read_union(file: &Section<'_>) -> Vec<Builtin> {
    let written = file.strings("union").unwrap_or_default();
    let read = written.iter().filter_map(|name| {
        let found = Builtin::LITERAL
            .into_iter()
            .find(|one| one.name() == name.get_ref());
        if found.is_none() {
            let allowed = choices(&Builtin::LITERAL.map(Builtin::name));
            file.wrong_value("union", name.span().start, name.get_ref(), allowed);
        }
        found
    });
    read.collect()
}

/// `[customer_key]`: what every request with any part of a customer key must do (rulings, 10).
fn read_customer_key(file: &Section<'_>, name: &str) -> Option<Row> {
    let table = file.section("customer_key");
    let at = table.at();
    if file.has("customer_key") {
        table.require("protocol", "`https` or `http or https`");
    }
    let https = table.choice("protocol", &PROTOCOLS);
    table.finish();
    let rule = Rule {
        name: format!("{name}.customer-key"),
        scope: Scope::CustomerKey,
        requirement: Requirement {
            https: https?,
            v4: false,
        },
        citations: Vec::new(),
    };
    let place = file.place(at);
    Some(Row { rule, place })
}

/// What the rows of a table have in common.
struct Table<'f> {
    file_name: &'f str,
    documents: &'f [String],
    id: String,
    cite: String,
    subject: Subject,
}

enum Subject {
    Encryption(Encryption),
    Operation(Operation),
}

fn read_table(section: Section<'_>, file_name: &str, documents: &[String]) -> Vec<Row> {
    section.require("id", NAME);
    section.require("cite", "the table's number or title in the documents");
    section.require_elements("rows", "an array of the table's rows");
    let id = section.parsed("id", NAME, |text| is_name(text).then(|| text.to_owned()));
    let cite = section.string("cite");
    let subject = read_subject(&section);
    let rows = section.sections("rows");
    section.finish();
    // Without its subject, nothing can be said of a table's rows.
    let Some(subject) = subject else {
        return Vec::new();
    };
    let table = Table {
        file_name,
        documents,
        id: id.map(Spanned::into_inner).unwrap_or_default(),
        cite: cite.map(Spanned::into_inner).unwrap_or_default(),
        subject,
    };
    let mut numbers = Vec::new();
    rows.into_iter()
        .filter_map(|row| read_row(row, &table, &mut numbers))
        .collect()
}

fn read_subject(section: &Section<'_>) -> Option<Subject> {
    if section.has("encryption") && section.has("operation") {
        section.no_effect("operation", "in a table that has an `encryption`");
        return None;
    }
    if !section.has("operation") {
        section.require(
            "encryption",
            "what all rows are about, unless the table has an `operation`",
        );
    }
    encryption(section, "encryption")
        .map(Subject::Encryption)
        .or_else(|| operation(section).map(Subject::Operation))
}

fn read_row(row: Section<'_>, table: &Table<'_>, numbers: &mut Vec<Spanned<u32>>) -> Option<Row> {
    let place = row.place(row.at());
    row.require("row", "the row's number in the table, from 1");
    let number = row.count("row");
    if let Some(number) = &number {
        distinct(&row, number, numbers);
        numbers.push(number.clone());
    }
    let requirement = read_requirement(&row);
    let scope = read_scope(&row, &table.subject);
    row.finish();

    let ((scope, suffix), requirement, number) = (scope?, requirement?, number?.into_inner());
    let citation = |document: &String| Citation {
        document: document.clone(),
        table: table.cite.clone(),
        row: number,
        requirement,
    };
    let rule = Rule {
        name: format!("{}.{}.{suffix}", table.file_name, table.id),
        scope,
        requirement,
        citations: table.documents.iter().map(citation).collect(),
    };
    Some(Row { rule, place })
}

/// What a row is about, and the end of its rule's id.
fn read_scope(row: &Section<'_>, subject: &Subject) -> Option<(Scope, String)> {
    match *subject {
        Subject::Encryption(target) => {
            row.require("operation", "the operation that the row is about");
            let operation = operation(row)?;
            let scope = Scope::Row {
                operation,
                source: None,
                target,
            };
            Some((scope, kebab(operation.name())))
        }
        Subject::Operation(operation) => {
            row.require("source", "the encryption of the copy's source");
            row.require("target", "the encryption of the copy's target");
            let source = encryption(row, "source");
            let target = encryption(row, "target");
            let (source, target) = (source?, target?);
            let scope = Scope::Row {
                operation,
                source: Some(source),
                target,
            };
            Some((scope, format!("{source}-to-{target}")))
        }
    }
}

fn read_requirement(row: &Section<'_>) -> Option<Requirement> {
    row.require("protocol", "`https` or `http or https`");
    let https = row.choice("protocol", &PROTOCOLS);
    // The documents that have no such column ask for no signature version.
    let v4 = row.choice("authentication", &[("v4", true), ("v2 or v4", false)]);
    let unread = v4.is_none() && row.has("authentication");
    Some(Requirement {
        https: https?,
        v4: v4.unwrap_or_default(),
    })
    .filter(|_| !unread)
}

fn distinct(row: &Section<'_>, number: &Spanned<u32>, earlier: &[Spanned<u32>]) {
    if let Some(first) = earlier.iter().find(|one| one.get_ref() == number.get_ref()) {
        row.report(
            number.span().start,
            Fault::Repeated {
                setting: "row",
                found: number.get_ref().to_string(),
                first: row.place(first.span().start),
            },
        );
    }
}

fn encryption(section: &Section<'_>, key: &'static str) -> Option<Encryption> {
    section.choice(key, &Encryption::ALL.map(|one| (one.name(), one)))
}

fn operation(section: &Section<'_>) -> Option<Operation> {
    section.choice("operation", &Operation::ALL.map(|one| (one.name(), one)))
}

/// `PutObject` as `put-object`.
fn kebab(name: &str) -> String {
    let mut kebab = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    kebab
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

const NAME: &str = "lower-case letters, digits and `-`: rule ids are made of it";

const PROTOCOLS: [(&str, bool); 2] = [("https", true), ("http or https", false)];

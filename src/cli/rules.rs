//! `obsgate rules`: the rows in force, each with its document, table and row.

use super::{Failure, Format, RulesArgs};
use crate::{
    config::Profile,
    obs::encryption::Encryption,
    policy::{Citation, Requirement, Rule, Scope, Settings},
};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Prints the rules of a profile.
///
/// # Errors
/// Every mistake in the profile's file; that the output cannot be written.
pub fn rules(args: &RulesArgs, output: &mut impl Write) -> Result<(), Failure> {
    let profile = Profile::load(&args.profile, Settings::default()).map_err(Failure::Settings)?;
    print(&profile, args.format, output)?;
    Ok(())
}

/// Prints the rules of a profile that was read already. As JSON nothing of them is lost.
///
/// # Errors
/// The output cannot be written.
pub fn print(profile: &Profile, format: Format, output: &mut impl Write) -> io::Result<()> {
    match format {
        Format::Table => table(profile, output),
        Format::Markdown => markdown(profile, output),
        Format::Json => writeln!(output, "{:#}", object(profile)),
    }
}

fn table(profile: &Profile, output: &mut impl Write) -> io::Result<()> {
    let documents = documents(profile);
    let rows: Vec<_> = profile
        .policy
        .rules()
        .iter()
        .map(|rule| cells(rule, &documents))
        .collect();
    let mut widths = HEADINGS.map(str::len);
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.len().max(*width);
        }
    }
    let headings = HEADINGS.map(str::to_owned);
    for row in [&headings].into_iter().chain(&rows) {
        let padded: Vec<String> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        writeln!(output, "{}", padded.join("  ").trim_end())?;
    }
    writeln!(output)?;
    list(&documents, output)
}

fn markdown(profile: &Profile, output: &mut impl Write) -> io::Result<()> {
    let documents = documents(profile);
    writeln!(output, "| {} |", HEADINGS.join(" | "))?;
    writeln!(output, "|{}", "---|".repeat(HEADINGS.len()))?;
    for rule in profile.policy.rules() {
        let [id, rest @ ..] = cells(rule, &documents);
        writeln!(output, "| `{id}` | {} |", rest.join(" | "))?;
    }
    writeln!(output)?;
    list(&documents, output)
}

fn list(documents: &[&str], output: &mut impl Write) -> io::Result<()> {
    for (n, document) in (1..).zip(documents) {
        writeln!(output, "[{n}] {document}")?;
    }
    Ok(())
}

fn object(profile: &Profile) -> Value {
    let rules: Vec<Value> = profile
        .policy
        .rules()
        .iter()
        .map(|rule| {
            let citations: Vec<Value> = rule.citations.iter().map(citation_object).collect();
            let scope = match rule.scope {
                Scope::Row {
                    operation,
                    source,
                    target,
                } => json!({
                    "operation": operation.name(),
                    "source": source.map(Encryption::name),
                    "target": target.name(),
                }),
                Scope::CustomerKey => json!("customer-key"),
            };
            json!({
                "id": rule.name,
                "scope": scope,
                "protocol": protocol(rule.requirement),
                "authentication": authentication(rule.requirement),
                "citations": citations,
            })
        })
        .collect();
    json!({ "profile": profile.name, "rules": rules })
}

fn citation_object(citation: &Citation) -> Value {
    json!({
        "document": citation.document,
        "table": citation.table,
        "row": citation.row,
        "protocol": protocol(citation.requirement),
        "authentication": authentication(citation.requirement),
    })
}

const HEADINGS: [&str; 7] = [
    "rule",
    "operation",
    "source",
    "target",
    "protocol",
    "signature",
    "written in",
];

fn cells(rule: &Rule, documents: &[&str]) -> [String; 7] {
    let (operation, source, target) = match rule.scope {
        Scope::Row {
            operation,
            source,
            target,
        } => (
            operation.name(),
            source.map_or("any", Encryption::name),
            target.name(),
        ),
        Scope::CustomerKey => ("any", "any", "customer key"),
    };
    let citations: Vec<String> = rule
        .citations
        .iter()
        .map(|citation| {
            let number = documents
                .iter()
                .position(|document| *document == citation.document)
                .map_or(0, |n| n + 1);
            format!("[{number}] {}, row {}", citation.table, citation.row)
        })
        .collect();
    let written_in = if citations.is_empty() {
        "the profile itself".to_owned()
    } else {
        citations.join("; ")
    };
    [
        rule.name.clone(),
        operation.to_owned(),
        source.to_owned(),
        target.to_owned(),
        protocol(rule.requirement).to_owned(),
        authentication(rule.requirement).to_owned(),
        written_in,
    ]
}

/// The documents that the rules cite, each once, in the order in which they are first cited.
fn documents(profile: &Profile) -> Vec<&str> {
    let mut documents: Vec<&str> = Vec::new();
    for citation in profile.policy.rules().iter().flat_map(|rule| &rule.citations) {
        if !documents.contains(&citation.document.as_str()) {
            documents.push(&citation.document);
        }
    }
    documents
}

const fn protocol(requirement: Requirement) -> &'static str {
    if requirement.https {
        "https"
    } else {
        "http or https"
    }
}

const fn authentication(requirement: Requirement) -> &'static str {
    if requirement.v4 { "v4" } else { "any" }
}

//! Seed 002, its requests cell by cell: a head with each header on each operation, and what it counts as.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

mod heads;

use heads::{KEY, KEY_MD5, classified, head};
use obsgate::obs::{
    dialect::Dialect,
    encryption::{Encryption, EncryptionSet},
    operation::Operation,
    sse::{Counted, Parameter},
};

/// The head of each of the table's columns.
fn line(api: &str) -> (&'static str, &'static [(&'static str, &'static str)]) {
    const COPY: &[(&str, &str)] = &[("x-obs-copy-source", "/b/k")];
    const FORM: &[(&str, &str)] = &[("Content-Type", "multipart/form-data; boundary=x")];
    match api {
        "CreateBucket" => ("PUT /b", &[]),
        "PutObject" => ("PUT /b/k", &[]),
        "PostObject" => ("POST /b", FORM),
        "GetObject" => ("GET /b/k", &[]),
        "CopyObject" => ("PUT /b/k", COPY),
        "InitiateMultipartUpload" => ("POST /b/k?uploads", &[]),
        "UploadPart" => ("PUT /b/k?partNumber=1&uploadId=U", &[]),
        "UploadPartCopy" => ("PUT /b/k?partNumber=1&uploadId=U", COPY),
        "CompleteMultipartUpload" => ("POST /b/k?uploadId=U", &[]),
        other => panic!("no head for {other}"),
    }
}

/// The values a cell lists, each with the encryption it is evidence of.
fn values(parameter: Parameter, api: &str) -> Vec<(&'static str, Option<Encryption>)> {
    let (kms, obs, key) = (
        Some(Encryption::SseKms),
        Some(Encryption::SseObs),
        Some(Encryption::SseC),
    );
    match parameter {
        Parameter::Method if api == "CreateBucket" => vec![("kms", kms), ("obs", obs)],
        Parameter::Method => vec![("kms", kms), ("AES256", obs)],
        Parameter::DataEncryption => vec![("AES256", None), ("SM4", kms)],
        Parameter::KeyId | Parameter::Project | Parameter::BucketKey | Parameter::Context => {
            vec![("id", kms)]
        }
        Parameter::Algorithm | Parameter::SourceAlgorithm => vec![("AES256", key)],
        Parameter::Key | Parameter::SourceKey => vec![(KEY, key)],
        Parameter::KeyMd5 | Parameter::SourceKeyMd5 => vec![(KEY_MD5, key)],
    }
}

struct Cell {
    api: String,
    parameter: Parameter,
    filled: bool,
}

fn cells() -> Vec<Cell> {
    let mut reader = csv::Reader::from_path("tests/data/seed-002-restored.csv").unwrap();
    let cells: Vec<Cell> = reader
        .records()
        .map(Result::unwrap)
        .filter(|row| &row[1] == "request")
        .map(|row| Cell {
            api: row[3].to_owned(),
            parameter: Parameter::ALL
                .into_iter()
                .find(|one| Dialect::Obs.spelling(*one).eq_ignore_ascii_case(&row[2]))
                .unwrap_or_else(|| panic!("{} is no parameter", &row[2])),
            filled: &row[4] != "-",
        })
        .collect();
    assert_eq!(cells.len(), 10 * 9);
    cells
}

fn expected(cell: &Cell) -> Counted {
    let managed = Parameter::ALL
        .iter()
        .position(|one| *one == cell.parameter)
        .unwrap()
        < 6;
    let source = matches!(
        cell.parameter,
        Parameter::SourceAlgorithm | Parameter::SourceKey | Parameter::SourceKeyMd5
    );
    match (cell.filled, managed) {
        // The form's own; in the head of a form they are strays.
        (true, _) if cell.api == "PostObject" => Counted::AlsoPutObject,
        (true, _) if source => Counted::Source,
        (true, _) => Counted::Target,
        (false, true) if cell.api == "GetObject" => Counted::Ignored,
        (false, false) if source => Counted::CustomerKey,
        (false, _) => Counted::AlsoPutObject,
    }
}

#[test]
fn every_cell_counts_as_the_table_has_it_in_both_dialects_and_natively_in_the_query() {
    for cell in cells() {
        for dialect in Dialect::ALL {
            for (value, encryption) in values(cell.parameter, &cell.api) {
                // The documents have only native names there (obs-facts §4.1).
                for in_query in [false, dialect == Dialect::Obs] {
                    check(
                        &cell,
                        dialect.spelling(cell.parameter),
                        value,
                        encryption,
                        in_query,
                    );
                }
            }
        }
    }
}

fn check(cell: &Cell, name: &str, value: &str, encryption: Option<Encryption>, in_query: bool) {
    let (line, headers) = line(&cell.api);
    let mut headers = headers.to_vec();
    let mut line = line.to_owned();
    if in_query {
        let escaped = value.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let joint = if line.contains('?') { "&" } else { "?" };
        line.extend([joint, name, "=", &escaped, "&AccessKeyId=AK&Signature=c2ln"]);
    } else {
        headers.extend([(name, value), heads::signature_of(name)]);
    }
    let parts = head(&line, &headers);
    let what = format!("{} {name}: {value} (query: {in_query})", cell.api);
    let got = classified(&parts).unwrap_or_else(|why| panic!("{what}: {}", why.id()));
    let operation = Operation::from_name(&cell.api).unwrap();
    assert_eq!(got.facts.operation, operation, "{what}");
    let counted: Vec<_> = got
        .counted()
        .map(|(parameter, _, counted)| (parameter, counted))
        .collect();
    assert_eq!(counted, [(cell.parameter, expected(cell))], "{what}");
    let Some(encryption) = encryption else {
        return;
    };
    let only = EncryptionSet::only(encryption);
    match expected(cell) {
        Counted::Target => assert_eq!(got.facts.target, only, "{what}"),
        Counted::Source => assert_eq!(got.facts.source, only, "{what}"),
        Counted::AlsoPutObject if operation == Operation::PutObject => {
            assert_eq!(got.facts.target, only, "{what}");
        }
        Counted::AlsoPutObject => {
            let also = got.facts.also.unwrap();
            assert_eq!(
                (also.operation, also.target),
                (Operation::PutObject, only),
                "{what}"
            );
        }
        Counted::CustomerKey => assert!(got.facts.customer_key, "{what}"),
        Counted::Ignored => {
            assert_eq!(got.facts.target, EncryptionSet::WITHOUT_CUSTOMER_KEY, "{what}");
            assert_eq!(got.facts.also, None, "{what}");
        }
    }
}

#[test]
fn append_takes_the_column_of_put_and_head_that_of_get() {
    for parameter in Parameter::ALL {
        for (one, like) in [
            (Operation::AppendObject, Operation::PutObject),
            (Operation::HeadObject, Operation::GetObject),
        ] {
            assert_eq!(
                obsgate::obs::sse::has_cell(one, parameter),
                obsgate::obs::sse::has_cell(like, parameter),
                "{one}"
            );
        }
    }
}

//! The published rows as test data, and the naive reading of them that the policy is tested against.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::panic,
    clippy::unwrap_used,
    reason = "every test file uses a part of this"
)]

use obsgate::{
    config::Builtin,
    obs::{auth::Auth, encryption::Encryption, operation::Operation, scheme::Scheme},
};

/// The documents of each literal profile.
pub(crate) const DOCUMENTS: [(Builtin, &[&str]); 3] = [
    (Builtin::Huawei, &["000"]),
    (Builtin::HuaweiLegacy, &["003"]),
    (Builtin::OtcS3, &["001", "004"]),
];

/// One row of `tests/data/seed-rows.csv`.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) seed: String,
    pub(crate) table: String,
    pub(crate) number: u32,
    pub(crate) operation: Operation,
    pub(crate) source: Option<Encryption>,
    pub(crate) target: Encryption,
    pub(crate) https: bool,
    pub(crate) v4: bool,
}

/// Every row of every document, numbered within its table.
pub(crate) fn published() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let text = include_str!("../data/seed-rows.csv");
    for record in csv::Reader::from_reader(text.as_bytes()).records() {
        let record = record.unwrap();
        let [seed, table, operation, source, target, protocols, auth] =
            <[&str; 7]>::try_from(record.iter().collect::<Vec<_>>()).unwrap();
        let number = rows
            .iter()
            .filter(|row| row.seed == seed && row.table == table)
            .count()
            + 1;
        let encryption = |name: &str| Encryption::from_name(&name.to_lowercase()).unwrap();
        rows.push(Row {
            seed: seed.to_owned(),
            table: table.to_owned(),
            number: number.try_into().unwrap(),
            operation: Operation::from_name(operation).unwrap(),
            source: (!source.is_empty()).then(|| encryption(source)),
            target: encryption(if target.is_empty() { table } else { target }),
            https: match protocols {
                "https" => true,
                "http|https" => false,
                other => panic!("{other}"),
            },
            v4: match auth {
                "v4" => true,
                "" | "v2|v4" => false,
                other => panic!("{other}"),
            },
        });
    }
    rows
}

/// Whether any of the rows stands against a request of which everything is known.
pub(crate) fn denies(
    rows: &[Row],
    operation: Operation,
    source: Encryption,
    target: Encryption,
    scheme: Scheme,
    auth: Auth,
) -> bool {
    let judged_as = match operation {
        Operation::AppendObject => Operation::PutObject,
        other => other,
    };
    rows.iter()
        .filter(|row| row.operation == judged_as && row.target == target)
        .filter(|row| row.source.is_none_or(|one| one == source))
        .any(|row| (row.https && scheme == Scheme::Http) || (row.v4 && auth != Auth::V4))
}

/// These rows; and where all rows of one document for a copy's target demand the same, that for every source that the
/// document does not know.
pub(crate) fn completed(rows: &[Row]) -> Vec<Row> {
    let mut completed = rows.to_vec();
    for row in rows.iter().filter(|row| row.source.is_some()) {
        let same_target =
            |one: &&Row| (&one.seed, one.operation, one.target) == (&row.seed, row.operation, row.target);
        let same_target: Vec<&Row> = rows.iter().filter(same_target).collect();
        if same_target
            .iter()
            .all(|one| (one.https, one.v4) == (row.https, row.v4))
        {
            let known = |one: &Encryption| same_target.iter().any(|row| row.source == Some(*one));
            completed.extend(
                Encryption::ALL
                    .into_iter()
                    .filter(|one| !known(one))
                    .map(|source| Row {
                        source: Some(source),
                        ..row.clone()
                    }),
            );
        }
    }
    completed
}

impl Row {
    /// The table, as the document numbers it.
    pub(crate) fn cite(&self) -> String {
        let number = match &*self.table {
            "SSE-C" => 1,
            "SSE-KMS" => 2,
            "CopyObject" => 3,
            "UploadPartCopy" => 4,
            other => panic!("{other}"),
        };
        let word = if self.seed == "003" { "表" } else { "Table" };
        format!("{word} {number}")
    }
}

//! Seed 002, its request halves: which parameter a request of an operation may carry (obs-facts §4.3).

use super::{Parameter, Parameters};
use crate::obs::operation::Operation;

/// Whether the documents give a request of this operation this parameter.
pub fn has_cell(operation: Operation, parameter: Parameter) -> bool {
    cells(operation).has_any(Parameters::only(parameter))
}

/// The parameters that a request of this operation may carry.
pub(super) fn cells(operation: Operation) -> Parameters {
    CELLS
        .iter()
        .find(|(this, _)| *this == operation)
        .map_or(Parameters::default(), |(_, cells)| *cells)
}

const METHOD: Parameters = Parameters::only(Parameter::Method)
    .with(Parameters::only(Parameter::DataEncryption))
    .with(Parameters::only(Parameter::KeyId));
const WRITE: Parameters = METHOD.with(Parameters::TARGET_KEY);

/// AppendObject takes the column of PutObject, `HeadObject` that of `GetObject` (rulings, 5).
const CELLS: [(Operation, Parameters); 11] = [
    (
        Operation::CreateBucket,
        METHOD.with(Parameters::only(Parameter::Project)),
    ),
    (Operation::PutObject, WRITE),
    (Operation::PostObject, WRITE),
    (Operation::GetObject, Parameters::TARGET_KEY),
    (Operation::CopyObject, WRITE.with(Parameters::SOURCE_KEY)),
    (Operation::InitiateMultipartUpload, WRITE),
    (Operation::UploadPart, Parameters::TARGET_KEY),
    (Operation::UploadPartCopy, Parameters::ANY_KEY),
    (Operation::CompleteMultipartUpload, Parameters(0)),
    (Operation::AppendObject, WRITE),
    (Operation::HeadObject, Parameters::TARGET_KEY),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_stands_in_the_table_once() {
        for (n, (operation, _)) in CELLS.iter().enumerate() {
            assert!(
                CELLS.iter().skip(n + 1).all(|(other, _)| other != operation),
                "{operation}"
            );
        }
    }
}

//! Whatever the guard lets through, hyper and the reference read alike. Mutations of it are in `tests/fuzzing`.

use crate::{agreement::compare, cases::cases, drive::whole};

#[test]
fn every_case_is_read_alike_by_guard_reference_and_hyper() {
    for case in cases() {
        compare(&case.bytes, &whole(&case.bytes));
    }
}

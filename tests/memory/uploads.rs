//! Whole uploads before an origin that verifies every signature: each step in every encryption, transport and
//! signature, with what the documents say to it.

use crate::{
    demo::{Demo, Sign},
    harness::{Over, Setup},
    message::trio,
    program::Directory,
};
use obsgate::{config::Builtin, obs::dialect::Dialect};

/// What an upload is encrypted with, and how that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum With {
    Nothing,
    Kms,
    Obs,
    Customer,
    /// The bucket's default, which nobody names.
    KmsByDefault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Initiate,
    Part,
    PartCopy,
    Complete,
}

impl With {
    const ALL: [Self; 5] = [
        Self::Nothing,
        Self::Kms,
        Self::Obs,
        Self::Customer,
        Self::KmsByDefault,
    ];

    /// What its Initiate says of it.
    fn begins(self, dialect: &str) -> Vec<String> {
        let method = |value| vec![format!("x-{dialect}-server-side-encryption: {value}")];
        match (self, dialect) {
            (Self::Nothing | Self::KmsByDefault, _) => Vec::new(),
            (Self::Kms, "amz") => method("aws:kms"),
            (Self::Kms, _) => method("kms"),
            (Self::Obs, _) => method("AES256"),
            (Self::Customer, _) => trio(dialect).into(),
        }
    }

    /// What its parts say of it.
    fn goes_on(self, dialect: &str) -> Vec<String> {
        match self {
            Self::Customer => trio(dialect).into(),
            _ => Vec::new(),
        }
    }

    fn is_kms(self) -> bool {
        matches!(self, Self::Kms | Self::KmsByDefault)
    }
}

/// What the union of the documents says.
fn is_allowed(step: Step, with: With, over: Over, sign: Sign) -> bool {
    let https = over == Over::Https;
    match (step, with) {
        (Step::Complete, _) => true,
        (_, With::Customer) => https,
        (Step::PartCopy, _) => true,
        (_, with) if with.is_kms() => https && sign.is_v4(),
        _ => true,
    }
}

/// The gate, the bucket with its default if that is wanted, and an object to copy from.
fn demo(setup: Setup, with: With) -> Demo {
    let demo = Demo::start(setup);
    let put = |line: &str, body: &str| {
        let answer = demo.ask(Over::Https, Sign::V4, line, &[], body);
        answer.assert_passed();
    };
    put("PUT /mine/source", "the source");
    if with == With::KmsByDefault {
        put(
            "PUT /mine?encryption",
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>kms\
             </SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
        );
    }
    demo
}

/// Begins an upload where every document allows it.
fn begin(demo: &Demo, with: With, key: &str) -> String {
    let line = format!("POST /mine/{key}?uploads");
    let answer = demo.ask(Over::Https, Sign::V4, &line, &with.begins("amz"), "");
    answer.assert_passed().element("UploadId")
}

fn every_way() -> impl Iterator<Item = (Over, Sign)> {
    Over::ALL
        .into_iter()
        .flat_map(|over| Sign::ALL.map(|sign| (over, sign)))
}

/// Takes one step in one way and compares; gives the answer's `ETag` where it was allowed.
fn step(demo: &Demo, step: Step, with: With, (over, sign): (Over, Sign), key: &str, id: &str) -> String {
    let dialect = sign.dialect();
    let (line, headers, body) = match step {
        Step::Initiate => (
            format!("POST /mine/{key}?uploads"),
            with.begins(dialect),
            String::new(),
        ),
        Step::Part => (
            format!("PUT /mine/{key}?partNumber=1&uploadId={id}"),
            with.goes_on(dialect),
            "a part".into(),
        ),
        Step::PartCopy => {
            let mut headers = with.goes_on(dialect);
            headers.push(format!("x-{dialect}-copy-source: /mine/source"));
            (
                format!("PUT /mine/{key}?partNumber=2&uploadId={id}"),
                headers,
                String::new(),
            )
        }
        Step::Complete => (
            format!("POST /mine/{key}?uploadId={id}"),
            Vec::new(),
            String::new(),
        ),
    };
    let before = demo.origin.calls();
    let answer = demo.ask(over, sign, &line, &headers, body);
    let what = format!("{step:?} {with:?} {over:?} {sign:?}: {answer:?}");
    if is_allowed(step, with, over, sign) {
        assert_eq!(answer.rule(), "", "{what}");
        assert_eq!(demo.origin.calls(), before + 1, "{what}");
        // That a body without parts is none is the store's to say.
        let status = if step == Step::Complete { 400 } else { 200 };
        assert_eq!(answer.status(), status, "{what}");
    } else {
        assert_eq!(
            (answer.status(), answer.rule().is_empty()),
            (400, false),
            "{what}"
        );
        assert_eq!(demo.origin.calls(), before, "{what}");
        let code = if over == Over::Http {
            "InvalidRequest"
        } else {
            "InvalidArgument"
        };
        assert_eq!(answer.element("Code"), code, "{what}");
    }
    answer.header("etag").unwrap_or_default().to_owned()
}

#[test]
fn every_step_of_every_upload_is_decided_as_the_documents_say() {
    for with in With::ALL {
        let demo = demo(Setup::strict(), with);
        for way in every_way() {
            step(&demo, Step::Initiate, with, way, "k", "");
            let id = begin(&demo, with, "k");
            for one in [Step::Part, Step::PartCopy, Step::Complete] {
                step(&demo, one, with, way, "k", &id);
            }
        }
    }
}

#[test]
fn every_step_is_decided_so_by_a_gate_that_was_restarted_in_between_too() {
    let directory = Directory::new();
    for with in With::ALL {
        let mut demo = demo(Setup::strict(), with);
        demo.restart(directory.state());
        let begun: Vec<_> = every_way().map(|way| (way, begin(&demo, with, "k"))).collect();
        demo.restart(directory.state());
        for (way, id) in begun {
            for one in [Step::Part, Step::PartCopy, Step::Complete] {
                step(&demo, one, with, way, "k", &id);
            }
        }
    }
}

#[test]
fn an_upload_allowed_from_begin_to_end_becomes_its_object() {
    for with in With::ALL {
        let demo = demo(Setup::strict(), with);
        let ways = every_way().filter(|(over, sign)| {
            let allowed = |step| is_allowed(step, with, *over, *sign);
            allowed(Step::Initiate) && allowed(Step::Part)
        });
        for (n, way) in ways.enumerate() {
            let (over, sign) = way;
            let key = format!("whole/{n}");
            let line = format!("POST /mine/{key}?uploads");
            let began = demo.ask(over, sign, &line, &with.begins(sign.dialect()), "");
            let id = began.assert_passed().element("UploadId");
            let etag = step(&demo, Step::Part, with, way, &key, &id);
            let line = format!("POST /mine/{key}?uploadId={id}");
            let parts = format!(
                "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>\
                 </CompleteMultipartUpload>"
            );
            demo.ask(over, sign, &line, &[], parts).assert_passed();
            assert_eq!(
                demo.origin.stored("mine", &key).unwrap(),
                "a part",
                "{with:?} {way:?}"
            );
        }
    }
}

#[test]
fn transport_only_profiles_ask_for_https_alone() {
    for profile in [Builtin::Huawei, Builtin::HuaweiLegacy] {
        for with in With::ALL {
            let demo = demo(Setup::of(profile), with);
            let id = begin(&demo, with, "k");
            for (over, sign) in every_way() {
                let allowed = over == Over::Https || !(with.is_kms() || with == With::Customer);
                let dialect = sign.dialect();
                let part = format!("PUT /mine/k?partNumber=1&uploadId={id}");
                let answer = demo.ask(over, sign, &part, &with.goes_on(dialect), "a part");
                assert_eq!(
                    answer.rule().is_empty(),
                    allowed,
                    "{with:?} {over:?} {sign:?} {answer:?}"
                );
            }
        }
    }
}

#[test]
fn an_aborted_upload_is_unknown_again() {
    for way in every_way() {
        let (over, sign) = way;
        let demo = demo(Setup::strict(), With::Nothing);
        let id = begin(&demo, With::Nothing, "k");
        step(&demo, Step::Part, With::Nothing, way, "k", &id);
        let abort = format!("DELETE /mine/k?uploadId={id}");
        assert_eq!(demo.ask(over, sign, &abort, &[], "").status(), 204);
        let part = format!("PUT /mine/k?partNumber=1&uploadId={id}");
        let sign = Sign::V2(Dialect::Obs);
        let refused = demo.ask(Over::Http, sign, &part, &[], "a part");
        refused.assert_refused("unknown.upload");
    }
}

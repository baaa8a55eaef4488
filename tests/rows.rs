//! Every published row from request heads (rulings, 26): each row under its own document's profile and under `strict`,
//! over HTTP and HTTPS, in every signature and in both dialects: what the head alone decides, whom it asks, and what
//! is decided with the answer. What is expected is computed from the published rows, not from the policy files.

#![cfg(test)]

mod published;

use http::{Request, request::Parts};
use obsgate::{
    classify::{Arrival, Classified, Teller, classify},
    config::{Builtin, Profile},
    obs::{
        auth::{Auth, Carrier},
        encryption::{Encryption, EncryptionSet},
        operation::Operation,
        resource::Endpoints,
        scheme::Scheme,
    },
    policy::{Citation, Decision, Facts, Policy, Role, Rule, Scope, Settings},
};
use published::{DOCUMENTS, Row, completed, denies, published};

#[test]
fn every_row_is_decided_from_request_heads_under_its_own_documents_profile() {
    let mut denied = 0;
    for (builtin, seeds) in DOCUMENTS {
        let policy = policy(builtin);
        for seed in seeds {
            let document: Vec<Row> = published().into_iter().filter(|row| row.seed == *seed).collect();
            for row in &document {
                for variant in Variant::every() {
                    denied += u32::from(is_decided(row, &completed(&document), variant, &policy, false));
                }
            }
        }
    }
    assert!(denied > 1000, "{denied}");
}

#[test]
fn every_row_is_decided_from_request_heads_under_strict_as_the_union_demands() {
    let policy = policy(Builtin::Strict);
    let every_document = published();
    let mut denied = 0;
    for row in &every_document {
        for variant in Variant::every() {
            denied += u32::from(is_decided(
                row,
                &completed(&every_document),
                variant,
                &policy,
                true,
            ));
        }
    }
    assert!(denied > 1500, "{denied}");
}

/// Follows one request from its head to the decision; returns whether it was denied.
fn is_decided(row: &Row, rows: &[Row], variant: Variant, policy: &Policy, key_wants_https: bool) -> bool {
    let Variant { scheme, signing, .. } = variant;
    let context = format!("{row:?} {variant:?}");
    let head = variant.head(row);
    let (facts, asked) = facts_of_head(&head, row, variant);
    let key_in_clear = key_wants_https && carries_key(row) && scheme == Scheme::Http;
    let expected = |target: EncryptionSet| -> Vec<bool> {
        let denied = |target| {
            let sources = source_from_head(row).iter();
            sources.map(move |source| denies(rows, row.operation, source, target, scheme, signing.auth()))
        };
        target
            .iter()
            .flat_map(denied)
            .map(|denied| denied || key_in_clear)
            .collect()
    };

    // The head alone: settled where all that is possible comes to the same. A read is judged on its answer too,
    // whatever key the request carries.
    let first = policy.decide(facts);
    let stated = expected(facts.target);
    let members = match facts.also {
        Some(also) if stated.iter().any(|denied| !denied) => expected(also.target),
        _ => stated,
    };
    let settled = members.iter().all(|denied| *denied == members[0]);
    match first {
        Decision::NeedsState(role) => {
            assert!(!settled, "{context}");
            assert_eq!(role, Role::Target, "{context}");
            assert_eq!(asked, teller(row), "{context}");
        }
        Decision::Allow | Decision::Deny(_) => assert!(settled, "{first:?} {context}"),
    }

    // With the answer: this row.
    let second = policy.decide(facts.learn(Role::Target, EncryptionSet::only(row.target)));
    let expected = expected(EncryptionSet::only(row.target))[0];
    match second {
        Decision::Allow => assert!(!expected, "{context}"),
        Decision::Deny(rule) => {
            assert!(expected, "{context}");
            let rule = policy.rule(rule).unwrap();
            assert!(
                is_about(rule, row) || (key_in_clear && rule.scope == Scope::CustomerKey),
                "{rule:?} {context}"
            );
        }
        Decision::NeedsState(_) => panic!("not settled: {context}"),
    }
    expected
}

/// What the head says, the form's fields included, and who is to be asked for the rest.
fn facts_of_head(head: &Parts, row: &Row, variant: Variant) -> (Facts, Teller) {
    let context = format!("{row:?} {variant:?}");
    let arrival = Arrival {
        scheme: variant.scheme,
        peer: ([127, 0, 0, 1], 1).into(),
    };
    let endpoints = Endpoints {
        domains: vec![DOMAIN.to_owned()],
        ..Endpoints::default()
    };
    let classified = classify(head, arrival, &endpoints);
    let classified = classified.unwrap_or_else(|malformed| panic!("{malformed}: {context}"));
    let facts = if row.operation == Operation::PostObject {
        form_facts(&classified, row, variant.signing)
    } else {
        assert_eq!(classified.signed_in, variant.signing.carrier(), "{context}");
        classified.facts
    };
    assert_eq!(facts.operation, row.operation, "{context}");
    assert_eq!(facts.auth, variant.signing.auth(), "{context}");
    assert_eq!(facts.target, target_from_head(row), "{context}");
    assert_eq!(facts.customer_key, carries_key(row), "{context}");
    (facts, classified.target)
}

/// Whether a rule is the row's. Where the source is in doubt it may be that of another source.
fn is_about(rule: &Rule, row: &Row) -> bool {
    if source_from_head(row).known().is_none() {
        return rule.scope.copy_target() == Some((row.operation, row.target));
    }
    let is_row = |citation: &Citation| citation.table == row.cite() && citation.row == row.number;
    rule.citations.iter().any(is_row)
}

/// What a form adds to its head: neither signature nor target is known before (rulings, 18).
fn form_facts(classified: &Classified<'_>, row: &Row, signing: Signing) -> Facts {
    assert!(classified.awaits_form());
    assert_eq!(
        classified.facts.auth,
        Auth::Anonymous,
        "the head of a form is not signed"
    );
    Facts {
        auth: signing.auth(),
        customer_key: row.target == Encryption::SseC,
        target: target_from_head(row),
        ..classified.facts
    }
}

/// What the head says of the target: just this encryption, or whatever is possible without a customer key (rulings, 16).
fn target_from_head(row: &Row) -> EncryptionSet {
    let only = EncryptionSet::only(row.target);
    match (row.operation, row.target) {
        (Operation::PostObject | Operation::CompleteMultipartUpload, _) => EncryptionSet::ALL,
        (_, Encryption::SseC) => only,
        (Operation::PutObject | Operation::InitiateMultipartUpload | Operation::CopyObject, stated)
            if stated != Encryption::Plain =>
        {
            only
        }
        _ => EncryptionSet::WITHOUT_CUSTOMER_KEY,
    }
}

/// What the head says of a copy's source.
fn source_from_head(row: &Row) -> EncryptionSet {
    match row.source {
        None => EncryptionSet::only(Encryption::Plain),
        Some(Encryption::SseC) => EncryptionSet::only(Encryption::SseC),
        Some(_) => EncryptionSet::WITHOUT_CUSTOMER_KEY,
    }
}

fn carries_key(row: &Row) -> bool {
    let of_target = row.target == Encryption::SseC && row.operation != Operation::CompleteMultipartUpload;
    of_target || row.source == Some(Encryption::SseC)
}

/// Who is to be asked when the head leaves the target in doubt.
fn teller(row: &Row) -> Teller {
    match row.operation {
        Operation::PostObject => Teller::Form,
        Operation::GetObject => Teller::Response,
        Operation::HeadObject => Teller::Object,
        Operation::UploadPart | Operation::UploadPartCopy | Operation::CompleteMultipartUpload => {
            Teller::Upload
        }
        _ => Teller::BucketDefault,
    }
}

fn policy(builtin: Builtin) -> Policy {
    Profile::builtin(builtin, Settings::default()).unwrap().policy
}

/// One way to send a row's request.
#[derive(Clone, Copy, Debug)]
struct Variant {
    scheme: Scheme,
    signing: Signing,
    dialect: &'static str,
}

/// One way to sign a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signing {
    Anonymous,
    ObsHeader,
    AwsHeader,
    V4Header,
    ObsQuery,
    AwsQuery,
    V4Query,
}

impl Signing {
    const ALL: [Self; 7] = [
        Self::Anonymous,
        Self::ObsHeader,
        Self::AwsHeader,
        Self::V4Header,
        Self::ObsQuery,
        Self::AwsQuery,
        Self::V4Query,
    ];

    const fn auth(self) -> Auth {
        match self {
            Self::Anonymous => Auth::Anonymous,
            Self::ObsHeader | Self::ObsQuery => Auth::ObsV2,
            Self::AwsHeader | Self::AwsQuery => Auth::AwsV2,
            Self::V4Header | Self::V4Query => Auth::V4,
        }
    }

    const fn carrier(self) -> Option<Carrier> {
        match self {
            Self::Anonymous => None,
            Self::ObsHeader | Self::AwsHeader | Self::V4Header => Some(Carrier::Header),
            Self::ObsQuery | Self::AwsQuery | Self::V4Query => Some(Carrier::Query),
        }
    }

    const fn authorization(self) -> Option<&'static str> {
        match self {
            Self::ObsHeader => Some("OBS AK:c2lnbmF0dXJl"),
            Self::AwsHeader => Some("AWS AK:c2lnbmF0dXJl"),
            Self::V4Header => Some(concat!(
                "AWS4-HMAC-SHA256 Credential=AK/20240101/region/s3/aws4_request, SignedHeaders=host, Signature=",
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
            )),
            _ => None,
        }
    }

    const fn query(self) -> Option<&'static str> {
        match self {
            Self::ObsQuery => Some("AccessKeyId=AK&Expires=1704067200&Signature=c2lnbmF0dXJl"),
            Self::AwsQuery => Some("AWSAccessKeyId=AK&Expires=1704067200&Signature=c2lnbmF0dXJl"),
            Self::V4Query => Some(concat!(
                "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2F20240101%2Fregion%2Fs3%2Faws4_request",
                "&X-Amz-Date=20240101T000000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=",
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
            )),
            _ => None,
        }
    }
}

impl Variant {
    fn every() -> impl Iterator<Item = Self> {
        Scheme::ALL.into_iter().flat_map(|scheme| {
            Signing::ALL.into_iter().flat_map(move |signing| {
                ["obs", "amz"].map(|dialect| Self {
                    scheme,
                    signing,
                    dialect,
                })
            })
        })
    }

    /// The head of a row's request, virtual-hosted. A presigned one carries its encryption in the query.
    fn head(self, row: &Row) -> Parts {
        let (method, path, subresource) = match row.operation {
            Operation::PutObject | Operation::CopyObject => ("PUT", "/key", None),
            Operation::GetObject => ("GET", "/key", None),
            Operation::HeadObject => ("HEAD", "/key", None),
            Operation::PostObject => ("POST", "/", None),
            Operation::InitiateMultipartUpload => ("POST", "/key", Some("uploads")),
            Operation::CompleteMultipartUpload => ("POST", "/key", Some("uploadId=U")),
            Operation::UploadPart | Operation::UploadPartCopy => {
                ("PUT", "/key", Some("partNumber=1&uploadId=U"))
            }
            other => panic!("no row is about {other}"),
        };
        let form = row.operation == Operation::PostObject;
        let mut query: Vec<String> = subresource.map(str::to_owned).into_iter().collect();
        let mut request = Request::builder()
            .method(method)
            .header("host", format!("bucket.{DOMAIN}"));
        if !form {
            query.extend(self.signing.query().map(str::to_owned));
            if let Some(authorization) = self.signing.authorization() {
                request = request.header("authorization", authorization);
            }
            for (name, value) in self.encryption(row) {
                if self.signing.carrier() == Some(Carrier::Query) {
                    query.push(format!(
                        "{name}={}",
                        value.replace('=', "%3D").replace('+', "%2B")
                    ));
                } else {
                    request = request.header(name, value);
                }
            }
        }
        if row.source.is_some() {
            request = request.header(format!("x-{}-copy-source", self.dialect), "/other/source");
        }
        if form {
            request = request.header("content-type", "multipart/form-data; boundary=b");
        }
        let uri = if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{}", query.join("&"))
        };
        request.uri(uri).body(()).unwrap().into_parts().0
    }

    /// What the documents have a client say of the encryption on this operation.
    fn encryption(self, row: &Row) -> Vec<(String, String)> {
        let dialect = self.dialect;
        let states_method = matches!(
            row.operation,
            Operation::PutObject | Operation::InitiateMultipartUpload | Operation::CopyObject
        );
        let key = |of: &str| {
            let name = |tail: &str| format!("x-{dialect}-{of}server-side-encryption-customer-{tail}");
            vec![
                (name("algorithm"), "AES256".to_owned()),
                (name("key"), KEY.to_owned()),
                (name("key-md5"), KEY_MD5.to_owned()),
            ]
        };
        let method = |value: &str| vec![(format!("x-{dialect}-server-side-encryption"), value.to_owned())];
        let mut said = match row.target {
            _ if row.operation == Operation::CompleteMultipartUpload => Vec::new(),
            Encryption::SseC => key(""),
            Encryption::SseKms if states_method && dialect == "amz" => method("aws:kms"),
            Encryption::SseKms if states_method => method("kms"),
            Encryption::SseObs if states_method => method("AES256"),
            _ => Vec::new(),
        };
        if row.source == Some(Encryption::SseC) {
            said.extend(key("copy-source-"));
        }
        said
    }
}

const DOMAIN: &str = "obs.example.com";

/// Base64 of 32 bytes, and of their MD5.
const KEY: &str = "K7QkYpBkM5+hca27fsNkUnNVaobncnLht/rCB2o/9Cw=";
const KEY_MD5: &str = "HHZSrfZMtS69FCj/xN8ppg==";

//! An upload in parts: what is known of it is learned and forgotten over HTTP/2 as over HTTP/1.

use crate::{
    harness::{Over, Running},
    message::{self, Answer, V2, V4},
    peer::{Peer, fields},
    support::{ScriptedOrigin, Wire},
};
use serde_json::Value;

const KMS: &str = "x-amz-server-side-encryption: aws:kms";

/// A request: its line, what it says, and its body.
type Step = (&'static str, &'static [&'static str], &'static str);

const STEPS: [Step; 14] = [
    (
        "PUT /mine/k?partNumber=1&uploadId=u1",
        &[V2],
        "before it is known",
    ),
    ("POST /mine/k?uploads", &[V4], ""),
    ("PUT /mine/k?partNumber=1&uploadId=u1", &[V2], "a part"),
    ("GET /mine/k?uploadId=u1", &[V2], ""),
    ("POST /mine/k?uploadId=u1", &[V2], COMPLETE),
    ("PUT /mine/k?partNumber=2&uploadId=u1", &[V2], "too late"),
    ("POST /mine/k?uploads", &[V4, KMS], ""),
    ("PUT /mine/k?partNumber=1&uploadId=u1", &[V4], "a part"),
    (
        "PUT /mine/k?partNumber=1&uploadId=u1",
        &[V2],
        "a part that is signed too weakly",
    ),
    (
        "PUT /mine/other?partNumber=1&uploadId=u1",
        &[V2],
        "a part of another object",
    ),
    ("PUT /mine/k?partNumber=2&uploadId=u1", &[V4], "another part"),
    ("DELETE /mine/k?uploadId=u1", &[V2], ""),
    ("PUT /mine/k?partNumber=3&uploadId=u1", &[V2], "too late"),
    (
        "PUT /mine/k?partNumber=3&uploadId=u1",
        &[V4],
        "what any upload may have",
    ),
];

const COMPLETE: &str = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"x\"</ETag></Part></CompleteMultipartUpload>";

fn store() -> ScriptedOrigin {
    let reply = |status: &str, body: &str| {
        format!(
            "HTTP/1.1 {status}\r\nETag: \"x\"\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    ScriptedOrigin::start(move |_, mut wire: Wire| {
        while let Some(head) = wire.read_next_head() {
            let lower = head.to_ascii_lowercase();
            if let Some((_, length)) = lower.split_once("\r\ncontent-length: ") {
                wire.read_exactly(length.split("\r\n").next().unwrap().parse().unwrap());
            }
            let line = head.lines().next().unwrap();
            let answer = if line.contains("?uploads") {
                reply(
                    "200 OK",
                    "<InitiateMultipartUploadResult><Bucket>mine</Bucket><Key>k</Key><UploadId>u1</UploadId></InitiateMultipartUploadResult>",
                )
            } else if line.starts_with("POST") {
                reply(
                    "200 OK",
                    "<CompleteMultipartUploadResult><Bucket>mine</Bucket><Key>k</Key><ETag>\"x\"</ETag></CompleteMultipartUploadResult>",
                )
            } else if line.starts_with("DELETE") {
                "HTTP/1.1 204 No Content\r\n\r\n".into()
            } else {
                reply("200 OK", "")
            };
            wire.send(answer);
        }
    })
}

/// What becomes of the steps: the answers' status and rule, and what was logged.
fn walk(http2: bool) -> (Vec<(u16, String)>, Vec<Value>) {
    let origin = store();
    let gate = Running::before(&origin);
    let mut peer = http2.then(|| Peer::connect(&gate));
    let answers = STEPS.map(|(line, says, body)| {
        let length = format!("Content-Length: {}", body.len());
        let mut says = says.to_vec();
        if !line.starts_with("GET") && !line.starts_with("DELETE") {
            says.push(&length);
        }
        let answer: Answer = match &mut peer {
            Some(peer) if body.is_empty() => peer.ask(line, &says).as_answer(),
            Some(peer) => {
                let stream = peer.begin(&fields(line, &says), false);
                peer.data(stream, body, true);
                peer.answer(stream).as_answer()
            }
            None => gate.ask(Over::Https, message::request(line, &says, body)),
        };
        (answer.status(), answer.rule().to_owned())
    });
    drop(peer);
    let told = gate.events().into_iter().map(|mut event| {
        let object = event.as_object_mut().unwrap();
        object.retain(|name, _| {
            [
                "operation",
                "outcome",
                "rule",
                "told_by",
                "encryption_seen",
                "encryption_decided",
            ]
            .contains(&name.as_str())
        });
        event
    });
    (answers.into(), told.collect())
}

#[test]
fn an_upload_is_known_from_its_begin_to_its_end_as_over_http_1() {
    let (answers, told) = walk(true);
    let statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
    let refused: Vec<usize> = (0..STEPS.len()).filter(|at| statuses[*at] / 100 != 2).collect();
    assert_eq!(refused, [0, 5, 8, 9, 12], "{answers:?}");
    for at in [0, 5, 9, 12] {
        assert_eq!(answers[at].1, "unknown.upload");
    }
    for (at, encryption) in [(2, "none"), (8, "sse-kms")] {
        assert_eq!(
            (&told[at]["told_by"], &told[at]["encryption_decided"]),
            (&"upload".into(), &encryption.into()),
            "{:?}",
            told[at]
        );
    }
    assert_eq!(walk(false), (answers, told));
}

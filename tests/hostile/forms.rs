//! Rows of forms: what part is read by whom, and where the file begins.

use crate::{
    message::{KEY, V2, V4},
    row::{Table, with_body},
};

const TYPE: &str = "Content-Type: multipart/form-data; boundary=b0undary";
const KMS: &str = "x-obs-server-side-encryption";

pub(crate) fn rows(t: &mut Table) {
    whole(t);
    heads(t);
    parts(t);
    twice(t);
}

fn field(name: &str, value: &str) -> String {
    part(&format!("Content-Disposition: form-data; name=\"{name}\""), value)
}

fn part(head: &str, value: &str) -> String {
    format!("--b0undary\r\n{head}\r\n\r\n{value}\r\n")
}

fn file() -> String {
    part(
        "Content-Disposition: form-data; name=\"file\"; filename=\"a\"",
        "content",
    ) + "--b0undary--\r\n"
}

/// A form of these parts and a file.
fn form(parts: &[String]) -> Vec<u8> {
    sent("POST /mine", TYPE, &format!("{}{}", parts.concat(), file()))
}

fn sent(line: &str, headers: &str, body: &str) -> Vec<u8> {
    with_body(line, &format!("{headers}\nContent-Length: {}", body.len()), body)
}

fn key() -> String {
    field("key", "k")
}

fn whole(t: &mut Table) {
    t.passes("form-fields", "a form without a doubt", [form(&[key()])]);
    t.refused(
        "form-fields",
        "fields are read as headers are; rulings, 18",
        (400, "strict.sse-kms.post-object"),
        [
            form(&[key(), field(KMS, "kms")]),
            form(&[field("X-Amz-Server-Side-Encryption", "aws:kms"), key()]),
        ],
    );
    t.refused(
        "form-fields",
        "a customer key in clear; rulings, 10",
        (400, "strict.sse-c.post-object"),
        [form(&[
            key(),
            field("x-obs-server-side-encryption-customer-key", KEY),
        ])],
    );
}

fn heads(t: &mut Table) {
    let body = key() + &file();
    let typed = |value: &str| sent("POST /mine", &format!("Content-Type: {value}"), &body);
    t.refused(
        "form-heads",
        "a boundary that two readers could take differently; rulings, 18",
        (400, "malformed.content-type"),
        [
            typed("multipart/form-data"),
            typed("multipart/form-data; boundary="),
            typed("multipart/mixed; boundary=b0undary"),
            typed("multipart/form-data; boundary=b0undary; boundary=b0undary"),
            typed("multipart/form-data; boundary=\"b0undary\""),
            typed("multipart/form-data; boundary=b0un dary"),
            typed("multipart/form-data; boundary=b0undary, b0undary"),
            typed("multipart/form-data; boundary*=utf-8''b0undary"),
            typed("multipart/form-data; boundary=b0undary; charset=utf-16"),
            typed(&format!("multipart/form-data; boundary={}", "b".repeat(71))),
            sent("POST /mine", &format!("{TYPE}\n{TYPE}"), &body),
            sent("POST /mine", &format!("{TYPE}\nContent-Type: text/plain"), &body),
            sent("POST /mine?acl", TYPE, &body),
            sent("POST /", TYPE, &body),
        ],
    );
    t.refused(
        "form-heads",
        "a POST of a bucket that is no form; rulings, 18",
        (400, "malformed.not-a-form"),
        [typed("text/plain"), typed("application/x-www-form-urlencoded")],
    );
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn parts(t: &mut Table) {
    let refused = |t: &mut Table, rule: &'static str, all: Vec<Vec<u8>>| {
        t.refused(
            "form-fields",
            "no part but what every reader reads alike; rulings, 19",
            (400, rule),
            all,
        );
    };
    let named = |head: &str| form(&[key(), part(head, "x")]);
    refused(
        t,
        "form.disposition",
        vec![
            named("Content-Disposition: form-data; name=a"),
            named("Content-Disposition: form-data; name=\"a\"; name=\"b\""),
            named("Content-Disposition: form-data; name*=utf-8''a"),
            named("Content-Disposition: form-data"),
            named("Content-Disposition: form-data;\r\n name=\"a\""),
            named("Content-Type: text/plain"),
        ],
    );
    refused(
        t,
        "form.file-spelling",
        vec![
            form(&[key(), field("File", "x")]),
            form(&[key(), field("FILE", "x")]),
        ],
    );
    refused(
        t,
        "form.nested",
        vec![named(
            "Content-Disposition: form-data; name=\"a\"\r\nContent-Type: multipart/mixed; boundary=c",
        )],
    );
    refused(
        t,
        "form.folded",
        vec![named("Content-Disposition: form-data; name=\"a\"\r\n ; x=\"b\"")],
    );
    refused(
        t,
        "form.charset",
        vec![named(
            "Content-Disposition: form-data; name=\"a\"\r\nContent-Type: text/plain; charset=utf-7",
        )],
    );
    refused(
        t,
        "form.transfer-encoding",
        vec![named(
            "Content-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64",
        )],
    );
    refused(
        t,
        "form.name",
        vec![form(&[key(), field("a%22", "x")]), form(&[key(), field("", "x")])],
    );
    refused(
        t,
        "form.file-name",
        vec![named(
            "Content-Disposition: form-data; name=\"a\"; filename=\"f\"",
        )],
    );
    refused(
        t,
        "form.line-end",
        vec![named(
            "Content-Disposition: form-data; name=\"a\"\nContent-Type: text/plain",
        )],
    );
    let body = key() + &file();
    refused(
        t,
        "form.preamble",
        vec![
            sent("POST /mine", TYPE, &format!("preamble\r\n{body}")),
            sent("POST /mine", TYPE, &format!("\r\n{body}")),
        ],
    );
    refused(
        t,
        "form.no-file",
        vec![sent("POST /mine", TYPE, &format!("{}--b0undary--\r\n", key()))],
    );
    refused(t, "form.cut-off", vec![sent("POST /mine", TYPE, &key())]);
    refused(
        t,
        "form.too-large",
        vec![form(&[key(), field("a", &"x".repeat(70_000))])],
    );
    refused(
        t,
        "form.too-many-fields",
        vec![form(&vec![field("x-obs-meta-a", "x"); 101])],
    );
    t.cut(
        "form-fields",
        "a form cut off by its client",
        [with_body(
            "POST /mine",
            &format!("{TYPE}\nContent-Length: 1000"),
            &body,
        )],
    );
}

fn twice(t: &mut Table) {
    t.refused(
        "form-fields",
        "a field that a decision rests on, twice; rulings, 14 and 18",
        (400, "malformed.field-repeated"),
        [form(&[key(), key()]), form(&[key(), field("Key", "other")])],
    );
    t.refused(
        "form-fields",
        "encryption twice; rulings, 12",
        (400, "malformed.encryption-repeated"),
        [form(&[key(), field(KMS, "AES256"), field(KMS, "kms")])],
    );
    t.refused(
        "form-fields",
        "underscores for dashes; rulings, 11",
        (400, "malformed.field-name"),
        [form(&[key(), field("x_obs_server_side_encryption", "kms")])],
    );
    let body =
        key() + &field("AWSAccessKeyId", "a") + &field("signature", "b") + &field("policy", "c") + &file();
    t.refused(
        "form-and-head",
        "a signature in the form and one beside it; rulings, 18",
        (400, "malformed.signatures"),
        [
            sent("POST /mine", &format!("{TYPE}\n{V2}"), &body),
            sent("POST /mine", &format!("{TYPE}\n{V4}"), &body),
        ],
    );
    let body = key() + &field(KMS, "AES256") + &file();
    t.refused(
        "form-and-head",
        "encryption in the form and another beside it; rulings, 11",
        (400, "malformed.encryption-conflict"),
        [sent(
            "POST /mine",
            &format!("{TYPE}\nx-obs-server-side-encryption: kms"),
            &body,
        )],
    );
}

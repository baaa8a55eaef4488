//! Rows of what chooses the operation: subresources, appends, copies.

use crate::row::{Table, ask, get, put, with_body};

const KMS: &str = "x-obs-server-side-encryption: kms";
const SIGNED_KMS: &str = "Authorization: OBS AK:c2ln\nx-obs-server-side-encryption: kms";

pub(crate) fn rows(t: &mut Table) {
    subresources(t);
    copies(t);
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn subresources(t: &mut Table) {
    t.refused(
        "subresource-spelling",
        "what relaxes matches exactly; rulings, 1",
        (400, "malformed.subresource"),
        [
            ask("GET /mine/k?Acl", ""),
            ask("GET /mine/k?%61cl", ""),
            ask("PUT /mine/k?TAGGING", ""),
            ask("PUT /mine/k?partnumber=1&uploadid=a", ""),
            ask("PUT /mine/k?%75ploadId=a&partNumber=1", ""),
            ask("POST /mine?Delete", ""),
            ask("POST /mine/k?UPLOADS", ""),
            ask("PUT /mine/k?legal_hold", ""),
        ],
    );
    t.refused(
        "subresources",
        "one request, one operation; rulings, 1",
        (400, "malformed.subresources-together"),
        [
            ask("POST /mine/k?uploads&uploadId=1", ""),
            ask("POST /mine/k?append&uploads&position=0", ""),
            ask("POST /mine/k?append&position=0&uploadId=1", ""),
            ask("POST /mine/k?select&select-type=2&uploads", ""),
            ask("PUT /mine?encryption&intelligent-tiering&id=a", ""),
            ask("DELETE /mine?encryption&metadataTable", ""),
        ],
    );
    t.refused(
        "subresources",
        "twice with different values; rulings, 1",
        (400, "malformed.subresource-repeated"),
        [
            ask("GET /mine?acl&acl=1", ""),
            ask("PUT /mine/k?uploadId=1&uploadId=2&partNumber=1", ""),
            ask("PUT /mine/k?uploadId=1&partNumber=1&partNumber=2", ""),
        ],
    );
    t.refused(
        "subresources",
        "a value where none is documented, or none where one is; rulings, 1",
        (400, "malformed.subresource-value"),
        [
            ask("PUT /mine/k?partNumber=1&uploadId=", ""),
            ask("PUT /mine/k?partNumber&uploadId=1", ""),
            ask("PUT /mine/k?partNumber=01&uploadId=1", ""),
            ask("PUT /mine/k?partNumber=abc&uploadId=1", ""),
            ask("POST /mine/k?append&position=00", ""),
            ask("POST /mine/k?append&position=%30", ""),
        ],
    );
    t.refused(
        "subresources",
        "a part of no upload, and an append to no place, are objects put to some stores; rulings, 1",
        (400, "malformed.subresource-missing"),
        [
            ask("PUT /mine/k?partNumber=1", "x-obs-copy-source: /a/b"),
            ask("PUT /mine/k?partNumber=1", ""),
            ask("PUT /mine/k?uploadId=1", ""),
            ask("POST /mine/k?append", ""),
        ],
    );
    t.refused(
        "subresources",
        "a part of an upload of which nothing is known, in clear; rulings, 22",
        (400, "unknown.upload"),
        [
            ask("PUT /mine/k?partNumber=1&uploadId=%2541", ""),
            ask("PUT /mine/k?uploadId=a&partNumber=1", ""),
        ],
    );
    t.passes(
        "subresources",
        "an upload's id is the store's, whatever it looks like",
        [
            ask("GET /mine/k?uploadId=%2541", ""),
            ask("DELETE /mine/k?uploadId=a%26acl", ""),
        ],
    );
    t.refused(
        "post-delete",
        "a POST of a bucket deletes or is a form; rulings, 18",
        (400, "malformed.not-a-form"),
        [
            with_body("POST /mine", "Content-Length: 3", "abc"),
            with_body("POST /mine?uploads", "Content-Length: 3", "abc"),
            ask("POST /mine", ""),
        ],
    );
    t.passes(
        "post-delete",
        "exactly as documented",
        [with_body("POST /mine?delete", "Content-Length: 9", "<Delete/>")],
    );
    t.refused(
        "appends",
        "some stores append by PUT; rulings, 1",
        (400, "malformed.append-by-put"),
        [
            ask("PUT /mine/k?append&position=0", ""),
            ask("PUT /mine/k?append", ""),
        ],
    );
    t.refused(
        "appends",
        "an append is judged as PutObject; rulings, 5",
        (400, "strict.sse-kms.put-object"),
        [ask("POST /mine/k?append&position=0", KMS)],
    );
    t.refused(
        "appends",
        "what only OBS knows, another store takes for a PUT; rulings, 2",
        (400, "strict.sse-kms.put-object"),
        [
            ask("PUT /mine/k?modify&position=0", SIGNED_KMS),
            ask("PUT /mine/k?metadata", SIGNED_KMS),
            ask("PUT /mine/k?truncate&length=0", SIGNED_KMS),
        ],
    );
}

fn copies(t: &mut Table) {
    t.refused(
        "copy-sources",
        "one source, and no doubt which; rulings, 4",
        (400, "malformed.copy-source-repeated"),
        [
            put("x-obs-copy-source: /a/b\nx-obs-copy-source: /a/c"),
            put("x-amz-copy-source: /a/b\nx-obs-copy-source: /a/b"),
            put("x-amz-copy-source: /a/b\nx-amz-copy-source: /a/b"),
        ],
    );
    t.refused(
        "copy-sources",
        "a bucket and a key; rulings, 4",
        (400, "malformed.copy-source"),
        [
            put("x-obs-copy-source:"),
            put("x-obs-copy-source: /"),
            put("x-obs-copy-source: a"),
            put("x-obs-copy-source: /a/"),
            put("x-amz-copy-source: //b"),
        ],
    );
    t.refused(
        "copy-sources",
        "where nothing is copied, or in the query; rulings, 4",
        (400, "malformed.copy-source-misplaced"),
        [
            ask("PUT /mine/k?acl", "x-obs-copy-source: /a/b"),
            ask("PUT /mine/k?x-amz-copy-source=%2Fa%2Fb", ""),
            ask("GET /mine/k?X-OBS-Copy-Source=/a/b", ""),
        ],
    );
    t.passes(
        "copy-sources",
        "with and without a slash, encoded or not, of a version",
        [
            put("x-obs-copy-source: /a/b"),
            put("x-obs-copy-source: a/b"),
            put("x-amz-copy-source: a%2Fb"),
            put("x-amz-copy-source: /a/b?versionId=1"),
            put("x-amz-copy-source: /a/b%3FversionId=1"),
            put("x-amz-copy-source: /a/%zz"),
        ],
    );
    t.passes(
        "copy-sources",
        "no store copies where nothing is written",
        [
            get("x-obs-copy-source: /a/b"),
            ask("DELETE /mine/k", "x-amz-copy-source: /a/b"),
            ask("POST /mine/k?uploads", "x-obs-copy-source: /a/b"),
        ],
    );
    t.refused(
        "copy-bodies",
        "a copy has no body; rulings, 4",
        (400, "malformed.copy-body"),
        [
            with_body("PUT /mine/k", "x-obs-copy-source: /a/b\nContent-Length: 1", "x"),
            with_body(
                "PUT /mine/k",
                "x-amz-copy-source: /a/b\nTransfer-Encoding: chunked",
                "0\r\n\r\n",
            ),
        ],
    );
}

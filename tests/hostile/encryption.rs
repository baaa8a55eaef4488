//! Rows of what a request says of encryption: twice, in two ways, or in one that only some stores read.

use crate::{
    harness::Over,
    message::{KEY, KEY_MD5, V4, V4_QUERY},
    row::{Table, ask, get, put, with_body},
};

const REPEATED: (u16, &str) = (400, "malformed.encryption-repeated");
const METHOD: (u16, &str) = (400, "malformed.encryption-method");
const CONFLICT: (u16, &str) = (400, "malformed.encryption-conflict");
const KMS: &str = "x-obs-server-side-encryption: kms";

pub(crate) fn rows(t: &mut Table) {
    repeated(t);
    methods(t);
    modes(t);
    keys(t);
    names(t);
    queries(t);
}

fn repeated(t: &mut Table) {
    t.refused(
        "sse-twice",
        "some stores read the first, some the last; rulings, 12",
        REPEATED,
        [
            put(&format!("{KMS}\n{KMS}")),
            put(&format!("{KMS}\nx-obs-server-side-encryption: AES256")),
            put(&format!("{KMS}\nX-OBS-Server-Side-Encryption: kms")),
            put("x-amz-server-side-encryption: AES256\nx: y\nx-amz-server-side-encryption: aws:kms"),
        ],
    );
    t.refused(
        "sse-joined",
        "a list is no documented value; rulings, 9",
        METHOD,
        [
            put("x-obs-server-side-encryption: AES256, kms"),
            put("x-obs-server-side-encryption: kms,kms"),
            put("x-obs-server-side-encryption: \"kms\""),
            put("x-obs-server-side-encryption: 'AES256'"),
            put("x-obs-server-side-encryption: kms;"),
        ],
    );
    t.refused(
        "sse-dialects",
        "two spellings that disagree; rulings, 11",
        CONFLICT,
        [
            put(&format!("{KMS}\nx-amz-server-side-encryption: AES256")),
            put(&format!("{KMS}\nx-amz-server-side-encryption: aws:kms")),
        ],
    );
    t.refused(
        "sse-dialects",
        "two spellings that agree are as strict as one; rulings, 11",
        (400, "strict.sse-kms.put-object"),
        [put(&format!("{KMS}\nx-amz-server-side-encryption: kms"))],
    );
    t.passes(
        "sse-dialects",
        "two spellings that agree; rulings, 11",
        [put(
            "x-obs-server-side-encryption: AES256\nx-amz-server-side-encryption: AES256",
        )],
    );
}

fn methods(t: &mut Table) {
    t.refused(
        "method-values",
        "a closed list; rulings, 9",
        METHOD,
        [
            put("x-obs-server-side-encryption: KMS"),
            put("x-obs-server-side-encryption: Kms"),
            put("x-obs-server-side-encryption: aes256"),
            put("x-obs-server-side-encryption: aws:kms:dsse"),
            put("x-obs-server-side-encryption: none"),
            put("x-obs-server-side-encryption:"),
            put("x-obs-server-side-encryption: SM4"),
            put("x-obs-server-side-encryption: k ms"),
            put("x-amz-server-side-encryption: AWS:KMS"),
            ask("PUT /mine/k?x-obs-server-side-encryption=rot13", ""),
        ],
    );
    let raw = |value: &[u8]| {
        [
            b"PUT /mine/k HTTP/1.1\r\nHost: h\r\nx-obs-server-side-encryption: ",
            value,
            b"\r\n\r\n",
        ]
        .concat()
    };
    t.refused(
        "obs-text",
        "what the policy reads has no bytes above 0x7f; rulings, 9",
        METHOD,
        [raw(b"kms\x80"), raw(b"\xefkms"), raw("\u{fb04}".as_bytes())],
    );
    t.refused(
        "nbsp-values",
        "0xa0 and 0x85 are white space for some stores; rulings, 9",
        METHOD,
        [
            raw(b"kms\xa0"),
            raw(b"\x85kms"),
            raw(b"\xc2\xa0kms"),
            raw(b"AES256\x85"),
        ],
    );
}

fn modes(t: &mut Table) {
    let key = format!("x-obs-server-side-encryption-customer-key: {KEY}");
    t.refused(
        "two-modes",
        "a customer key and the server's are two encryptions; rulings, 12",
        (400, "malformed.two-modes"),
        [
            put(&format!("{KMS}\n{key}")),
            put(&format!("x-obs-server-side-encryption: AES256\n{key}")),
            put(
                "x-amz-server-side-encryption: aws:kms\nx-amz-server-side-encryption-customer-algorithm: AES256",
            ),
        ],
    );
    t.refused(
        "key-id-alone",
        "parameters of KMS beside another method; rulings, 12",
        (400, "malformed.contradiction"),
        [
            put("x-obs-server-side-encryption: AES256\nx-obs-server-side-encryption-kms-key-id: a"),
            put("x-amz-server-side-encryption: AES256\nx-amz-server-side-encryption-aws-kms-key-id: a"),
        ],
    );
    t.refused(
        "key-id-alone",
        "a KMS key without the method counts as KMS; rulings, 2",
        (400, "strict.sse-kms.put-object"),
        [put("x-obs-server-side-encryption-kms-key-id: a")],
    );
    t.passes(
        "sse-on-reads",
        "encryption stated on a read is the store's to refuse: the answer decides; rulings, 16 and 17",
        [
            get(KMS),
            ask("HEAD /mine/k", "x-amz-server-side-encryption: AES256"),
        ],
    );
    t.passes(
        "sse-unsigned",
        "the gate verifies no signature: what it covers is the store's business",
        [put(&format!("{V4}\nx-obs-server-side-encryption: AES256"))],
    );
}

fn keys(t: &mut Table) {
    let trio = |algorithm: &str, key: &str, md5: &str| {
        [("algorithm", algorithm), ("key", key), ("key-MD5", md5)]
            .iter()
            .filter(|(_, value)| *value != "-")
            .map(|(tail, value)| format!("x-amz-server-side-encryption-customer-{tail}: {value}"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let clear = (400, "strict.sse-c.put-object");
    t.refused(
        "key-defects",
        "any part of a customer key is one, and none goes in clear; rulings, 10 and 13",
        clear,
        [
            put(&trio("AES256", KEY, KEY_MD5)),
            put(&trio("AES256", "-", "-")),
            put(&trio("-", KEY, "-")),
            put(&trio("-", "-", KEY_MD5)),
            put(&trio("aes256", KEY, KEY_MD5)),
            put(&trio("AES256", "c2hvcnQ=", KEY_MD5)),
            put(&trio("", "", "")),
        ],
    );
    for (line, rule) in [
        ("GET /mine/k", "strict.sse-c.get-object"),
        ("HEAD /mine/k", "strict.sse-c.head-object"),
        ("PUT /mine/k?partNumber=1&uploadId=u", "strict.sse-c.upload-part"),
        ("POST /mine/k?uploads", "strict.sse-c.initiate-multipart-upload"),
    ] {
        t.refused(
            "key-defects",
            "no operation takes a customer key in clear; rulings, 10",
            (400, rule),
            [ask(line, &trio("AES256", KEY, KEY_MD5))],
        );
    }
    t.over = Over::Https;
    let why = "a key that is not what the API has, once the transport allowed it; rulings, 13";
    for (rule, parts) in [
        ("defect.algorithm-missing", ["-", KEY, KEY_MD5]),
        ("defect.key-missing", ["AES256", "-", KEY_MD5]),
        ("defect.md5-missing", ["AES256", KEY, "-"]),
        ("defect.algorithm", ["aes256", KEY, KEY_MD5]),
        ("defect.algorithm", ["AES128", KEY, KEY_MD5]),
        ("defect.key", ["AES256", "c2hvcnQ=", "TwnaqdlbyxZqMCQHoOC6vg=="]),
        ("defect.key", ["AES256", "not base64", KEY_MD5]),
        ("defect.md5", ["AES256", KEY, "AAAAAAAAAAAAAAAAAAAAAA=="]),
        ("defect.md5", ["AES256", KEY, "x"]),
    ] {
        let [algorithm, key, md5] = parts;
        let headers = format!("{V4}\n{}", trio(algorithm, key, md5));
        t.refused("key-defects", why, (400, rule), [put(&headers)]);
    }
    t.passes(
        "key-defects",
        "a whole key over TLS",
        [
            put(&format!("{V4}\n{}", trio("AES256", KEY, KEY_MD5))),
            get(&format!("{V4}\n{}", trio("AES256", KEY, KEY_MD5))),
        ],
    );
    t.over = Over::Http;
}

fn names(t: &mut Table) {
    t.refused(
        "sse-underscores",
        "some fold underscores to dashes; rulings, 11",
        (400, "malformed.header-name"),
        [
            put("x_obs_server_side_encryption: kms"),
            put("x-obs-server_side-encryption: kms"),
            put("X_Amz_Server_Side_Encryption: aws:kms"),
            put(&format!("{KMS}\nx_obs_server_side_encryption: AES256")),
            put("x_amz_server_side_encryption_customer_key: a"),
        ],
    );
    t.refused(
        "sse-vendor",
        "some read another vendor's prefix as their own; rulings, 11",
        (400, "malformed.vendor-prefix"),
        [
            put("x-goog-server-side-encryption: aws:kms"),
            put("x-oss-server-side-encryption: KMS"),
            put("x-rgw-server-side-encryption-customer-key: a"),
            put("x-goog-copy-source: /a/b"),
            ask("PUT /mine/k?x-goog-server-side-encryption=kms", ""),
        ],
    );
    let chunked = |trailer: &str| {
        with_body(
            "PUT /mine/k",
            &format!(
                "Transfer-Encoding: chunked\nTrailer: {}",
                trailer.split(':').next().unwrap_or_default()
            ),
            &format!("3\r\nabc\r\n0\r\n{trailer}\r\n\r\n"),
        )
    };
    t.refused(
        "sse-in-trailers",
        "what comes after the decision changes it for some; rulings, 33",
        (400, "guard.trailer-forbidden"),
        [
            chunked("x-obs-server-side-encryption: kms"),
            chunked("x-amz-server-side-encryption-customer-key: a"),
            chunked("X_OBS_Server_Side_Encryption: kms"),
            chunked("authorization: AWS a:b"),
        ],
    );
    t.passes(
        "sse-in-trailers",
        "a declared checksum is what trailers are for; rulings, 33",
        [chunked("x-amz-checksum-crc32: AAAAAA==")],
    );
}

fn queries(t: &mut Table) {
    let kms = (400, "strict.sse-kms.put-object");
    t.refused(
        "sse-in-query",
        "read in the query as in a header, in any spelling of the name; rulings, 11",
        kms,
        [
            ask("PUT /mine/k?x-obs-server-side-encryption=kms", ""),
            ask("PUT /mine/k?X-Amz-Server-Side-Encryption=aws%3Akms", ""),
            ask("PUT /mine/k?x%2dobs%2dserver-side-encryption=kms", ""),
            ask("PUT /mine/k?x_obs_server_side_encryption=kms", ""),
            ask("PUT /mine/k?a=b&x-amz-server-side-encryption=aws:kms&c", ""),
        ],
    );
    t.refused(
        "sse-in-query",
        "a customer key in a URL over clear text; rulings, 10",
        (400, "strict.sse-c.put-object"),
        [
            ask(
                "PUT /mine/k?x-amz-server-side-encryption-customer-algorithm=AES256",
                "",
            ),
            ask("PUT /mine/k?X-OBS-server-side-encryption-customer-key=a", ""),
        ],
    );
    t.refused(
        "sse-in-query",
        "query and header disagree; rulings, 11",
        CONFLICT,
        [ask("PUT /mine/k?x-obs-server-side-encryption=AES256", KMS)],
    );
    t.refused(
        "sse-in-query",
        "twice in the query; rulings, 12",
        REPEATED,
        [ask(
            "PUT /mine/k?x-obs-server-side-encryption=kms&x-obs-server-side-encryption=kms",
            "",
        )],
    );
    t.refused(
        "semicolons",
        "some stores split a query at semicolons; rulings, 11",
        (400, "malformed.query-name"),
        [
            ask("PUT /mine/k?a=b;x-obs-server-side-encryption=kms", ""),
            ask("GET /mine/k?x;acl", ""),
            ask("GET /mine/k?a=b;uploadId=1", ""),
            ask("GET /mine/k?a;b=1", ""),
        ],
    );
    t.passes(
        "semicolons",
        "a bare list of signed headers; rulings, 11",
        [ask(
            &format!("GET /mine/k?{}", V4_QUERY.replace("=host", "=host;range")),
            "",
        )],
    );
}

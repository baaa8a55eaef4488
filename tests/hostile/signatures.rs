//! Rows of signatures: two of them, versions on a row that wants one, and what is none.

use crate::{
    harness::Over,
    message::{OBS, OBS_QUERY, V2, V2_QUERY, V4, V4_QUERY},
    row::{Table, ask, get, put},
};

const TWO: (u16, &str) = (400, "malformed.signatures");

#[expect(clippy::too_many_lines, reason = "a table")]
pub(crate) fn rows(t: &mut Table) {
    let query = |query: &str| format!("GET /mine/k?{query}");
    t.refused(
        "auth-twice",
        "which of them the store verifies is anybody's guess; rulings, 14",
        TWO,
        [
            get(&format!("{V4}\n{V4}")),
            get(&format!("{V4}\n{V2}")),
            get(&format!("{OBS}\n{V2}")),
            get(&format!("{V2}\nAuthorization:")),
            ask(&query(V4_QUERY), V4),
            ask(&query(V4_QUERY), V2),
            ask(&query(V2_QUERY), V4),
            ask(&query(OBS_QUERY), OBS),
            ask(&query(&format!("{V2_QUERY}&{V4_QUERY}")), ""),
            ask(&query("Signature=a"), V4),
            ask(&query("X-Amz-Algorithm=AWS4-HMAC-SHA256"), V2),
            get(&format!("{V4}\nX-Auth-Token: t")),
            get(&format!("{V4}\nX-Storage-Token: t")),
            ask(&query(V4_QUERY), "X-Storage-Token: t"),
            ask(&query(V4_QUERY), "Authorization:"),
        ],
    );
    t.over = Over::Https;
    let kms = "x-amz-server-side-encryption: aws:kms";
    let wants_v4 = (400, "strict.sse-kms.put-object");
    t.refused(
        "auth-versions",
        "the row wants V4, and V4 alone is V4; rulings, 14 and 15",
        wants_v4,
        [
            put(&format!("{V2}\n{kms}")),
            put(&format!("{OBS}\n{kms}")),
            put(kms),
            ask(&format!("PUT /mine/k?{V2_QUERY}"), kms),
            ask(&format!("PUT /mine/k?{OBS_QUERY}"), kms),
        ],
    );
    t.passes(
        "auth-versions",
        "V4 in header or query is V4",
        [
            put(&format!("{V4}\n{kms}")),
            ask(&format!("PUT /mine/k?{V4_QUERY}"), kms),
        ],
    );
    let without = |part: &str| {
        let kept: Vec<_> = V4_QUERY.split('&').filter(|one| !one.starts_with(part)).collect();
        format!("PUT /mine/k?{}", kept.join("&"))
    };
    t.refused(
        "auth-odd",
        "what only looks like V4 is not; rulings, 14",
        wants_v4,
        [
            put(&format!("Authorization: AWS4-HMAC-SHA256\n{kms}")),
            put(&format!(
                "Authorization: AWS4-HMAC-SHA256 Credential=a/b/c/s3/aws4_request\n{kms}"
            )),
            put(&format!("{}\n{kms}", V4.replace("Signature=", "Signatur="))),
            put(&format!(
                "{}\n{kms}",
                V4.replace("AWS4-HMAC-SHA256", "aws4-hmac-sha256")
            )),
            put(&format!(
                "{}\n{kms}",
                V4.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1")
            )),
            put(&format!("{V4}, Signature=0\n{kms}")),
            put(&format!("Authorization: Bearer t\n{kms}")),
            put(&format!("Authorization: Basic dTpw\n{kms}")),
            put(&format!("Authorization:\n{kms}")),
            put(&format!("X-Auth-Token: t\n{kms}")),
            put(&format!("X-Storage-Token: t\n{kms}")),
            ask(&format!("PUT /mine/k?{V4_QUERY}&X-Amz-Signature=0"), kms),
            ask(
                &format!("PUT /mine/k?{V4_QUERY}&X-Amz-Algorithm=AWS4-HMAC-SHA256"),
                kms,
            ),
            ask(&format!("PUT /mine/k?{V2_QUERY}&{OBS_QUERY}"), kms),
            ask(&without("X-Amz-Algorithm"), kms),
            ask(&without("X-Amz-Credential"), kms),
            ask(&without("X-Amz-Date"), kms),
            ask(&without("X-Amz-Expires"), kms),
            ask(&without("X-Amz-SignedHeaders"), kms),
            ask(&without("X-Amz-Signature"), kms),
            ask(&format!("PUT /mine/k?{}", V4_QUERY.to_lowercase()), kms),
        ],
    );
    t.over = Over::Http;
    t.passes(
        "auth-odd",
        "where no row wants a version, a signature is the store's to judge",
        [
            get("Authorization: Bearer t"),
            get("Authorization:"),
            get(""),
            get("Authorization: AWS4-HMAC-SHA256"),
        ],
    );
}

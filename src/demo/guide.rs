//! What `obsgate demo` says at its start: where it is, a key pair, and requests to try. The lines of two words are
//! stable: programs read them.

use super::signature::{Credentials, Signable, md5, v2};
use crate::obs::dialect::Dialect;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::HeaderMap;
use std::{
    fmt,
    net::SocketAddr,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The bucket that wants a signature.
pub const BUCKET: &str = "demo";

/// The bucket that anybody may read and write.
pub const PUBLIC_BUCKET: &str = "public";

/// The domains the demo answers for: `bucket.<domain>` is virtual-hosted.
pub const DOMAINS: [&str; 2] = ["obs.localhost", "localhost"];

/// Where everything is.
#[derive(Debug)]
pub struct Guide<'d> {
    /// The gate's address for HTTP.
    pub http: SocketAddr,
    /// The gate's address for HTTPS.
    pub https: SocketAddr,
    /// The key pair.
    pub credentials: &'d Credentials,
    /// The file with the authority's certificate.
    pub authority: &'d Path,
    /// The profile in force.
    pub profile: &'d str,
}

impl Guide<'_> {
    fn trusting(&self) -> String {
        format!("curl -i --cacert {}", self.authority.display())
    }

    /// The options that make `curl` sign with version 4; before its version 8 it does not send the payload's hash itself.
    fn signing(&self) -> String {
        let Credentials {
            access_key,
            secret_key,
        } = self.credentials;
        format!(
            "--aws-sigv4 aws:amz:region:s3 --user {access_key}:{secret_key} \
             -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD'"
        )
    }

    /// The headers that bring a customer's key along.
    fn customer_key() -> String {
        let header =
            |tail, value: &str| format!("-H 'x-amz-server-side-encryption-customer-{tail}: {value}'");
        [
            header("algorithm", "AES256"),
            header("key", &BASE64_STANDARD.encode(CUSTOMER_KEY)),
            header("key-MD5", &BASE64_STANDARD.encode(md5(CUSTOMER_KEY))),
        ]
        .join(" ")
    }

    /// A URL that was signed with version 2, since `curl` cannot sign so itself.
    fn presigned(&self) -> String {
        let path = format!("/{BUCKET}/report.txt");
        let host = self.https.to_string();
        let headers = HeaderMap::new();
        let request = Signable {
            method: "PUT",
            host: &host,
            bucket: None,
            path: &path,
            query: "x-obs-server-side-encryption=kms",
            headers: &headers,
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let expires = (now + PRESIGNED_FOR).as_secs();
        let query = v2::presign(self.credentials, Dialect::Obs, &request, expires);
        format!("https://{host}{path}?{query}")
    }
}

impl fmt::Display for Guide<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            http,
            https,
            credentials,
            authority,
            profile,
        } = self;
        let (trusting, signing) = (self.trusting(), self.signing());
        writeln!(f, "obsgate demo: the gate in front of an OBS in memory\n")?;
        writeln!(f, "  http        http://{http}")?;
        writeln!(f, "  https       https://{https}")?;
        writeln!(f, "  domain      {}", DOMAINS.first().unwrap_or(&""))?;
        writeln!(f, "  access-key  {}", credentials.access_key)?;
        writeln!(f, "  secret-key  {}", credentials.secret_key)?;
        writeln!(f, "  ca          {}", authority.display())?;
        writeln!(f, "  profile     {profile}")?;
        writeln!(f, "  bucket      {BUCKET}")?;
        writeln!(f, "  public      {PUBLIC_BUCKET}\n")?;
        writeln!(
            f,
            "Allowed: an upload with SSE-KMS, over HTTPS and signed with version 4.\n"
        )?;
        writeln!(
            f,
            "  {trusting} {signing} -X PUT -d hello -H 'x-amz-server-side-encryption: aws:kms' \
             https://{https}/{BUCKET}/report.txt\n"
        )?;
        writeln!(
            f,
            "Refused: the same object read over HTTP. The store's answer tells what it is.\n"
        )?;
        writeln!(f, "  curl -i {signing} http://{http}/{BUCKET}/report.txt\n")?;
        writeln!(f, "Refused: an upload with a customer's key (SSE-C) over HTTP.\n")?;
        writeln!(
            f,
            "  curl -i {signing} -X PUT -d hello {} http://{http}/{BUCKET}/letter.txt\n",
            Self::customer_key()
        )?;
        writeln!(
            f,
            "Refused: an upload with SSE-KMS over HTTPS, but signed with version 2.\n"
        )?;
        writeln!(
            f,
            "  {trusting} -X PUT -d hello -H 'Content-Type:' '{}'\n",
            self.presigned()
        )?;
        writeln!(
            f,
            "Before its version 8, curl signs a name in the query rightly only with its `=`: write `?append=&position=0`.\n"
        )?;
        writeln!(
            f,
            "Anybody may use the bucket `{PUBLIC_BUCKET}` without a signature. Ctrl-C ends the demo, and all"
        )?;
        writeln!(f, "that is in it. What the gate decides, request by request:\n")
    }
}

const CUSTOMER_KEY: &[u8; 32] = b"an example key of 32 bytes: demo";

const PRESIGNED_FOR: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_two_words_and_four_curl_lines_are_there() {
        let credentials = Credentials::new("key", "secret");
        let guide = Guide {
            http: "127.0.0.1:1".parse().unwrap(),
            https: "127.0.0.1:2".parse().unwrap(),
            credentials: &credentials,
            authority: Path::new("/tmp/ca.pem"),
            profile: "strict",
        };
        let text = guide.to_string();
        let pairs: Vec<(&str, &str)> = text
            .lines()
            .filter_map(|line| line.strip_prefix("  "))
            .filter(|line| !line.starts_with("curl"))
            .filter_map(|line| line.split_once(' '))
            .map(|(name, value)| (name, value.trim()))
            .collect();
        let names = [
            "http",
            "https",
            "domain",
            "access-key",
            "secret-key",
            "ca",
            "profile",
            "bucket",
            "public",
        ];
        assert_eq!(pairs.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names);
        assert!(pairs.contains(&("https", "https://127.0.0.1:2")));
        assert_eq!(text.matches("\n  curl -i ").count(), 4);
        assert!(text.contains("write `?append=&position=0`"));
    }
}

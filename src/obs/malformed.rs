//! What makes a request's operation, signature or encryption ambiguous, so that it is refused before a rule is asked.

use super::error::Code;
use http::StatusCode;
use std::fmt;

macro_rules! malformed {
    ($($(#[$doc:meta])* $name:ident = $id:literal $code:ident [$($argument:literal)?] $message:literal;)*) => {
        /// Why a request cannot be classified. Each has an id, an OBS error code and a text for the caller.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Malformed { $($(#[$doc])* $name),* }

        impl Malformed {
            /// Every reason.
            pub const ALL: [Self; [$($id),*].len()] = [$(Self::$name),*];

            const fn entry(self) -> Entry {
                match self {
                    $(Self::$name => Entry {
                        id: concat!("malformed.", $id),
                        code: Code::$code,
                        argument: argument(&[$($argument)?]),
                        message: $message,
                    }),*
                }
            }
        }
    };
}

malformed! {
    /// `Host` is missing, empty, repeated, not a host, or none of the gate's (rulings, 7).
    Host = "host" InvalidArgument ["Host"]
        "The request must name one host of this endpoint in its Host header.";
    /// The target's authority or scheme is not that of the request (rulings, 7).
    Authority = "authority" InvalidArgument ["Host"]
        "The authority and scheme of the request target must be those of the Host header and the connection.";
    /// The target is neither a path nor, for OPTIONS, `*`.
    Target = "target" InvalidArgument []
        "The request target must be a path that begins with a slash.";
    /// The bucket's place is empty, or holds what could be read as another bucket (rulings, 8).
    Bucket = "bucket" InvalidArgument ["Bucket"]
        "The bucket name in the request target is empty, or holds a character that cannot be in a bucket name.";
    /// Removing dot segments or merging slashes would change the bucket or drop the key (rulings, 8).
    Path = "path" InvalidArgument ["Key"]
        "The object key must not be empty or lead out of its bucket once dot segments are removed and slashes merged.";
    /// Not a method of the API, or a header that names another.
    Method = "method" MethodNotAllowed []
        "The specified method is not allowed against this resource.";
    /// A header that asks for another method than the request line's (rulings, 1).
    MethodOverride = "method-override" InvalidArgument []
        "The method must be given in the request line alone.";
    /// A query name holds a broken escape, a control byte, or what separates names, or a value hides one (rulings, 11).
    QueryName = "query-name" InvalidArgument []
        "A parameter name of the query is not percent-encoded correctly, or holds one of = & ; ? + or anything but printable ASCII.";
    /// A subresource in another case, or one that differs only after decoding (rulings, 1).
    Subresource = "subresource" InvalidArgument []
        "The subresource must be spelled exactly as documented.";
    /// The same subresource twice, with different values (rulings, 1).
    SubresourceRepeated = "subresource-repeated" InvalidArgument []
        "The subresource must not be given twice with different values.";
    /// A value where the subresource has none, or none where it needs one, or a number written in another way than
    /// everybody writes it (rulings, 1).
    SubresourceValue = "subresource-value" InvalidArgument []
        "The subresource has a value where it is documented without, or lacks the one it needs; a number must be written without a sign, a leading zero or an escape.";
    /// `uploads` with `uploadId`, `append` with either, a selection with any, or `encryption` with any or with a name
    /// that is not documented.
    SubresourcesTogether = "subresources-together" InvalidArgument []
        "Only one subresource that chooses an operation can be given.";
    /// `encryption` on a key: some stores encrypt the object anew (rulings, 1).
    SubresourceMisplaced = "subresource-misplaced" InvalidArgument []
        "Encryption is a subresource of a bucket.";
    /// `append` on a PUT: some stores append by PUT (rulings, 1).
    AppendByPut = "append-by-put" InvalidArgument []
        "An object is appended to with POST.";
    /// An upload's part without its number, a number without an upload, or an append without its position: to some
    /// stores, an object put (rulings, 1).
    SubresourceMissing = "subresource-missing" InvalidArgument []
        "A part of an upload needs both partNumber and uploadId, and what is appended its position.";
    /// The copy source is empty or not a bucket and a key (rulings, 4).
    CopySource = "copy-source" InvalidArgument ["copy-source"]
        "The copy source must name a source bucket and a source key.";
    /// Two copy sources (rulings, 4).
    CopySourceRepeated = "copy-source-repeated" InvalidArgument ["copy-source"]
        "Only one copy source can be given.";
    /// A copy source in the query, or on an operation that copies nothing.
    CopySourceMisplaced = "copy-source-misplaced" InvalidArgument ["copy-source"]
        "The copy source must be a header of a request that copies an object or a part.";
    /// A copy with a body (rulings, 4).
    CopyBody = "copy-body" MaxMessageLengthExceeded []
        "Your request was too big. A copy must not have a body.";
    /// A body on GET, HEAD, DELETE or OPTIONS (rulings, 6).
    Body = "body" InvalidRequest []
        "A request with this method must not have a body.";
    /// `Content-Length` is repeated, not a number, or stands beside `Transfer-Encoding`.
    ContentLength = "content-length" InvalidRequest ["Content-Length"]
        "The request must give its length once, as a number, and not beside Transfer-Encoding.";
    /// The encryption method is none of those documented (rulings, 9).
    EncryptionMethod = "encryption-method" InvalidArgument ["server-side-encryption"]
        "The encryption method specified is not supported";
    /// A parameter of encryption twice in one place.
    EncryptionRepeated = "encryption-repeated" InvalidArgument ["server-side-encryption"]
        "A server-side encryption parameter must not be repeated.";
    /// A parameter of encryption in two places with different values (rulings, 11).
    EncryptionConflict = "encryption-conflict" InvalidArgument ["server-side-encryption"]
        "A server-side encryption parameter is given in two places with different values.";
    /// A customer key and an encryption by the server's key, both (obs-facts §4.5, row 4).
    TwoModes = "two-modes" InvalidArgument ["server-side-encryption"]
        "Server Side Encryption with Customer provided key is incompatible with the encryption method specified";
    /// Parameters of KMS beside another method (rulings, 12; obs-facts §4.5, row 12).
    Contradiction = "contradiction" InvalidArgument ["server-side-encryption"]
        "Server Side Encryption parameters of KMS managed keys require the encryption method kms or aws:kms";
    /// A header name that means something once its underscores are dashes (rulings, 11).
    HeaderName = "header-name" InvalidArgument []
        "A header name must be spelled with dashes where the documented one has them.";
    /// A parameter of encryption or a copy source under the prefix of another vendor (rulings, 11).
    VendorPrefix = "vendor-prefix" InvalidArgument []
        "Server-side encryption and a copy source must be spelled with the prefix x-obs- or x-amz-.";
    /// More than one signature (rulings, 14).
    Signatures = "signatures" InvalidArgument ["Authorization"]
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified";
    /// A header that does not reach the store is signed (rulings, 29).
    SignedForwarded = "signed-forwarded" InvalidArgument ["SignedHeaders"]
        "Headers that tell of the connection to a proxy must not be signed.";
    /// `Connection` names a header that is not about the connection (rulings, 28).
    Connection = "connection" InvalidArgument ["Connection"]
        "The Connection header must name nothing but headers about the connection.";
    /// `Expect` is not `100-continue` (rulings, 27).
    Expect = "expect" ExpectationFailed ["Expect"]
        "The only expectation that can be met is 100-continue.";
    /// A POST to a bucket that is neither `?delete` nor a form (rulings, 18).
    NotAForm = "not-a-form" RequestIsNotMultipartContent ["Content-Type"]
        "Bucket POST must be of the enclosure-type multipart/form-data.";
    /// A field that a decision rests on is repeated in a form (rulings, 14 and 18).
    FieldRepeated = "field-repeated" InvalidArgument []
        "The key of a form, and what it is signed with, must not be given twice.";
    /// A field's name means something once its underscores are dashes (rulings, 11).
    FieldName = "field-name" InvalidArgument []
        "A field of a form must be spelled with dashes where the documented one has them.";
    /// A form's content type or boundary is repeated or in doubt, or a subresource stands beside it (rulings, 18).
    ContentType = "content-type" InvalidArgument ["Content-Type"]
        "The content type must be given once, and as multipart/form-data with one plain boundary for a form, which goes to a bucket without a subresource.";
}

struct Entry {
    id: &'static str,
    code: Code,
    argument: Option<&'static str>,
    message: &'static str,
}

impl Malformed {
    /// The id in log lines, metrics and the `x-obsgate-rule` header.
    pub const fn id(self) -> &'static str {
        self.entry().id
    }

    /// The OBS error code.
    pub const fn code(self) -> Code {
        self.entry().code
    }

    /// The status the code is sent with.
    pub const fn status(self) -> StatusCode {
        self.code().status()
    }

    /// What is wrong, for the caller. Never echoes a value.
    pub const fn message(self) -> &'static str {
        self.entry().message
    }

    /// The header or parameter at fault, where it is one.
    pub const fn argument(self) -> Option<&'static str> {
        self.entry().argument
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for Malformed {}

const fn argument(listed: &[&'static str]) -> Option<&'static str> {
    match listed {
        [one, ..] => Some(*one),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_reason_has_an_id_and_a_text_of_its_own() {
        let ids: BTreeSet<_> = Malformed::ALL.map(Malformed::id).into();
        let texts: BTreeSet<_> = Malformed::ALL.map(Malformed::message).into();
        assert_eq!(ids.len(), Malformed::ALL.len());
        assert_eq!(texts.len(), Malformed::ALL.len());
    }

    #[test]
    fn no_reason_is_retried_by_an_sdk() {
        for reason in Malformed::ALL {
            assert!(reason.status().is_client_error(), "{}", reason.id());
            assert_ne!(reason.message(), "Unsupported Authorization Type");
        }
    }
}

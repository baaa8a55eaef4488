//! Error replies as OBS spells them: code, status, XML body and headers (obs-facts §8).

use super::{bytes::ByteSet, dialect::Dialect};
use http::StatusCode;

/// An error code of the OBS API, with the status it is sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// A part of the request is not what the API allows.
    InvalidArgument,
    /// The algorithm of a customer key is not `AES256`.
    InvalidEncryptionAlgorithmError,
    /// The request as a whole is not acceptable.
    InvalidRequest,
    /// A form's body is not as it should be.
    MalformedPostRequest,
    /// A form's fields before the file are too large.
    MaxPostPreDataLengthExceeded,
    /// A body where none belongs, or one too large.
    MaxMessageLengthExceeded,
    /// The method is not one of the API's.
    MethodNotAllowed,
    /// The body of a POST is not a form.
    RequestIsNotMultipartContent,
    /// The request did not come in time. Some SDKs try again (obs-facts §8).
    RequestTimeout,
    /// The store cannot be reached, or did not answer.
    ServiceUnavailable,
    /// More is under way than the gate takes on.
    SlowDown,
    /// `Expect` asks for something unknown.
    ExpectationFailed,
}

/// One error reply, ready to be written.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    /// The code.
    pub code: Code,
    /// What is wrong and what is allowed. Never holds a key, a signature or a token.
    pub message: &'a str,
    /// The header or parameter at fault, where one is; its value is never echoed.
    pub argument: Option<&'a str>,
    /// The path of the request, without its query.
    pub resource: &'a str,
    /// The request's id.
    pub request_id: &'a str,
    /// The id of whoever answers.
    pub host_id: &'a str,
}

/// The names of the headers of an error reply, in one dialect.
#[derive(Debug)]
pub struct ReplyHeaders {
    /// The request's id.
    pub request_id: &'static str,
    /// The id of whoever answers.
    pub id_2: &'static str,
    /// The code, for replies without a body.
    pub error_code: &'static str,
    /// The message, for replies without a body.
    pub error_message: &'static str,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 12] = [
        Self::InvalidArgument,
        Self::InvalidEncryptionAlgorithmError,
        Self::InvalidRequest,
        Self::MalformedPostRequest,
        Self::MaxPostPreDataLengthExceeded,
        Self::MaxMessageLengthExceeded,
        Self::MethodNotAllowed,
        Self::RequestIsNotMultipartContent,
        Self::RequestTimeout,
        Self::ServiceUnavailable,
        Self::SlowDown,
        Self::ExpectationFailed,
    ];

    /// The code as the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidArgument => "InvalidArgument",
            Self::InvalidEncryptionAlgorithmError => "InvalidEncryptionAlgorithmError",
            Self::InvalidRequest => "InvalidRequest",
            Self::MalformedPostRequest => "MalformedPOSTRequest",
            Self::MaxPostPreDataLengthExceeded => "MaxPostPreDataLengthExceededError",
            Self::MaxMessageLengthExceeded => "MaxMessageLengthExceeded",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::RequestIsNotMultipartContent => "RequestIsNotMultiPartContent",
            Self::RequestTimeout => "RequestTimeout",
            Self::ServiceUnavailable => "ServiceUnavailable",
            Self::SlowDown => "SlowDown",
            Self::ExpectationFailed => "ExpectationFailed",
        }
    }

    /// The status it is sent with.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidArgument
            | Self::InvalidEncryptionAlgorithmError
            | Self::InvalidRequest
            | Self::MalformedPostRequest
            | Self::MaxPostPreDataLengthExceeded
            | Self::MaxMessageLengthExceeded
            | Self::RequestIsNotMultipartContent
            | Self::RequestTimeout => StatusCode::BAD_REQUEST,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::ExpectationFailed => StatusCode::EXPECTATION_FAILED,
            Self::ServiceUnavailable | Self::SlowDown => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl Reply<'_> {
    /// The body: `<Error>` with its elements in the order of the documents' samples.
    pub fn xml(&self) -> String {
        let mut xml = String::with_capacity(512);
        xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Error><Code>");
        xml.push_str(self.code.as_str());
        xml.push_str("</Code><Message>");
        escape(&mut xml, self.message);
        xml.push_str("</Message>");
        if let Some(argument) = self.argument {
            xml.push_str("<ArgumentName>");
            escape(&mut xml, argument);
            xml.push_str("</ArgumentName>");
        }
        xml.push_str("<Resource>");
        escape(&mut xml, self.resource);
        xml.push_str("</Resource><RequestId>");
        escape(&mut xml, self.request_id);
        xml.push_str("</RequestId><HostId>");
        escape(&mut xml, self.host_id);
        xml.push_str("</HostId></Error>");
        xml
    }
}

impl ReplyHeaders {
    /// The names in a dialect.
    pub const fn of(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Obs => Self {
                request_id: "x-obs-request-id",
                id_2: "x-obs-id-2",
                error_code: "x-obs-error-code",
                error_message: "x-obs-error-message",
            },
            Dialect::Amz => Self {
                request_id: "x-amz-request-id",
                id_2: "x-amz-id-2",
                error_code: "x-amz-error-code",
                error_message: "x-amz-error-message",
            },
        }
    }
}

/// Text with what XML 1.0 does not allow in it escaped or left out.
fn escape(xml: &mut String, text: &str) {
    if is_plain(text.as_bytes()) {
        return xml.push_str(text);
    }
    let mut rest = text;
    // What is to be looked at begins a character, so that the text can be split before it.
    while let Some(at) = rest.bytes().position(|byte| !PLAIN.has(byte))
        && let Some((plain, from)) = rest.split_at_checked(at)
    {
        xml.push_str(plain);
        let mut characters = from.chars();
        match characters.next() {
            Some('<') => xml.push_str("&lt;"),
            Some('>') => xml.push_str("&gt;"),
            Some('&') => xml.push_str("&amp;"),
            Some('"') => xml.push_str("&quot;"),
            Some('\'') => xml.push_str("&apos;"),
            Some(allowed @ ('\t' | '\n' | '\r')) => xml.push(allowed),
            None | Some(..' ' | '\u{fffe}' | '\u{ffff}') => {}
            Some(other) => xml.push(other),
        }
        rest = characters.as_str();
    }
    xml.push_str(rest);
}

/// Whether nothing in a text need be looked at. Without a table, so that many bytes are looked through together.
fn is_plain(text: &[u8]) -> bool {
    let other = text.iter().fold(false, |other, byte| {
        other | matches!(byte, ..b' ' | b'<' | b'>' | b'&' | b'"' | b'\'' | 0xef)
    });
    !other
}

/// What need not be looked at: no control characters, no markup, and not the first byte of U+FFFE and U+FFFF.
const PLAIN: ByteSet = ByteSet::over(b' ', 0xff).without(b"<>&\"'\xef");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_need_not_be_looked_at_is_the_same_of_one_byte_and_of_many() {
        for byte in 0..=u8::MAX {
            assert_eq!(is_plain(&[b'a', byte]), PLAIN.has(byte), "{byte}");
        }
    }

    #[test]
    fn a_reply_has_its_elements_in_the_order_of_the_documents_and_nothing_unescaped() {
        let reply = Reply {
            code: Code::InvalidRequest,
            message: "a < b & c",
            argument: Some("Host"),
            resource: "/b/<k>\"'\u{1}",
            request_id: "1",
            host_id: "2",
        };
        assert_eq!(
            reply.xml(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Error><Code>InvalidRequest</Code>\
             <Message>a &lt; b &amp; c</Message><ArgumentName>Host</ArgumentName>\
             <Resource>/b/&lt;k&gt;&quot;&apos;</Resource><RequestId>1</RequestId><HostId>2</HostId></Error>"
        );
    }

    #[test]
    fn each_character_is_escaped_left_out_or_itself_wherever_it_stands() {
        for character in '\0'..=char::MAX {
            let expected = match character {
                '<' => "&lt;".to_owned(),
                '>' => "&gt;".to_owned(),
                '&' => "&amp;".to_owned(),
                '"' => "&quot;".to_owned(),
                '\'' => "&apos;".to_owned(),
                '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                    String::new()
                }
                other => other.to_string(),
            };
            let mut xml = String::new();
            escape(&mut xml, &format!("{character}a{character}{character}\u{ff5e}"));
            assert_eq!(xml, format!("{expected}a{expected}{expected}\u{ff5e}"));
        }
    }

    #[test]
    fn no_code_is_a_redirect_or_an_internal_error() {
        for code in Code::ALL {
            let status = code.status().as_u16();
            assert!((400..500).contains(&status) || status == 503, "{code:?}");
        }
    }
}

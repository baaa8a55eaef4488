//! TLS on both sides: TLS 1.2 and 1.3 by aws-lc-rs. Clients may agree on HTTP/2; the store is spoken to in HTTP/1.1.

use crate::config::Identity;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig, ServerConnection,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::CertificateDer,
};
use std::sync::Arc;

/// The server side of a listener, with HTTP/2 or without.
///
/// # Errors
/// When certificate and key do not fit each other, or the provider refuses them.
pub(super) fn server(identity: &Identity, http2: bool) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            identity.certificate_chain.clone(),
            identity.private_key.clone_key(),
        )?;
    config.alpn_protocols = [H2, HTTP_1_1]
        .into_iter()
        .filter(|protocol| http2 || *protocol != H2)
        .map(<[u8]>::to_vec)
        .collect();
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    // One ticket resumes as well as two, and is half the work.
    config.send_tls13_tickets = 1;
    Ok(Arc::new(config))
}

/// Whether the handshake ended with HTTP/2. A client that names no protocol gets HTTP/1.1.
pub(super) fn agreed_on_http2(session: &ServerConnection) -> bool {
    session.alpn_protocol() == Some(H2)
}

/// The client side of the upstream: the roots given, or those of the web.
///
/// # Errors
/// When a root is not a certificate, or the provider has no common version.
pub(super) fn client(roots: Option<&[CertificateDer<'static>]>) -> Result<Arc<ClientConfig>, rustls::Error> {
    let mut store = RootCertStore::empty();
    match roots {
        Some(roots) => {
            for root in roots {
                store.add(root.clone())?;
            }
        }
        None => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(store)
        .with_no_client_auth();
    config.alpn_protocols = vec![HTTP_1_1.to_vec()];
    Ok(Arc::new(config))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// The names of the protocols (RFC 9113 §3.1, RFC 7301 §6).
const H2: &[u8] = b"h2";
const HTTP_1_1: &[u8] = b"http/1.1";

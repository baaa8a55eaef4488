//! The certificate and key of an https listener, and the authorities of an upstream: PEM files, read at load.

use super::error::{Doubt, Fault};
use rustls_pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{self, PemObject},
};
use std::{fmt, fs, os::unix::fs::PermissionsExt, path::Path};
use zeroize::Zeroizing;

/// What an https listener shows its clients.
pub struct Identity {
    /// The certificate, then its issuers.
    pub certificate_chain: Vec<CertificateDer<'static>>,
    /// The key of the first certificate. Never printed.
    pub private_key: PrivateKeyDer<'static>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("certificate_chain", &self.certificate_chain.len())
            .finish_non_exhaustive()
    }
}

/// Reads the certificates of a PEM file: at least one.
pub(super) fn certificates(
    setting: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let text = fs::read(path).map_err(|error| unusable(setting, path, error.to_string()))?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(setting, path, pem_problem(&error)))?;
    if certificates.is_empty() {
        let problem = "holds no certificate; allowed: PEM with `BEGIN CERTIFICATE`";
        return Err(unusable(setting, path, problem.to_owned()));
    }
    Ok(certificates)
}

/// Reads the first private key of a PEM file, and says what is doubtful about the file.
pub(super) fn private_key(path: &Path) -> Result<(PrivateKeyDer<'static>, Option<Doubt>), Fault> {
    const SETTING: &str = "private_key";
    let mode = fs::metadata(path)
        .map_err(|error| unusable(SETTING, path, error.to_string()))?
        .permissions()
        .mode()
        & 0o7777;
    let path_buf = || path.to_owned();
    if mode & 0o002 != 0 {
        return Err(Fault::KeyWritableByAll {
            path: path_buf(),
            mode,
        });
    }
    let text = Zeroizing::new(fs::read(path).map_err(|error| unusable(SETTING, path, error.to_string()))?);
    let key = PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
        let problem = match error {
            pem::Error::NoItemsFound => {
                "holds no private key in clear; allowed: PEM with `BEGIN PRIVATE KEY`, `BEGIN RSA PRIVATE KEY` or \
                 `BEGIN EC PRIVATE KEY`"
                    .to_owned()
            }
            other => pem_problem(&other),
        };
        unusable(SETTING, path, problem)
    })?;
    let doubt = (mode & 0o004 != 0).then(|| Doubt::KeyReadableByAll {
        path: path_buf(),
        mode,
    });
    Ok((key, doubt))
}

fn unusable(setting: &'static str, path: &Path, problem: String) -> Fault {
    Fault::File {
        setting,
        path: path.to_owned(),
        problem,
    }
}

/// Says what is wrong with a PEM file without quoting from it: it may be a key.
fn pem_problem(error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { .. } => "a PEM section has no end; allowed: whole PEM sections",
        pem::Error::IllegalSectionStart { .. } => {
            "a PEM section begins badly; allowed: lines as `-----BEGIN CERTIFICATE-----`"
        }
        pem::Error::Base64Decode(_) => "a PEM section is not base64; allowed: whole PEM sections",
        _ => "not a PEM file; allowed: whole PEM sections",
    }
    .to_owned()
}

//! A certificate for the demo's gate, and the authority it comes from: both made at start, gone at the end.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::{
    env, fmt,
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process,
};

/// A server's certificate and key, and the authority's certificate.
pub struct Certificate {
    /// The certificate.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its key. Never printed.
    pub key: PrivateKeyDer<'static>,
    /// The authority's certificate in PEM, for clients.
    pub authority: String,
}

/// The authority's certificate in a file of its own, which is removed when this is dropped.
#[derive(Debug)]
pub struct AuthorityFile(PathBuf);

impl Certificate {
    /// Makes one for these names and addresses.
    ///
    /// # Errors
    /// When no key or certificate can be made.
    pub fn make(names: &[&str]) -> Result<Self, rcgen::Error> {
        let mut authority = CertificateParams::default();
        authority
            .distinguished_name
            .push(DnType::CommonName, "obsgate demo authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut server = CertificateParams::new(names)?;
        server.distinguished_name.push(DnType::CommonName, "obsgate demo");
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        server.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = server.signed_by(&key, &authority)?;
        Ok(Self {
            chain: vec![certificate.der().clone()],
            key: key.into(),
            authority: authority.pem(),
        })
    }
}

impl AuthorityFile {
    /// Writes the certificate into a new directory of the system's for temporary files, which nobody else may enter.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(authority: &str) -> io::Result<Self> {
        let directory = env::temp_dir().join(format!("obsgate-demo-{}", process::id()));
        // Left behind by a demo of the same number that was killed.
        let _ = fs::remove_dir_all(&directory);
        DirBuilder::new().mode(0o700).create(&directory)?;
        let file = Self(directory.join("ca.pem"));
        fs::write(&file.0, authority)?;
        Ok(file)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for AuthorityFile {
    fn drop(&mut self) {
        if let Some(directory) = self.0.parent() {
            let _ = fs::remove_dir_all(directory);
        }
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_lies_in_a_file_as_long_as_it_is_held() {
        let made = Certificate::make(&["obs.localhost", "127.0.0.1"]).unwrap();
        let file = AuthorityFile::write(&made.authority).unwrap();
        let path = file.path().to_owned();
        assert!(
            fs::read_to_string(&path)
                .unwrap()
                .starts_with("-----BEGIN CERTIFICATE-----")
        );
        drop(file);
        assert!(!path.exists());
    }
}

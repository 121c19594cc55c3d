//! The certificates that are trusted for `wss`.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// Trusted certificates.
#[derive(Clone)]
pub struct Trust(pub(super) Arc<ClientConfig>);

/// Why certificates cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file is damaged or not PEM.
    #[error("invalid PEM file: {0}")]
    Pem(rustls::pki_types::pem::Error),
    /// A certificate is unusable.
    #[error("no usable certificate: {0}")]
    Unusable(rustls::Error),
    /// There is no certificate.
    #[error("no certificate found")]
    Empty,
}

impl Trust {
    /// Only the certificates in a PEM file.
    ///
    /// # Errors
    /// If there is none, or one cannot be read.
    pub fn only(pem: &[u8]) -> Result<Self, TrustError> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.add(certificate.map_err(TrustError::Pem)?).map_err(TrustError::Unusable)?;
        }
        if roots.is_empty() { Err(TrustError::Empty) } else { Ok(Self::of(roots)) }
    }

    fn of(roots: RootCertStore) -> Self {
        Self(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
    }
}

impl Default for Trust {
    fn default() -> Self {
        Self::of(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explains_unusable_files() {
        let section = |base64: &str| format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
        for (pem, problem) in [
            ("no PEM".to_owned(), "no certificate found"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n".to_owned(), "invalid PEM file"),
            (section("AAAA"), "no usable certificate"),
        ] {
            let error = Trust::only(pem.as_bytes()).expect_err(&pem).to_string();
            assert!(error.starts_with(problem), "{pem}: {error}");
        }
    }
}

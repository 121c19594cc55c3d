//! Whose certificates are taken for good, at addresses with TLS.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// Whom to trust.
#[derive(Clone)]
pub struct Trust(pub(super) Arc<ClientConfig>);

/// A text that names nobody to trust.
#[derive(Debug, thiserror::Error)]
pub enum NoTrust {
    /// It is damaged, or something else.
    #[error("is no PEM file: {0}")]
    NoPem(rustls::pki_types::pem::Error),
    /// A certificate that cannot be used.
    #[error("holds no usable certificate: {0}")]
    Unusable(rustls::Error),
    /// Nothing is in it.
    #[error("holds no certificate")]
    Empty,
}

impl Trust {
    /// The certificates in a PEM file, and no others.
    ///
    /// # Errors
    /// Where there is none, or one that cannot be read.
    pub fn only(pem: &[u8]) -> Result<Self, NoTrust> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.add(certificate.map_err(NoTrust::NoPem)?).map_err(NoTrust::Unusable)?;
        }
        if roots.is_empty() { Err(NoTrust::Empty) } else { Ok(Self::of(roots)) }
    }

    fn of(roots: RootCertStore) -> Self {
        Self(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
    }
}

impl Default for Trust {
    /// The well-known certificate authorities.
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
    fn what_names_nobody_is_explained() {
        let section = |base64: &str| format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
        for (pem, told) in [
            ("no PEM".to_owned(), "holds no certificate"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n".to_owned(), "is no PEM file"),
            (section("AAAA"), "holds no usable certificate"),
        ] {
            let error = Trust::only(pem.as_bytes()).expect_err(&pem).to_string();
            assert!(error.starts_with(told), "{pem}: {error}");
        }
    }
}

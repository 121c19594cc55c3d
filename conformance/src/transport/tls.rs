//! TLS for `wss://` addresses, and which certificates to trust.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};

/// Which certificates to trust.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Trust {
    /// The well-known certificate authorities.
    #[default]
    WellKnown,
    /// The certificates of a PEM file, and no others.
    File(PathBuf),
    /// Any certificate, for self-signed ones on a developer's machine.
    AnyCertificate,
}

/// Why TLS cannot be configured.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The TLS library refuses its own defaults.
    #[error("cannot set up TLS: {0}")]
    Library(#[source] rustls::Error),
    /// The file of certificates cannot be read.
    #[error("--ca-file {}: cannot be read: {_1}", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// The file is not PEM.
    #[error("--ca-file {}: not a PEM file: {}", .0.display(), pem_problem(.1))]
    NotPem(PathBuf, #[source] pem::Error),
    /// The file has a certificate that cannot be trusted.
    #[error("--ca-file {}: contains an unusable certificate: {_1}", .0.display())]
    Unusable(PathBuf, #[source] rustls::Error),
    /// The file has no certificate.
    #[error("--ca-file {}: contains no certificate", .0.display())]
    Empty(PathBuf),
}

fn pem_problem(error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no end marker".to_owned(),
        other => other.to_string(),
    }
}

/// The TLS configuration for a kind of trust.
pub fn configuration(trust: &Trust) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Library)?;
    let roots = match trust {
        Trust::AnyCertificate => {
            let verifier = Arc::new(AcceptAnyCertificate(provider));
            let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
            return Ok(Arc::new(builder.with_no_client_auth()));
        }
        Trust::File(path) => roots_of(path)?,
        Trust::WellKnown => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
    };
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

fn roots_of(path: &Path) -> Result<RootCertStore, TlsError> {
    let of = || path.to_owned();
    let pem = std::fs::read(path).map_err(|error| TlsError::Unreadable(of(), error))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| TlsError::NotPem(of(), error))?;
        roots.add(certificate).map_err(|error| TlsError::Unusable(of(), error))?;
    }
    if roots.is_empty() { Err(TlsError::Empty(of())) } else { Ok(roots) }
}

/// Whether TLS failed because the server presents an authority's certificate as its own, which webpki refuses.
pub(super) fn is_authority(error: &io::Error) -> bool {
    let Some(rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(cause)))) =
        error.get_ref().and_then(|error| error.downcast_ref())
    else {
        return false;
    };
    // The cause is a type of webpki, which is not a dependency here, so only its name can be compared.
    format!("{cause:?}") == "CaUsedAsEndEntity"
}

#[derive(Debug)]
struct AcceptAnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

//! Where a server is, whether its address suits its family, and which certificates to trust.

use conformance::subject::{Manifest, ServerTemplate};
use conformance::transport::{Address, Trust};
use relayspec::family::{Family, MessageFraming};

use super::error::UsageError;
use super::options::ServerOptions;

/// Where a server is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ServerSource {
    /// It is running.
    Url(Address),
    /// The runner starts it.
    Command(ServerTemplate),
}

impl ServerSource {
    pub(super) fn url(&self) -> String {
        match self {
            Self::Url(address) => address.to_string(),
            Self::Command(template) => template.url().to_owned(),
        }
    }

    pub(super) fn address(&self) -> &Address {
        match self {
            Self::Url(address) => address,
            Self::Command(template) => template.address(),
        }
    }
}

/// The certificates to trust.
pub(super) fn trust(manifest: &Manifest, subject: &ServerOptions) -> Trust {
    match subject.ca_file.as_ref().or(manifest.ca_file.as_ref().filter(|_| !subject.insecure)) {
        Some(path) => Trust::File(path.clone()),
        None if subject.insecure => Trust::AnyCertificate,
        None => Trust::WellKnown,
    }
}

/// Rejects trust in certificates if the address does not use TLS, since then the address is probably wrong.
pub(super) fn reject_trust(
    source: &ServerSource,
    manifest: &Manifest,
    subject: &ServerOptions,
) -> Result<(), UsageError> {
    // A URL on the command line may override the `wss` URL for which the manifest has its certificates.
    let is_secure = |url: &String| url.parse().is_ok_and(|address: Address| address.is_secure());
    let by_manifest = manifest.ca_file.is_some() && !manifest.url.as_ref().is_some_and(is_secure);
    let (manifest, key) = match (&subject.ca_file, subject.insecure) {
        (Some(_), _) => (None, "--ca-file"),
        (None, true) => (None, "--insecure"),
        (None, false) if by_manifest => (manifest.file.clone(), "`ca_file`"),
        (None, false) => return Ok(()),
    };
    Err(UsageError::TrustWithoutTls { manifest, key, url: source.url() })
}

/// Checks that the address suits the family and is a base URL. A relay may accept the handshake on any path and close the connection
/// afterwards: then every scenario would fail.
pub(super) fn check_base_url(source: &ServerSource, family: &Family) -> Result<(), UsageError> {
    let (url, name) = (source.url(), family.name);
    match (family.framing, source.address()) {
        (MessageFraming::WebSocket, Address::Unix(_)) => return Err(UsageError::NeedsWebSocket { url, family: name }),
        (MessageFraming::LengthPrefixed, Address::Web(_)) => return Err(UsageError::NeedsSocket { url, family: name }),
        (MessageFraming::LengthPrefixed, Address::Unix(_)) => return Ok(()),
        (MessageFraming::WebSocket, Address::Web(_)) => {}
    }
    match family.endpoints.iter().find(|endpoint| source.address().prefix().ends_with(endpoint.path)) {
        None => Ok(()),
        Some(endpoint) => {
            let base = url.trim_end_matches('/').strip_suffix(endpoint.path).unwrap_or(&url).to_owned();
            Err(UsageError::EndpointUrl { url, path: endpoint.path, base })
        }
    }
}

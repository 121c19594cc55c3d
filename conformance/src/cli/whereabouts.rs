//! ServerSource a server is, whether its family is reached like that, and who is trusted there.

use std::path::PathBuf;

use conformance::subject::{Manifest, ServerTemplate};
use conformance::transport::{Address, Trust};
use relayspec::family::{Family, Travel};

use super::exit::Failure;
use super::options::ServerOptions;

/// ServerSource a server is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ServerSource {
    /// It runs already.
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

    pub(super) fn is_secure(&self) -> bool {
        match self {
            Self::Url(address) => address.is_secure(),
            Self::Command(template) => template.address().is_secure(),
        }
    }

    pub(super) fn prefix(&self) -> &str {
        match self {
            Self::Url(address) => address.prefix(),
            Self::Command(template) => template.address().prefix(),
        }
    }
}

pub(super) fn trust(manifest: &Manifest, subject: &ServerOptions) -> Trust {
    match subject.ca_file.as_ref().or(manifest.ca_file.as_ref().filter(|_| !subject.insecure)) {
        Some(path) => Trust::File(PathBuf::from(path)),
        None if subject.insecure => Trust::AnyCertificate,
        None => Trust::WellKnown,
    }
}

/// Without TLS nobody is trusted: who says whom to trust takes the address for another.
pub(super) fn no_trust(place: &ServerSource, manifest: &Manifest, subject: &ServerOptions) -> Result<(), Failure> {
    // A manifest for `wss` makes sense, also where a URL on the command line wins over it.
    let is_meant = |url: &String| url.parse().is_ok_and(|address: Address| address.is_secure());
    let by_manifest = manifest.ca_file.is_some() && !manifest.url.as_ref().is_some_and(is_meant);
    let (at, key) = match (&subject.ca_file, subject.insecure) {
        (Some(_), _) => (String::new(), "--ca-file"),
        (None, true) => (String::new(), "--insecure"),
        (None, false) if by_manifest => {
            let file = manifest.file.as_ref().map(|file| format!("manifest {}: ", file.display()));
            (file.unwrap_or_default(), "`ca_file`")
        }
        (None, false) => return Ok(()),
    };
    let url = place.url();
    Err(Failure::usage(format!(
        "{at}{key} goes with a wss:// address, and {url} is one without TLS: write wss://, or leave {key} out"
    )))
}

/// A relay may accept the handshake on any path and close the connection afterwards: then every scenario would fail.
pub(super) fn base_url(place: &ServerSource, family: &Family) -> Result<(), Failure> {
    let address = match place {
        ServerSource::Url(address) => address,
        ServerSource::Command(template) => template.address(),
    };
    match (family.travel, address) {
        (Travel::WebSocket, Address::Unix(_)) => {
            return Err(Failure::usage(format!(
                "{} is a Unix socket, and the family {} is reached by ws:// or wss://",
                place.url(),
                family.name
            )));
        }
        (Travel::Framed, Address::Web(_)) => {
            return Err(Failure::usage(format!(
                "{} is no Unix socket, and the family {} is reached by one: write unix:/run/daemon.sock, or `{{socket}}` in the command",
                place.url(),
                family.name
            )));
        }
        (Travel::Framed, Address::Unix(_)) => return Ok(()),
        (Travel::WebSocket, Address::Web(_)) => {}
    }
    let Some(endpoint) = family.endpoints.iter().find(|endpoint| place.prefix().ends_with(endpoint.path)) else {
        return Ok(());
    };
    let (url, path) = (place.url(), endpoint.path);
    let base = url.trim_end_matches('/').strip_suffix(path).unwrap_or(&url);
    Err(Failure::usage(format!(
        "{url} ends in `{path}`, the path of an endpoint: give the base URL, {base}; every scenario adds the path itself"
    )))
}

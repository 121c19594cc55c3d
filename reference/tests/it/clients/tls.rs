//! Clients at a relay behind a TLS-terminating proxy.

use std::net::SocketAddr;
use std::sync::Arc;

use relayspec_reference::client::Ending;
use relayspec_reference::{ClientOptions, Trust, User};
use rustls::ServerConfig;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::{ClientRun, options};
use crate::TestRelay;

/// Terminates TLS in front of a server. Returns the port and the certificate as PEM.
async fn terminate(server: SocketAddr) -> (u16, String) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key = certified.signing_key.serialize_der().try_into().expect("a key");
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![certified.cert.der().clone()], key).expect("a configuration");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.expect("a connection");
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut client) = acceptor.accept(client).await else { return };
                let mut server = TcpStream::connect(server).await.expect("the relay");
                _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (port, certified.cert.pem())
}

fn trusting(trust: Trust, port: u16, path: &str) -> ClientOptions {
    let mut options = options(([127, 0, 0, 1], port).into(), path, User::Driver);
    options.address = format!("wss://localhost:{port}{path}").parse().expect("an address");
    assert!(options.address.has_tls());
    options.trust = trust;
    options
}

#[tokio::test]
async fn trusts_only_the_configured_certificate() {
    let relay = TestRelay::start().await;
    let (port, pem) = terminate(relay.address).await;
    let trust = Trust::only(pem.as_bytes()).expect("a certificate");
    let mut host = ClientRun::host_with(trusting(trust.clone(), port, "/mac"));
    let code = host.code().await;
    let mut viewer = ClientRun::viewer_with(trusting(trust, port, "/browser"), &code);
    assert_eq!((viewer.event_name().await.as_str(), viewer.event_name().await.as_str()), ("connected", "joined"));
    let large = "x".repeat(1_000_000);
    host.give(&large);
    assert_eq!(viewer.event().await["payload"], large, "PAIR-H3");
    viewer.give("back");
    assert_eq!(host.event().await["payload"], "back", "PAIR-V4");

    let mut of_other = trusting(Trust::default(), port, "/mac");
    of_other.policy.max_attempts = Some(1);
    let mut other = ClientRun::host_with(of_other);
    assert_eq!(other.event_name().await, "gave_up", "accepted an unknown certificate");
    assert_eq!(other.ended().await, Ending::GaveUp);
}

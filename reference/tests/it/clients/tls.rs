//! Clients at a relay behind TLS, which something in front of it speaks.

use std::net::SocketAddr;
use std::sync::Arc;

use relayspec::pairing::JoinCode;
use relayspec_reference::client::Ending;
use relayspec_reference::{ClientOptions, Trust, User, pairing_host, pairing_viewer};
use rustls::ServerConfig;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::{Run, options};
use crate::Served;

/// Speaks TLS to clients and plain TCP to a server. The port, and the certificate as PEM.
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
async fn a_certificate_that_is_trusted_is_enough_and_any_other_is_not() {
    let relay = Served::start().await;
    let (port, pem) = terminate(relay.address).await;
    let trust = Trust::only(pem.as_bytes()).expect("a certificate");
    let of_host = trusting(trust.clone(), port, "/mac");
    let (host, output) =
        Run::unread(|input, output, stop| tokio::spawn(pairing_host(of_host, None, input, output, stop)));
    let mut host = host.reading(output);
    let code = host.code().await;
    let code = JoinCode::new(code).expect("a code");
    let of_viewer = trusting(trust, port, "/browser");
    let (viewer, output) =
        Run::unread(|input, output, stop| tokio::spawn(pairing_viewer(of_viewer, code, input, output, stop)));
    let mut viewer = viewer.reading(output);
    assert_eq!((viewer.told().await.as_str(), viewer.told().await.as_str()), ("connected", "joined"));
    let large = "x".repeat(1_000_000);
    host.give(&large);
    assert_eq!(viewer.event().await["payload"], large, "PAIR-H3");
    viewer.give("back");
    assert_eq!(host.event().await["payload"], "back", "PAIR-V4");

    let mut of_other = trusting(Trust::default(), port, "/mac");
    of_other.policy.max_attempts = Some(1);
    let (other, output) =
        Run::unread(|input, output, stop| tokio::spawn(pairing_host(of_other, None, input, output, stop)));
    let mut other = other.reading(output);
    assert_eq!(other.told().await, "gave_up", "an unknown certificate was taken for good");
    assert_eq!(other.ended().await, Ending::GaveUp);
}

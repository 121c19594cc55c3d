//! What the runner sends before any scenario is played: TLS, and the request line.

use std::sync::{Arc, Mutex};

use conformance::outcome::Verdict;
use rcgen::{BasicConstraints, CertificateParams, CertifiedKey, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::support::{Judged, Reference, Server, assert_told, file, folder, judge};

/// A certificate for names of this machine, signed by itself.
fn certificate(names: &[&str]) -> CertifiedKey<KeyPair> {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    rcgen::generate_simple_self_signed(names).expect("a certificate")
}

/// A TLS front before a relay.
async fn front(relay: &Reference, certificate: &CertifiedKey<KeyPair>) -> Server {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::Pkcs8(certificate.signing_key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let config = config.with_no_client_auth().with_single_cert(vec![certificate.cert.der().clone()], key);
    let acceptor = TlsAcceptor::from(Arc::new(config.expect("a configuration")));
    let address = relay.address.clone();
    Server::tcp(move |stream| {
        let (acceptor, address) = (acceptor.clone(), address.clone());
        async move {
            let (Ok(mut near), Ok(mut far)) = tokio::join!(acceptor.accept(stream), TcpStream::connect(&address))
            else {
                return;
            };
            let _ = copy_bidirectional(&mut near, &mut far).await;
        }
    })
    .await
}

/// Judges a relay behind TLS by a few scenarios.
async fn judged(name: &str, url: &str, trust: &[&str]) -> Judged {
    let only = ["register", "ping", "data", "fragments", "close", "viewer-lost-by-reset"];
    let only = only.iter().flat_map(|only| ["--only", only]);
    judge(name, ["server", url].into_iter().chain(only).chain(trust.iter().copied())).await
}

#[tokio::test]
async fn a_relay_behind_tls_conforms_where_its_certificate_is_trusted() {
    let relay = Reference::start(&[]).await;
    let certificate = certificate(&["127.0.0.1", "localhost"]);
    let front = front(&relay, &certificate).await;
    let folder = folder("wire-ca");
    let trusted = file(&folder, "ca.pem", &certificate.cert.pem());
    let url = front.url().replace("ws:", "wss:");
    for (name, trust) in [("wss-ca-file", &["--ca-file", &trusted][..]), ("wss-insecure", &["--insecure"])] {
        let judged = judged(name, &url, trust).await;
        assert_eq!(judged.ran.status, 0, "{}", judged.ran.told());
        assert_eq!(judged.report.summary.passed, judged.report.summary.checks());
        assert_eq!(judged.report.subjects[0].url.as_ref(), Some(&url));
    }
    let manifest = file(&folder, "relay.toml", &format!("url = '{url}'\nca_file = 'ca.pem'\n"));
    let by_manifest = judge("wss-manifest", ["server", "--manifest", &manifest, "--only", "register"]).await;
    assert_eq!(by_manifest.ran.status, 0, "{}", by_manifest.ran.told());
}

#[tokio::test]
async fn a_relay_behind_tls_is_not_reached_where_its_certificate_is_not_trusted() {
    let relay = Reference::start(&[]).await;
    let (this, other) = (certificate(&["127.0.0.1"]), certificate(&["relay.example.org"]));
    let (front, misnamed) = (front(&relay, &this).await, front(&relay, &other).await);
    let folder = folder("wire-distrust");
    let other = file(&folder, "other.pem", &other.cert.pem());
    let mut told = String::new();
    for (name, front, trust) in [
        ("wss-nobody", &front, &[][..]),
        ("wss-another", &front, &["--ca-file", &other]),
        ("wss-misnamed", &misnamed, &["--ca-file", &other]),
        ("wss-plain", &front, &[]),
    ] {
        // The last asks the TLS port in plain text.
        let url = if name == "wss-plain" { front.url() } else { front.url().replace("ws:", "wss:") };
        let judged = judged(name, &url, trust).await;
        assert_eq!((judged.ran.status, judged.ran.err.as_str()), (3, ""), "{}", judged.ran.told());
        told += &format!("# {name}\n{}\n", judged.ran.told());
    }
    assert_told!(told);
}

/// As `openssl req -x509` makes it, unless it is told otherwise.
#[tokio::test]
async fn a_certificate_that_claims_to_be_an_authority_is_explained() {
    let relay = Reference::start(&[]).await;
    let signing_key = KeyPair::generate().expect("a key");
    let mut parameters = CertificateParams::new(["127.0.0.1".to_owned()]).expect("names");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let cert = parameters.self_signed(&signing_key).expect("a certificate");
    let authority = CertifiedKey { cert, signing_key };
    let front = front(&relay, &authority).await;
    let url = front.url().replace("ws:", "wss:");
    let trusted = file(&folder("wire-authority"), "ca.pem", &authority.cert.pem());
    let judged = judged("wss-authority", &url, &["--ca-file", &trusted]).await;
    assert_eq!(judged.ran.status, 3, "{}", judged.ran.told());
    assert_told!(judged.ran.told());
}

#[tokio::test]
async fn files_that_hold_no_certificate_are_refused() {
    let folder = folder("wire-pem");
    let mut told = String::new();
    for (name, text) in [
        ("empty.pem", String::new()),
        ("prose.pem", "Trust me.\n".to_owned()),
        ("key.pem", certificate(&["localhost"]).signing_key.serialize_pem()),
        ("half.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n".to_owned()),
        ("no-base64.pem", "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n".to_owned()),
        ("no-der.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n".to_owned()),
    ] {
        let path = file(&folder, name, &text);
        let ran = crate::support::conformance(["server", "wss://127.0.0.1:1", "--ca-file", &path]).await;
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{name}: {}", ran.told());
        told += &format!("# {name}\n{}\n", ran.err);
    }
    assert_told!(told);
}

#[tokio::test]
async fn the_path_of_a_base_url_stands_before_every_endpoint() {
    let targets = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&targets);
    let server = Server::websocket(move |request| {
        seen.lock().expect("a lock").push(request.target.clone());
        async move { request.accept().await.idle().await }
    })
    .await;
    let scenario = "summary: Connects.\ncovers: [PAIR-01]\nunder_test: relay\nsteps:\n  - connect: { as: host, to: '/mac?v=1', check: connects }\n";
    let scenario = file(&folder("wire-prefix"), "connects.yaml", scenario);
    for (base, prefix) in [("", ""), ("/", ""), ("/v1", "/v1"), ("/v1/", "/v1"), ("/a/b%20c", "/a/b%20c")] {
        let judged = judge("prefix", ["server", &format!("{}{base}", server.url()), "--scenario", &scenario]).await;
        assert_eq!(judged.check("connects").verdict, Verdict::Pass, "{}", judged.ran.told());
        let seen = std::mem::take(&mut *targets.lock().expect("a lock"));
        assert_eq!(seen, [format!("{prefix}/mac"), format!("{prefix}/mac?v=1")], "the first look, and the scenario");
    }
}

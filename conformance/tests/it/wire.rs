//! Before any scenario: TLS, and the request line.

use std::sync::{Arc, Mutex};

use conformance::outcome::Verdict;
use rcgen::{BasicConstraints, CertificateParams, CertifiedKey, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::support::{ReferenceProcess, TcpServer, TestRun, assert_shown, file, folder, test_run};

/// A self-signed certificate for these names.
fn certificate(names: &[&str]) -> CertifiedKey<KeyPair> {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    rcgen::generate_simple_self_signed(names).expect("a certificate")
}

/// A TLS proxy in front of a relay.
async fn front(relay: &ReferenceProcess, certificate: &CertifiedKey<KeyPair>) -> TcpServer {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::Pkcs8(certificate.signing_key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let config = config.with_no_client_auth().with_single_cert(vec![certificate.cert.der().clone()], key);
    let acceptor = TlsAcceptor::from(Arc::new(config.expect("a configuration")));
    let address = relay.address.clone();
    TcpServer::tcp(move |stream| {
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

/// Tests a relay behind TLS with a few scenarios.
async fn tested(name: &str, url: &str, trust: &[&str]) -> TestRun {
    let only = ["register", "ping", "data", "fragments", "close", "viewer-lost-by-reset"];
    let only = only.iter().flat_map(|only| ["--only", only]);
    test_run(name, ["server", url].into_iter().chain(only).chain(trust.iter().copied())).await
}

#[tokio::test]
async fn a_trusted_certificate_is_accepted() {
    let relay = ReferenceProcess::start(&[]).await;
    let certificate = certificate(&["127.0.0.1", "localhost"]);
    let front = front(&relay, &certificate).await;
    let folder = folder("wire-ca");
    let trusted = file(&folder, "ca.pem", &certificate.cert.pem());
    let url = front.url().replace("ws:", "wss:");
    for (name, trust) in [("wss-ca-file", &["--ca-file", &trusted][..]), ("wss-insecure", &["--insecure"])] {
        let tested = tested(name, &url, trust).await;
        tested.exits(0);
        assert_eq!(tested.report.summary.passed, tested.report.summary.checks());
        assert_eq!(tested.report.subjects[0].url.as_ref(), Some(&url));
    }
    let manifest = file(&folder, "relay.toml", &format!("url = '{url}'\nca_file = 'ca.pem'\n"));
    let by_manifest = test_run("wss-manifest", ["server", "--manifest", &manifest, "--only", "register"]).await;
    by_manifest.exits(0);
}

#[tokio::test]
async fn an_untrusted_certificate_is_rejected() {
    let relay = ReferenceProcess::start(&[]).await;
    let (this, other) = (certificate(&["127.0.0.1"]), certificate(&["relay.example.org"]));
    let (front, misnamed) = (front(&relay, &this).await, front(&relay, &other).await);
    let folder = folder("wire-distrust");
    let other = file(&folder, "other.pem", &other.cert.pem());
    let mut shown = String::new();
    for (name, front, trust) in [
        ("wss-untrusted", &front, &[][..]),
        ("wss-another", &front, &["--ca-file", &other]),
        ("wss-misnamed", &misnamed, &["--ca-file", &other]),
        ("wss-plain", &front, &[]),
    ] {
        // The last one connects to the TLS port without TLS.
        let url = if name == "wss-plain" { front.url() } else { front.url().replace("ws:", "wss:") };
        let tested = tested(name, &url, trust).await;
        assert_eq!((tested.ran.status, tested.ran.err.as_str()), (3, ""), "{}", tested.ran.shown());
        shown += &format!("# {name}\n{}\n", tested.ran.shown());
    }
    assert_shown!(shown);
}

/// `openssl req -x509` creates such certificates by default.
#[tokio::test]
async fn a_certificate_that_claims_to_be_an_authority_is_explained() {
    let relay = ReferenceProcess::start(&[]).await;
    let signing_key = KeyPair::generate().expect("a key");
    let mut parameters = CertificateParams::new(["127.0.0.1".to_owned()]).expect("names");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let cert = parameters.self_signed(&signing_key).expect("a certificate");
    let authority = CertifiedKey { cert, signing_key };
    let front = front(&relay, &authority).await;
    let url = front.url().replace("ws:", "wss:");
    let trusted = file(&folder("wire-authority"), "ca.pem", &authority.cert.pem());
    let tested = tested("wss-authority", &url, &["--ca-file", &trusted]).await;
    tested.exits(3);
    assert_shown!(tested.ran.shown());
}

#[tokio::test]
async fn rejects_files_without_a_certificate() {
    let folder = folder("wire-pem");
    let mut shown = String::new();
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
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{name}: {}", ran.shown());
        shown += &format!("# {name}\n{}\n", ran.err);
    }
    assert_shown!(shown);
}

#[tokio::test]
async fn the_path_of_a_base_url_precedes_every_endpoint() {
    let targets = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&targets);
    let server = TcpServer::websocket(move |request| {
        seen.lock().expect("a lock").push(request.target.clone());
        async move { request.accept().await.idle().await }
    })
    .await;
    let scenario = "summary: Connects.\ncovers: [PAIR-01]\nunder_test: relay\nsteps:\n  - connect: { as: host, to: '/mac?v=1', check: connects }\n";
    let scenario = file(&folder("wire-prefix"), "connects.yaml", scenario);
    for (base, prefix) in [("", ""), ("/", ""), ("/v1", "/v1"), ("/v1/", "/v1"), ("/a/b%20c", "/a/b%20c")] {
        let tested = test_run("prefix", ["server", &format!("{}{base}", server.url()), "--scenario", &scenario]).await;
        assert_eq!(tested.check("connects").verdict, Verdict::Pass, "{}", tested.ran.shown());
        let seen = std::mem::take(&mut *targets.lock().expect("a lock"));
        assert_eq!(seen, [format!("{prefix}/mac"), format!("{prefix}/mac?v=1")], "the preflight, and the scenario");
    }
}

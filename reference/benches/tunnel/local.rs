//! The local server: answers `/1024` with 1,024 bytes.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

pub(crate) async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("{}", listener.local_addr().expect("an address"));
    let bytes =
        Bytes::from((0..1 << 20).map(|at: u32| at.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect::<Vec<_>>());
    loop {
        let (tcp, _) = listener.accept().await.expect("a connection");
        tcp.set_nodelay(true).expect("set");
        let bytes = bytes.clone();
        let answer = move |request: Request<Incoming>| {
            let length: usize = request.uri().path()[1..].parse().expect("a number of bytes");
            let mut response = Response::new(Full::new(bytes.slice(..length)));
            response.headers_mut().insert("content-type", "application/octet-stream".parse().expect("a value"));
            async { Ok::<_, Infallible>(response) }
        };
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(tcp), service_fn(answer)));
    }
}

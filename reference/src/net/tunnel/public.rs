//! The public side: HTTP/1.1 connections, each request of which becomes a message to an agent (TUN-20, TUN-25).

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::{TokioIo, TokioTimer};
use relayspec::tunnel::{Body, HttpRequest};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::answer::{self, Answer};
use super::gate::Gate;
use super::patient::Patient;
use super::upload;
use crate::net::{accept, bodies, closing, report};
use crate::tunnel::fields;

/// Connections that are served at once; others wait to be accepted.
const MOST_CONNECTIONS: usize = 10_000;
/// For a request head to come, and for an idle connection to be used again.
const HEAD_LIMIT: Duration = Duration::from_secs(60);
/// How long a client may take nothing of its answer.
const WRITE_LIMIT: Duration = Duration::from_secs(30);
/// The largest request head, in bytes, of which the target may be 64 KiB; longer ones are answered with 431.
const LARGEST_HEAD: usize = 128 << 10;
/// What is read of a connection at a time at most, in bytes.
const READ_BUFFER: usize = 256 << 10;

/// Serves until told to stop; then lets each request that is under way come to its end, until all is over or everything closes.
pub(super) async fn serve(
    listener: TcpListener,
    gate: Arc<Gate>,
    mut stopped: watch::Receiver<bool>,
    mut closing: watch::Receiver<bool>,
) {
    let of_connections = stopped.clone();
    let seats = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            let seat = Arc::clone(&seats).acquire_owned().await;
            (accept(&listener).await, seat)
        };
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => break,
            (tcp, seat) = next => {
                let (gate, stopped) = (Arc::clone(&gate), of_connections.clone());
                connections.spawn(async move {
                    connection(tcp, gate, stopped).await;
                    drop(seat);
                });
            }
            Some(ended) = connections.join_next() => report(ended),
        }
    }
    drop(listener);
    let all_gone = async {
        while let Some(ended) = connections.join_next().await {
            report(ended);
        }
    };
    tokio::select! {
        () = all_gone => {}
        _ = closing.wait_for(|closing| *closing) => {}
    }
}

async fn connection(tcp: TcpStream, gate: Arc<Gate>, mut stopped: watch::Receiver<bool>) {
    _ = tcp.set_nodelay(true); // WIRE-12
    let service = service_fn(|request| {
        let gate = Arc::clone(&gate);
        Box::pin(async move { Ok::<_, Infallible>(serve_request(request, &gate).await) })
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .max_buf_size(READ_BUFFER)
        .max_header_size(LARGEST_HEAD);
    let mut connection = http.serve_connection(TokioIo::new(Patient::new(tcp, WRITE_LIMIT)), service);
    let mut is_stopping = false;
    let mut stop = pin!(stopped.wait_for(|stopped| *stopped));
    let served = poll_fn(|cx| {
        if !is_stopping && stop.as_mut().poll(cx).is_ready() {
            is_stopping = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        connection.poll_without_shutdown(cx)
    });
    _ = served.await;
    // A client that still sends is to read why it was refused.
    closing::linger(connection.into_parts().io.into_inner().into_inner()).await;
}

/// What a public request is answered with.
async fn serve_request(request: Request<Incoming>, gate: &Gate) -> Answer {
    let (head, body) = request.into_parts();
    let Some(url) = target(&head.uri).filter(|_| head.method != Method::CONNECT) else {
        return answer::plain(StatusCode::BAD_REQUEST, "The target of a request is a path, which begins with `/`.\n");
    };
    let uploads = match gate.admit() {
        Ok(uploads) => uploads,
        Err(refusal) => return answer::of_refusal(refusal),
    };
    if bodies::is_too_large(&body, gate.max_body) {
        return answer::of_no_body(upload::NoBody::TooLarge);
    }
    let mut lines = head.headers;
    if let Err(why) = settle_host(&mut lines, &head.uri) {
        return answer::plain(StatusCode::BAD_REQUEST, why);
    }
    let (body, room) = match upload::collect(body, gate.max_body, gate.request_timeout, &uploads).await {
        Ok(collected) => collected,
        Err(no_body) => return answer::of_no_body(no_body),
    };
    let request = HttpRequest {
        id: String::new(),
        method: head.method.as_str().to_owned(),
        url,
        headers: fields::to_message(&lines),
        body: Body(body),
    };
    match gate.ask(request, room).await {
        Ok(outcome) => answer::of_outcome(outcome, &head.method, &gate.answers),
        Err(unsent) => answer::of_unsent(unsent),
    }
}

/// Path and query as they came.
fn target(uri: &Uri) -> Option<String> {
    let target = uri.path_and_query()?.as_str();
    match target.as_bytes() {
        [b'/', ..] => Some(target.to_owned()),
        [b'?', ..] if uri.scheme().is_some() => Some(format!("/{target}")),
        _ => None,
    }
}

/// A request has one host, and where its target names one, that is it (RFC 9112, sections 3.2 and 3.2.2).
fn settle_host(lines: &mut HeaderMap, uri: &Uri) -> Result<(), &'static str> {
    if lines.get_all(header::HOST).iter().nth(1).is_some() {
        return Err("A request has one Host header.\n");
    }
    if let Some(host) = uri.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok()) {
        lines.insert(header::HOST, host);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_stay_as_they_came() {
        for (uri, expected) in [
            ("/", Some("/")),
            ("/a%20b?x=1", Some("/a%20b?x=1")),
            ("/a//b/../c?", Some("/a//b/../c?")),
            ("/%00%2F%2f\\", Some("/%00%2F%2f\\")),
            ("//double", Some("//double")),
            ("http://demo.example", Some("/")),
            ("http://demo.example?x", Some("/?x")),
            ("http://demo.example/a?x", Some("/a?x")),
            ("*", None),
            ("demo.example:443", None),
        ] {
            let uri: Uri = uri.parse().expect("a target");
            assert_eq!(target(&uri).as_deref(), expected, "{uri}");
        }
    }
}

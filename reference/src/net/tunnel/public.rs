//! The public side: HTTP/1.1 connections whose requests are sent to an agent (TUN-20, TUN-25).

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

use super::answer;
use super::dispatcher::Dispatcher;
use super::upload::{self, UploadError};
use crate::net::http::{HttpAnswer, plain};
use crate::net::listener::accept;
use crate::net::server::report;
use crate::net::watched_stream::WatchedStream;
use crate::net::{bodies, closing};
use crate::tunnel::fields;

/// The most concurrent connections; others wait to be accepted.
const MOST_CONNECTIONS: usize = 10_000;
/// For a request head, and for an idle connection.
const HEAD_LIMIT: Duration = Duration::from_secs(60);
/// How long a client may take nothing of its answer.
const WRITE_LIMIT: Duration = Duration::from_secs(30);
/// The largest request head, in bytes, with a target of up to 64 KiB; longer ones get 431.
const LARGEST_HEAD: usize = READ_BUFFER;
/// The most bytes of one read.
const READ_BUFFER: usize = 128 << 10;

/// Serves until `stopped`; then waits for requests in flight until all are done or `closing`.
pub(super) async fn serve(
    listener: TcpListener,
    dispatcher: Arc<Dispatcher>,
    mut stopped: watch::Receiver<bool>,
    mut closing: watch::Receiver<bool>,
) {
    let of_connections = stopped.clone();
    let permits = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            (accept(&listener).await, permit)
        };
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => break,
            (tcp, permit) = next => {
                let (dispatcher, stopped) = (Arc::clone(&dispatcher), of_connections.clone());
                connections.spawn(async move {
                    connection(tcp, dispatcher, stopped).await;
                    drop(permit);
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

async fn connection(tcp: TcpStream, dispatcher: Arc<Dispatcher>, mut stopped: watch::Receiver<bool>) {
    _ = tcp.set_nodelay(true); // WIRE-12
    let service = service_fn(|request| {
        let dispatcher = Arc::clone(&dispatcher);
        Box::pin(async move { Ok::<_, Infallible>(serve_request(request, &dispatcher).await) })
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .max_buf_size(READ_BUFFER)
        .max_header_size(LARGEST_HEAD);
    let stream = WatchedStream::new(tcp, Arc::default(), Some(WRITE_LIMIT));
    let mut connection = http.serve_connection(TokioIo::new(stream), service);
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
    // A client that is still sending should be able to read the refusal.
    closing::linger(connection.into_parts().io.into_inner().into_inner()).await;
}

async fn serve_request(request: Request<Incoming>, dispatcher: &Dispatcher) -> HttpAnswer {
    let (head, body) = request.into_parts();
    let Some(url) = target(&head.uri).filter(|_| head.method != Method::CONNECT) else {
        return plain(StatusCode::BAD_REQUEST, "The target of a request must be a path, which begins with `/`.\n");
    };
    let uploads = match dispatcher.admit() {
        Ok(uploads) => uploads,
        Err(refusal) => return answer::of_refusal(refusal),
    };
    if bodies::is_too_large(&body, dispatcher.max_body) {
        return answer::of_upload_error(UploadError::TooLarge);
    }
    let mut lines = head.headers;
    if let Err(why) = settle_host(&mut lines, &head.uri) {
        return plain(StatusCode::BAD_REQUEST, why);
    }
    let collected = upload::collect(body, dispatcher.max_body, dispatcher.request_timeout, &uploads).await;
    let (body, permit) = match collected {
        Ok(collected) => collected,
        Err(error) => return answer::of_upload_error(error),
    };
    let request = HttpRequest {
        id: String::new(),
        method: head.method.as_str().to_owned(),
        url,
        headers: fields::to_message(&lines),
        body: Body(body),
    };
    match dispatcher.ask(request, permit).await {
        Ok(outcome) => answer::of_outcome(outcome, &head.method, &dispatcher.answers),
        Err(error) => answer::of_dispatch_error(error),
    }
}

fn target(uri: &Uri) -> Option<String> {
    let target = uri.path_and_query()?.as_str();
    match target.as_bytes() {
        [b'/', ..] => Some(target.to_owned()),
        [b'?', ..] if uri.scheme().is_some() => Some(format!("/{target}")),
        _ => None,
    }
}

/// Ensures a single `Host`: an absolute target overrides the header (RFC 9112, sections 3.2 and 3.2.2).
fn settle_host(lines: &mut HeaderMap, uri: &Uri) -> Result<(), &'static str> {
    if lines.get_all(header::HOST).iter().nth(1).is_some() {
        return Err("A request must have one Host header.\n");
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
    fn keeps_targets_unchanged() {
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

//! The opening handshake (RFC 6455, section 4.2), and HTTP answers for other requests.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Ready, poll_fn, ready};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::{Method, Request, Response, StatusCode, Version};
use hyper_util::rt::TokioIo;
use sha1::{Digest, Sha1};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::closing;
use super::http::{HttpAnswer, plain};
use super::strict::{FrameSender, StrictStream};
use crate::server::ServerCore;

/// From accepting a TCP connection to the end of the handshake.
const LIMIT: Duration = Duration::from_secs(10);
/// The largest request head, in bytes; longer ones get 431.
const LARGEST_HEAD: usize = 16 << 10;
/// Appended to the client's key (RFC 6455, section 1.3).
const KEY_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Pages may load their own files and open WebSockets, nothing else.
const PAGE_POLICY: &str = "default-src 'self'; connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'";

pub(super) struct Upgraded<R> {
    pub(super) stream: StrictStream,
    /// `None` if the path is not an endpoint (PAIR-02).
    pub(super) role: Option<R>,
}

/// Performs the handshake; `None` if the connection is something else, is lost, or takes too long.
pub(super) async fn open<C: ServerCore>(tcp: TcpStream) -> Option<Upgraded<C::Role>> {
    _ = tcp.set_nodelay(true); // WIRE-12
    let mut http = http1::Builder::new();
    http.keep_alive(false).max_buf_size(LARGEST_HEAD).header_read_timeout(None);
    let mut connection = http.serve_connection(TokioIo::new(tcp), Endpoints::<C> { upgraded: Cell::new(None) });
    let answered = timeout(LIMIT, poll_fn(|cx| connection.poll_without_shutdown(cx))).await.ok()?;
    let parts = connection.into_parts();
    let tcp = parts.io.into_inner();
    match (answered, parts.service.upgraded.get()) {
        (Ok(()), Some(role)) => {
            Some(Upgraded { stream: StrictStream::new(tcp, &parts.read_buf, FrameSender::Client), role })
        }
        _ => {
            closing::linger(tcp).await;
            None
        }
    }
}

struct Endpoints<C: ServerCore> {
    /// The role of the handshake, once one was answered with 101.
    upgraded: Cell<Option<Option<C::Role>>>,
}

impl<C: ServerCore> Service<Request<Incoming>> for Endpoints<C> {
    type Response = HttpAnswer;
    type Error = Infallible;
    type Future = Ready<Result<HttpAnswer, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let role = C::endpoint(request.uri().path());
        ready(Ok(match accept_key(&request) {
            Ok(key) => {
                self.upgraded.set(Some(role));
                switch(key)
            }
            Err(_) if role.is_none() && !asks(&request) => {
                page::<C>(&request).unwrap_or_else(|| plain(StatusCode::NOT_FOUND, "There is nothing here.\n"))
            }
            Err(error) => error.answer(),
        }))
    }
}

/// The page at the requested path, if any.
fn page<C: ServerCore>(request: &Request<Incoming>) -> Option<HttpAnswer> {
    let page = C::page(request.uri().path()).filter(|_| request.method() == Method::GET)?;
    let mut answer = Response::new(Full::from(page.content));
    let headers = answer.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, page.media_type),
        (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-cache"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Some(answer)
}

fn switch(key: HeaderValue) -> HttpAnswer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, key);
    answer
}

#[derive(Debug)]
struct HandshakeError {
    status: StatusCode,
    why: &'static str,
    header: Option<(HeaderName, HeaderValue)>,
}

impl HandshakeError {
    fn new(status: StatusCode, why: &'static str) -> Self {
        Self { status, why, header: None }
    }

    fn with(self, name: HeaderName, value: &'static str) -> Self {
        Self { header: Some((name, HeaderValue::from_static(value))), ..self }
    }

    fn answer(self) -> HttpAnswer {
        let mut answer = plain(self.status, self.why);
        answer.headers_mut().extend(self.header);
        answer
    }
}

/// The value of `Sec-WebSocket-Accept`, if the request is a handshake (RFC 6455, section 4.2.1).
fn accept_key<B>(request: &Request<B>) -> Result<HeaderValue, HandshakeError> {
    let headers = request.headers();
    if request.method() != Method::GET {
        let refusal = HandshakeError::new(StatusCode::METHOD_NOT_ALLOWED, "A WebSocket handshake is a GET request.\n");
        return Err(refusal.with(header::ALLOW, "GET"));
    }
    if !asks(request) {
        let refusal = HandshakeError::new(StatusCode::UPGRADE_REQUIRED, "This is a WebSocket endpoint.\n");
        return Err(refusal.with(header::UPGRADE, "websocket"));
    }
    if request.version() != Version::HTTP_11 || !headers.contains_key(header::HOST) {
        return Err(HandshakeError::new(StatusCode::BAD_REQUEST, "A handshake needs HTTP/1.1 and a Host header.\n"));
    }
    if !has_token(headers, header::CONNECTION, "upgrade") {
        return Err(HandshakeError::new(StatusCode::BAD_REQUEST, "A handshake needs `Connection: Upgrade`.\n"));
    }
    if only(headers, header::SEC_WEBSOCKET_VERSION) != Some(b"13") {
        let refusal = HandshakeError::new(StatusCode::UPGRADE_REQUIRED, "Only version 13 of WebSocket is supported.\n");
        return Err(refusal.with(header::SEC_WEBSOCKET_VERSION, "13"));
    }
    let key =
        only(headers, header::SEC_WEBSOCKET_KEY).filter(|key| STANDARD.decode(key).is_ok_and(|key| key.len() == 16));
    let key =
        key.ok_or(HandshakeError::new(StatusCode::BAD_REQUEST, "Sec-WebSocket-Key must be 16 bytes in base64.\n"))?;
    HeaderValue::from_str(&accept_of(key))
        .map_err(|_| HandshakeError::new(StatusCode::INTERNAL_SERVER_ERROR, "The key cannot be answered.\n"))
}

/// The server's answer to a client's key (RFC 6455, section 4.2.2).
pub(super) fn accept_of(key: &[u8]) -> String {
    STANDARD.encode(Sha1::new().chain_update(key).chain_update(KEY_SUFFIX).finalize())
}

fn asks<B>(request: &Request<B>) -> bool {
    has_token(request.headers(), header::UPGRADE, "websocket")
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| item.trim().eq_ignore_ascii_case(token))
}

fn only(headers: &HeaderMap, name: HeaderName) -> Option<&[u8]> {
    let mut values = headers.get_all(name).into_iter();
    let value = values.next()?.as_bytes().trim_ascii();
    values.next().is_none().then_some(value)
}

//! The test control address (chapter `sync`): HTTP for what the protocol has no request for, in tests only.
//!
//! It requires `Content-Type: application/json`, which a page of another origin cannot send without a preflight.

use std::convert::Infallible;
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::worker::JobSender;
use crate::net::http::{HttpAnswer, plain};
use crate::net::listener::accept;

/// The only path.
const PATH: &str = "/chats";
/// The largest body, in bytes.
const LARGEST: usize = 64 << 10;
/// The time limit of a request.
const LIMIT: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewChat {
    project_id: String,
    name: String,
}

/// Serves until it is dropped.
pub(super) async fn serve(listener: TcpListener, jobs: JobSender) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            stream = accept(&listener) => {
                connections.spawn(converse(stream, jobs.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, jobs: JobSender) {
    let service = service_fn(|request| {
        let jobs = jobs.clone();
        async move { Ok::<_, Infallible>(answer(request, jobs).await) }
    });
    let mut http = http1::Builder::new();
    http.keep_alive(false).header_read_timeout(None);
    _ = timeout(LIMIT, http.serve_connection(TokioIo::new(stream), service)).await;
}

async fn answer(request: Request<Incoming>, jobs: JobSender) -> HttpAnswer {
    let is_json = request.headers().get(header::CONTENT_TYPE).is_some_and(|value| value == "application/json");
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if path != PATH {
        return plain(StatusCode::NOT_FOUND, "There is nothing here.\n");
    }
    if method != Method::POST || !is_json {
        return plain(StatusCode::BAD_REQUEST, "POST a chat, as application/json.\n");
    }
    let Ok(body) = Limited::new(request.into_body(), LARGEST).collect().await else {
        return plain(StatusCode::BAD_REQUEST, "The chat is too large or incomplete.\n");
    };
    let Ok(NewChat { project_id, name }) = serde_json::from_slice(&body.to_bytes()) else {
        return plain(StatusCode::BAD_REQUEST, "A chat needs a `projectId` and a `name`.\n");
    };
    let Ok(id) = crate::random_id() else {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, "No entropy.\n");
    };
    match jobs.make_chat(id, project_id, name).await {
        Ok(Some(chat)) => {
            let mut answer = plain(StatusCode::CREATED, serde_json::to_string(&chat).unwrap_or_default());
            let json = HeaderValue::from_static("application/json");
            answer.headers_mut().insert(header::CONTENT_TYPE, json);
            answer
        }
        Ok(None) => plain(StatusCode::NOT_FOUND, "No project has this id.\n"),
        Err(why) => plain(StatusCode::INTERNAL_SERVER_ERROR, why),
    }
}

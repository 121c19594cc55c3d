//! The test control address (chapter `sync`): HTTP, for tests alone, that makes what the protocol has no request for.
//!
//! It asks for `Content-Type: application/json`, which no page of another origin can send unasked.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::worker::Jobs;
use crate::net::accept;

/// The only path.
const PATH: &str = "/chats";
/// The largest request, in bytes.
const LARGEST: usize = 64 << 10;
/// How long a request may take.
const LIMIT: Duration = Duration::from_secs(10);

/// What a chat is made from.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    project_id: String,
    name: String,
}

/// Serves until it is dropped.
pub(super) async fn serve(listener: TcpListener, jobs: Jobs) {
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

async fn converse(stream: TcpStream, jobs: Jobs) {
    let service = service_fn(|request| {
        let jobs = jobs.clone();
        async move { Ok::<_, Infallible>(answer(request, jobs).await) }
    });
    let mut http = http1::Builder::new();
    http.keep_alive(false).header_read_timeout(None);
    _ = timeout(LIMIT, http.serve_connection(TokioIo::new(stream), service)).await;
}

type Answer = Response<Full<Bytes>>;

async fn answer(request: Request<Incoming>, jobs: Jobs) -> Answer {
    let is_json = request.headers().get(header::CONTENT_TYPE).is_some_and(|value| value == "application/json");
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if path != PATH {
        return told(StatusCode::NOT_FOUND, "There is nothing here.\n");
    }
    if method != Method::POST || !is_json {
        return told(StatusCode::BAD_REQUEST, "POST a chat, as application/json.\n");
    }
    let Ok(body) = Limited::new(request.into_body(), LARGEST).collect().await else {
        return told(StatusCode::BAD_REQUEST, "The chat is too large, or was cut off.\n");
    };
    let Ok(Wanted { project_id, name }) = serde_json::from_slice(&body.to_bytes()) else {
        return told(StatusCode::BAD_REQUEST, "A chat has a `projectId` and a `name`.\n");
    };
    let Ok(id) = crate::random_id() else {
        return told(StatusCode::INTERNAL_SERVER_ERROR, "There is no entropy.\n");
    };
    match jobs.make_chat(id, project_id, name).await {
        Ok(Some(chat)) => {
            let mut answer = told(StatusCode::CREATED, &serde_json::to_string(&chat).unwrap_or_default());
            let json = HeaderValue::from_static("application/json");
            answer.headers_mut().insert(header::CONTENT_TYPE, json);
            answer
        }
        Ok(None) => told(StatusCode::NOT_FOUND, "No project has this id.\n"),
        Err(why) => told(StatusCode::INTERNAL_SERVER_ERROR, why),
    }
}

fn told(status: StatusCode, what: &str) -> Answer {
    let mut answer = Response::new(Full::from(what.to_owned()));
    *answer.status_mut() = status;
    answer
}

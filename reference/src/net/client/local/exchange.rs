//! One request to the local server, and its whole answer (TUN-12 to TUN-15).

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::TrySendError;
use hyper::ext::ReasonPhrase;
use hyper::{Request, Response, Uri};
use relayspec::tunnel::LEAST_MESSAGE;
use tracing::debug;

use super::pool::{Pool, PooledConnection};
use crate::client::tunnel::{FetchFailure, Fetched, LocalRequest};
use crate::net::bodies::{BodyBudget, BodyBuffer, BodyPermit, TooLarge};
use crate::tunnel::fields;

type LocalHttpRequest = Request<Full<Bytes>>;

/// Makes a request. Returns the answer with the permit for its body. Has no time limit of its own.
pub(super) async fn exchange(
    pool: &Pool,
    request: LocalRequest,
    budget: &BodyBudget,
) -> Result<(Fetched, BodyPermit), FetchFailure> {
    let mut request = outgoing(request);
    while let Some(mut line) = pool.take() {
        // The server may close an idle connection just when it is used again. An unsent request is sent again, and an idempotent one
        // (RFC 9110, section 9.2.2) also if no byte of an answer came.
        let again = request.method().is_idempotent().then(|| request.clone());
        match ask(&mut line, request).await {
            Ok(response) => return answer(pool, line, response, budget).await,
            Err(mut error) => match error.take_message().or(again.filter(|_| !line.has_received())) {
                Some(unsent) => request = unsent,
                None => return Err(broke_off(error.into_error())),
            },
        }
    }
    let mut line = pool.connect().await.map_err(|error| {
        debug!(%error, "the local server cannot be connected to");
        FetchFailure::Refused
    })?;
    match ask(&mut line, request).await {
        Ok(response) => answer(pool, line, response, budget).await,
        Err(error) => Err(broke_off(error.into_error())),
    }
}

fn outgoing(request: LocalRequest) -> LocalHttpRequest {
    let LocalRequest { method, target, headers, body } = request;
    let mut outgoing = Request::new(Full::new(body));
    *outgoing.method_mut() = method;
    *outgoing.uri_mut() = Uri::from(target);
    *outgoing.headers_mut() = headers;
    outgoing
}

async fn ask(
    line: &mut PooledConnection,
    request: LocalHttpRequest,
) -> Result<Response<Incoming>, TrySendError<LocalHttpRequest>> {
    line.begin_request();
    let response = line.sender.try_send_request(request);
    line.drive(response).await
}

async fn answer(
    pool: &Pool,
    mut line: PooledConnection,
    response: Response<Incoming>,
    budget: &BodyBudget,
) -> Result<(Fetched, BodyPermit), FetchFailure> {
    let (head, body) = response.into_parts();
    let status = head.status.as_u16();
    if !(200..=599).contains(&status) {
        return Err(FetchFailure::Status);
    }
    let reason = match head.extensions.get::<ReasonPhrase>() {
        Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
        None => head.status.canonical_reason().unwrap_or_default().to_owned(),
    };
    let gathered = if body.is_end_stream() {
        (Vec::new(), BodyPermit::default())
    } else {
        line.drive(gather(body, budget)).await?
    };
    pool.keep(line);
    let (body, permit) = gathered;
    Ok((Fetched::Answer { status, reason, headers: fields::to_message(&head.headers), body }, permit))
}

async fn gather(mut body: Incoming, budget: &BodyBudget) -> Result<(Vec<u8>, BodyPermit), FetchFailure> {
    let too_large = |TooLarge| FetchFailure::TooLarge;
    let mut gathered = BodyBuffer::of(&body, LEAST_MESSAGE).map_err(too_large)?;
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(broke_off)?.into_data() else { continue }; // Trailers are dropped.
        match gathered.need(&piece).map_err(too_large)? {
            0 => {}
            more => gathered.take(more, budget.wait_for(more).await),
        }
        gathered.add(&piece);
    }
    Ok(gathered.done())
}

fn broke_off(error: hyper::Error) -> FetchFailure {
    debug!(%error, "the local server's answer broke off");
    FetchFailure::BrokeOff
}

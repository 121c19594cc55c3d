//! One request to the local server, and its whole answer (TUN-12 to TUN-15).

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::TrySendError;
use hyper::ext::ReasonPhrase;
use hyper::{Request, Response, Uri};
use relayspec::tunnel::LEAST_MESSAGE;
use tracing::debug;

use super::pool::{Line, Pool};
use crate::client::tunnel::{Failure, Fetched, Local};
use crate::net::bodies::{Budget, Gathered, Room, TooLarge};
use crate::tunnel::fields;

type Outgoing = Request<Full<Bytes>>;

/// Makes a request, and gives the answer with the room that it takes. It has no time limit of its own.
pub(super) async fn exchange(pool: &Pool, request: Local, budget: &Budget) -> Result<(Fetched, Room), Failure> {
    let mut request = outgoing(request);
    while let Some(mut line) = pool.take() {
        // The server may close an idle connection in the very moment in which it is used again. What it has not seen is sent again,
        // and what may be sent twice (RFC 9110, section 9.2.2) also where nothing came of it.
        let again = request.method().is_idempotent().then(|| request.clone());
        match ask(&mut line, request).await {
            Ok(response) => return answer(pool, line, response, budget).await,
            Err(mut error) => match error.take_message().or(again.filter(|_| !line.has_heard())) {
                Some(unsent) => request = unsent,
                None => return Err(broke_off(error.into_error())),
            },
        }
    }
    let mut line = pool.connect().await.map_err(|error| {
        debug!(%error, "the local server cannot be connected to");
        Failure::Refused
    })?;
    match ask(&mut line, request).await {
        Ok(response) => answer(pool, line, response, budget).await,
        Err(error) => Err(broke_off(error.into_error())),
    }
}

fn outgoing(request: Local) -> Outgoing {
    let Local { method, target, headers, body } = request;
    let mut outgoing = Request::new(Full::new(body));
    *outgoing.method_mut() = method;
    *outgoing.uri_mut() = Uri::from(target);
    *outgoing.headers_mut() = headers;
    outgoing
}

async fn ask(line: &mut Line, request: Outgoing) -> Result<Response<Incoming>, TrySendError<Outgoing>> {
    line.listen();
    let response = line.sender.try_send_request(request);
    line.drive(response).await
}

async fn answer(
    pool: &Pool,
    mut line: Line,
    response: Response<Incoming>,
    budget: &Budget,
) -> Result<(Fetched, Room), Failure> {
    let (head, body) = response.into_parts();
    let status = head.status.as_u16();
    if !(200..=599).contains(&status) {
        return Err(Failure::Status);
    }
    let reason = match head.extensions.get::<ReasonPhrase>() {
        Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
        None => head.status.canonical_reason().unwrap_or_default().to_owned(),
    };
    let gathered =
        if body.is_end_stream() { (Vec::new(), Room::default()) } else { line.drive(gather(body, budget)).await? };
    pool.keep(line);
    let (body, room) = gathered;
    Ok((Fetched::Answer { status, reason, headers: fields::to_message(&head.headers), body }, room))
}

async fn gather(mut body: Incoming, budget: &Budget) -> Result<(Vec<u8>, Room), Failure> {
    let too_large = |TooLarge| Failure::TooLarge;
    let mut gathered = Gathered::of(&body, LEAST_MESSAGE).map_err(too_large)?;
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(broke_off)?.into_data() else { continue }; // Trailers end here.
        match gathered.need(&piece).map_err(too_large)? {
            0 => {}
            more => gathered.take(more, budget.wait_for(more).await),
        }
        gathered.add(&piece);
    }
    Ok(gathered.done())
}

fn broke_off(error: hyper::Error) -> Failure {
    debug!(%error, "the local server's answer broke off");
    Failure::BrokeOff
}

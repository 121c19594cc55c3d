//! What the public client gets: the local server's answer, or a status that says why there is none (TUN-21, TUN-25).

use bytes::Bytes;
use http_body_util::Full;
use hyper::ext::ReasonPhrase;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Response, StatusCode};
use relayspec::tunnel::HttpResponse;

use super::gate::Unsent;
use super::upload::NoBody;
use crate::net::bodies::Budget;
use crate::server::tunnel::{Outcome, Refusal};
use crate::tunnel::fields::{self, Length};

/// An answer to a public client.
pub(super) type Answer = Response<Full<Bytes>>;

/// The answer that an outcome is to a request with this method.
pub(super) fn of_outcome(outcome: Outcome, method: &Method, budget: &Budget) -> Answer {
    match outcome {
        Outcome::Answered(response) => of_response(response, method, budget),
        Outcome::Failed { code, why } => {
            plain(StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY), why + "\n")
        }
        Outcome::Lost => plain(StatusCode::BAD_GATEWAY, "The agent was lost.\n"),
        Outcome::TimedOut => plain(StatusCode::GATEWAY_TIMEOUT, "The agent did not answer in time.\n"),
    }
}

fn of_response(response: HttpResponse, method: &Method, budget: &Budget) -> Answer {
    let HttpResponse { status, status_text, headers, body, .. } = response;
    // An answer is final; 101 would need an upgrade, which does not pass.
    let status = StatusCode::from_u16(status).ok().filter(|status| status.as_u16() >= 200);
    let has_body =
        |status| *method != Method::HEAD && ![StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status);
    let is_bodiless = status.is_some_and(|status| !has_body(status) && status != StatusCode::NO_CONTENT);
    let lines = fields::from_message(&headers, if is_bodiless { Length::Kept } else { Length::Dropped });
    let Some((status, lines)) = status.zip(lines.ok()) else {
        return plain(StatusCode::BAD_GATEWAY, "The agent's answer is none that HTTP can carry.\n");
    };
    let body = if has_body(status) { body.0 } else { Vec::new() };
    let Some(room) = budget.take(body.len()) else {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "Too many answers wait for slow readers.\n");
    };
    let mut answer = Response::new(Full::new(room.holding(body)));
    *answer.status_mut() = status;
    *answer.headers_mut() = lines;
    if status.canonical_reason() != Some(status_text.as_str())
        && let Ok(reason) = ReasonPhrase::try_from(status_text.into_bytes())
    {
        answer.extensions_mut().insert(reason);
    }
    answer
}

/// Nobody was asked.
pub(super) fn of_unsent(unsent: Unsent) -> Answer {
    match unsent {
        Unsent::Refused(refusal) => of_refusal(refusal),
        Unsent::TooLarge => plain(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large for a message.\n"),
    }
}

/// Nobody can be asked.
pub(super) fn of_refusal(refusal: Refusal) -> Answer {
    plain(
        StatusCode::SERVICE_UNAVAILABLE,
        match refusal {
            Refusal::NoAgent => "No agent is connected.\n",
            Refusal::Busy => "Too many requests are under way.\n",
        },
    )
}

/// The body did not come.
pub(super) fn of_no_body(no_body: NoBody) -> Answer {
    let (status, why) = match no_body {
        NoBody::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large.\n"), // TUN-24
        NoBody::TooSlow => (StatusCode::REQUEST_TIMEOUT, "The body comes too slowly.\n"),
        NoBody::NoRoom => (StatusCode::SERVICE_UNAVAILABLE, "Too many requests are on their way.\n"),
        NoBody::Broken => (StatusCode::BAD_REQUEST, "The body breaks off.\n"),
    };
    plain(status, why)
}

/// An answer of the cloud's own.
pub(super) fn plain(status: StatusCode, why: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(why.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}

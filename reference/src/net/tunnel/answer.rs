//! Answers to public clients: the local server's, or a status that explains why there is none (TUN-21, TUN-25).

use http_body_util::Full;
use hyper::ext::ReasonPhrase;
use hyper::{Method, Response, StatusCode};
use relayspec::tunnel::HttpResponse;

use super::dispatcher::DispatchError;
use super::upload::UploadError;
use crate::net::bodies::BodyBudget;
use crate::net::http::{HttpAnswer, plain};
use crate::server::tunnel::{PublicOutcome, Refusal};
use crate::tunnel::fields::{self, Length};

pub(super) fn of_outcome(outcome: PublicOutcome, method: &Method, budget: &BodyBudget) -> HttpAnswer {
    match outcome {
        PublicOutcome::Answered(response) => of_response(response, method, budget),
        PublicOutcome::Failed { code, why } => {
            plain(StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY), why + "\n")
        }
        PublicOutcome::Lost => plain(StatusCode::BAD_GATEWAY, "The agent was lost.\n"),
        PublicOutcome::TimedOut => plain(StatusCode::GATEWAY_TIMEOUT, "The agent did not answer in time.\n"),
    }
}

fn of_response(response: HttpResponse, method: &Method, budget: &BodyBudget) -> HttpAnswer {
    let HttpResponse { status, status_text, headers, body, .. } = response;
    // 1xx is not final; 101 would need an upgrade, which is not forwarded.
    let status = StatusCode::from_u16(status).ok().filter(|status| status.as_u16() >= 200);
    let has_body =
        |status| *method != Method::HEAD && ![StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status);
    let is_bodiless = status.is_some_and(|status| !has_body(status) && status != StatusCode::NO_CONTENT);
    let lines = fields::from_message(&headers, if is_bodiless { Length::Kept } else { Length::Dropped });
    let Some((status, lines)) = status.zip(lines.ok()) else {
        return plain(StatusCode::BAD_GATEWAY, "The agent's answer is not valid HTTP.\n");
    };
    let body = if has_body(status) { body.0 } else { Vec::new() };
    let Some(permit) = budget.take(body.len()) else {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "Too many answers wait for slow readers.\n");
    };
    let mut answer: HttpAnswer = Response::new(Full::new(permit.holding(body)));
    *answer.status_mut() = status;
    *answer.headers_mut() = lines;
    if status.canonical_reason() != Some(status_text.as_str())
        && let Ok(reason) = ReasonPhrase::try_from(status_text.into_bytes())
    {
        answer.extensions_mut().insert(reason);
    }
    answer
}

pub(super) fn of_dispatch_error(error: DispatchError) -> HttpAnswer {
    match error {
        DispatchError::Refused(refusal) => of_refusal(refusal),
        DispatchError::TooLarge => plain(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large for a message.\n"),
    }
}

pub(super) fn of_refusal(refusal: Refusal) -> HttpAnswer {
    plain(
        StatusCode::SERVICE_UNAVAILABLE,
        match refusal {
            Refusal::NoAgent => "No agent is connected.\n",
            Refusal::Busy => "Too many requests are in flight.\n",
        },
    )
}

pub(super) fn of_upload_error(error: UploadError) -> HttpAnswer {
    let (status, why) = match error {
        UploadError::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large.\n"), // TUN-24
        UploadError::TooSlow => (StatusCode::REQUEST_TIMEOUT, "The body arrives too slowly.\n"),
        UploadError::NoRoom => (StatusCode::SERVICE_UNAVAILABLE, "Too many uploads are in progress.\n"),
        UploadError::Broken => (StatusCode::BAD_REQUEST, "The body is incomplete.\n"),
    };
    plain(status, why)
}

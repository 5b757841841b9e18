//! Answers: a value as JSON, or an error with the status that fits it.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use plimsoll_api::HostError;
use plimsoll_model::deployment::Failure;
use serde::Serialize;

/// What a handler answers.
pub(super) type Answer = Result<Response, Refusal>;

/// An error on its way to the client.
pub(super) struct Refusal(pub HostError);

/// What the host said, as an answer.
pub(super) fn answer<T: Serialize>(said: Result<T, HostError>) -> Answer {
    said.and_then(|value| json(StatusCode::OK, &value)).map_err(Refusal)
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        json(status(&self.0), &self.0).expect("errors are made of strings and numbers")
    }
}

fn json<T: Serialize>(status: StatusCode, value: &T) -> Result<Response, HostError> {
    let unwritable = |error: serde_json::Error| HostError::Internal(Failure::new("answer-unwritable", format!("the answer is no JSON: {error}")));
    let mut response = Response::new(Body::from(serde_json::to_vec(value).map_err(unwritable)?));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

fn status(error: &HostError) -> StatusCode {
    match error {
        HostError::NotFound(_) => StatusCode::NOT_FOUND,
        HostError::LeaseHeld { .. } | HostError::LeaseLost(_) => StatusCode::CONFLICT,
        HostError::Stale(_) => StatusCode::PRECONDITION_FAILED,
        HostError::Unfit(_) => StatusCode::UNPROCESSABLE_ENTITY,
        HostError::Refused(_) => StatusCode::FORBIDDEN,
        HostError::Unreachable { .. } | HostError::Barred { .. } => StatusCode::BAD_GATEWAY,
        HostError::Failed(_) | HostError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

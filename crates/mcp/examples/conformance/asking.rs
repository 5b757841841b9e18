//! Tools that talk with the client before they answer.

use std::time::Duration;

use rmcp::model::{
    ClientResult, CreateMessageRequest, ElicitRequest, LoggingLevel, LoggingMessageNotificationParam, ProgressNotificationParam, ServerRequest,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::{Value, json};

use crate::fixture;

/// Something is seen to happen meanwhile.
const MEANWHILE: Duration = Duration::from_millis(50);

/// Has the client's model say something.
pub async fn sampling(arguments: &Value, request: &RequestContext<RoleServer>) -> Result<String, ErrorData> {
    let asked = json!({ "messages": [{ "role": "user", "content": { "type": "text", "text": arguments["prompt"] } }], "maxTokens": 100 });
    let answer = ask(request, ServerRequest::CreateMessageRequest(CreateMessageRequest::new(fixture::read(asked)))).await?;
    Ok(format!("LLM response: {}", answer["content"]["text"].as_str().unwrap_or_default()))
}

/// Has the client's person fill in a form.
pub async fn elicitation(tool: &str, arguments: &Value, request: &RequestContext<RoleServer>) -> Result<String, ErrorData> {
    let mut form = fixture::named("asked", tool).cloned().ok_or_else(|| fixture::unknown("form", tool))?;
    if let Some(message) = arguments.get("message") {
        form["message"] = message.clone();
    }
    let answer = ask(request, ServerRequest::ElicitRequest(ElicitRequest::new(fixture::read(form)))).await?;
    Ok(format!("User response: action={}, content={}", answer["action"].as_str().unwrap_or_default(), answer["content"]))
}

/// Tells how far it is, three times.
pub async fn progress(request: &RequestContext<RoleServer>) {
    let Some(token) = request.meta.get_progress_token() else { return };
    for done in [0.0, 50.0, 100.0] {
        let told = ProgressNotificationParam::new(token.clone(), done).with_total(100.0);
        let _ = request.peer.notify_progress(told).await;
        tokio::time::sleep(MEANWHILE).await;
    }
}

/// Writes to the client's log.
pub async fn logging(level: LoggingLevel, words: &[&str], request: &RequestContext<RoleServer>) {
    for words in words {
        let _ = request.peer.notify_logging_message(LoggingMessageNotificationParam::new(level, json!(words))).await;
        tokio::time::sleep(MEANWHILE).await;
    }
}

async fn ask(request: &RequestContext<RoleServer>, asked: ServerRequest) -> Result<Value, ErrorData> {
    let answer: ClientResult =
        request.peer.send_request(asked).await.map_err(|error| ErrorData::internal_error(format!("the client does not answer: {error}"), None))?;
    Ok(json!(answer))
}

//! The handler: it looks up what is called, and has it answered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, CompleteRequestParams, CompleteResult, CompletionInfo,
    ContentBlock, GetPromptRequestParams, GetPromptResponse, GetPromptResult, Implementation, ListPromptsResult, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, LoggingLevel, PaginatedRequestParams, PromptMessage, ReadResourceRequestParams, ReadResourceResponse,
    ReadResourceResult, Role, ServerCapabilities, ServerConfig, SetLevelRequestParams, SubscribeRequestParams, SubscriptionFilter, Tool,
    UnsubscribeRequestParams,
};
use rmcp::service::{RequestContext, SubscriptionContext, SubscriptionSink};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};

use crate::rounds::{self, Turn};
use crate::{asking, fixture};

/// For how long lists may be kept, in milliseconds.
const FRESH_MS: u64 = 60_000;

/// Answers all that the suite asks.
#[derive(Clone, Default)]
pub struct Handler {
    listening: Arc<Mutex<BTreeMap<u64, SubscriptionSink>>>,
    next: Arc<AtomicU64>,
}

impl Handler {
    fn listening(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, SubscriptionSink>> {
        self.listening.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sinks(&self) -> Vec<SubscriptionSink> {
        self.listening().values().cloned().collect()
    }

    /// What a tool says that does something before it answers.
    async fn done(&self, name: &str, arguments: &Value, request: &RequestContext<RoleServer>) -> Result<String, ErrorData> {
        match name {
            "test_sampling" => return asking::sampling(arguments, request).await,
            "test_elicitation" | "test_elicitation_sep1034_defaults" | "test_elicitation_sep1330_enums" => {
                return asking::elicitation(name, arguments, request).await;
            }
            "test_tool_with_progress" => asking::progress(request).await,
            "test_tool_with_logging" => {
                asking::logging(LoggingLevel::Info, &["Tool execution started", "Tool processing data", "Tool execution completed"], request).await;
            }
            "test_logging_tool" => {
                if let Some(level) = request.meta.log_level() {
                    asking::logging(level, &["somebody wants this"], request).await;
                }
            }
            "test_missing_capability" => wants_sampling(request)?,
            "test_trigger_tool_change" => {
                for sink in self.sinks() {
                    let _ = sink.notify_tool_list_changed().await;
                }
            }
            "test_trigger_prompt_change" => {
                for sink in self.sinks() {
                    let _ = sink.notify_prompt_list_changed().await;
                }
            }
            "test_reconnection" => {}
            _ => return Err(fixture::unknown("tool", name)),
        }
        Ok("done".into())
    }
}

fn wants_sampling(request: &RequestContext<RoleServer>) -> Result<(), ErrorData> {
    if request.meta.client_capabilities().is_some_and(|client| client.sampling.is_some()) {
        return Ok(());
    }
    Err(ErrorData::missing_required_client_capability(ClientCapabilities::builder().enable_sampling().build()))
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_completions()
            .enable_logging()
            .build();
        ServerConfig::new(capabilities).with_server_info(Implementation::new("conformance", env!("CARGO_PKG_VERSION")))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        fixture::part::<Vec<Tool>>("tools").into_iter().find(|tool| tool.name == name)
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.supported_by(&self.get_info().capabilities))
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.listening().insert(number, context.sink().clone());
        context.cancelled().await;
        self.listening().remove(&number);
        Ok(())
    }

    async fn list_tools(&self, _: Option<PaginatedRequestParams>, _: RequestContext<RoleServer>) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(fixture::part("tools")).with_ttl_ms(FRESH_MS).with_cache_scope(CacheScope::Public))
    }

    async fn call_tool(&self, call: CallToolRequestParams, request: RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
        let client = request.meta.client_capabilities();
        if let Some(turn) = rounds::turn(&call.name, call.request_state.as_deref(), call.input_responses.as_ref(), client.as_ref()) {
            return Ok(match turn? {
                Turn::Ask(asked) => asked.into(),
                Turn::Say(said) => CallToolResult::success(vec![ContentBlock::text(said)]).into(),
            });
        }
        if let Some(answer) = fixture::named("answers", &call.name) {
            return Ok(answered(answer).into());
        }
        let said = self.done(&call.name, &json!(call.arguments), &request).await?;
        Ok(CallToolResult::success(vec![ContentBlock::text(said)]).into())
    }

    async fn list_resources(&self, _: Option<PaginatedRequestParams>, _: RequestContext<RoleServer>) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(fixture::part("resources")).with_ttl_ms(FRESH_MS).with_cache_scope(CacheScope::Public))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(fixture::part("templates")).with_ttl_ms(FRESH_MS).with_cache_scope(CacheScope::Public))
    }

    async fn read_resource(&self, wanted: ReadResourceRequestParams, _: RequestContext<RoleServer>) -> Result<ReadResourceResponse, ErrorData> {
        let contents = match fixture::named("contents", &wanted.uri) {
            Some(contents) => contents.clone(),
            None => of_template(&wanted.uri).ok_or_else(|| fixture::unknown("resource", &wanted.uri))?,
        };
        let result = ReadResourceResult::new(vec![fixture::read(contents)]);
        Ok(result.with_ttl_ms(FRESH_MS).with_cache_scope(CacheScope::Public).into())
    }

    async fn subscribe(&self, _: SubscribeRequestParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn unsubscribe(&self, _: UnsubscribeRequestParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn list_prompts(&self, _: Option<PaginatedRequestParams>, _: RequestContext<RoleServer>) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(fixture::part("prompts")).with_ttl_ms(FRESH_MS).with_cache_scope(CacheScope::Public))
    }

    async fn get_prompt(&self, wanted: GetPromptRequestParams, request: RequestContext<RoleServer>) -> Result<GetPromptResponse, ErrorData> {
        let client = request.meta.client_capabilities();
        if let Some(turn) = rounds::turn(&wanted.name, wanted.request_state.as_deref(), wanted.input_responses.as_ref(), client.as_ref()) {
            return Ok(match turn? {
                Turn::Ask(asked) => asked.into(),
                Turn::Say(said) => GetPromptResult::new(vec![PromptMessage::new_text(Role::User, said)]).into(),
            });
        }
        let messages = fixture::named("messages", &wanted.name).ok_or_else(|| fixture::unknown("prompt", &wanted.name))?;
        let messages = fixture::filled(messages, &json!(wanted.arguments));
        Ok(GetPromptResult::new(fixture::read(messages)).into())
    }

    async fn complete(&self, wanted: CompleteRequestParams, _: RequestContext<RoleServer>) -> Result<CompleteResult, ErrorData> {
        let known = ["paris", "park", "party"].map(String::from);
        let values = known.into_iter().filter(|word| word.starts_with(&wanted.argument.value)).collect();
        Ok(CompleteResult::new(CompletionInfo::new(values).map_err(|error| ErrorData::internal_error(error, None))?))
    }

    async fn set_level(&self, _: SetLevelRequestParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        Ok(())
    }
}

fn answered(answer: &Value) -> CallToolResult {
    let content: Vec<ContentBlock> = fixture::read(answer["content"].clone());
    if answer["isError"] == true { CallToolResult::error(content) } else { CallToolResult::success(content) }
}

fn of_template(uri: &str) -> Option<Value> {
    let id = uri.strip_prefix("test://template/")?.strip_suffix("/data")?;
    let text = json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") }).to_string();
    Some(json!({ "uri": uri, "mimeType": "application/json", "text": text }))
}

// A life of a project, driven by the TypeScript SDK: node life.mjs PACKAGES PLIMSOLL FOLDER MODE

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [packages, plimsoll, folder, mode] = process.argv.slice(2);
const require = createRequire(join(packages, "package.json"));
const { Client } = require("@modelcontextprotocol/client");
const { StdioClientTransport } = require("@modelcontextprotocol/client/stdio");

const client = new Client({ name: "life", version: "1" }, { versionNegotiation: { mode } });

async function call(code, tool, more = {}) {
  const result = await client.callTool({ name: tool, arguments: { environment: "local", ...more } });
  const answer = result.structuredContent;
  assert.deepEqual([answer.code, answer.success], [code, !result.isError], `${tool}: ${JSON.stringify(answer)}`);
  return answer.details;
}

const plan = async () => (await call("planned", "plan_deployment")).plan.hash;
const service = (behaviour) => writeFileSync(join(folder, "web/service.txt"), behaviour);

await client.connect(new StdioClientTransport({ command: plimsoll, args: ["mcp", "-C", folder], env: process.env }));
// Whoever has listed the tools has every answer compared with what its tool has promised.
await client.listTools();
await call("plan-unseen", "deploy_full");
await call("deployed", "deploy_full", { plan_hash: await plan() });
service("2");
await call("deployed", "deploy_full", { plan_hash: await plan() });
// A version whose health check fails.
service("3 unhealthy");
const failed = await call("slot-unhealthy", "deploy_full", { plan_hash: await plan() });
assert.equal(failed.deployment.outcome, "rolled_back");
const [newest] = (await call("history", "list_deployments")).deployments;
const shown = await call("deployment", "show_deployment", { deployment: newest.id });
assert.equal(shown.deployment.failure.code, "slot-unhealthy");
assert.match(JSON.stringify(await call("logs", "read_logs", { deployment: newest.id })), /version 3 starts/);
await call("healthy", "check_health");
const { plan: back } = await call("plan-unseen", "rollback");
await call("rolled-back", "rollback", { plan_hash: back.hash });
console.log(client.getNegotiatedProtocolVersion());
await client.close();

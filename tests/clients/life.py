"""A life of a project, driven by the Python SDK: python life.py PLIMSOLL FOLDER MODE."""

import asyncio
import os
import pathlib
import sys

from mcp import Client, StdioServerParameters

LOCAL = {"environment": "local"}


async def live(client: Client, service: pathlib.Path) -> None:
    async def call(code: str, tool: str, **arguments: object) -> dict:
        result = await client.call_tool(tool, LOCAL | arguments)
        answer = result.structured_content
        assert answer["code"] == code and answer["success"] != result.is_error, (tool, answer)
        return answer["details"]

    async def plan() -> str:
        return (await call("planned", "plan_deployment"))["plan"]["hash"]

    await client.list_tools()
    await call("plan-unseen", "deploy_full")
    await call("deployed", "deploy_full", plan_hash=await plan())
    service.write_text("2")
    await call("deployed", "deploy_full", plan_hash=await plan())
    # A version whose health check fails.
    service.write_text("3 unhealthy")
    failed = await call("slot-unhealthy", "deploy_full", plan_hash=await plan())
    assert failed["deployment"]["outcome"] == "rolled_back", failed
    newest = (await call("history", "list_deployments"))["deployments"][0]
    shown = await call("deployment", "show_deployment", deployment=newest["id"])
    assert shown["deployment"]["failure"]["code"] == "slot-unhealthy", shown
    assert "version 3 starts" in str(await call("logs", "read_logs", deployment=newest["id"]))
    await call("healthy", "check_health")
    back = (await call("plan-unseen", "rollback"))["plan"]["hash"]
    await call("rolled-back", "rollback", plan_hash=back)


async def main() -> None:
    plimsoll, folder, mode = sys.argv[1:]
    server = StdioServerParameters(command=plimsoll, args=["mcp", "-C", folder], env=dict(os.environ))
    async with Client(server, mode=mode) as client:
        await live(client, pathlib.Path(folder, "web/service.txt"))
        print(client.protocol_version)


asyncio.run(main())

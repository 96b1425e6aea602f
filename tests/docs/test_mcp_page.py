"""docs/mcp.md names every tool of the MCP server, and configurations that start it."""

from __future__ import annotations

import re

from ffmpeg_worker.mcp_server.tools.table import TOOLS
from support.docs.json_examples import ROOT, examples_of

PAGE = "docs/mcp.md"
ROW = re.compile(r"^\| `(\w+)` \| .* \| (yes|no) \|$", re.MULTILINE)


def test_the_table_has_every_tool_and_what_changes_files() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    table = text.partition("<!-- list of tools -->")[2].partition("<!-- end -->")[0]
    assert ROW.findall(table) == [(tool.name, "no" if tool.is_read_only else "yes") for tool in TOOLS.values()]


def test_configurations_start_the_server_with_a_data_root() -> None:
    found = [example.value for example in examples_of(PAGE)]
    servers = [value[key] for value in found for key in ("mcpServers", "servers") if key in value]
    assert len(servers) == 3
    for server in servers:
        configuration = server["ffmpeg-worker"]
        assert configuration["command"].endswith("/ffmpeg-worker")
        assert configuration["args"][:2] == ["mcp", "--root"]

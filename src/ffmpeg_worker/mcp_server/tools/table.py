"""All tools by name, in the order in which a model reads them."""

from __future__ import annotations

from collections.abc import Mapping

from ffmpeg_worker.mcp_server.tool import Tool
from ffmpeg_worker.mcp_server.tools import media_tools, submitted_job_tools
from ffmpeg_worker.mcp_server.tools.composition_tool import COMPOSITION_REFERENCE
from ffmpeg_worker.mcp_server.tools.file_tool import LIST_FILES
from ffmpeg_worker.mcp_server.tools.plan_tool import PLAN
from ffmpeg_worker.mcp_server.tools.preset_tool import LIST_PRESETS
from ffmpeg_worker.mcp_server.tools.preview_tool import PREVIEW

TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        LIST_FILES,
        LIST_PRESETS,
        *media_tools.TOOLS,
        PLAN,
        PREVIEW,
        COMPOSITION_REFERENCE,
        *submitted_job_tools.TOOLS,
    )
}

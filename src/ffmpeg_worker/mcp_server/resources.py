"""The resources of the MCP server: the schema of compositions, and examples."""

from __future__ import annotations

import json
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from ffmpeg_worker.api.canvas_examples import find_example
from ffmpeg_worker.composition.schema import composition_schema
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.mcp_server.composition_texts import describe_part, example_names

_JSON = "application/json"
_SCHEMA = "ffmpeg-worker://composition/schema"
_EXAMPLES = "ffmpeg-worker://composition/examples"
_Context = ServerRequestContext[Any, Any]
_Params = types.PaginatedRequestParams | None


async def list_resources(_context: _Context, _params: _Params) -> types.ListResourcesResult:
    """List the schema and the examples."""
    schema = types.Resource(
        uri=_SCHEMA,
        name="composition-schema",
        title="JSON Schema of compositions",
        description="All fields of compositions; about 100 kB.",
        mime_type=_JSON,
    )
    examples = [
        types.Resource(
            uri=f"{_EXAMPLES}/{name}",
            name=name,
            title=f"Example: {name.replace('-', ' ')}",
            description="A complete composition.",
            mime_type=_JSON,
        )
        for name in example_names()
    ]
    return types.ListResourcesResult(resources=[schema, *examples])


async def list_templates(_context: _Context, _params: _Params) -> types.ListResourceTemplatesResult:
    """List what can be read by name."""
    part = types.ResourceTemplate(
        uri_template=f"{_SCHEMA}/{{part}}",
        name="composition-part",
        title="JSON Schema of a part of compositions",
        description="For example TextLayer.",
        mime_type=_JSON,
    )
    example = types.ResourceTemplate(
        uri_template=f"{_EXAMPLES}/{{name}}",
        name="composition-example",
        title="Example composition",
        mime_type=_JSON,
    )
    return types.ListResourceTemplatesResult(resource_templates=[part, example])


async def read_resource(_context: _Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
    """Return a resource.

    Raises:
        MCPError: there is none with this address.
    """
    try:
        text = _read(params.uri)
    except InvalidJob as error:
        raise MCPError(types.INVALID_PARAMS, error.message, {"hint": error.hint}) from None
    contents = types.TextResourceContents(uri=params.uri, mime_type=_JSON, text=text)
    return types.ReadResourceResult(contents=[contents])


def _read(uri: str) -> str:
    if uri == _SCHEMA:
        return json.dumps(composition_schema(), ensure_ascii=False)
    folder, _, name = uri.rpartition("/")
    if folder == _SCHEMA:
        return json.dumps(describe_part(name), ensure_ascii=False)
    if folder == _EXAMPLES:
        return find_example(name)
    raise InvalidJob("There is no resource with this address.", hint="resources/list has those that there are.")

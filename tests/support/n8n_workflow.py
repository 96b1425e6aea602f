"""Replays a workflow of n8n: the requests of its nodes are sent as n8n sends them, by its documentation.

Only the nodes and parameters that our examples have are known; every other one is refused, so that an example
cannot have a part that was never run.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from support.n8n_expressions import Scope, evaluate


class StoppedWithError(Exception):
    """The workflow ended in a node that stops it with an error."""


@dataclass
class Item:
    """What goes from node to node: JSON, and files by their names, each with its media type."""

    json: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, tuple[bytes, str]] = field(default_factory=dict)


@dataclass
class Replay:
    """One execution of a workflow.

    Attributes:
        workflow: the JSON of the workflow.
        key: value of the header that the credential of the worker's key sends.
        resume: waits until the address that resumes the execution is called; returns the body.
        execution: id of the execution, and that address.
        settings: values that a user enters in the node "Settings", by name.
    """

    workflow: Mapping[str, Any]
    http: aiohttp.ClientSession
    key: str
    resume: Callable[[], Awaitable[Mapping[str, Any]]]
    execution: Mapping[str, str]
    settings: Mapping[str, str] = field(default_factory=dict)
    done: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """JSON that each node has put out last."""

    async def run(self, start: str, item: Item) -> list[Item]:
        """Run from a node that starts the workflow; returns what its last nodes put out."""
        nodes = {node["name"]: node for node in self.workflow["nodes"]}
        waiting, ended = [(nodes[start], item)], []
        while waiting:
            node, item = waiting.pop(0)
            branch, found = await self._run_node(node, item)
            following = self.workflow["connections"].get(node["name"], {}).get("main", [])
            targets = following[branch] if branch < len(following) else []
            for each in found:
                self.done[node["name"]] = each.json
                waiting += [(nodes[target["node"]], each) for target in targets]
                ended += [] if targets else [each]
        return ended

    async def _run_node(self, node: Mapping[str, Any], item: Item) -> tuple[int, list[Item]]:
        """Run a node; returns the number of its output that continues, and the items."""
        scope = Scope(item.json, self.done, self.execution)
        parameters, branch, found = node["parameters"], 0, [item]
        match node["type"].removeprefix("n8n-nodes-base."), node["typeVersion"]:
            case ("manualTrigger", 1) | ("webhook", 2):
                pass
            case "set", 3.4:
                found = [Item(self._assign(parameters, scope))]
            case "httpRequest", 4.2:
                found = [await self._request(parameters, scope, item)]
            case "wait", 1.1:
                assert (parameters["resume"], parameters["httpMethod"]) == ("webhook", "POST")
                found = [Item({"body": await self.resume()})]
            case "if", 2.2:
                branch = int(not self._decide(parameters, scope))
            case "splitOut", 1:
                found = [Item(each) for each in _find(item.json, parameters["fieldToSplitOut"])]
            case "respondToWebhook", 1.1:
                assert (parameters["respondWith"], parameters["responseDataSource"]) == ("binary", "set")
                found = [Item({}, {"data": item.files[parameters["inputFieldName"]]})]
            case "stopAndError", 1:
                raise StoppedWithError(evaluate(parameters["errorMessage"], scope))
            case unknown:
                raise AssertionError(f"no replay of {unknown}")
        return branch, found

    def _assign(self, parameters: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
        values = {
            each["name"]: evaluate(each["value"], scope) for each in parameters["assignments"]["assignments"]
        }
        return {**values, **self.settings}

    def _decide(self, parameters: Mapping[str, Any], scope: Scope) -> bool:
        [condition] = parameters["conditions"]["conditions"]
        assert condition["operator"] == {"type": "string", "operation": "equals"}
        left = evaluate(condition["leftValue"], scope)
        assert isinstance(left, str), "a strict comparison refuses other types"
        return bool(left == condition["rightValue"])

    async def _request(self, parameters: Mapping[str, Any], scope: Scope, item: Item) -> Item:
        headers = _named(parameters.get("headerParameters"), scope) if parameters.get("sendHeaders") else {}
        query = _named(parameters.get("queryParameters"), scope) if parameters.get("sendQuery") else {}
        if "authentication" in parameters:
            assert (parameters["authentication"], parameters["genericAuthType"]) == (
                "genericCredentialType",
                "httpHeaderAuth",
            )
            headers["X-API-Key"] = self.key
        data: Any = None
        if parameters.get("sendBody"):
            data, more = _make_body(parameters, scope, item)
            headers |= more
        url = evaluate(parameters["url"], scope)
        async with self.http.request(
            parameters["method"], url, headers=headers, params=query, data=data
        ) as response:
            content = await response.read()
            assert response.ok, content
            media_type = response.content_type
        form = parameters["options"].get("response", {}).get("response", {})
        if form.get("responseFormat") == "file":
            return Item({}, {form["outputPropertyName"]: (content, media_type)})
        return Item(json.loads(content))


def read_workflow(path: Path) -> dict[str, Any]:
    """Read the JSON of a workflow."""
    value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return value


def _named(parameters: Mapping[str, Any] | None, scope: Scope) -> dict[str, str]:
    return (
        {}
        if parameters is None
        else {each["name"]: evaluate(each["value"], scope) for each in parameters["parameters"]}
    )


def _make_body(parameters: Mapping[str, Any], scope: Scope, item: Item) -> tuple[Any, dict[str, str]]:
    if parameters.get("specifyBody") == "json":
        body = json.loads(evaluate(parameters["jsonBody"], scope))  # n8n sends what it has parsed
        return json.dumps(body), {"Content-Type": "application/json"}
    assert parameters["contentType"] == "multipart-form-data"
    form = aiohttp.FormData()
    for each in parameters["bodyParameters"]["parameters"]:
        if each["parameterType"] == "formBinaryData":
            content, media_type = item.files[each["inputDataFieldName"]]
            form.add_field(each["name"], content, filename="clip.mp4", content_type=media_type)
        else:
            form.add_field(each["name"], evaluate(each["value"], scope))
    return form, {}


def _find(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value[key]
    return value

"""What the door does not serve: routes and options of later versions, and routes that never were."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from ffmpeg_worker.errors import InvalidJob, UnsupportedFeature, WorkerError
from ffmpeg_worker.job.actions import ACTIONS, UNSERVED_ACTIONS
from ffmpeg_worker.suggestions import did_you_mean

_LATER_PREFIXES = ("/api/jobs", "/v2")
_NO = frozenset({"false", "0", "no", "off"})
_MAX_SHOWN = 128


def unknown_route(path: str, routes: Iterable[BaseRoute]) -> WorkerError:
    """Why nothing is served at a path, and what is served instead."""
    shown = path if len(path) <= _MAX_SHOWN else path[: _MAX_SHOWN - 1] + "…"
    unserved = {f"/api{action_path}" for action_path in UNSERVED_ACTIONS.values()}
    if path in unserved or any(path == prefix or path.startswith(f"{prefix}/") for prefix in _LATER_PREFIXES):
        routes_of_jobs = _listed(f"/api{action.path}" for action in ACTIONS.values())
        return UnsupportedFeature(
            f'The route "{shown}" is not served by this version.',
            hint=f"Jobs are answered when they end: POST them to {routes_of_jobs}.",
        )
    known = [route.path for route in routes if isinstance(route, Route) and route.include_in_schema]
    return InvalidJob(
        f'There is no route "{shown}".',
        code="unknown_route",
        hint=did_you_mean(path, known, cutoff=0.5) or f"Routes are {_listed(dict.fromkeys(known))}.",
    )


def refuse_async(request: Request) -> None:
    """Refuse `?async=true`.

    Raises:
        UnsupportedFeature: the caller does not want to wait for the result.
    """
    value = request.query_params.get("async")
    if value is not None and value.lower() not in _NO:
        raise UnsupportedFeature(
            '"async" is not served by this version.',
            hint='Leave "async" out: the answer comes when the job has ended.',
            where={"field": "async"},
        )


def _listed(paths: Iterable[str]) -> str:
    return ", ".join(paths)

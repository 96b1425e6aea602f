"""Errors for routes and options that this version does not have."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.routing import BaseRoute, Route

from ffmpeg_worker.errors import InvalidJob, UnsupportedFeature, WorkerError
from ffmpeg_worker.job.actions import ACTIONS, UNSERVED_ACTIONS
from ffmpeg_worker.suggestions import did_you_mean

_MAX_SHOWN = 128


def describe_unknown_route(path: str, routes: Iterable[BaseRoute]) -> WorkerError:
    """Return the error for a path without a route; its hint names the routes that exist."""
    shown = path if len(path) <= _MAX_SHOWN else path[: _MAX_SHOWN - 1] + "…"
    planned = {f"/api{action_path}" for action_path in UNSERVED_ACTIONS.values()}
    if path in planned:
        job_routes = ", ".join(f"/api{action.path}" for action in ACTIONS.values())
        return UnsupportedFeature(
            f'This version does not have the route "{shown}".',
            hint=f"Routes that run a job and respond with its result are {job_routes}.",
        )
    known = [route.path for route in routes if isinstance(route, Route) and route.include_in_schema]
    return InvalidJob(
        f'There is no route "{shown}".',
        code="unknown_route",
        hint=did_you_mean(path, known, cutoff=0.6) or f"Routes are {', '.join(dict.fromkeys(known))}.",
    )

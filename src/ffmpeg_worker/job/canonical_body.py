"""The canonical form of a job's JSON: equal for bodies that ask for the same job."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.envelope import unwrap_body, unwrap_job
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.loose_values import is_blank

_HOW_IT_IS_SENT = frozenset({"async", "idempotency_key"})
"""Fields that say how a job is sent, not what it does: a repeated request may differ in them."""
_SPELLINGS = (("action", "data"), ("path", "body"))


def canonical_body(body: JobBody, action: str) -> bytes:
    """Return a form that is the same for every spelling and route of a job, and every order of its keys.

    `body` is one that was read as a job of `action`. Values count as they are written: `1` and `"1"` differ.
    """
    value = body.decode()
    own = ACTIONS[action].data.model_fields
    fields = _join(unwrap_job(value) if body.action is None else unwrap_body(value, own))
    given = {key: item for key, item in fields.items() if key not in _HOW_IT_IS_SENT and not is_blank(item)}
    form = {"action": action, "fields": given, "query": _query(body, action)}
    return json.dumps(form, sort_keys=True, separators=(",", ":")).encode()


def _join(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a job with those of its data, whichever of both they stand in."""
    for name_key, data_key in _SPELLINGS:
        data = value.get(data_key)
        if isinstance(value.get(name_key), str) and isinstance(data, dict):
            names = {key for spelling in _SPELLINGS for key in spelling}
            common = {key: item for key, item in value.items() if key not in names and not is_blank(item)}
            return {**data, **common}
    return dict(value)


def _query(body: JobBody, action: str) -> dict[str, str]:
    """Return the fields of the query string that the action reads."""
    model = ACTIONS[action].query
    if model is None or body.action is None:
        return {}
    return {name: body.query[name] for name in model.model_fields if not is_blank(body.query.get(name))}

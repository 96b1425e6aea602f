"""Parses a caller's JSON into a `Job`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from ffmpeg_worker.errors import InvalidJob, UnsupportedFeature
from ffmpeg_worker.job.actions import ACTIONS, UNSERVED_ACTIONS
from ffmpeg_worker.job.actions.action import Action
from ffmpeg_worker.job.envelope import unwrap_body, unwrap_job
from ffmpeg_worker.job.explain import (
    explain,
    json_path,
    missing_field,
    quote_list,
    unknown_field,
)
from ffmpeg_worker.job.job import COMMON_FIELDS, Job
from ffmpeg_worker.job.service_spelling import PROCESS, is_service_job, translate_service_job
from ffmpeg_worker.loose_values import is_blank, read_loose_values
from ffmpeg_worker.reading_notes import Reading, ReadingNotes
from ffmpeg_worker.suggestions import did_you_mean


def parse_job(value: Any) -> Job:
    """Read a whole job in either spelling, `action` + `data` or `path` + `body`, maybe in `{"input": {…}}`.

    Raises:
        InvalidJob: the job is wrong; `where.field` gives the JSON path.
        UnsupportedFeature: the contract knows this action or field, this version does not serve it.
    """
    value = unwrap_job(value)
    if not isinstance(value, dict):
        raise InvalidJob("A job is a JSON object.", hint='For example {"action": "probe", "data": {…}}.')
    notes = ReadingNotes()
    if is_service_job(value) and not value.keys() & {"action", "path"}:
        return _validate(ACTIONS[PROCESS], {}, value, "", notes)
    value = _drop_unused_spelling(value, notes)
    if "action" in value and "path" in value:
        raise InvalidJob('A job names either "action" or "path", not both.', hint='Keep "action" with "data".')
    name_key, data_key = ("path", "body") if "path" in value else ("action", "data")
    action = _read_action(value, name_key)
    for key in value:
        if key not in COMMON_FIELDS and key not in {name_key, data_key}:
            raise unknown_field(key, ("action", "data", "path", "body", *sorted(COMMON_FIELDS)), key)
    if data_key not in value:
        raise missing_field(data_key)
    common = {key: item for key, item in value.items() if key not in {name_key, data_key}}
    return _validate(action, common, value[data_key], data_key, notes)


def parse_action(name: str, body: Any, query: Mapping[str, str] | None = None) -> Job:
    """Read the request of an action's route.

    `body` has the action's data and the common fields in one object, or is a whole job of this action. Fields of
    the query string override them, where the action has such.

    Raises:
        InvalidJob, UnsupportedFeature: as for `parse_job`; JSON paths start at the body, or name a field of the
            query string.
    """
    action = ACTIONS[name]
    body = unwrap_body(body, action.data.model_fields)
    job = _parse_whole(action, body) if _is_whole_job(body) else _validate(action, {}, body, "", ReadingNotes())
    if action.query is None or not query:
        return job
    given = {field: query[field] for field in action.query.model_fields if not is_blank(query.get(field))}
    try:
        changes = action.query.model_validate(given).model_dump(exclude_none=True)
    except ValidationError as error:
        raise explain(error, action, "", {}) from None
    return job.model_copy(update={"data": job.data.model_copy(update=changes)})


def _is_whole_job(body: Any) -> bool:
    if not isinstance(body, dict):
        return False
    return ("action" in body and "data" in body) or ("path" in body and "body" in body)


def _parse_whole(action: Action, value: Any) -> Job:
    job = parse_job(value)
    if job.action != action.name:
        key = "path" if "path" in value else "action"
        raise InvalidJob(
            f'The job is for the action "{job.action}", but this route is that of "{action.name}".',
            code="unknown_action",
            hint=f"Send it to /api{ACTIONS[job.action].path}.",
            where={"field": key},
        )
    return job


def _read_action(value: dict[str, Any], key: str) -> Action:
    if key not in value:
        raise InvalidJob(
            'The job names no "action".',
            hint=f'Give "action", one of {quote_list(ACTIONS)}, and "data"; or "path" and "body".',
            where={"field": "action"},
        )
    known = ACTIONS if key == "action" else {action.path: action for action in ACTIONS.values()}
    name, where = value[key], {"field": key}
    if not isinstance(name, str):
        raise InvalidJob(
            f"There is no {key} of that type.",
            code="unknown_action",
            hint=f"Known are {quote_list(known)}.",
            where=where,
        )
    name = name.removeprefix("/api") if key == "path" else name
    if name in known:
        return known[name]
    if name in (UNSERVED_ACTIONS if key == "action" else UNSERVED_ACTIONS.values()):
        raise UnsupportedFeature(
            f'The {key} "{name}" is not served by this version.',
            hint=f"Served are {quote_list(known)}.",
            where=where,
        )
    raise InvalidJob(
        f'There is no {key} "{name[:64]}".',
        code="unknown_action",
        hint=did_you_mean(name, known) or f"Known are {quote_list(known)}.",
        where=where,
    )


def _drop_unused_spelling(value: dict[str, Any], notes: ReadingNotes) -> dict[str, Any]:
    """Drop what is blank of the spelling, `action` + `data` or `path` + `body`, that the job does not use."""
    for used, unused in ((("action", "data"), ("path", "body")), (("path", "body"), ("action", "data"))):
        blank = [key for key in unused if key in value and is_blank(value[key])]
        if blank and not any(is_blank(value.get(key)) for key in used):
            for key in blank:
                notes.add(key, Reading.NOT_GIVEN)
            return {key: item for key, item in value.items() if key not in blank}
    return value


def _validate(action: Action, common: Mapping[str, Any], data: Any, data_key: str, notes: ReadingNotes) -> Job:
    """Separate the common fields from the data, then validate both with the model of the action's job."""
    if not isinstance(data, dict):
        field = data_key or "body"
        raise InvalidJob(f'"{field}" must be a JSON object.', where={"field": field})
    if action.name == PROCESS and is_service_job(data):
        data = translate_service_job(data, notes, data_key)
    fields, own = _separate(common, data, data_key, notes)
    value, found = read_loose_values({"action": action.name, "data": own, **fields}, action.job)
    for loose in found:
        notes.add(json_path(loose.location, data_key, data), loose.reading)
    try:
        job = action.job.model_validate(
            value,
            context={"path": data_key, "inputs": _input_names(value.get("inputs")), "notes": notes},
        )
    except ValidationError as error:
        raise explain(error, action, data_key, data) from None
    return job.model_copy(update={"notes": notes.sentences()})


def _separate(
    common: Mapping[str, Any], data: Mapping[str, Any], data_key: str, notes: ReadingNotes
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the common fields, from beside and inside the data, and the data's own fields.

    Raises:
        InvalidJob: a field stands in both places.
    """
    fields, own = dict(common), {}
    for key, item in data.items():
        path = f"{data_key}.{key}" if data_key else key
        if key not in COMMON_FIELDS:
            own[key] = item
        elif key in fields and is_blank(item):
            notes.add(path, Reading.NOT_GIVEN)
        elif key in fields and not is_blank(fields[key]):
            raise InvalidJob(
                f'"{key}" stands both beside and inside "{data_key}".',
                hint="Keep one of them.",
                where={"field": path},
            )
        else:
            fields[key] = item
    return fields, own


def _input_names(inputs: Any) -> frozenset[str]:
    """Names of inputs that a composition may refer to; whether the inputs are valid is checked elsewhere."""
    if isinstance(inputs, list):
        return frozenset(f"in_{index}" for index in range(1, len(inputs) + 1))
    return frozenset(inputs) if isinstance(inputs, dict) else frozenset()

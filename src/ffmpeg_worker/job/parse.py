"""From a caller's JSON to a `Job`, with errors that say what to change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from ffmpeg_worker.errors import InvalidJob, UnsupportedFeature
from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.actions.canvas import CanvasData, CanvasJob, PreviewData, PreviewJob, PreviewQuery
from ffmpeg_worker.job.common_fields import CommonFields
from ffmpeg_worker.job.credentials import Credentials
from ffmpeg_worker.job.jobs import (
    DownloadData,
    DownloadJob,
    Job,
    MultiProcessData,
    MultiProcessJob,
    ProbeData,
    ProbeJob,
    ProcessData,
    ProcessJob,
    UploadData,
    UploadJob,
    VmafData,
    VmafJob,
)
from ffmpeg_worker.job.sources import FileSource, TextSource
from ffmpeg_worker.job.upload import S3Config, Upload
from ffmpeg_worker.suggestions import did_you_mean
from ffmpeg_worker.validation_errors import describe_problem

JOB_TYPES: Mapping[str, type[CommonFields]] = {
    "process": ProcessJob,
    "multi_process": MultiProcessJob,
    "probe": ProbeJob,
    "vmaf": VmafJob,
    "canvas": CanvasJob,
    "canvas_preview": PreviewJob,
    "download": DownloadJob,
    "upload": UploadJob,
}
DATA_TYPES: Mapping[str, type[FrozenModel]] = {
    "process": ProcessData,
    "multi_process": MultiProcessData,
    "probe": ProbeData,
    "vmaf": VmafData,
    "canvas": CanvasData,
    "canvas_preview": PreviewData,
    "download": DownloadData,
    "upload": UploadData,
}
PATHS: Mapping[str, str] = {
    "/ffmpeg/process": "process",
    "/ffmpeg/multi_process": "multi_process",
    "/ffmpeg/probe": "probe",
    "/ffmpeg/vmaf": "vmaf",
    "/canvas/process": "canvas",
    "/canvas/preview": "canvas_preview",
    "/storage/download": "download",
    "/storage/upload": "upload",
}
"""The route of each action, below `/api`."""

COMMON_FIELDS = frozenset(CommonFields.model_fields)
PREVIEW_QUERY = tuple(PreviewQuery.model_fields)
"""What the address of a preview may say."""

NOT_SERVED_FIELDS = frozenset(
    {
        "callback_url",
        "callback_auth_header",
        "webhook",
        "idempotency_key",
        "priority",
        "async",
    }
)
_NOT_SERVED_ACTIONS = frozenset({"encode"})
_NOT_SERVED_PATHS = frozenset({"/ffmpeg/encode"})
_OWN_CODES = frozenset({"invalid_name", "path_outside_root", "invalid_upload", "unknown_cloud_type"})
_JOB_KEYS = ("action", "data", "path", "body", *sorted(COMMON_FIELDS))


def field_names(model: type[FrozenModel]) -> list[str]:
    """The fields of a model as callers write them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def parse_job(value: Any) -> Job:
    """Read a whole job in either spelling, `action` + `data` or `path` + `body`.

    Raises:
        InvalidJob: anything about it is wrong; `where.field` gives the JSON path.
        UnsupportedFeature: right by the contract, not served by this build.
    """
    if not isinstance(value, dict):
        raise InvalidJob("A job is a JSON object.", hint='For example {"action": "probe", "data": {…}}.')
    if "action" in value and "path" in value:
        raise InvalidJob('A job names either "action" or "path", not both.', hint='Keep "action" with "data".')
    spelling = ("path", "body") if "path" in value else ("action", "data")
    return _parse_spelling(value, *spelling)


def parse_action(action: str, body: Any) -> Job:
    """Read what the route of an action receives: the action's data and the common fields side by side.

    Raises:
        InvalidJob, UnsupportedFeature: as for `parse_job`; JSON paths start at the body.
    """
    return _validate(action, {}, body, "")


def parse_preview(body: Any, query: Mapping[str, str]) -> PreviewJob:
    """Read what the route of `canvas_preview` receives; `t` and `width` of the address come before the body's.

    Raises:
        InvalidJob, UnsupportedFeature: as for `parse_job`; `where.field` may be a name of the address.
    """
    job = parse_action("canvas_preview", body)
    if not isinstance(job, PreviewJob):
        raise TypeError(type(job))
    try:
        asked = PreviewQuery.model_validate({name: query[name] for name in PREVIEW_QUERY if name in query})
    except ValidationError as error:
        raise _explain(error, "canvas_preview", "", {}) from None
    return job.model_copy(update={"data": job.data.model_copy(update=asked.model_dump(exclude_none=True))})


def _parse_spelling(value: dict[str, Any], name_key: str, data_key: str) -> Job:
    action = _read_action(value, name_key)
    for key in value:
        if key not in COMMON_FIELDS and key not in {name_key, data_key}:
            raise _unknown_key(key, _JOB_KEYS, key)
    if data_key not in value:
        raise _missing(data_key)
    common = {key: item for key, item in value.items() if key in COMMON_FIELDS}
    return _validate(action, common, value[data_key], data_key)


def _read_action(value: dict[str, Any], key: str) -> str:
    if key not in value:
        raise InvalidJob(
            'The job names no "action".',
            hint=f'Give "action", one of {_listed(JOB_TYPES)}, and "data"; or "path" and "body".',
            where={"field": "action"},
        )
    name = value[key]
    known: Mapping[str, str] = PATHS if key == "path" else {action: action for action in JOB_TYPES}
    asked = name.removeprefix("/api") if isinstance(name, str) and key == "path" else name
    if isinstance(asked, str) and asked in known:
        return known[asked]
    if isinstance(asked, str) and asked in _NOT_SERVED_ACTIONS | _NOT_SERVED_PATHS:
        raise UnsupportedFeature(
            f'The {key} "{asked}" is not served by this version.',
            hint=f"Served are {_listed(known)}.",
            where={"field": key},
        )
    shown = f'"{asked[:64]}"' if isinstance(asked, str) else "of that type"
    raise InvalidJob(
        f"There is no {key} {shown}.",
        code="unknown_action",
        hint=did_you_mean(str(asked), known) or f"Known are {_listed(known)}.",
        where={"field": key},
    )


def _validate(action: str, common: dict[str, Any], data: Any, data_key: str) -> Job:
    """Sort the common fields out of the data, then let the model of the action judge."""
    if not isinstance(data, dict):
        field = data_key or "body"
        raise InvalidJob(f'"{field}" must be a JSON object.', where={"field": field})
    own = {}
    for key, item in data.items():
        if key in NOT_SERVED_FIELDS:
            raise _not_served(key, f"{data_key}.{key}" if data_key else key)
        if key in COMMON_FIELDS:
            if key in common:
                raise InvalidJob(
                    f'"{key}" stands both beside and inside "{data_key}".',
                    hint="Keep one of them.",
                    where={"field": f"{data_key}.{key}"},
                )
            common = {**common, key: item}
        else:
            own[key] = item
    try:
        job: Job = _ADAPTERS[action].validate_python(
            {"action": action, "data": own, **common},
            context={"path": data_key, "inputs": _input_names(common.get("inputs"))},
        )
    except ValidationError as error:
        raise _explain(error, action, data_key, data) from None
    return job


def _input_names(inputs: Any) -> frozenset[str]:
    """What a composition may name; whether they are inputs at all is judged elsewhere."""
    if isinstance(inputs, list):
        return frozenset(f"in_{index}" for index in range(1, len(inputs) + 1))
    return frozenset(inputs) if isinstance(inputs, dict) else frozenset()


_ADAPTERS: Mapping[str, TypeAdapter[Any]] = {name: TypeAdapter(model) for name, model in JOB_TYPES.items()}


def _explain(error: ValidationError, action: str, data_key: str, data: Mapping[str, Any]) -> InvalidJob:
    """Turn the first thing that is wrong into a sentence, without any submitted value."""
    first = min(error.errors(include_input=False, include_url=False), key=_severity)
    inside = bool(first["loc"]) and first["loc"][0] in COMMON_FIELDS and first["loc"][0] in data
    field = _json_path(first["loc"], data_key, inside_data=inside) or "body"
    if first["type"] == "extra_forbidden":
        return _unknown_key(str(first["loc"][-1]), _known_keys(action, first["loc"]), field)
    if first["type"] == "missing":
        return _missing(field)
    return _refused(first, field)


def _refused(error: ErrorDetails, field: str) -> InvalidJob:
    """A value that the field's own rules refuse."""
    hint = error.get("ctx", {}).get("hint")
    if error["type"] in _OWN_CODES:
        return InvalidJob(error["msg"], code=error["type"], hint=hint, where={"field": field})
    return InvalidJob(
        f'"{field}" {describe_problem(error)}.',
        code="invalid_value",
        where={"field": field},
        hint=hint or "docs/jobs.md shows every field with an example.",
    )


def _severity(error: ErrorDetails) -> int:
    """An unknown key is mostly a misspelt one, and explains a missing key better than that itself."""
    return 0 if error["type"] == "extra_forbidden" else 1


def _json_path(location: Iterable[int | str], data_key: str, *, inside_data: bool) -> str:
    parts = list(location)
    if parts and parts[0] == "data":
        parts = [data_key, *parts[1:]] if data_key else parts[1:]
    elif inside_data and data_key:
        parts = [data_key, *parts]
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path[:200]


def _known_keys(action: str, location: tuple[int | str, ...]) -> list[str]:
    """The keys that may stand where an unknown one was found."""
    if "credentials" in location[:-1]:
        return list(Credentials.model_fields)
    if location[0] == "inputs" or location[:2] == ("data", "input"):
        return [*FileSource.model_fields, *TextSource.model_fields]
    if location[0] == "upload":
        return list(Upload.model_fields)
    if location[0] == "s3Config":
        return list(S3Config.model_fields)
    if location[:2] == ("data", "processes"):
        return list(ProcessData.model_fields)
    return [*field_names(DATA_TYPES[action]), *sorted(COMMON_FIELDS)]


def _unknown_key(key: str, known: Iterable[str], field: str) -> InvalidJob:
    if key in NOT_SERVED_FIELDS:
        return _not_served(key, field)
    names = list(known)
    if ".credentials." in field:
        # Somebody may have taken a credential for a name.
        return InvalidJob(
            f'"{field.rpartition(".")[0][:128]}" has a field that is not known.',
            code="unknown_field",
            hint=did_you_mean(key, names) or f"Known here are {_listed(names)}.",
            where={"field": field.rpartition(".")[0][:200]},
        )
    return InvalidJob(
        f'"{field[:128]}" is not a known field.',
        code="unknown_field",
        hint=did_you_mean(key, names) or f"Known here are {_listed(names)}.",
        where={"field": field[:200]},
    )


def _not_served(key: str, field: str) -> UnsupportedFeature:
    return UnsupportedFeature(
        f'"{field}" is not served by this version.',
        hint=f'Remove "{key}"; outputs are kept under the data root.',
        where={"field": field},
    )


def _missing(field: str) -> InvalidJob:
    return InvalidJob(f'"{field}" is required.', code="missing_field", where={"field": field})


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)

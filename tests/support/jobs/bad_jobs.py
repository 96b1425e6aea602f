"""Jobs that must fail, with the expected error: one table for the tests of HTTP, RunPod and the terminal."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ffmpeg_worker.ffmpeg.tools import find_ffmpeg

SECRET = "hunter2-s3cr3t"
"""A secret in some of the jobs; no response and no log line may contain it."""

_X264 = "-c:v libx264 -preset ultrafast"
_SOURCE = "-f lavfi -i testsrc2=size=160x90:rate=25:duration=4 -f lavfi -i sine=duration=4"
_CODECS = f"{_X264} -pix_fmt yuv420p -c:a aac"
_LONG_NAME = "x" * 300 + ".mp4"


@dataclass(frozen=True, slots=True)
class BadJob:
    """One job that fails.

    `data` holds the action's own fields, `common` those beside them; both may be in one object. `word` is in the
    error or its hint. `status` is the status of the HTTP response.
    """

    name: str
    action: str
    data: Any
    code: str
    status: int
    word: str
    fault: str = "caller"
    retryable: bool = False
    common: Mapping[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> Any:
        """The body for the route of the action."""
        return {**self.data, **self.common} if isinstance(self.data, dict) else self.data

    def __str__(self) -> str:
        return self.name


def _process(name: str, command: Any, code: str, status: int, word: str, **more: Any) -> BadJob:
    return BadJob(name, "process", {"chainCmds": command}, code, status, word, **more)


def _probe(name: str, source: str, code: str, status: int, word: str, **more: Any) -> BadJob:
    return BadJob(name, "probe", {"input": source}, code, status, word, **more)


_SHAPES = [
    BadJob("body_is_a_list", "process", [], "invalid_job", 422, "object"),
    BadJob("nothing", "process", {}, "missing_field", 422, "chainCmds"),
    BadJob(
        "unknown_key",
        "process",
        {"chainCmd": "-i clip.mp4 o.mp4"},
        "unknown_field",
        422,
        'Did you mean "chainCmds"',
    ),
    BadJob(
        "header_without_callback",
        "process",
        {"chainCmds": "-i clip.mp4 o.mp4"},
        "invalid_value",
        422,
        "callback_auth_header",
        common={"callback_auth_header": SECRET},
    ),
    BadJob(
        "credentials_of_another_cloud",
        "process",
        {"chainCmds": "-i clip.mp4 o.mp4"},
        "invalid_upload",
        422,
        "upload",
        common={"upload": {"bucket": "b", "cloud_type": "GCP", "credentials": {"aws_secret_access_key": SECRET}}},
    ),
    BadJob(
        "unknown_key_with_a_secret",
        "probe",
        {"input": "clip.mp4", "credential": {"aws_secret_access_key": SECRET}},
        "unknown_field",
        422,
        "credential",
    ),
    _process("number_as_token", ["-i", 3], "invalid_value", 422, "chainCmds"),
    _process("secret_as_wrong_type", {"password": SECRET}, "invalid_value", 422, "chainCmds"),
    _process("empty_command", "", "missing_field", 422, "chainCmds"),
    _process("shell_operator", "-i clip.mp4 o.mp4 | cat", "invalid_value", 422, "shell"),
    _process("no_output", "-i clip.mp4", "no_output", 422, "output"),
    _process("text_as_timeout", "-i clip.mp4 o.mp4", "invalid_value", 422, "timeout", common={"timeout": SECRET}),
    _process("negative_timeout", "-i clip.mp4 o.mp4", "invalid_value", 422, "timeout", common={"timeout": -1}),
    _process("unknown_placeholder", "-i {{nope}} o.mp4", "unknown_input", 422, "nope"),
    BadJob("no_process", "multi_process", {"processes": []}, "invalid_value", 422, "processes"),
    BadJob(
        "too_many_processes",
        "multi_process",
        {"processes": [{"chainCmds": "-i clip.mp4 o.mp4"}] * 51},
        "invalid_value",
        422,
        "50",
    ),
]
_SOURCES = [
    _process("missing_input", "-i missing.mp4 o.mp4", "source_not_found", 404, "missing.mp4", fault="source"),
    _probe("missing_file_probed", "missing.mp4", "source_not_found", 404, "missing.mp4", fault="source"),
    BadJob(
        "missing_distorted_video",
        "vmaf",
        {"input1": "clip.mp4", "input2": "missing.mp4"},
        "source_not_found",
        404,
        "missing.mp4",
        fault="source",
    ),
    _process("folder_as_input", "-i folder.mp4 o.mp4", "source_is_folder", 422, "folder"),
    _process("empty_file", "-i empty.mp4 o.mp4", "source_empty", 422, "0 bytes", fault="source"),
    _probe("empty_file_probed", "empty.mp4", "source_empty", 422, "0 bytes", fault="source"),
    _process("text_named_mp4", "-i text.mp4 o.mp4", "input_unreadable", 422, "media", fault="source"),
    _probe("text_named_mp4_probed", "text.mp4", "source_not_media", 422, "media", fault="source"),
    _process("cut_with_index_at_end", "-i half.mp4 o.mp4", "input_incomplete", 422, "cut", fault="source"),
    _process(
        "cut_with_index_in_front",
        f"-i half_fast.mp4 {_X264} o.mp4",
        "output_too_short",
        422,
        "cut",
        fault="source",
    ),
    _process(
        "other_checksum",
        "-i {{in_1}} o.mp4",
        "checksum_mismatch",
        422,
        "SHA-256",
        fault="source",
        common={"inputs": {"in_1": {"url": "clip.mp4", "sha256": "0" * 64}}},
    ),
]
_COMMANDS = [
    _process("unknown_option", "-i clip.mp4 -no_such_option 1 o.mp4", "option_unknown", 422, "-no_such_option"),
    _process("unknown_encoder", "-i clip.mp4 -c:v libx265x o.mp4", "encoder_unknown", 422, "libx265"),
    _process("unknown_filter", "-i clip.mp4 -vf no_such_filter o.mp4", "filter_unknown", 422, "no_such_filter"),
    _process(
        "odd_frame_size",
        f"-i clip.mp4 -vf scale=161:91 {_X264} -pix_fmt yuv420p o.mp4",
        "frame_size_odd",
        422,
        "even",
    ),
    _process("unknown_extension", "-i clip.mp4 o.no_such_format", "output_format_unknown", 422, "format"),
    _process("unknown_format", "-i clip.mp4 -f no_such_format o.mp4", "format_unknown", 422, "no_such_format"),
    _process(
        "two_outputs_of_one_name", "-i clip.mp4 -c copy o.mp4 -c copy o.mp4", "duplicate_output", 422, "o.mp4"
    ),
    BadJob(
        "unknown_vmaf_model",
        "vmaf",
        {"input1": "clip.mp4", "input2": "clip.mp4", "model": "no_such_model"},
        "unknown_model",
        422,
        "no_such_model",
    ),
    _process(
        "too_long_for_its_timeout",
        "-stream_loop -1 -i clip.mp4 -vf scale=1920:1080 -c:v libx264 -preset veryslow o.mp4",
        "timed_out",
        504,
        "time",
        common={"timeout": 1},
    ),
]
_PLACES = [
    _process("input_goes_up", "-i ../outside/private.mp4 o.mp4", "path_outside_root", 403, "data root"),
    _process("input_is_absolute", "-i /etc/passwd o.mp4", "path_outside_root", 403, "FS_PATH"),
    _process("input_through_a_link", "-i link.mp4 o.mp4", "path_outside_root", 403, "outside"),
    _probe("probe_through_a_link", "linked/private.mp4", "path_outside_root", 403, "outside"),
    _process("output_goes_up", "-i clip.mp4 -c copy ../o.mp4", "path_outside_root", 403, "data root"),
    _process(
        "output_is_absolute",
        "-i clip.mp4 -c copy /etc/o.mp4",
        "path_outside_root",
        403,
        "relative",
        fault="target",
    ),
    _process(
        "output_through_a_link",
        "-i clip.mp4 -c copy linked/o.mp4",
        "path_outside_root",
        403,
        "outside",
        fault="target",
    ),
    _process(
        "output_is_a_folder", "-i clip.mp4 -c copy folder.mp4", "target_is_folder", 422, "folder", fault="target"
    ),
    _process("long_input_name", ["-i", _LONG_NAME, "o.mp4"], "invalid_name", 422, "255"),
    _process("long_output_name", ["-i", "clip.mp4", _LONG_NAME], "invalid_name", 422, "255"),
    _process("newline_in_input_name", ["-i", "a\nb.mp4", "o.mp4"], "invalid_name", 422, "newline"),
    _process(
        "newline_in_output_name", ["-i", "clip.mp4", "-c", "copy", "a\nb.mp4"], "invalid_name", 422, "newline"
    ),
]

BAD_JOBS: list[BadJob] = [*_SHAPES, *_SOURCES, *_COMMANDS, *_PLACES]

GOOD_JOB: Mapping[str, Any] = {"chainCmds": "-i clip.mp4 -t 1 -c copy good.mp4"}
"""A short `process` job that succeeds in the same data root."""


def make_files(data_root: Path) -> None:
    """Write the files of the table to `data_root`, which is created if missing, and one folder beside it."""
    outside = data_root.parent / "outside"
    for folder in (data_root / "folder.mp4", outside):
        folder.mkdir(parents=True)
    _run_ffmpeg(data_root, f"{_SOURCE} {_CODECS} clip.mp4")
    _run_ffmpeg(data_root, "-i clip.mp4 -c copy -movflags +faststart fast.mp4")
    whole, fast = (data_root / "clip.mp4").read_bytes(), (data_root / "fast.mp4").read_bytes()
    (data_root / "half.mp4").write_bytes(whole[: len(whole) // 2])
    (data_root / "half_fast.mp4").write_bytes(fast[: len(fast) // 2])
    (data_root / "empty.mp4").touch()
    (data_root / "text.mp4").write_text("This is no video.\n" * 20)
    (outside / "private.mp4").write_bytes(whole)
    (data_root / "link.mp4").symlink_to(outside / "private.mp4")
    (data_root / "linked").symlink_to(outside)


def _run_ffmpeg(folder: Path, arguments: str) -> None:
    command = [str(find_ffmpeg(None)), "-v", "error", *arguments.split()]
    subprocess.run(command, cwd=folder, check=True, stdin=subprocess.DEVNULL)

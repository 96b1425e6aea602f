"""Commands make jobs from their arguments, for any file of the user."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.job.actions.canvas import CanvasJob
from ffmpeg_worker.job.actions.canvas_preview import PreviewJob
from ffmpeg_worker.job.actions.vmaf import VmafJob

CANVAS = {"width": 64, "height": 36, "layers": [{"type": "shape", "fill": "#fff", "duration": 1}]}


@pytest.mark.parametrize(
    ("root", "variable", "expected"),
    [(None, None, "."), (None, "media", "media"), ("other", "media", "other")],
)
def test_the_data_root_is_the_option_the_variable_or_the_current_folder(
    call: Any,
    runs: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    root: str | None,
    variable: str | None,
    expected: str,
) -> None:
    (tmp_path / "job.json").write_text('{"path": "/ffmpeg/probe", "body": {"input": "a.mp4"}}')
    if variable is not None:
        monkeypatch.setenv("FS_PATH", variable)
    call("run", "job.json", *(() if root is None else ("--root", root)))
    [settings] = runs.settings
    assert settings.data_root.absolute() == (tmp_path / expected).absolute()
    assert settings.allowed_roots == (Path("/"),)


def test_names_on_the_command_line_are_relative_to_the_current_folder(
    call: Any, runs: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FS_PATH", "/elsewhere")
    options = ("--features", "psnr, ssim,", "--subsample", "2", "--align", "off", "--output", "frames.json")
    call("vmaf", "a.mp4", "https://example.com/b.mp4", *options)
    [job] = runs.jobs
    assert isinstance(job, VmafJob)
    assert (job.data.input1, job.data.input2) == (str(tmp_path / "a.mp4"), "https://example.com/b.mp4")
    assert (job.data.features, job.data.subsample, job.data.align) == (("psnr", "ssim"), 2, "off")
    assert job.data.output == str(tmp_path / "frames.json")


def render(call: Any, runs: Any, folder: Path, *options: str, **body: Any) -> Any:
    """The job that `render` makes."""
    (folder / "film.json").write_text(json.dumps({**CANVAS, **body}))
    ended = call("render", "film.json", *options)
    assert runs.jobs, ended.stdout
    return runs.jobs[-1]


@pytest.mark.parametrize(
    ("options", "body", "name"),
    [
        ((), {}, "film.mp4"),
        (("-o", "out/a.webm"), {}, "out/a.webm"),
        ((), {"output": "own.mov"}, "own.mov"),
        (("--codec", "vp9"), {}, "film.webm"),
        (("--transparent",), {}, "film.mov"),
    ],
)
def test_the_name_of_a_rendered_video(
    call: Any, runs: Any, tmp_path: Path, options: tuple[str, ...], body: dict[str, Any], name: str
) -> None:
    job = render(call, runs, tmp_path, *options, **body)
    assert isinstance(job, CanvasJob)
    assert job.data.output == str(tmp_path / name)


def test_options_override_the_file(call: Any, runs: Any, tmp_path: Path) -> None:
    job = render(call, runs, tmp_path, "--crf", "30", "--from", "0.2", "--to", "0.8", quality="high", fps=10)
    assert (job.data.crf, job.data.quality) == (30, None)
    assert (job.data.startTime, job.data.endTime) == (0.2, 0.8)


def test_a_draft_is_small_and_fast_except_for_given_options(call: Any, runs: Any, tmp_path: Path) -> None:
    job = render(call, runs, tmp_path, "--draft", "--preset", "slow")
    assert (job.data.render_scale, job.data.quality, job.data.preset) == (0.5, "draft", "slow")
    assert render(call, runs, tmp_path, "--draft", "--crf", "20").data.quality is None


def test_a_preview_is_one_frame_of_the_same_composition(call: Any, runs: Any, tmp_path: Path) -> None:
    job = render(call, runs, tmp_path, "--preview", "0.5", "--scale", "0.5", crf=30)
    assert isinstance(job, PreviewJob)
    assert (job.data.t, job.data.width, job.data.output) == (0.5, 32, str(tmp_path / "preview.png"))


def test_a_poster_is_named_after_the_video(call: Any, runs: Any, tmp_path: Path) -> None:
    job = render(call, runs, tmp_path, "--poster", "0.5")
    assert str(tmp_path / "film-poster.png") in repr(job.data.poster)

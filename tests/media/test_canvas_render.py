"""Compositions as whole jobs: frames, timestamps, colors, opacity and sound of the output files."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import pytest_asyncio

from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.planning.composition.frame_ranges import split_frames
from support.extent import IS_FULL
from support.media.decode import frames_of, onsets, rgb_frames, sound_of
from support.media.sources import make
from support.recording_runtime import run_in_attempts
from support.reference.yuv import Floats, planes_of, psnr
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

RATE = Fraction(30000, 1001)
LONG_S = 600 if IS_FULL else 120
"""Seconds after which sound and picture that drift would be apart."""
PATCHES = {"#ff0000": (255, 0, 0), "#00ff00": (0, 255, 0), "#0000ff": (0, 0, 255), "#808080": (128, 128, 128)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    """A worker with four cores: it renders videos of more than four seconds in two ranges."""
    async with open_worker(tmp_path_factory.mktemp("worker"), max_concurrency=4) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one_core(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    """A worker that renders everything in one range."""
    async with open_worker(tmp_path_factory.mktemp("one-core"), max_concurrency=1) as opened:
        yield opened


async def render(worker: Worker, composition: dict[str, Any], output: str = "canvas.mp4", **more: Any) -> Path:
    """Render a composition and return the path of the output."""
    data = {"json": composition, "output": output, **more}
    result = await worker.run({"action": "canvas", "data": data})
    assert result.get("warnings", []) == []
    return worker.data / output


def moving(seconds: float = 6.0, **more: Any) -> dict[str, Any]:
    """Return a composition of a square that moves over a canvas of 64x36."""
    way = [{"time": 0, "value": 0}, {"time": seconds, "value": 56, "easing": "ease-in-out"}]
    square = {"type": "shape", "width": 8, "height": 8, "x": way, "y": 12, "fill": "#ffcc00"}
    return {
        "width": 64,
        "height": 36,
        "fps": 29.97,
        "duration": seconds,
        "background": "#203050",
        "layers": [square],
        **more,
    }


@pytest.mark.parametrize("output", ["a.mp4", "a.webm", "a.mkv", "a.mov"])
async def test_frames_of_joined_ranges_lie_where_they_should(worker: Worker, output: str) -> None:
    path = await render(worker, moving(), output)
    count = round(6 * RATE)
    assert len(split_frames(0, count, RATE, 2)) == 2
    times = [shown.time for shown in frames_of(path)]
    assert len(times) == count
    # Matroska timestamps are in milliseconds.
    most = Fraction(1, 1000) if output.endswith(("webm", "mkv")) else 0
    assert max(abs(time - number / RATE) for number, time in enumerate(times)) <= most


async def test_joined_ranges_are_what_one_range_is(worker: Worker, one_core: Worker) -> None:
    files = [await render(each, moving(), "lossless.mp4", quality="lossless") for each in (worker, one_core)]
    joined, whole = ([shown.pixels for shown in frames_of(path)] for path in files)
    assert len(joined) == len(whole)
    assert [number for number, pair in enumerate(zip(joined, whole, strict=True)) if not same(*pair)] == []


def same(one: Floats, other: Floats) -> bool:
    """Whether two lossless frames are equal."""
    return bool((one == other).all())


async def test_a_part_is_that_part_of_the_whole(worker: Worker) -> None:
    make(worker.data / "beeps.wav", "-f", "lavfi", "-i", _BEEPS.format(seconds=6))
    layers = [*moving()["layers"], {"type": "audio", "src": "beeps.wav"}]
    composition = moving(layers=layers)
    whole = await render(worker, composition, "whole.mp4", quality="lossless")
    part = await render(worker, composition, "part.mp4", quality="lossless", startTime=1.25, endTime=5.5)
    first, last = (int(seconds * RATE + Fraction(1, 2)) for seconds in (Fraction(5, 4), Fraction(11, 2)))
    frames = list(frames_of(part))
    wanted = [shown.pixels for shown in frames_of(whole)][first:last]
    assert len(frames) == last - first
    assert frames[0].time == 0
    assert all(same(shown.pixels, pixels) for shown, pixels in zip(frames, wanted, strict=True))
    beeps = onsets(np.abs(sound_of(part)), 48_000, least=0.05, apart_s=0.5)
    assert beeps == pytest.approx(np.arange(2, 6) - float(first / RATE), abs=0.005)


_BEEPS = "aevalsrc=if(lt(mod(t\\,1)\\,0.05)\\,sin(2*PI*1000*t)/2\\,0):s=48000:d={seconds}"


async def test_beeps_and_flashes_stay_together_for_minutes(worker: Worker) -> None:
    flash = f"color=black:s=64x36:r=10:d={LONG_S},drawbox=color=white:t=fill:enable='lt(mod(n\\,10)\\,1)'"
    make(
        worker.data / "flashes.mkv",
        *("-f", "lavfi", "-i", flash, "-f", "lavfi", "-i", _BEEPS.format(seconds=LONG_S)),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le"),
    )
    composition = {
        "width": 64,
        "height": 36,
        "fps": 12,
        "layers": [{"type": "video", "src": "flashes.mkv", "start": 2.3}],
    }
    path = await render(worker, composition, "flashes.mp4", quality="draft")
    light = np.array([shown.pixels[:36].mean() for shown in frames_of(path)])
    assert len(light) == int((LONG_S + 2.3) * 12 + 0.5)
    flashes = onsets(light, 12, least=128, apart_s=0.5)
    beeps = onsets(np.abs(sound_of(path)), 48_000, least=0.05, apart_s=0.5)
    # The layer's first frame is frame 28, at 2.333 s; its sound also starts there.
    wanted = np.arange(LONG_S) + 28 / 12
    assert flashes == pytest.approx(wanted, abs=0.5 / 12)
    assert beeps == pytest.approx(wanted, abs=0.005)


@pytest.mark.parametrize("source", ["shape", "png", "bt709", "bt601", "full"])
async def test_colors_come_out_as_they_went_in(worker: Worker, source: str) -> None:
    layers = []
    for number, color in enumerate(PATCHES):
        layer: dict[str, Any] = {"x": number * 16, "y": 0, "width": 16, "height": 36}
        if source == "shape":
            layer |= {"type": "shape", "fill": color}
        else:
            kind = "image" if source == "png" else "video"
            layer |= {"type": kind, "src": _patch(worker.data, color, source)}
        layers.append(layer)
    composition = {"width": 64, "height": 36, "fps": 10, "duration": 0.5, "layers": layers}
    path = await render(worker, composition, f"colours-{source}.mp4", quality="high")
    with av.open(str(path)) as file:
        context = file.streams.video[0].codec_context
        tags = (context.color_range, context.colorspace, context.color_primaries, context.color_trc)
        assert tags == (1, 1, 1, 1)  # limited range; primaries, transfer and matrix are BT.709
    frame = rgb_frames(path)[2]
    found = [frame[12:24, number * 16 + 4 : number * 16 + 12].mean((0, 1)) for number in range(4)]
    assert np.array(found) == pytest.approx(np.array(list(PATCHES.values())), abs=2)


def _patch(folder: Path, color: str, kind: str) -> str:
    """Make a file of one color with these color tags."""
    name = f"{color[1:]}-{kind}.{'png' if kind == 'png' else 'mp4'}"
    draw = ("-f", "lavfi", "-i", f"color={color}:s=32x32:r=10:d=0.5,format=gbrp")
    if kind == "png":
        make(folder / name, *draw, "-frames:v", "1", "-pix_fmt", "rgb24")
        return name
    matrix, form = ("smpte170m" if kind == "bt601" else "bt709"), ("pc" if kind == "full" else "tv")
    # The primaries stay BT.709; other primaries would change the color.
    tags = f"setparams=range={form}:colorspace={matrix}:color_primaries=bt709:color_trc=bt709"
    convert = f"scale=out_color_matrix={matrix}:out_range={form}:flags=accurate_rnd+full_chroma_int"
    make(folder / name, *draw, "-vf", f"{convert},format=yuv420p,{tags}", "-c:v", "libx264", "-qp", "0")
    return name


CLEAR = {
    "width": 64,
    "height": 32,
    "fps": 10,
    "duration": 0.5,
    "background": "transparent",
    "layers": [
        {"type": "shape", "x": 0, "y": 0, "width": 16, "height": 32, "fill": "#ff8000"},
        {"type": "shape", "x": 16, "y": 0, "width": 16, "height": 32, "fill": "#ff800080"},
        {"type": "group", "x": 32, "y": 0, "width": 16, "height": 32, "opacity": 0.25, "layers": [
            {"type": "shape", "fill": "#0080ff"},
        ]},
    ],
}  # fmt: skip
CLEAR_PATCHES = [(255, 128, 0, 255), (255, 128, 0, 128), (0, 128, 255, 64), (0, 0, 0, 0)]


WITHOUT_BACKGROUND = {key: value for key, value in CLEAR.items() if key != "background"}


@pytest.mark.parametrize(
    ("composition", "switch"),
    [(CLEAR, {"transparent": True}), (CLEAR, {}), (WITHOUT_BACKGROUND, {"transparent": True})],
    ids=["both", "background", "switch"],
)
@pytest.mark.parametrize(
    ("output", "codec", "within"),
    [("clear.webm", "libvpx-vp9", 4), ("clear.mov", None, 3), ("clear-%02d.png", None, 1)],
)
@pytest.mark.sampled(2)
async def test_opacity_comes_out_as_it_went_in(
    worker: Worker,
    output: str,
    codec: str | None,
    within: int,
    composition: dict[str, Any],
    switch: dict[str, Any],
) -> None:
    path = await render(worker, composition, output, quality="high", **switch)
    if "%" in output:
        names = sorted(file.name for file in worker.data.glob("clear-*.png"))
        assert names == [output % number for number in range(1, 6)]
        path = worker.data / names[2]
    *_, last = (shown.pixels for shown in frames_of(path, form="rgba", codec=codec))
    for number, wanted in enumerate(CLEAR_PATCHES):
        real = last[8:24, number * 16 + 5 : number * 16 + 11].mean((0, 1))
        assert real[3] == pytest.approx(wanted[3], abs=within)
        if wanted[3]:
            assert real[:3] == pytest.approx(wanted[:3], abs=within)


async def test_a_gif_is_clear_where_the_canvas_is_mostly_clear(worker: Worker) -> None:
    path = await render(worker, CLEAR, "clear.gif", transparent=True)
    frames = list(frames_of(path, form="rgba"))
    assert [float(shown.time) for shown in frames] == pytest.approx(np.arange(len(frames)) / 10)
    alpha = frames[0].pixels[16, ::16, 3] + frames[0].pixels[16, 8::16, 3]
    assert alpha.tolist() == [510, 510, 0, 0]


async def test_a_draft_is_the_same_in_small(worker: Worker) -> None:
    small = (await frames(worker, moving(2.0), "small.mp4", render_scale=0.5))[20]
    large = (await frames(worker, moving(2.0), "large.mp4"))[20]
    assert small.shape == (18, 32, 3)
    assert psnr(small, large.reshape(18, 2, 32, 2, 3).mean((1, 3))) >= 26


async def frames(worker: Worker, composition: dict[str, Any], output: str, **more: Any) -> list[Floats]:
    """Render losslessly and return the frames."""
    return rgb_frames(await render(worker, composition, output, quality="lossless", **more))


@pytest.mark.parametrize("moment", [0, 0.7, 1.99])
async def test_a_preview_is_the_frame_that_is_rendered(worker: Worker, moment: float) -> None:
    composition = moving(2.0)
    await worker.run({"action": "canvas_preview", "data": {"json": composition, "t": moment, "output": "p.png"}})
    (preview,) = (shown.pixels for shown in frames_of(worker.data / "p.png", form="rgb24"))
    luma = planes_of(preview / 255)[0]
    rendered = [planes_of(frame / 255)[0] for frame in await frames(worker, composition, "previewed.mp4")]
    number = min(int(moment * RATE + Fraction(1, 2)), len(rendered) - 1)
    scores = [psnr(luma, frame) for frame in rendered]
    assert scores[number] >= 42
    assert scores[number] == max(scores)


async def test_rows_of_variables_are_outputs_of_their_own(worker: Worker) -> None:
    fill = {"type": "shape", "fill": "{{color}}"}
    composition = {"width": 32, "height": 32, "fps": 10, "duration": 0.5, "layers": [fill]}
    rows = [{"color": color, "name": f"n{number}"} for number, color in enumerate(PATCHES)]
    data = {"json": {**composition, "variables": rows}, "output": "row-{{name}}.mp4", "quality": "high"}
    result = await worker.run({"action": "canvas", "data": data})
    names = [output["name"] for output in result["outputs"]]
    assert names == [f"row-n{number}.mp4" for number in range(4)]
    for name, truth in zip(names, PATCHES.values(), strict=True):
        assert rgb_frames(worker.data / name)[0].mean((0, 1)) == pytest.approx(truth, abs=2)


async def test_an_interrupted_batch_goes_on_with_the_rows_that_are_missing(worker: Worker) -> None:
    composition = {"width": 32, "height": 32, "fps": 10, "duration": 0.2, "variables": [{"n": "a"}, {"n": "b"}]}
    layers = [{"type": "text", "text": "{{n}}"}]
    data = {"json": {**composition, "layers": layers}, "output": "again-{{n}}.mp4"}
    root = worker.services.resources.scratch.root / "job-of-rows"
    root.mkdir()
    try:
        job = parse_job({"action": "canvas", "data": data})
        result, records = await run_in_attempts(worker.services.resources, job, root)
    finally:
        shutil.rmtree(root)
    assert [output["name"] for output in result.as_json()["outputs"]] == ["again-a.mp4", "again-b.mp4"]
    assert [records.runs[f"lane-0/step-{number}"] for number in range(4)] == [1] * 4

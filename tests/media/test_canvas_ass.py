"""ASS subtitles in compositions match FFmpeg's `ass` filter."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import pytest_asyncio

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.fonts import bundled_fonts
from ffmpeg_worker.planning.composition.video_plan import VideoPlan
from ffmpeg_worker.sandbox import sandbox
from ffmpeg_worker.sandbox.level import SandboxSupport
from ffmpeg_worker.sandbox.system_paths import READABLE
from support.attacks.attack_files import open_public_folder
from support.attacks.sandboxes import MACHINE, WITHOUT_LANDLOCK, needs_sandbox
from support.jobs.ass_scripts import PLAIN, script
from support.media.decode import frames_of, pixels_of_png, pixels_of_url
from support.media.sources import make
from support.reference.yuv import Floats, psnr
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

SIZE = {"width": 320, "height": 180, "fps": 30, "duration": 2}
ASS = {"type": "subtitles", "src": "x.ass"}
FONT = next(path for path in bundled_fonts() if path.stem == "Anton-Regular")
_BT709 = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
_LOSSLESS = ("-c:v", "libx264", "-qp", "0", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    """A worker with a detailed video, which shows every blending error, and a white one."""
    async with open_worker(tmp_path_factory.mktemp("worker"), max_concurrency=4) as opened:
        picture = ("-f", "lavfi", "-i", f"testsrc2=s=320x180:r=30:d=2,format=yuv420p,{_BT709}")
        make(opened.data / "film.mp4", *picture, *_LOSSLESS)
        shutil.copy(FONT, opened.data / "font.ttf")
        yield opened


def composed(*above: dict[str, Any], layer: dict[str, Any] = ASS, **canvas: Any) -> dict[str, Any]:
    """Return a composition: the subtitles on the video or a background, below other layers."""
    below = [] if "background" in canvas else [{"type": "video", "src": "film.mp4"}]
    return {**SIZE, **canvas, "layers": [*below, layer, *above]}


async def render(worker: Worker, ass: str, composition: dict[str, Any] | None = None, **data: Any) -> list[Floats]:
    """Render the composition and return its frames as lossless YUV."""
    (worker.data / "x.ass").write_text(ass)
    data = {"json": composition or composed(), "output": "o.mp4", "quality": "lossless", **data}
    result = await worker.run({"action": "canvas", "data": data})
    assert result.get("warnings", []) == []
    return [shown.pixels for shown in frames_of(worker.data / "o.mp4")]


async def still(worker: Worker, ass: str, t: float, composition: dict[str, Any] | None = None) -> Floats:
    """Return one frame as RGB."""
    (worker.data / "x.ass").write_text(ass)
    data = {"json": composition or composed(background="#000000"), "t": t}
    image = (await worker.run({"action": "canvas_preview", "data": data}))["image"]
    return pixels_of_url(image)


def picture_of(path: Path) -> Floats:
    """Return the pixels of an image file."""
    return pixels_of_png(path.read_bytes())


def drawn_by_ffmpeg(worker: Worker, ass: str) -> list[Floats]:
    """Return the frames that FFmpeg's filter alone renders, with the fonts of this package."""
    (worker.data / "x.ass").write_text(ass)
    graph = f"ass={worker.data / 'x.ass'}:fontsdir={FONT.parent}"
    path = make(worker.data / "ref.mp4", "-i", str(worker.data / "film.mp4"), "-vf", graph, *_LOSSLESS)
    return [shown.pixels for shown in frames_of(path)]


MOVING = {
    "standing still": (
        ("0:00:00.20", "0:00:01.90", r"{\pos(160,60)\an5\1c&H0000FF&\frz20\bord3\3c&H00FFFF&}Turned"),
        ("0:00:00.50", "0:00:01.50", r"{\an7\pos(30,30)\p1\1c&H00FF00&\1a&H60&}m 0 0 l 90 0 45 70{\p0}"),
    ),
    "fading": (("0:00:00.20", "0:00:01.80", r"{\fad(400,600)\bord2\shad3}Come and go"),),
    "karaoke": (
        ("0:00:00.00", "0:00:01.60", r"{\k40}Ka{\k40}ra{\k40}o{\k40}ke"),
        ("0:00:01.60", "0:00:02.00", r"{\kf20}Ka{\kf20}ra"),
    ),
    "moving": (("0:00:00.10", "0:00:01.50", r"{\move(20,150,300,30)\t(\frz90\fscx200)}Go"),),
    "overlapping": (PLAIN, ("0:00:01.00", "0:00:02.00", r"{\alpha&H80&\blur3\bord6}Another")),
}


@pytest.mark.parametrize("kind", MOVING)
async def test_frames_are_what_the_filter_draws_on_the_same_film(worker: Worker, kind: str) -> None:
    ass = script(*MOVING[kind])
    wanted = drawn_by_ffmpeg(worker, ass)
    found = await render(worker, ass)
    film = [shown.pixels for shown in frames_of(worker.data / "film.mp4")]
    assert len(found) == len(wanted) == 60
    # Only rounding and the chroma of edges differ: the filter halves its masks for chroma.
    assert min(psnr(one, other) for one, other in zip(found, wanted, strict=True)) > 50
    empty = [number for number, frame in enumerate(wanted) if np.array_equal(frame, film[number])]
    assert all(np.array_equal(found[number], film[number]) for number in empty)


async def test_soft_white_letters_on_white_stay_white(worker: Worker) -> None:
    soft = (("0:00:00.00", "0:00:02.00", r"{\blur8\fad(900,900)\alpha&H40&}White"),)
    ass = script(*soft, line="&H30FFFFFF", outline=6)
    frames = await render(worker, ass, composed(background="#ffffff"))
    assert min(frame[:180].min() for frame in frames) >= 235 - 2
    assert max(np.abs(frame[180:] - 128).max() for frame in frames) <= 2
    assert (await still(worker, ass, 1.0))[..., 0].max() > 180


async def test_colors_are_as_they_are_written_whatever_the_matrix(worker: Worker) -> None:
    for matrix in ("TV.601", "TV.709", "None", ""):
        ass = script(("0:00:00.00", "0:00:02.00", r"{\an7\pos(0,0)\p1\1c&H2060E0&}m 0 0 l 320 0 320 180 0 180"))
        ass = ass.replace("YCbCr Matrix: TV.709", f"YCbCr Matrix: {matrix}" if matrix else "")
        assert np.abs((await still(worker, ass, 1.0)).mean((0, 1)) - [0xE0, 0x60, 0x20]).max() < 3


async def test_half_an_opacity_is_half(worker: Worker) -> None:
    half = r"{\an7\pos(0,0)\p1\1c&HFFFFFF&\1a&H80&}m 0 0 l 320 0 320 180 0 180"
    ass = script(("0:00:00.00", "0:00:02.00", half))
    assert (await still(worker, ass, 1.0)).mean() == pytest.approx(127, abs=2)
    data = {"json": composed(background="transparent"), "output": "half.png", "startTime": 1, "transparent": True}
    await worker.run({"action": "canvas", "data": data})
    clear = cv2.imread(str(worker.data / "half.png"), cv2.IMREAD_UNCHANGED)
    assert clear is not None
    assert np.abs(clear.mean((0, 1)) - [255, 255, 255, 127]).max() < 2


async def test_a_layer_like_any_other(worker: Worker) -> None:
    full = script(("0:00:00.00", "0:00:01.00", r"{\an7\pos(0,0)\p1}m 0 0 l 320 0 320 180 0 180"))
    cover = {"type": "shape", "width": 160, "height": 180, "x": 0, "y": 0, "fill": "#ff0000"}
    layer = {**ASS, "start": 0.5, "opacity": 0.5, "transition": {"in": {"type": "fade", "duration": 0.2}}}
    looks = [
        await still(worker, full, t, composed(cover, layer=layer, background="#000000", duration=3))
        for t in (0.4, 0.6, 1.0, 1.6)
    ]
    left, right = [look[90, 80] for look in looks], [look[90, 240].mean() for look in looks]
    assert all(np.abs(color - [255, 0, 0]).max() <= 3 for color in left)
    assert right[0] == right[3] == 0
    assert 20 < right[1] < 110
    assert right[2] == pytest.approx(128, abs=2)


@pytest.mark.parametrize("box", [{"width": 160}, {"width": 160, "height": 120}])
async def test_a_box_places_and_scales_the_whole_picture(worker: Worker, box: dict[str, int]) -> None:
    full = script(("0:00:00.00", "0:00:02.00", r"{\an7\pos(0,0)\p1}m 0 0 l 320 0 320 180 0 180"))
    picture = await still(
        worker, full, 1.0, composed(layer={**ASS, **box, "x": 10, "y": 10}, background="#000000")
    )
    rows, columns = np.nonzero(picture.mean(-1) > 128)
    assert (columns.min(), columns.max()) == (10, 169)
    assert rows.max() - rows.min() == 89


async def test_in_a_group_it_is_as_large_as_the_group_and_counts_from_it(worker: Worker) -> None:
    full = script(("0:00:00.50", "0:00:01.00", r"{\an7\pos(0,0)\p1}m 0 0 l 320 0 320 180 0 180"))
    group = {"type": "group", "start": 0.5, "width": 100, "height": 50, "x": 20, "y": 20, "layers": [ASS]}
    before, during = [
        await still(worker, full, t, composed(layer=group, background="#000000")) for t in (0.8, 1.2)
    ]
    assert before.max() == 0
    rows, columns = np.nonzero(during.mean(-1) > 128)
    # The script's size keeps its aspect ratio and is as high as the group.
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (20, 69, 20, 119)


async def test_a_preview_and_a_part_show_what_the_whole_does(worker: Worker) -> None:
    ass = script(*MOVING["moving"], *MOVING["karaoke"])
    whole = await render(worker, ass)
    part = await render(worker, ass, startTime=0.7, endTime=1.3)
    assert len(part) == 18
    assert all(np.array_equal(one, other) for one, other in zip(part, whole[21:39], strict=True))
    data = {"json": composed(), "output": "p.png", "startTime": 1.0}
    await worker.run({"action": "canvas", "data": data})
    image = (await worker.run({"action": "canvas_preview", "data": {"json": composed(), "t": 1.0}}))["image"]
    assert np.array_equal(pixels_of_url(image), picture_of(worker.data / "p.png"))


async def test_a_draft_is_the_same_in_small(worker: Worker) -> None:
    ass = script(PLAIN, outline=4, shadow=3).replace("[V4+", "ScaledBorderAndShadow: no\n[V4+")
    composition = composed(width=640, height=360, background="#4060a0")
    whole = (await render(worker, ass, composition))[30][:360]
    small = (await render(worker, ass, composition, render_scale=0.5))[30][:180]
    halved = whole.reshape(180, 2, 320, 2).mean((1, 3))
    assert psnr(small, halved) > 30


async def test_the_compositions_fonts_go_by_its_names_for_them(worker: Worker) -> None:
    fonts: dict[str, Any] = {"fonts": [{"family": "Brand & <Co>", "src": "font.ttf"}], "background": "#000000"}
    named, true = [
        await still(worker, script(PLAIN, font=font), 1.0, composed(**fonts)) for font in ("Brand & <Co>", "Anton")
    ]
    other = await still(worker, script(PLAIN, font="Lora"), 1.0, composed(**fonts))
    assert named.max() > 200
    assert np.array_equal(named, true)
    assert not np.array_equal(named, other)


async def test_a_style_of_the_layer_shows_texts_in_that_style_and_says_what_is_lost(worker: Worker) -> None:
    (worker.data / "x.ass").write_text(script(*MOVING["standing still"]))
    composition = composed(layer={**ASS, "style": {"font_size": 20}})
    result = await worker.run({"action": "canvas_preview", "data": {"json": composition, "t": 1.0}})
    [warning] = result["warnings"]
    assert "are dropped" in warning
    lint = {"action": "canvas", "data": {"json": composed(), "output": "o.mp4", "lint": True}}
    assert (await worker.run(lint))["remarks"] == []


async def test_without_libass_texts_are_shown_and_a_warning_says_so(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    capabilities = worker.services.tools.capabilities
    (worker.data / "x.ass").write_text(script(*MOVING["standing still"]))
    object.__setattr__(capabilities, "filters", capabilities.filters - {"ass"})
    try:
        composition = composed(background="#000000")
        result = await worker.run({"action": "canvas_preview", "data": {"json": composition, "t": 1.0}})
    finally:
        object.__setattr__(capabilities, "filters", capabilities.filters | {"ass"})
    assert "are dropped" in result["warnings"][0]
    assert pixels_of_url(result["image"]).max() > 200


async def test_rows_of_variables_share_what_is_equal_and_draw_what_is_not(worker: Worker) -> None:
    (worker.data / "x.ass").write_text(script(PLAIN))
    (worker.data / "y.ass").write_text(script(PLAIN, color="&H000000FF"))
    layer = {"type": "subtitles", "src": "{{src}}.ass"}
    rows = [{"src": "x"}, {"src": "y"}, {"src": "x"}]
    composition = composed(layer=layer, background="#000000", variables=rows)
    data = {"json": composition, "output": "row.png", "startTime": 1.0}
    result = await worker.run({"action": "canvas", "data": data})
    first, second, third = [picture_of(worker.data / output["name"]) for output in result["outputs"]]
    assert np.array_equal(first, third)
    assert not np.array_equal(first, second)


async def outcome(worker: Worker, job: dict[str, Any]) -> dict[str, Any]:
    """Return the result of a job, or its error."""
    try:
        return await worker.run(job)
    except WorkerError as error:
        return error.as_problem()


HOSTILE = {
    "huge letters": r"{\fs99999\fscx9999\fscy9999\bord9999\blur1000\be1000}X",
    "a huge drawing": r"{\p1}" + "m 0 0 l 9999999 9999999 -9999999 5 b 1 2 3 4 5 6 " * 400,
    "nested times": r"{\t(0,1,\t(\t(\fs9\frz99999)))\move(1e9,nan,-1,2)\fad(99999999,1)\k-5\kf}" * 300 + "X",
    "unclosed": r"{\pos(" * 1000,
    "far away": r"{\pos(1e30,-1e30)\org(9e9,9e9)\fax1e9\frx89.9999\fscx1e9}far away",
}


@pytest.mark.parametrize("kind", HOSTILE)
async def test_hostile_cues_end_with_a_picture_or_an_error_about_the_subtitles(worker: Worker, kind: str) -> None:
    cues = [("0:00:00.00", "0:00:02.00", HOSTILE[kind]), ("-1:00:00.00", "9:99:99.99", "x"), ("x", "y", "z")]
    (worker.data / "x.ass").write_text(script(*cues))
    job = {"action": "canvas_preview", "data": {"json": composed(), "t": 1.0}, "timeout": 20}
    found = await outcome(worker, job)
    assert "image" in found or found["where"]["field"] == "layers[1].src"
    assert worker.leftovers() == []


@pytest.mark.parametrize(
    "text",
    [
        "[Events]\nDialogue: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,No head at all",
        script(PLAIN).replace("PlayResX: 320\nPlayResY: 180\n", ""),
        script(PLAIN).replace("[Events]", "[Fonts]\nfontname: a.ttf\n" + "M" * 4000 + "\n~~~\n\n[Events]"),
        script(PLAIN).replace("\n", "\r\n"),
        script(PLAIN).replace("PlayResX: 320", "PlayResX: -99999999999999999999"),
    ],
)
async def test_odd_files_are_drawn(worker: Worker, text: str) -> None:
    assert (await still(worker, text, 0.8)).shape == (180, 320, 3)


async def test_ranges_of_a_video_draw_their_own_part(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two renderers side by side read the subtitles of their frames; the first one begins before these appear."""
    monkeypatch.setattr("ffmpeg_worker.planning.composition.frame_ranges.MIN_RANGE_S", 1.0)
    monkeypatch.setattr(VideoPlan, "at_once", 2)
    karaoke = script(("0:00:00.40", "0:00:01.80", r"{\fad(200,200)}{\kf40}One {\kf40}two {\kf60}three"))
    layer = {**ASS, "start": 0.1}
    found = await render(worker, karaoke, composed(layer=layer))
    monkeypatch.undo()
    # With a poster, the subtitles are drawn into a file before.
    truth = await render(worker, karaoke, composed(layer=layer), poster=1)
    assert len(found) == len(truth) == 60
    assert all(np.array_equal(one, other) for one, other in zip(found, truth, strict=True))


async def test_a_file_without_cues_is_told_with_its_place(worker: Worker) -> None:
    (worker.data / "x.ass").write_text(script(("0:00:02.00", "0:00:01.00", "ends before it begins")))
    error = await worker.fail({"action": "canvas_preview", "data": {"json": composed(), "t": 0}})
    assert (error.code, error.where["field"]) == ("unreadable_subtitles", "layers[1].src")
    assert error.hint


async def test_what_takes_too_long_is_stopped(worker: Worker) -> None:
    heavy = r"{\blur100\bord60\t(\frz3600\fscx400)}" + "Heavy " * 40
    cues = [("0:00:00.00", "1:00:00.00", heavy)] * 40
    (worker.data / "x.ass").write_text(script(*cues))
    composition = composed(duration=3600)
    job = {"action": "canvas", "data": {"json": composition, "output": "o.mp4"}, "timeout": 1}
    assert (await worker.fail(job)).code == "timed_out"


@needs_sandbox
async def test_too_little_memory_is_said_in_words_of_the_subtitles(tmp_path: Path) -> None:
    async with open_worker(tmp_path, max_memory_bytes=180 << 20) as small:
        small.data.mkdir(exist_ok=True)
        (small.data / "x.ass").write_text(script(PLAIN))
        composition = composed(background="#000000", width=4096, height=2304)
        error = await small.fail({"action": "canvas_preview", "data": {"json": composition, "t": 1}})
    assert (error.code, error.where) == ("out_of_memory", {"field": "layers[0].src"})
    assert "_ass" not in f"{error.message}{error.hint}{error.stderr}"


KINDS: dict[str, tuple[SandboxSupport, str]] = {
    "a user of its own": (MACHINE, "require"),
    "a root of its own": (WITHOUT_LANDLOCK, "require"),
    "nothing": (MACHINE, "off"),
}


@needs_sandbox
@pytest.mark.parametrize("kind", KINDS)
async def test_fonts_are_found_in_every_kind_of_sandbox(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    machine, wanted = KINDS[kind]
    monkeypatch.setattr(sandbox, "detect_sandbox_support", lambda _: machine)
    fonts: dict[str, Any] = {"fonts": [{"family": "Mine", "src": "font.ttf"}], "background": "#000000"}
    with open_public_folder() as root:
        (root / "data").mkdir()
        shutil.copy(FONT, root / "data" / "font.ttf")
        async with open_worker(root, sandbox=wanted) as worker:
            mine, own = [
                await still(worker, script(PLAIN, font=font), 1.0, composed(**fonts)) for font in ("Mine", "Lora")
            ]
    # Anton has narrow, heavy letters; Lora has wide, light ones.
    wide = [np.ptp(np.nonzero(picture.mean(-1) > 128)[1]) for picture in (mine, own)]
    assert wide == [pytest.approx(39, abs=2), pytest.approx(55, abs=2)]


@needs_sandbox
async def test_a_machine_without_fonts_draws_with_those_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "READABLE", tuple(path for path in READABLE if "font" not in path))
    with open_public_folder() as root:
        (root / "data").mkdir()
        async with open_worker(root, sandbox="require") as worker:
            unknown = await still(worker, script(PLAIN, font="Nobody Has This"), 1.0)
            inter = await still(worker, script(PLAIN, font="Inter"), 1.0)
            hebrew = await still(worker, script((*PLAIN[:2], "\u05e9\u05dc\u05d5\u05dd")), 1.0)
    assert inter.max() > 200
    assert np.array_equal(unknown, inter)
    assert hebrew.max() > 200

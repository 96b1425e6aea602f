"""Plans videos whose frames are copied from sources where no pixel changes, and rendered elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.job.media import MediaInfo
from ffmpeg_worker.planning.composition.copied_ranges import Copies, choose_copies, find_source_parts
from ffmpeg_worker.planning.composition.copyable_clips import ClipSpan, find_clip_spans
from ffmpeg_worker.planning.composition.frame_ranges import container_options, split_frames
from ffmpeg_worker.planning.composition.video_plan import VideoPlan
from ffmpeg_worker.planning.placed_files import Folder
from ffmpeg_worker.planning.steps import FrameRange, JoinStep, Step
from ffmpeg_worker.planning.stream_copy.coded_frames import CodedFrames
from ffmpeg_worker.planning.stream_copy.copy_request import CopyRequest
from ffmpeg_worker.planning.stream_copy.join_order import JoinedPiece, JoinOrder

_CODECS = {"h264": "H.264", "hevc": "HEVC"}
_BT709_LIMITED = (1, 1, 1, 1)


def request_copies(plans: Sequence[VideoPlan], media: Mapping[str, MediaInfo]) -> CopyRequest | None:
    """Return which packets a job needs to know before its frames can be copied.

    `media` is by staged file. `None`: nothing can be copied, and the caller does not ask why.
    """
    first = plans[0]
    is_wanted = first.data.smart_render is True
    reason = _find_reason(plans)
    spans: tuple[ClipSpan, ...] = ()
    if not reason:
        spans = find_clip_spans(first.resolved.scene, first.part, media, first.data.chosen_codec)
        name = _CODECS[first.data.chosen_codec]
        reason = "" if spans else f"no frame shows only one {name} clip as it is, in the size of the canvas"
    if reason and not is_wanted:
        return None
    parts = find_source_parts(first.resolved.scene, spans)
    return CopyRequest(parts, partial(plan_with_copies, first, spans), is_wanted=is_wanted, reason=reason)


def _find_reason(plans: Sequence[VideoPlan]) -> str:
    data = plans[0].data
    if data.smart_render is False:
        return "it is switched off"
    if len(plans) > 1:
        return "the composition has several rows of variables"
    if data.chosen_codec not in _CODECS or data.keeps_alpha:
        return "only H.264 and HEVC videos are copied"
    if data.vfi is not None:
        return "frames are interpolated"
    if data.smart_render is None and (data.crf is not None or data.quality is not None):
        return '"crf" or "quality" asks for another encoding'
    return '"quality" is lossless' if data.quality == "lossless" else ""


def plan_with_copies(
    plan: VideoPlan, spans: Sequence[ClipSpan], coded: Mapping[str, CodedFrames]
) -> tuple[Step, ...]:
    """Plan a video that is copied in part; `coded` are the frames of its sources.

    Raises:
        NotCopied: nothing can be copied.
    """
    copies = choose_copies(plan.resolved.scene, spans, coded)
    preparations = (step for _, step in plan.preparations())
    return (*preparations, *_plan_joined(plan, copies), *plan.poster())


def _plan_joined(plan: VideoPlan, copies: Copies) -> Iterator[Step]:
    rendered = list(_find_rendered(plan, copies))
    encoding = plan.encoding(max(plan.machine.cores // min(max(len(rendered), 1), plan.at_once), 1))
    sound, beside = plan.plan_audio(encoding)
    ranges: list[FrameRange] = []
    begin = plan.part[0]
    pieces = {
        one.first: JoinedPiece(one.file, range(one.first - begin, one.last - begin), one.packets)
        for one in copies.ranges
    }
    for number, (first, last) in enumerate(rendered):
        name = f"{plan.scratch_stem}-{number}.mp4"
        ranges.append(plan.frame_range(first, last, encoding, name, *copies.encoder_options))
        pieces[first] = JoinedPiece(name, range(first - begin, last - begin))
    if ranges or beside:
        yield plan.render_step(tuple(ranges), encoding, beside)
    yield _join(plan, tuple(pieces[first] for first in sorted(pieces)), sound)


def _find_rendered(plan: VideoPlan, copies: Copies) -> Iterator[tuple[int, int]]:
    """Yield the ranges of frames between the copied ones."""
    edges = (plan.part[0], *(edge for one in copies.ranges for edge in (one.first, one.last)), plan.part[1])
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        if first < last:
            yield from split_frames(first, last, plan.rate, plan.at_once)


def _join(plan: VideoPlan, pieces: tuple[JoinedPiece, ...], sound: str | None) -> JoinStep:
    order = JoinOrder(pieces, f"{plan.scratch_stem}-video.mp4", 1 / plan.rate, color=_BT709_LIMITED)
    is_tagged = plan.data.chosen_codec == "hevc" and not plan.name.lower().endswith(".mkv")
    tag = ("-tag:v", "hvc1") if is_tagged else ()
    arguments = (
        *("-i", f"file:{order.output}", *(("-i", f"file:{sound}") if sound else ())),
        *("-map", "0:v:0", *(("-map", "1:a:0") if sound else ()), "-c", "copy", *tag),
        *(*container_options(plan.name), f"file:{plan.work_name}"),
    )
    folder = plan.work_name.rpartition("/")[0]
    setup = (Folder(folder),) if folder else ()
    return JoinStep(order, plan.resolved.scene.fps, Invocation(arguments), float(plan.length_s), setup)

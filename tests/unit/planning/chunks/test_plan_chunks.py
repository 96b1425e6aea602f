"""The commands of the pieces of a split encode."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from ffmpeg_worker.job.local_files import LocalFile, LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.chunks.decide_split import Split
from ffmpeg_worker.planning.chunks.piece_job import as_job
from ffmpeg_worker.planning.chunks.plan_chunks import ChunkPlan, plan_chunks, plan_piece
from ffmpeg_worker.planning.chunks.read_splittable import read_splittable
from ffmpeg_worker.planning.commands.plan_chain import plan_chain
from ffmpeg_worker.planning.commands.read_chain import read_chain
from ffmpeg_worker.planning.placed_files import Folder, TextFile

FILES = LocalFiles({"film": LocalFile(Path("/in/film.mp4"), "film.mp4", 1)})
MACHINE = Machine(2, option_policy=False)
SPLIT = Split((0, 1000, 2000), Fraction(30000, 1001), Fraction(1001, 15000), ("default",))


def plan(options: str, split: Split = SPLIT) -> ChunkPlan:
    chain = read_chain([("-i", "{{film}}", *options.split())], (), FILES.by_key, option_policy=False)
    return plan_chunks(plan_chain(chain, FILES, None), read_splittable(chain), split, FILES, MACHINE)


def test_chunks_have_the_frames_between_two_times_and_keep_their_timestamps() -> None:
    first, second = plan("-vf hflip -crf 20 -c:a aac o.mp4").chunks
    assert first.command == tuple(
        "-copyts -start_at_zero -i {{film}} -map 0:v:0 -map_chapters -1 -crf 20 -vf trim=end=33.416717,hflip "
        "chunk-000.mp4".split()
    )
    assert second.command == tuple(
        "-copyts -start_at_zero -ss 33.416717 -noaccurate_seek -i {{film}} -map 0:v:0 -map_chapters -1 -crf 20 "
        "-vf trim=start=33.416717,hflip chunk-001.mp4".split()
    )
    assert (first.output, first.frames, second.frames) == ("chunk-000.mp4", 1000, 1000)


def test_other_streams_are_encoded_once() -> None:
    rest = plan("-c:a aac -af loudnorm -crf 20 o.mp4").rest
    assert rest is not None
    assert rest.command == tuple("-i {{film}} -vn -map_chapters -1 -c:a aac -af loudnorm rest.mp4".split())
    chosen = plan("-map 0 -c:a aac o.mkv", Split((0, 1, 2), others=(1, 3))).rest
    assert chosen is not None
    assert chosen.command == tuple("-i {{film}} -map 0:1 -map 0:3 -map_chapters -1 -c:a aac rest.mkv".split())
    assert plan("-map 0:v o.mp4", Split((0, 1, 2), others=())).rest is None


def test_the_join_copies_everything_into_the_output() -> None:
    join = plan("-c:a aac -movflags +faststart -metadata title=x out/o.mp4").join
    assert join.invocation.arguments == tuple(
        "-copyts -i file:_in/film.mp4 -itsoffset 0.066733 -f concat -i chunks.ffconcat -i file:rest.mp4 "
        "-map 1:v:0 -map 2 -c copy -disposition:v:0 default -movflags +faststart -metadata title=x "
        "file:out/o.mp4".split()
    )
    assert join.setup == (
        Folder("out"),
        TextFile(
            "chunks.ffconcat",
            "ffconcat version 1.0\nfile chunk-000.mp4\nduration 33.366667\n"
            "file chunk-001.mp4\nduration 33.366667\n",
        ),
    )


def test_matroska_rounds_to_milliseconds() -> None:
    plan_of_16 = plan("o.mkv", Split((0, 401, 803), Fraction(16), Fraction(1, 16)))
    (listing,) = plan_of_16.join.setup
    assert isinstance(listing, TextFile)
    assert [line.split()[1] for line in listing.text.splitlines() if line.startswith("duration")] == [
        "25.062000",
        "25.125000",
    ]
    assert "0.063000" in plan_of_16.join.invocation.arguments


def test_metadata_may_be_left_out() -> None:
    found = plan("-map_metadata -1 -map_chapters -1 o.mp4")
    assert all("-map_metadata" in piece.command for piece in found.pieces)
    assert "-map_metadata:g" in found.join.invocation.arguments


def test_titles_are_written_again() -> None:
    found = plan("o.mp4", Split((0, 1, 2), titles=("Picture", "", "Sound")))
    text = " ".join(found.join.invocation.arguments)
    assert "-metadata:s:0 title=Picture -metadata:s:2 title=Sound" in text
    assert "-disposition:v:0 0" in text


def test_a_piece_is_a_job_of_its_own() -> None:
    piece = plan("-crf 20 o.mp4").chunks[0]
    inputs = {"film": {"url": "https://example.com/a.mp4", "headers": {"Authorization": "x"}}}
    assert as_job(piece, inputs) == {
        "action": "process",
        "data": {"chainCmds": [list(piece.command)], "output": "chunk-000.mp4"},
        "inputs": inputs,
    }
    assert "inputs" not in as_job(piece, None)


def test_a_piece_runs_here_with_staged_names_and_limits() -> None:
    step = plan_piece(plan("-crf 20 -threads 64 o.mp4").chunks[1], FILES, Machine(2))
    arguments = step.invocation.arguments
    assert arguments[arguments.index("-i") + 1] == "file:_in/film.mp4"
    assert arguments[-1] == "file:chunk-001.mp4"
    assert "-protocol_whitelist" in arguments
    assert arguments[arguments.index("-threads") + 1] == "2"

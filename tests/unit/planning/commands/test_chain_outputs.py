"""The results of a chain, the files beside them, and the files that commands pass on."""

from __future__ import annotations

import shlex

import pytest

from ffmpeg_worker.planning.artifact import Artifact
from ffmpeg_worker.planning.commands.chain_outputs import find_artifacts, find_passing_files
from ffmpeg_worker.planning.commands.read_chain import Chain, read_chain


def chain(text: str, *outputs: str) -> Chain:
    commands = [tuple(shlex.split(part)) for part in text.split(" && ")]
    return read_chain(commands, outputs, {}, option_policy=False)


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("-i a -i b -lavfi psnr=p.log o.mp4", ["p.log"]),
        ("-i a -i b -lavfi psnr=f=p.log o.mp4", ["p.log"]),
        ("-i a -i b -lavfi [0][1]ssim=p.log;[0][1]psnr=f='q r.log' o.mp4", ["p.log", "q r.log"]),
        ("-i a -i b -lavfi xpsnr=stats_file=x.log o.mp4", ["x.log"]),
        ("-i a -i b -lavfi libvmaf=log_path=v.xml o.mp4", ["v.xml"]),
        ("-i a -vf signature=off:1:s.bin o.mp4", ["s.bin"]),
        ("-i a -vf signature=filename=s.bin o.mp4", ["s.bin"]),
        ("-i a -vf vidstabdetect o.mp4", ["transforms.trf"]),
        ("-i a -vf vidstabdetect=shakiness=9 o.mp4", ["transforms.trf"]),
        ("-i a -vf vidstabdetect=t.trf o.mp4", ["t.trf"]),
        ("-i a -af loudnorm=stats_file=l.json o.mp4", ["l.json"]),
        ("-i a -vf curves=plot=c.gnuplot o.mp4", ["c.gnuplot"]),
        ("-i a -vstats_file v.log o.mp4", ["v.log"]),
        ("-i a -f segment -segment_list l.csv o%d.ts", ["l.csv"]),
        ("-dump_attachment:t:0 f.ttf -i a o.mp4", ["f.ttf"]),
        ("-i a -i b -lavfi psnr=f=- o.mp4", []),
        ("-i a -vf lut3d=look.cube,subtitles=s.srt o.mp4", []),
    ],
)
def test_side_files_come_last_and_may_be_missing(text: str, sides: list[str]) -> None:
    own, *rest = find_artifacts(chain(text))
    assert (own.is_side, own.is_optional) == (False, False)
    assert rest == [Artifact(name, name, is_media=False, is_side=True, is_optional=True) for name in sides]


def test_named_side_files_must_be_there() -> None:
    artifacts = find_artifacts(chain("-i a -i b -lavfi psnr=p.log o.mp4", "p.log", "o.mp4"))
    assert [(one.name, one.is_side, one.is_optional) for one in artifacts] == [
        ("p.log", True, False),
        ("o.mp4", False, False),
    ]


@pytest.mark.parametrize(
    ("text", "outputs", "passing"),
    [
        ("-i a b.mp4 && -i b.mp4 c.mp4", (), {"b.mp4"}),
        ("-i a b.mp4 && -i a c.mp4", (), set()),
        ("-i a b.mp4 && -i a c.mp4", ("c.mp4",), {"b.mp4"}),
        ("-i a b.mp4 c.mp4", ("c.mp4",), set()),
        ("-i a -vf vidstabdetect -f null - && -i a -vf vidstabtransform b.mp4", (), {"transforms.trf"}),
        ("-i a -vf vidstabdetect=t.trf -f null - && -i a -vf vidstabtransform=t.trf b.mp4", (), {"t.trf"}),
        ("-i a -pass 1 -f null -", (), set()),
        ("-i a -pass 1 -f null - && -i a -pass 2 b.mp4", (), {"ffmpeg2pass-*.log*", "x265_2pass.log*"}),
        (
            "-i a -pass 1 -passlogfile p -f null - && -i a -pass 2 -passlogfile p b.mp4",
            (),
            {"ffmpeg2pass-*.log*", "x265_2pass.log*", "p-*.log*"},
        ),
        (
            "-i a -x265-params pass=1 -f null - && -i a -x265-params crf=1:pass=2 b.mp4",
            (),
            {"ffmpeg2pass-*.log*", "x265_2pass.log*"},
        ),
    ],
)
def test_files_for_later_commands(text: str, outputs: tuple[str, ...], passing: set[str]) -> None:
    assert find_passing_files(chain(text, *outputs)) == passing


def test_a_side_file_that_a_later_command_reads_is_no_result() -> None:
    text = "-i a -vf vidstabdetect -f null - && -i a -vf vidstabtransform b.mp4"
    assert [one.name for one in find_artifacts(chain(text))] == ["b.mp4"]

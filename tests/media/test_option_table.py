"""The option table matches the embedded FFmpeg, and every name in it has a rule.

`./run rewrite` updates the table; these tests then list the new names that need a rule.
"""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from ffmpeg_worker.planning.option_policy import filters, formats, media_options, program_options
from ffmpeg_worker.planning.option_policy.option_table import TABLE_FILE, parse_option_table
from ffmpeg_worker.planning.option_policy.rule import index_by_name
from support.docs.option_help import read_option_table
from support.media.sources import FFMPEG

OPTIONS = index_by_name((*program_options.PROGRAM_OPTIONS, *media_options.MEDIA_OPTIONS))
FILTERS = index_by_name(filters.FILTERS)
FILTER_OPTIONS = index_by_name(filters.FILTER_OPTIONS)


@pytest.fixture(scope="module")
def shipped() -> str:
    """The table of the embedded FFmpeg, as text."""
    text = read_option_table(FFMPEG)
    if os.environ.get("UPDATE_GOLDEN"):
        TABLE_FILE.write_text(text, encoding="ascii")
    return text


def test_golden_table_is_that_of_the_embedded_ffmpeg(shipped: str) -> None:
    found, kept = parse_option_table(shipped), parse_option_table(TABLE_FILE.read_text(encoding="ascii"))
    for part in ("scalars", "texts", "demuxers", "muxers", "protocols", "bitstream_filters"):
        assert getattr(found, part) == getattr(kept, part), part
    assert found.filters == kept.filters


@pytest.mark.parametrize(
    ("part", "rules"),
    [
        ("texts", OPTIONS),
        ("filters", FILTERS),
        ("demuxers", index_by_name(formats.DEMUXERS)),
        ("muxers", index_by_name(formats.MUXERS)),
        ("protocols", index_by_name(formats.PROTOCOLS)),
        ("bitstream_filters", index_by_name(formats.BITSTREAM_FILTERS)),
    ],
)
def test_every_name_has_a_rule(shipped: str, part: str, rules: dict[str, object]) -> None:
    assert sorted(set(getattr(parse_option_table(shipped), part)) - rules.keys()) == []


def test_every_text_option_of_a_filter_has_a_rule(shipped: str) -> None:
    table = parse_option_table(shipped)
    texts = [(name, word[:-1]) for name in table.filters for word in table.options_of(name) if word.endswith("$")]
    # test_every_name_has_a_rule reports the filters without a rule.
    accepted = [one for one in texts if one[0] in FILTERS and FILTERS[one[0]].kind.name != "REFUSED"]
    missing = [f"{name}.{o}" for name, o in accepted if not {o, f"{name}.{o}"} & FILTER_OPTIONS.keys()]
    assert missing == []


def test_every_option_of_the_program_has_a_rule() -> None:
    text = subprocess.run(
        [FFMPEG, "-hide_banner", "-h", "full"], capture_output=True, text=True, check=True
    ).stdout.partition("AVOptions:")[0]
    names = set(re.findall(r"^-(\w+)", text, re.MULTILINE)) - {"f", "i"}
    assert sorted(names - OPTIONS.keys()) == []

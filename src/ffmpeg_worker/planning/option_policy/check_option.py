"""One option with its value: let in by what was reviewed, else by its type, else not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ffmpeg_worker.command.filter_graph import Filter, Text, UnreadableGraphError, read_graph, read_pairs
from ffmpeg_worker.command.flag_options import is_flag
from ffmpeg_worker.planning.option_policy.check_value import judge_format, judge_value
from ffmpeg_worker.planning.option_policy.filters import FILTER_OPTIONS, FILTERS
from ffmpeg_worker.planning.option_policy.media_options import MEDIA_OPTIONS
from ffmpeg_worker.planning.option_policy.option_table import option_table
from ffmpeg_worker.planning.option_policy.program_options import PROGRAM_OPTIONS
from ffmpeg_worker.planning.option_policy.refusal import Subject, quoted
from ffmpeg_worker.planning.option_policy.rule import Kind, Review, by_name
from ffmpeg_worker.planning.option_policy.safe_names import is_own_name

MAX_FILTERS = 400
_OPTIONS = by_name((*PROGRAM_OPTIONS, *MEDIA_OPTIONS))
_FILTERS = by_name(FILTERS)
_FILTER_OPTIONS = by_name(FILTER_OPTIONS)
_EVERY_FILTER_HAS = frozenset({"enable", "threads", "thread_type", "extra_hw_frames"})
_FORMAT_KINDS = frozenset({Kind.INPUT_FORMAT, Kind.OUTPUT_FORMAT})
# Brackets inside further quotation marks would make it unclear where the options end.
_TEE_ENTRY = re.compile(r"(?:\[((?:[^]['\\]|'[^]['\\]*')*)\])?([^]['\\]*)")
_NUMBER = re.compile(r"-?[\d.]+", re.ASCII)
# Letters that ffmpeg takes off options that all codecs share: -vb, -asample_fmt.
_MEDIA_LETTERS = "vas"


@dataclass(slots=True)
class OptionJudge:
    """Judges the options of one command; counts the filters of its graphs."""

    filters: int = 0

    def judge(self, name: str, value: str, subject: Subject) -> None:
        """Judge an option by its bare name, without dash and stream specifier.

        Raises:
            ForbiddenOption: it, its value, or something inside its value is not let in.
        """
        review = _OPTIONS.get(name)
        if review is None and is_flag(f"-{name}"):
            review = _OPTIONS.get(name.removeprefix("no"))
        if review is None:
            _judge_by_type(name, subject)
        elif review.kind is Kind.REFUSED:
            raise subject.by_review(review)
        else:
            self._judge_inside(review.kind, name, value, subject)

    def judge_graph(self, graph: str, subject: Subject) -> None:
        """Judge every filter of a graph.

        Raises:
            ForbiddenOption: see `judge`.
        """
        try:
            for found in read_graph(graph):
                self.filters += 1
                if self.filters > MAX_FILTERS:
                    raise subject.refusal(f"holds more than {MAX_FILTERS} filters", "Split the work into a chain.")
                self._judge_filter(found, subject)
        except UnreadableGraphError as error:
            raise subject.refusal(f"holds no filter graph: {error}", "Check its quotes and brackets.") from None

    def judge_pairs(self, text: str, subject: Subject) -> None:
        """Judge the options in a value such as `movflags=faststart:brand=mp42`."""
        for key, value in read_pairs(text):
            if key is None:
                raise subject.refusal("must hold key=value pairs, joined by colons", "Check its quotes.")
            self.judge(key, value, subject.inside(quoted("the option", key)))

    def judge_tee(self, text: str, subject: Subject) -> None:
        """Judge the outputs that the tee muxer's list names: `[f=mp4]a.mp4|b.ts`."""
        source = Text(text)
        while source.next:
            entry = _TEE_ENTRY.fullmatch(source.token("|"))
            source.place += 1
            if entry is None:
                raise subject.refusal(
                    "holds a list with brackets or backslashes inside an entry",
                    "Write it as [f=mp4]a.mp4|[f=mpegts]b.ts.",
                )
            options, name = entry.group(1) or "", entry.group(2)
            judge_value(Kind.WRITE, name, subject.inside("a name in the list"))
            for key, value in read_pairs(options):
                self._judge_tee_option(key, value, subject)

    def _judge_tee_option(self, key: str | None, value: str, subject: Subject) -> None:
        if key is None:
            raise subject.refusal("must hold key=value pairs in its brackets", "For example [f=mp4]a.mp4.")
        name = key.partition("/")[0]
        inner = subject.inside(quoted("the option", key))
        if key == "f":
            judge_format(Kind.OUTPUT_FORMAT, value, inner, is_nested=True)
        elif name == "bsfs":
            judge_value(Kind.BITSTREAM_FILTERS, value, inner)
        elif key not in {"select", "onfail", "use_fifo"}:
            self.judge(key, value, inner)

    def _judge_inside(self, kind: Kind, name: str, value: str, subject: Subject) -> None:
        if kind is Kind.GRAPH:
            self.judge_graph(value, subject)
        elif kind is Kind.DICTIONARY:
            self.judge_pairs(value, subject)
        elif kind in _FORMAT_KINDS:
            judge_format(kind, value, subject, is_nested=True)
        else:
            judge_value(kind, value, subject, name)

    def _judge_filter(self, found: Filter, subject: Subject) -> None:
        inner = subject.inside(quoted("the filter", found.name))
        review = _FILTERS.get(found.name)
        if review is None or found.name not in option_table().filters:
            raise inner.unknown("filter", found.name, _FILTERS)
        if review.kind is Kind.REFUSED:
            raise inner.by_review(review)
        names = option_table().options_of(found.name)
        reviewed = _reviewed_options(found.name, names)
        for place, (key, value) in enumerate(found.options):
            if key is None:
                self._judge_unnamed(place, value, names, reviewed, inner)
            else:
                self._judge_filter_option(key, value, names, reviewed, inner)

    def _judge_filter_option(
        self, key: str, value: str, names: list[str], reviewed: dict[str, Review], subject: Subject
    ) -> None:
        """`subject` is the filter."""
        inner = subject.inside(f"{quoted('the option', key)} of {subject.inner}")
        if key.startswith("/"):
            raise inner.refusal(
                "is not accepted: what is read from a file cannot be judged", "Write the value into the graph."
            )
        review = reviewed.get(key)
        if review is None:
            if key not in names and f"{key}$" not in names and key not in _EVERY_FILTER_HAS:
                raise inner.unknown("filter_option", key, (name.rstrip("$") for name in names))
        elif review.kind is Kind.REFUSED:
            raise inner.by_review(review)
        else:
            self._judge_inside(review.kind, key, value, inner)

    def _judge_unnamed(
        self, place: int, value: str, names: list[str], reviewed: dict[str, Review], subject: Subject
    ) -> None:
        """A value without a name: the first is the first option's.

        Later ones are less certain, since two names of one option count as one and not all builds order them
        alike. Where one of the filter's options names a file, they must be harmless for every one of them.
        """
        if not reviewed:
            return
        if place == 0:
            self._judge_filter_option(names[0].rstrip("$"), value, names, reviewed, subject)
            return
        names_files_only = all(one.kind in {Kind.READ, Kind.WRITE, Kind.FONT} for one in reviewed.values())
        if not _NUMBER.fullmatch(value) and not (names_files_only and is_own_name(value)):
            raise subject.refusal(
                "has a value whose option is not named", "Write the option's name in front of it: name=value."
            )


def _reviewed_options(filter_name: str, names: list[str]) -> dict[str, Review]:
    """Those options of a filter that are more than expressions and numbers."""
    found = {name.rstrip("$"): _FILTER_OPTIONS.get(f"{filter_name}.{name.rstrip('$')}") for name in names}
    return {name: one for name, one in found.items() if one is not None and one.kind is not Kind.TEXT}


def _judge_by_type(name: str, subject: Subject) -> None:
    scalars = option_table().scalars
    common = _OPTIONS.get(name[1:])
    is_lettered = name[:1] in {*_MEDIA_LETTERS} and name[1:] in scalars
    if name in scalars or (is_lettered and (common is None or common.kind is not Kind.REFUSED)):
        return
    if name.startswith("/"):
        raise subject.refusal(
            "is not accepted: what is read from a file cannot be judged before it runs",
            "Write the value itself into the command.",
        )
    raise subject.unknown("option", name, (*_OPTIONS, *scalars))

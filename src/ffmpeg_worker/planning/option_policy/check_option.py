"""Check one option with its value: by its rule, else by its type; other options are refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ffmpeg_worker.budgets import MAX_FILTERS
from ffmpeg_worker.command.filter_graph import (
    Filter,
    Scanner,
    UnreadableGraphError,
    read_filter_graph,
    read_option_pairs,
)
from ffmpeg_worker.command.flag_options import is_flag
from ffmpeg_worker.planning.option_policy.check_value import check_format, check_value
from ffmpeg_worker.planning.option_policy.filters import FILTER_OPTIONS, FILTERS
from ffmpeg_worker.planning.option_policy.media_options import MEDIA_OPTIONS
from ffmpeg_worker.planning.option_policy.option_table import option_table
from ffmpeg_worker.planning.option_policy.program_options import PROGRAM_OPTIONS
from ffmpeg_worker.planning.option_policy.refusal import ArgumentContext, quote_name
from ffmpeg_worker.planning.option_policy.rule import Rule, ValueKind, index_by_name
from ffmpeg_worker.planning.option_policy.safe_names import is_job_file_name

_OPTIONS = index_by_name((*PROGRAM_OPTIONS, *MEDIA_OPTIONS))
_FILTERS = index_by_name(FILTERS)
_FILTER_OPTIONS = index_by_name(FILTER_OPTIONS)
_GENERIC_FILTER_OPTIONS = frozenset({"enable", "threads", "thread_type", "extra_hw_frames"})
_FORMAT_KINDS = frozenset({ValueKind.INPUT_FORMAT, ValueKind.OUTPUT_FORMAT})
# Brackets inside more quotation marks would leave it unclear where the options end.
_TEE_ENTRY = re.compile(r"(?:\[((?:[^]['\\]|'[^]['\\]*')*)\])?([^]['\\]*)")
_MANY_FILTERS = "Split the work into a chain of commands."
_MANY_TEXTS = (
    "Write the texts with their times into a subtitle file (.ass keeps places and colors), give that as an input "
    "and draw all of them with one filter: subtitles={{captions}}."
)
# Their names of segments are options, which are checked like others.
_TEE_MANIFESTS = frozenset({"hls", "dash"})
_NUMBER = re.compile(r"-?[\d.]+", re.ASCII)
# FFmpeg accepts these letters before options of all codecs: -vb, -asample_fmt.
_MEDIA_LETTERS = "vas"


@dataclass(slots=True)
class OptionChecker:
    """Checks the options of one command, and counts the filters of all its graphs in `filters`."""

    filters: int = 0

    def check(self, name: str, value: str, context: ArgumentContext) -> None:
        """Check an option; its name is without dash and stream specifier, its value empty for a flag.

        Raises:
            ForbiddenOption: the option, its value, or something inside its value is not accepted.
        """
        rule = _OPTIONS.get(name)
        if rule is None and is_flag(f"-{name}"):
            rule = _OPTIONS.get(name.removeprefix("no"))
        if rule is None:
            _check_by_type(name, context)
        elif rule.kind is ValueKind.REFUSED:
            raise context.refused_by(rule)
        else:
            self._check_inside(rule.kind, name, value, context)

    def check_graph(self, graph: str, context: ArgumentContext) -> None:
        """Check every filter of a graph.

        Raises:
            ForbiddenOption: see `check`.
        """
        try:
            for found in read_filter_graph(graph):
                self.filters += 1
                if self.filters > MAX_FILTERS:
                    hint = _MANY_TEXTS if graph.count("drawtext") >= MAX_FILTERS // 2 else _MANY_FILTERS
                    raise context.refusal(f"contains more than {MAX_FILTERS} filters", hint)
                self._check_filter(found, context)
        except UnreadableGraphError as error:
            raise context.refusal(f"is not a filter graph: {error}", "Check its quotes and brackets.") from None

    def check_pairs(self, text: str, context: ArgumentContext) -> None:
        """Check the options in a value such as `movflags=faststart:brand=mp42`."""
        for key, value in read_option_pairs(text):
            if key is None:
                raise context.refusal("must consist of key=value pairs, separated by colons", "Check its quotes.")
            self.check(key, value, context.inside(quote_name("the option", key)))

    def check_tee(self, text: str, context: ArgumentContext) -> None:
        """Check the outputs in the list of the tee muxer: `[f=mp4]a.mp4|b.ts`."""
        source = Scanner(text)
        while source.next:
            entry = _TEE_ENTRY.fullmatch(source.token("|"))
            source.position += 1
            if entry is None:
                raise context.refusal(
                    "is a list with brackets or backslashes inside an entry",
                    "Write it as [f=mp4]a.mp4|[f=mpegts]b.ts.",
                )
            options, name = entry.group(1) or "", entry.group(2)
            check_value(ValueKind.WRITE, name, context.inside("a name in the list"))
            for key, value in read_option_pairs(options):
                self._check_tee_option(key, value, context)

    def _check_tee_option(self, key: str | None, value: str, context: ArgumentContext) -> None:
        if key is None:
            raise context.refusal("must have key=value pairs in its brackets", "For example [f=mp4]a.mp4.")
        name = key.partition("/")[0]
        inner = context.inside(quote_name("the option", key))
        if key == "f":
            check_format(ValueKind.OUTPUT_FORMAT, value, inner, is_nested=value not in _TEE_MANIFESTS)
        elif name == "bsfs":
            check_value(ValueKind.BITSTREAM_FILTERS, value, inner)
        elif key not in {"select", "onfail", "use_fifo"}:
            self.check(key, value, inner)

    def _check_inside(self, kind: ValueKind, name: str, value: str, context: ArgumentContext) -> None:
        if kind is ValueKind.GRAPH:
            self.check_graph(value, context)
        elif kind is ValueKind.DICTIONARY:
            self.check_pairs(value, context)
        elif kind in _FORMAT_KINDS:
            check_format(kind, value, context, is_nested=True)
        else:
            check_value(kind, value, context, name)

    def _check_filter(self, found: Filter, context: ArgumentContext) -> None:
        inner = context.inside(quote_name("the filter", found.name))
        rule = _FILTERS.get(found.name)
        if rule is None or found.name not in option_table().filters:
            raise inner.unknown("filter", found.name, _FILTERS)
        if rule.kind is ValueKind.REFUSED:
            raise inner.refused_by(rule)
        names = option_table().options_of(found.name)
        rules = _find_option_rules(found.name, names)
        for position, (key, value) in enumerate(found.options):
            if key is None:
                self._check_unnamed(position, value, names, rules, inner)
            else:
                self._check_filter_option(key, value, names, rules, inner)

    def _check_filter_option(
        self, key: str, value: str, names: list[str], rules: dict[str, Rule], context: ArgumentContext
    ) -> None:
        """Check a named option of a filter; `context` is that of the filter."""
        inner = context.inside(f"{quote_name('the option', key)} of {context.inner}")
        if key.startswith("/"):
            raise inner.refusal(
                "is not accepted: a value from a file cannot be checked", "Write the value into the graph."
            )
        rule = rules.get(key)
        if rule is None:
            if key not in names and f"{key}$" not in names and key not in _GENERIC_FILTER_OPTIONS:
                raise inner.unknown("filter_option", key, (name.rstrip("$") for name in names))
        elif rule.kind is ValueKind.REFUSED:
            raise inner.refused_by(rule)
        else:
            self._check_inside(rule.kind, key, value, inner)

    def _check_unnamed(
        self, position: int, value: str, names: list[str], rules: dict[str, Rule], context: ArgumentContext
    ) -> None:
        """Check a filter value without an option name. The first value belongs to the first option.

        The option of later values is uncertain: aliases share a position, and builds differ in their order. If any
        option of the filter has a rule, a later value must be harmless for all of them.
        """
        if not rules:
            return
        if position == 0:
            self._check_filter_option(names[0].rstrip("$"), value, names, rules, context)
            return
        names_files_only = all(
            one.kind in {ValueKind.READ, ValueKind.WRITE, ValueKind.FONT} for one in rules.values()
        )
        if not _NUMBER.fullmatch(value) and not (names_files_only and is_job_file_name(value)):
            raise context.refusal("has a value without the name of its option", "Write name=value.")


def _find_option_rules(filter_name: str, names: list[str]) -> dict[str, Rule]:
    """The rules for those options of a filter whose values are checked."""
    found = {name.rstrip("$"): _FILTER_OPTIONS.get(f"{filter_name}.{name.rstrip('$')}") for name in names}
    return {name: one for name, one in found.items() if one is not None and one.kind is not ValueKind.TEXT}


def _check_by_type(name: str, context: ArgumentContext) -> None:
    scalars = option_table().scalars
    common = _OPTIONS.get(name[1:])
    is_lettered = name[:1] in {*_MEDIA_LETTERS} and name[1:] in scalars
    if name in scalars or (is_lettered and (common is None or common.kind is not ValueKind.REFUSED)):
        return
    if name.startswith("/"):
        raise context.refusal(
            "is not accepted: a value from a file cannot be checked before the command runs",
            "Write the value itself into the command.",
        )
    raise context.unknown("option", name, (*_OPTIONS, *scalars))

"""Failures of the filter graph: its syntax, and the links between filters and streams."""

from __future__ import annotations

from functools import partial

from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import FILTER_OPTIONS, Failure, failure, sign

_graph_failure = partial(failure, options=FILTER_OPTIONS)

FILTER_GRAPH: tuple[Failure, ...] = (
    _graph_failure(
        "filter_graph_syntax",
        "Separate filters by one comma and chains by one semicolon, and close every [label].",
        sign(
            "A label is not closed in the filter graph near '{part}'.",
            r"Mismatched '\[' found in the following: \"(?P<part>[^\n]*)\"",
        ),
        sign(
            "A label is empty in the filter graph near '{part}'.",
            r"Bad \(empty\?\) label found in the following: \"(?P<part>[^\n]*)\"",
        ),
        sign(
            "The filter graph has an empty filter between two separators.",
            r"No such filter: ''|No filters specified in the graph",
        ),
    ),
    _graph_failure(
        "filter_input_not_found",
        "Check which streams the input has, that the label is spelled alike at both ends, and that the filter "
        "takes this kind of stream: FFmpeg reports the same for video in an audio filter.",
        sign(
            "Nothing matches '{stream}' in the filter graph '{graph}'.",
            r"Stream specifier '(?P<stream>[^'\n]*)' in filtergraph description "
            r"(?P<graph>[^\n]*) matches no streams",
        ),
    ),
    _graph_failure(
        "filter_label_unknown",
        "Give a filter that label as output, and use each label once (split and asplit make copies).",
        sign(
            "No filter has the output '[{stream}]', or it is used twice.",
            r"Output with label '(?P<stream>[^'\n]*)' does not exist in any defined filter graph",
        ),
    ),
    _graph_failure(
        "filter_pad_unconnected",
        "Connect every output of the graph to -map or to another filter (nullsink drops one), and every input.",
        sign(
            "The output '{stream}' of the filter '{filter}' is not connected.",
            r"Filter '(?P<filter>\w+)' has output \d+ \((?P<stream>[^)\n]*)\) unconnected",
        ),
        sign(
            "An output of the filter '{filter}' is not connected.",
            r"Filter (?P<filter>\w+) has an unconnected output",
        ),
        sign(
            "An input of the filter '{filter}' is not connected: no {kind} stream is left for it.",
            r"Cannot find an unused (?P<kind>\w+) input stream to feed the unlabeled input pad (?P<filter>\w+)",
        ),
        sign(
            "An input of the filter '{filter}' is not connected.",
            r"Cannot find a matching stream for unlabeled input pad \d+ on filter Parsed_(?P<filter>\w+?)_\d+",
        ),
    ),
    _graph_failure(
        "filter_label_surplus",
        "Remove the surplus label, or set the number of labels (as in split=3, amix=inputs=3).",
        sign(
            "The filter '{filter}' has more {kind} labels than {kind}s.",
            r"More (?P<kind>input|output) link labels specified for filter '(?P<filter>\w+)' than",
        ),
        sign(
            "The filter '{filter}' has more input labels than inputs.",
            r"Too many inputs specified for the \"(?P<filter>\w+)\" filter",
        ),
        sign(
            "No filter output is left for the label '{stream}'.",
            r"No output pad can be associated to link label '(?P<stream>[^'\n]*)'",
        ),
    ),
    _graph_failure(
        "filter_media_type",
        "Use audio filters (-af, [0:a]) on audio and video filters (-vf, [0:v]) on video.",
        sign(
            "The filter '{filter}' takes {wants}, but '{source}' gives it {has}.",
            r"Media type mismatch between the 'Parsed_(?P<source>\w+?)_\d+' filter output "
            r"pad \d+ \((?P<has>\w+)\) "
            r"and the 'Parsed_(?P<filter>\w+?)_\d+' filter input pad \d+ \((?P<wants>\w+)\)",
        ),
        sign(
            "A filter for {has} is applied to {wants}.",
            r"Filtergraph has a (?P<has>\w+) output, cannot connect it to (?P<wants>\w+) output stream",
        ),
        sign(
            "A filter for {has} is applied to {wants} input.",
            r"Cannot connect (?P<has>\w+) filter to (?P<wants>[\w ]+) input",
        ),
    ),
    _graph_failure(
        "filter_needs_complex",
        "Use -filter_complex for filters with several inputs or outputs.",
        sign(
            "The filter graph has {inputs} input(s) and {outputs} output(s), where one of each is needed.",
            r"Simple filtergraph '(?:\(null\)|(?P<graph>[^\n]*?))' was expected to have "
            r"exactly 1 input and 1 output\. "
            r"However, it had (?P<inputs>\S+) input\(s\) and (?P<outputs>[^\s,.;]+) output",
        ),
    ),
    _graph_failure(
        "filter_with_copy",
        "Choose an encoder for the filtered stream instead of copy, or remove the filter.",
        sign(
            "A stream is both filtered and copied, which is impossible.",
            r"Filtering and streamcopy cannot be used together",
        ),
        options=("-c", "-codec"),
    ),
    _graph_failure(
        "filter_applied_twice",
        "Put all filters of that stream into -filter_complex.",
        sign(
            "A stream has both a simple filter and a complex one.",
            r"Simple and complex filtering cannot be used together"
            r"|-vf/-af/-filter and -filter_complex cannot be used together",
        ),
    ),
)

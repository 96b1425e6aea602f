"""Runs of ffmpeg that fail in a filter graph."""

from __future__ import annotations

from media.failing_runs import FailingRun

_AV = "-i file:av.mp4"
_SMALL = "-f lavfi -i testsrc=s=32x32:d=0.2"


def _vf(code: str, graph: str, word: str, **where: str) -> FailingRun:
    return FailingRun(code, f'{_AV} -vf "{graph}" o.mp4', word, {"argument": "-vf", **where})


def _af(code: str, graph: str, word: str, **where: str) -> FailingRun:
    return FailingRun(code, f'{_AV} -af "{graph}" o.mp4', word, {"argument": "-af", **where})


def _complex(
    code: str, graph: str, word: str, *, out: str = "-map [v]", more: str = "", **where: str
) -> FailingRun:
    command = f'{_AV} {more} -filter_complex "{graph}" {out} o.mp4'
    return FailingRun(code, command, word, {"argument": "-filter_complex", **where})


FILTERS = [
    _af("filter_channel_missing", "channelmap=5", "mono", filter="channelmap"),
    _vf("filter_unknown", "scal=32:32", "scal", filter="scal"),
    _vf("filter_unknown", "hflip,blurr=5,null", "blurr", filter="blurr"),
    _vf("filter_unknown", "null,scal=w=3", "scal", filter="scal"),
    _complex("filter_unknown", "[0:v]scal=32:32[v]", "scal", filter="scal"),
    FailingRun("filter_unknown", "-f lavfi -i testsr o.mp4", "testsr", {"argument": "-i", "filter": "testsr"}),
    FailingRun(
        "filter_option_unnamed",
        f"{_AV} -vf 'drawtext=text=At 12:30 x' o.mp4",
        "30 x",
        {"argument": "-vf", "filter": "drawtext"},
        only=("embedded", "FFmpeg 5 takes the rest for the next option's value"),
    ),
    FailingRun(
        "filter_option_unnamed",
        f"{_AV} -vf null=1:2 o.mp4",
        "1:2",
        {"argument": "-vf", "filter": "null"},
        only=("system", "FFmpeg 9 looks at the values before the filter's name"),
    ),
    FailingRun(
        "filter_option_unnamed",
        f"{_AV} -vf hflip=1 o.mp4",
        "hflip",
        {"argument": "-vf", "filter": "hflip"},
    ),
    _vf("filter_option_unknown", "scale=widht=32", "widht", filter="scale", option="widht"),
    FailingRun(
        "filter_option_unknown", "-f lavfi -i testsrc=siz=3 o.mp4", "siz", {"filter": "testsrc", "option": "siz"}
    ),
    _vf("filter_value_out_of_range", "gblur=sigma=99999", "0 to 1024", filter="gblur", option="sigma"),
    _af("filter_value_out_of_range", "atempo=1000", "0.5 to 100", filter="atempo", option="tempo"),
    _af("filter_value_out_of_range", "loudnorm=I=-99", "-70 to -5", filter="loudnorm", option="I"),
    _af("filter_value_out_of_range", "loudnorm=measured_I=-inf", "-99 to 0", filter="loudnorm"),
    _vf("filter_value_invalid", "scale=w=abc:h=2", "abc", filter="scale"),
    _vf("filter_value_invalid", "fade=t=sideways", "sideways", filter="fade", option="t"),
    _vf("filter_value_invalid", "crop=w=foo", "foo", filter="crop"),
    _vf("filter_value_invalid", "fps=abc", "abc", filter="fps"),
    _vf("filter_value_invalid", "select=foo", "foo", filter="select"),
    _vf("filter_value_invalid", "format=nope", "nope", filter="format"),
    _vf("filter_value_invalid", "pad=100:100:color=nope", "nope", filter="pad", option="color"),
    _af("filter_value_invalid", "volume=foo(", "foo(", filter="volume"),
    _af("filter_value_invalid", "aformat=channel_layouts=nope", "nope", filter="aformat"),
    FailingRun(
        "filter_value_invalid", "-f lavfi -i testsrc=s=0x0 o.mp4", "0x0", {"argument": "-i", "filter": "testsrc"}
    ),
    _vf("filter_option_missing", "drawtext=fontsize=3", "text", filter="drawtext"),
    _vf("filter_file_not_found", "subtitles=no.srt", "no.srt", filter="subtitles", file="no.srt"),
    _vf("filter_file_not_found", "ass=no.ass", "no.ass", filter="ass"),
    _vf("filter_file_not_found", "drawtext=textfile=no.txt", "no.txt", filter="drawtext"),
    _vf("filter_file_not_found", "lut3d=no.cube", "no.cube", filter="lut3d"),
    FailingRun(
        "filter_file_not_found", "-f lavfi -i movie=no.mp4 o.mp4", "no.mp4", {"argument": "-i", "filter": "movie"}
    ),
    _vf("subtitle_stream_missing", "subtitles=v.mp4", "v.mp4", filter="subtitles"),
    FailingRun(
        "filter_model_unknown",
        f"{_AV} {_AV} -lavfi libvmaf=model=version=nope -f null -",
        "nope",
        {"argument": "-lavfi", "filter": "libvmaf"},
        only=("embedded", "Debian's build has no libvmaf"),
    ),
    _vf("filter_size_impossible", "crop=200:200", "200x200", filter="crop"),
    _vf("filter_size_impossible", "pad=10:10", "pad", filter="pad"),
    _vf("filter_size_impossible", "scale=99999:99999", "large", filter="scale"),
    _complex("filter_inputs_differ", "hstack", "height 32", out="", more=_SMALL, filter="hstack"),
    _complex("filter_inputs_differ", "[0:v][1:v]concat=n=2", "32x32", out="", more=_SMALL, filter="concat"),
    _vf("filter_graph_syntax", "scale=32:32,[", "empty"),
    _vf("filter_graph_syntax", "scale=32:32,,null", "empty"),
    _complex("filter_graph_syntax", "[0:v]scale=32:32[v", "not closed"),
    _complex("filter_input_not_found", "[0:s]null[v]", ":s", stream=":s"),
    _complex("filter_input_not_found", "[0:v]volume=1[v]", "audio filter", stream=":v"),
    FailingRun(
        "filter_label_unknown", f"{_AV} -filter_complex [0:v]null[v] -map [w] o.mp4", "[w]", {"argument": "-map"}
    ),
    _complex("filter_pad_unconnected", "[0:v]split[v][b]", "split", filter="split"),
    _complex("filter_pad_unconnected", "[0:v]overlay[v]", "overlay", filter="overlay"),
    _complex("filter_label_surplus", "[0:v][0:v]null[v]", "null", filter="null"),
    _complex("filter_label_surplus", "[0:v]null[v][b]", "surplus"),
    _complex("filter_media_type", "[0:v]null,volume=2[v]", "volume", filter="volume"),
    _vf("filter_media_type", "volume=1", "audio"),
    _af("filter_media_type", "scale=2:2", "video"),
    _vf("filter_needs_complex", "hstack", "-filter_complex"),
    _vf("filter_needs_complex", "[in]split[a][b]", "-filter_complex"),
    FailingRun("filter_with_copy", f"{_AV} -c copy -vf null o.mp4", "copied", {"argument": "-c"}),
    FailingRun("filter_with_copy", f"{_AV} -filter_complex [0:v]null[v] -map [v] -c copy o.mp4", "copied"),
    FailingRun("filter_applied_twice", f"{_AV} -filter_complex [0:v]null[v] -map [v] -vf null o.mp4", "both"),
]

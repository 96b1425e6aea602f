"""Random filter graphs of the names and options in the table of all filters."""

from __future__ import annotations

import random

from ffmpeg_worker.planning.option_policy.option_table import option_table

_FILTERS = option_table().filters
_NAMES = sorted(_FILTERS)
_USUAL = (
    "scale crop pad fps format null anull split overlay setpts atempo volume drawtext concat trim movie".split()
)
_VALUES = (
    "0 1 2 -1 0.5 64 64x36 iw/2 in_w*n t*2 PTS*2 nan 1e30 yuv420p rgba red #12345678 s16 stereo fast clip.mp4 "
    "logo.png de.srt x.cube 'a' 'a\\'b a\\:b a\\\\,b %{pts} %{expr:1/0} gt(t,1) random(1) ld(0) st(0,1e9) a|b "
    "0|0 +faststart"
).split()


def random_graph(chance: random.Random, hostile: list[str]) -> str:
    """Return a graph of up to five filters, valid often enough to run."""
    chains = []
    for _ in range(chance.choice((1, 1, 1, 2))):
        filters = [_filter(chance, hostile) for _ in range(chance.choice((1, 1, 2, 3)))]
        label = chance.choice(("", "", "[in]", "[0:v]", "[0:a]", "[a]", "[0]", "[1:v]", "[0:v][1:v]"))
        chains.append(label + ",".join(filters) + chance.choice(("", "", "[out]", "[a]", "[v]")))
    graph = ";".join(chains)
    if chance.random() < 0.15:
        place = chance.randrange(len(graph) + 1)
        graph = graph[:place] + chance.choice("'\\:;,=[]@ \n\t/%") + graph[place:]
    return graph


def _filter(chance: random.Random, hostile: list[str]) -> str:
    name = chance.choice(_USUAL if chance.random() < 0.4 else _NAMES)
    known = _FILTERS[name].split()
    options = []
    for _ in range(min(len(known), chance.choice((0, 0, 1, 1, 2, 4)))):
        option = chance.choice(known)
        value = (
            chance.choice(hostile) if chance.random() < (0.4 if "$" in option else 0.1) else chance.choice(_VALUES)
        )
        key = option.replace("$", "")
        options.append(chance.choice((f"{key}={value}", f"{key}={value}", value, f"/{key}={value}")))
    instance = chance.choice(("", "", "", "@x", "@x@y"))
    return name + instance + ("=" + ":".join(options) if options else "")

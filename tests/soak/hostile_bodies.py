"""Bodies of hostile callers: built to stall, to fill the memory or the disk, to break readers, and random ones."""

from __future__ import annotations

import json
import random
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fuzz.bodies import damage, random_job
from fuzz.commands import CommandMaker, hostile_values
from fuzz.planted import Planted
from security.attacks import code, hostile_files, inputs, media, network, options, outputs
from security.attacks.attack import Attack, fill
from soak.client import path_of

TIMEOUT_S = 4
_MANY = 5
_ENDLESS = "-f lavfi -i testsrc2=size=1280x720"
_TABLES = (inputs, options, outputs, network, code, hostile_files, media)
_ATTACKS: tuple[Attack, ...] = tuple(
    attack for table in _TABLES for attack in getattr(table, "ATTACKS", ()) if not attack.files
)


@dataclass(frozen=True)
class HostileRequest:
    """A name for reports, the path, and the bytes of the body."""

    name: str
    path: str
    body: bytes


class HostileBodies:
    """Makes hostile requests; `list_url` names a large concat list."""

    def __init__(self, secrets: Planted, list_url: str) -> None:
        self._secret = str(secrets.secret)
        self._maker = CommandMaker(hostile_values(self._secret, secrets.port))
        self._list_url = list_url
        self._makers = self._all()

    @property
    def weights(self) -> dict[str, int]:
        """The names of all kinds, with how often they are sent; kinds of many different bodies more often."""
        return {name: _MANY if name in {"attack", "random"} else 1 for name in self._makers}

    def make(self, name: str, chance: random.Random) -> HostileRequest:
        """A request of one kind."""
        return self._makers[name](name, chance)

    def _all(self) -> Mapping[str, Callable[[str, random.Random], HostileRequest]]:
        jobs: dict[str, Callable[[random.Random], tuple[str, Any]]] = {
            "many dates in a name": _dates,
            "parentheses in a filter": lambda _: _command("-i clip.mp4 -vf scale=" + "(" * 65_000 + " o.mp4"),
            "percents in a text": lambda _: _tokens("-vf", "drawtext=text=" + "%{" * 30_000),
            "commas": lambda _: _tokens("-vf", "a," * 200_000),
            "backslashes": lambda _: _tokens("-vf", "drawtext=text=" + "\\" * 100_000),
            "blanks in a concat list": lambda _: _concat("file x" + " " * 60_000 + "x"),
            "quotes in a concat list": lambda _: _concat("file " + "'" * 60_001),
            "keyframes times rows": _keyframes,
            "variables that grow": lambda _: _canvas({"text": "{{a}}" * 40_000}, variables={"a": "🎬" * 5000}),
            "many layers": lambda _: _canvas(*({"text": "x"} for _ in range(12_000))),
            "nested groups": lambda _: _canvas(_nested(28)),
            "many inputs": lambda chance: _many_inputs(chance.choice((5000, 20_000))),
            "many inputs by name": lambda _: _named_inputs(9000),
            "large list": lambda _: _command("-f concat -i {{l}} -c copy o.mkv", inputs={"l": self._list_url}),
            "odd concat list": _odd_list,
            "odd host": lambda chance: ("probe", {"input": chance.choice(_HOSTS)}),
            "hidden name": _hidden_name,
            "deep JSON": lambda _: ("process", b'{"chainCmds":' + b"[" * 200_000),
            "long number": lambda _: ("process", b'{"chainCmds":"-i a b","timeout":' + b"9" * 500_000 + b"}"),
            "many keys": lambda _: ("process", {f"key{number}": 1 for number in range(60_000)}),
            "memory": lambda _: _command(f"{_ENDLESS}:duration=60 -vf reverse o.mp4"),
            "many files": lambda _: _command(f"{_ENDLESS} -q:v 31 -s 64x36 flood/%05d.jpg"),
            "large file": lambda _: _command(f"{_ENDLESS} -c:v rawvideo -f nut flood.nut"),
            "endless": lambda _: _command(f"-re {_ENDLESS} -c:v libx264 -preset ultrafast o.mp4"),
            "secret": lambda _: _command(f"-i clip.mp4 -vf drawtext=textfile={self._secret} o.mp4"),
            "attack": self._attack,
            "random": lambda chance: (chance.choice(_ACTIONS), random_job(chance, self._maker)),
        }
        return {name: self._requests_of(make) for name, make in jobs.items()}

    def _requests_of(
        self, make: Callable[[random.Random], tuple[str, Any]]
    ) -> Callable[[str, random.Random], HostileRequest]:
        def request(name: str, chance: random.Random) -> HostileRequest:
            action, job = make(chance)
            if isinstance(job, dict):
                job = {"timeout": TIMEOUT_S, **job}
            text = job if isinstance(job, bytes) else json.dumps(job, ensure_ascii=False)
            body = text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
            if name == "random" and chance.random() < 0.3:
                body = damage(body, chance)
            return HostileRequest(name, path_of(action), body)

        return request

    def _attack(self, chance: random.Random) -> tuple[str, Any]:
        """A row of the tables of attacks; the places that it names lead to the secret."""
        attack = chance.choice(_ATTACKS)
        folder = self._secret.rpartition("/")[0]
        places = dict.fromkeys(attack.places, folder) | {"lane": ".", "fd": "9", "pid": "1", "spawner": "2"}
        chain = [shlex.split(fill(attack.command, places))]
        return "process", {"chainCmds": chain}


_ACTIONS = ("process", "multi_process", "probe", "vmaf", "canvas", "canvas_preview", "download", "upload")
_HOSTS = (
    "https://xn--/",
    "https://[::1",
    "https://" + "a." * 3000,
    "https://\u3002/x",
    "http://0/",
    "s3://",
    "az://x",
)


def _command(command: str, **common: Any) -> tuple[str, Any]:
    return "process", {"chainCmds": command, **common}


def _tokens(*tokens: str) -> tuple[str, Any]:
    return "process", {"chainCmds": ["-i", "clip.mp4", *tokens, "o.mp4"]}


def _concat(content: str) -> tuple[str, Any]:
    return _command("-f concat -i {{l}} -c copy o.mkv", inputs={"l": {"content": content, "name": "l.txt"}})


def _canvas(*layers: dict[str, Any], **more: Any) -> tuple[str, Any]:
    full = [{"type": "text", **layer} for layer in layers]
    return "canvas", {"json": {"width": 64, "height": 36, "duration": 0.1, "layers": full, **more}}


def _dates(chance: random.Random) -> tuple[str, Any]:
    name = "%Y" * chance.randint(3, 12) + "x.png"
    return "process", {
        "chainCmds": ["-i", "clip.mp4", "-frames:v", "1", "-strftime", "1", name],
        "output": ["b" * 200 + ".png", name],
    }


def _keyframes(chance: random.Random) -> tuple[str, Any]:
    keys = [{"time": number / 100, "value": number} for number in range(chance.choice((100, 700)))]
    rows = [{"a": number} for number in range(100)]
    return _canvas(*({"text": "{{a}}", "x": keys} for _ in range(24)), variables=rows)


def _nested(depth: int) -> dict[str, Any]:
    layer: dict[str, Any] = {"type": "text", "text": "x"}
    for _ in range(depth):
        layer = {"type": "group", "layers": [layer, layer] if depth < 8 else [layer]}
    return layer


def _many_inputs(count: int) -> tuple[str, Any]:
    return "process", {"chainCmds": [*(["-i", "clip.mp4"] * count), "o.mp4"]}


def _named_inputs(count: int) -> tuple[str, Any]:
    names = {f"n{number}": "clip.mp4" for number in range(count)}
    return _command(" ".join(f"-i {{{{{name}}}}}" for name in names) + " o.mp4", inputs=names)


def _odd_list(chance: random.Random) -> tuple[str, Any]:
    name = chance.choice(("empty", "long", "bytes"))
    return _command(f"-f concat -safe 0 -i lists/{name}.txt -c copy o.mkv")


def _hidden_name(chance: random.Random) -> tuple[str, Any]:
    name = chance.choice((".env", ".bashrc", ".ssh/config", "x/.env"))
    kinds: tuple[tuple[str, Any], ...] = (
        ("download", {"input": "clip.mp4", "output": name}),
        ("vmaf", {"input1": "clip.mp4", "input2": "worse.mp4", "output": name}),
        ("upload", {"input": "clip.mp4", "upload": {"cloud_type": "LOCAL", "key": name}}),
        ("canvas_preview", {"layers": [{"type": "text", "text": "x"}], "output": f"{name}.png"}),
    )
    return chance.choice(kinds)

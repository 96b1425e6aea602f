"""Honest jobs of every action, each with the check of its result."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from soak.client import Response
from soak.expected import (
    COMMANDS,
    STEP,
    VMAF_TOLERANCE,
    ExpectedFile,
    ExpectedResults,
    compare_output,
    compare_picture,
    count_frames,
    read_from,
)
from soak.folders import HONEST_FOLDER
from support.servers.bucket import Bucket
from support.servers.web import Web

READ_APART_BYTES = 10_000
"""A larger body than the worker reads in its own process."""

TIMEOUT_S = 60
_COLORS = ("#d02020", "#20a040", "#2040c0", "#c0a020", "#8030b0")
_CANVAS = (160, 90)
_FRAMES = 6

Check = Callable[[Response], list[str]]


@dataclass(frozen=True)
class HonestJob:
    """A job; `check` returns what is wrong with a response of status 200, `clean` removes what it made."""

    action: str
    kind: str
    body: dict[str, Any]
    check: Check
    headers: dict[str, str] = field(default_factory=dict)
    query: str = ""
    clean: Callable[[], None] = lambda: None


@dataclass
class HonestJobs:
    """Makes jobs on the files of the data root, the web server and the bucket; outputs go to the key's folder."""

    data: Path
    outputs: Path
    web: Web
    bucket: Bucket
    expected: ExpectedResults
    _count: int = 0

    def kinds(self) -> Mapping[str, Callable[[random.Random], HonestJob]]:
        """The kinds of jobs by name."""
        return {
            "process": self._process,
            "process, chain": self._chain,
            "process, web to bucket": self._web_to_bucket,
            "multi_process": self._multi_process,
            "probe": self._probe,
            "vmaf": self._vmaf,
            "canvas": self._canvas,
            "canvas_preview": self._preview,
            "download": self._download,
            "upload": self._upload,
        }

    def _folder(self) -> str:
        self._count += 1
        return f"{HONEST_FOLDER}/{self._count:06d}"

    def _local(
        self, response: Response, folder: str, names: list[str], expected: Mapping[str, ExpectedFile] | None = None
    ) -> list[str]:
        """Check files of the data root; `names` are those of `COMMANDS`, in order."""
        body = response.json()
        outputs = body.get("outputs") or [output for each in body.get("results", []) for output in each["outputs"]]
        if [output.get("name") for output in outputs] != [f"{folder}/{name}" for name in names]:
            return [f"the outputs are {[output.get('name') for output in outputs]} instead of {names}"]
        return [
            f"{name}: {problem}"
            for name, output in zip(names, outputs, strict=True)
            for problem in compare_output(
                (expected or self.expected.files)[name], self._read(f"{folder}/{name}"), output
            )
        ]

    def _read(self, name: str) -> bytes | None:
        try:
            return (self.outputs / name).read_bytes()
        except OSError:
            return None

    def _cleaner(self, folder: str) -> Callable[[], None]:
        def clean() -> None:
            for path in (self.outputs / folder).glob("[!.]*"):
                path.unlink(missing_ok=True)

        return clean

    def _process(self, chance: random.Random) -> HonestJob:
        name, folder = chance.choice(list(COMMANDS)), self._folder()
        body = {"chainCmds": _into(COMMANDS[name], folder, name), "timeout": TIMEOUT_S}

        def check(response: Response) -> list[str]:
            return self._local(response, folder, [name])

        return HonestJob("process", "process", body, check, clean=self._cleaner(folder))

    def _chain(self, chance: random.Random) -> HonestJob:
        """Two commands, of which the second reads the output of the first, in a body that a child reads."""
        folder, name = self._folder(), chance.choice(list(COMMANDS))
        second = read_from(_into(COMMANDS[name], folder, name), STEP)
        body = {
            "chainCmds": f"-i clip.mp4 -c copy {STEP} && {second}",
            "timeout": TIMEOUT_S,
            "metadata": {"note": "x" * READ_APART_BYTES},
        }

        def check(response: Response) -> list[str]:
            return self._local(response, folder, [name], self.expected.from_copy)

        return HonestJob("process", "process, chain", body, check, clean=self._cleaner(folder))

    def _web_to_bucket(self, chance: random.Random) -> HonestJob:
        name, folder = chance.choice(["copy.mkv", "small.mp4"]), self._folder()
        behavior = chance.choice(["plain", "plain", "unversioned"])
        body = {
            "chainCmds": COMMANDS[name].replace("clip.mp4", "{{film}}"),
            "inputs": {"film": f"{self.web.url}/{behavior}/clip.mp4"},
            "upload": self.bucket.upload(f"{folder}/{name}"),
            "timeout": TIMEOUT_S,
        }

        def check(response: Response) -> list[str]:
            [output] = response.json().get("outputs") or [{}]
            return compare_output(self.expected.files[name], self.bucket.server.read(f"{folder}/{name}"), output)

        return HonestJob("process", "process, web to bucket", body, check)

    def _multi_process(self, chance: random.Random) -> HonestJob:
        folder, names = self._folder(), chance.sample(list(COMMANDS), 3)
        processes = [{"chainCmds": _into(COMMANDS[name], folder, name)} for name in names]
        body = {"processes": processes, "fuse": chance.random() < 0.5, "timeout": TIMEOUT_S}

        def check(response: Response) -> list[str]:
            return self._local(response, folder, names)

        return HonestJob("multi_process", "multi_process", body, check, clean=self._cleaner(folder))

    def _probe(self, chance: random.Random) -> HonestJob:
        source = chance.choice(["clip.mp4", f"{self.web.url}/plain/clip.mp4"])

        def check(response: Response) -> list[str]:
            streams = response.json().get("streams", [])
            found = [(stream.get("codec_name"), stream.get("width")) for stream in streams]
            return [] if found == [("h264", 160), ("aac", None)] else [f"the streams are {found}"]

        return HonestJob("probe", "probe", {"input": source, "timeout": TIMEOUT_S}, check)

    def _vmaf(self, _chance: random.Random) -> HonestJob:
        body = {"input1": "clip.mp4", "input2": "worse.mp4", "timeout": TIMEOUT_S}

        def check(response: Response) -> list[str]:
            score = response.json().get("score")
            is_right = isinstance(score, float) and abs(score - self.expected.vmaf) <= VMAF_TOLERANCE
            return [] if is_right else [f"the score is {score} instead of {self.expected.vmaf:.4f}"]

        return HonestJob("vmaf", "vmaf", body, check)

    def _canvas(self, chance: random.Random) -> HonestJob:
        folder, (composition, colors) = self._folder(), _composition(chance)
        body = {"json": composition, "output": f"{folder}/film.mp4", "timeout": TIMEOUT_S}

        def check(response: Response) -> list[str]:
            data = self._read(f"{folder}/film.mp4") or b""
            [output] = response.json().get("outputs") or [{}]
            problems = compare_output(ExpectedFile.of(data), data, output) + compare_picture(data, _CANVAS, colors)
            frames = count_frames(data)
            return problems + ([] if frames == _FRAMES else [f"it has {frames} frames instead of {_FRAMES}"])

        return HonestJob("canvas", "canvas", body, check, clean=self._cleaner(folder))

    def _preview(self, chance: random.Random) -> HonestJob:
        composition, colors = _composition(chance)
        body = {"json": composition, "t": 0.2, "timeout": TIMEOUT_S}

        def check(response: Response) -> list[str]:
            return compare_picture(response.body, _CANVAS, colors)

        return HonestJob("canvas_preview", "canvas_preview", body, check, headers={"Accept": "image/png"})

    def _download(self, chance: random.Random) -> HonestJob:
        folder, content = self._folder(), chance.randbytes(chance.choice((1000, 300_000)))
        name = f"{folder.replace('/', '-')}.bin"
        self.web.files[name] = content
        body = {"input": f"{self.web.url}/plain/{name}", "output": f"{folder}/{name}", "timeout": TIMEOUT_S}
        clean_folder = self._cleaner(folder)

        def check(response: Response) -> list[str]:
            [output] = response.json().get("outputs") or [{}]
            return compare_output(ExpectedFile.of(content), self._read(f"{folder}/{name}"), output)

        def clean() -> None:
            del self.web.files[name]
            clean_folder()

        return HonestJob("download", "download", body, check, clean=clean)

    def _upload(self, chance: random.Random) -> HonestJob:
        folder, name = self._folder(), chance.choice(["noise.png", "clip.mp4"])
        body = {"input": name, "upload": self.bucket.upload(f"{folder}/{name}"), "timeout": TIMEOUT_S}
        data = (self.data / name).read_bytes()

        def check(response: Response) -> list[str]:
            [output] = response.json().get("outputs") or [{}]
            return compare_output(ExpectedFile.of(data), self.bucket.server.read(f"{folder}/{name}"), output)

        def clean() -> None:
            self.bucket.client.delete_object(Bucket="bucket-of-tests", Key=f"{folder}/{name}")

        return HonestJob("upload", "upload", body, check, clean=clean)


def _into(command: str, folder: str, name: str) -> str:
    return f"{command.removesuffix(name)}{folder}/{name}"


def _composition(chance: random.Random) -> tuple[dict[str, Any], dict[tuple[int, int], str]]:
    """Two rectangles and a text on a background; colors at points that the text does not reach."""
    back, left, right = chance.sample(_COLORS, 3)
    rect = {"type": "shape", "shape": "rect", "width": 40, "height": 40, "y": 4}
    layers = [
        {**rect, "x": 10, "fill": left},
        {**rect, "x": 100, "fill": right},
        {"type": "text", "text": f"Nr. {chance.randrange(1000)}", "y": 70, "style": {"font_size": 12}},
    ]
    width, height = _CANVAS
    canvas = {"width": width, "height": height, "fps": 10, "duration": _FRAMES / 10, "background": back}
    return {**canvas, "layers": layers}, {(30, 24): left, (120, 24): right, (75, 30): back}

"""Signed links to outputs: what they open, until when, and what the result of a job shows."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from ffmpeg_worker.errors import JobOutputError
from ffmpeg_worker.job_queue.job_record import JobRecord, JobStatus
from ffmpeg_worker.job_queue.output_links import OutputLinks, find_link, hide_token
from ffmpeg_worker.job_queue.seal import Seal

BASE, JOB, OTHER = "https://media.example/x", "0b6f1c5e-aaaa", "0b6f1c5e-bbbb"
START = 1_800_000_000.0


class Clock:
    now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def links(clock: Clock) -> OutputLinks:
    return OutputLinks(Seal("secret"), 86400, clock)


def opens(links: OutputLinks, url: str, job_id: str = JOB, name: str | None = None) -> str:
    """Return `""` if a link opens an output of a job, by default its own, else the code of the error."""
    found = find_link(unquote(urlsplit(url).path).removeprefix("/x"))
    assert found is not None
    try:
        links.check(job_id, found[1], found[2] if name is None else name)
    except JobOutputError as error:
        return error.code
    return ""


@pytest.mark.parametrize("name", ["a.mp4", "a b/ä ?#%.mp4", "~1.x.2/a.mp4", "日本語/名.mov", "a\\b.mp4"])
def test_a_link_opens_its_output_and_no_other(links: OutputLinks, name: str) -> None:
    url = links.make(BASE, JOB, name)
    assert url.startswith(f"{BASE}/api/jobs/{JOB}/outputs/~")
    assert find_link(unquote(urlsplit(url).path).removeprefix("/x")) == (JOB, url.split("/")[8], name)
    assert opens(links, url) == ""
    for job_id, other in ((OTHER, name), (JOB, f"{name}x"), (JOB, f"b/{name}"), (JOB, ""), (JOB, name.upper())):
        assert opens(links, url, job_id, other) == "link_invalid"


@pytest.mark.parametrize("playlist", ["m.m3u8", "hls/m.m3u8", "a/b/manifest.mpd"])
def test_the_link_of_a_playlist_opens_its_folder(links: OutputLinks, playlist: str) -> None:
    url = links.make(BASE, JOB, playlist)
    folder = playlist.rpartition("/")[0]
    beside = f"{folder}/" if folder else ""
    for name in (playlist, f"{beside}s0.ts", f"{beside}v/1/s0.ts"):
        assert opens(links, url, JOB, name) == ""
    assert opens(links, url, OTHER, playlist) == "link_invalid"
    for name in ("other/s0.ts", "s0.ts", "hlsx/s0.ts", "a/s0.ts") if folder else ():
        assert opens(links, url, JOB, name) == "link_invalid", name


def test_a_changed_token_opens_nothing(links: OutputLinks) -> None:
    url = links.make(BASE, JOB, "hls/m.m3u8")
    token = url.split("/")[8]
    expires, covered, signature = token.split(".")
    later = f"~{int(expires[1:]) + 1}"
    for changed in (
        f"{later}.{covered}.{signature}",
        f"{expires}.0.{signature}",
        f"{expires}.x.{signature}",
        f"{expires}.9.{signature}",
        f"{expires}.{covered}.{signature[::-1]}",
    ):
        assert opens(links, url.replace(token, changed)) == "link_invalid"
    assert find_link(url.replace(token, f"{expires}.{covered}.{signature[:-1]}")) is None
    other = OutputLinks(Seal("another secret"), 86400, Clock())
    assert opens(other, url) == "link_invalid"


def test_links_expire_and_stay_equal_for_a_while(links: OutputLinks, clock: Clock) -> None:
    first = links.make(BASE, JOB, "a.mp4")
    clock.now = START + 60
    assert links.make(BASE, JOB, "a.mp4") == first
    clock.now = START + 86400 * 23 / 24 - 1
    assert opens(links, first) == ""
    assert links.make(BASE, JOB, "a.mp4") != first
    clock.now = START + 86400
    assert opens(links, first) == "link_expired"


def test_a_shorter_lifetime_ends_older_links_too(links: OutputLinks) -> None:
    url = links.make(BASE, JOB, "a.mp4")
    assert opens(OutputLinks(Seal("secret"), 3600, Clock()), url) == "link_invalid"


@pytest.mark.parametrize("lifetime_s", [60, 61.5, 2_592_000])
def test_every_lifetime_is_kept_within_a_part(lifetime_s: float) -> None:
    clock = Clock()
    links = OutputLinks(Seal("secret"), lifetime_s, clock)
    url = links.make(BASE, JOB, "a.mp4")
    assert START + lifetime_s * 22 / 24 <= int(url.split("~")[1].split(".")[0]) <= START + lifetime_s


def test_the_log_does_not_show_tokens(links: OutputLinks) -> None:
    path = urlsplit(links.make("https://a.example", JOB, "b.mp4")).path
    assert hide_token(path) == f"/api/jobs/{JOB}/outputs/~…/b.mp4"
    assert hide_token("/api/jobs/x/outputs/~b.mp4") == "/api/jobs/x/outputs/~b.mp4"


def record(result: dict[str, Any] | None, **more: Any) -> JobRecord:
    given: dict[str, Any] = {"outputs_place": "here", **more}
    return JobRecord(JOB, "anonymous", "process", JobStatus.SUCCEEDED, 1, 50, START, result=result, **given)


def output(name: str, **more: str) -> dict[str, Any]:
    return {"name": name, "path": f"/state/jobs/{JOB}/outputs/{name}", "size": 1, **more}


def test_outputs_on_the_worker_get_links(links: OutputLinks) -> None:
    elsewhere = {"name": "/data/b.mp4", "path": "/data/b.mp4", "size": 1}
    result = {"outputs": [output("a.mp4"), elsewhere], "results": [{"outputs": [output("a.mp4")]}, {"error": {}}]}
    before = json.dumps(result)
    shown = links.describe_outputs(record(result), BASE).as_json()["result"]
    assert shown["outputs"][0]["url"] == links.make(BASE, JOB, "a.mp4")
    assert shown["outputs"][0]["path"] == f"/state/jobs/{JOB}/outputs/a.mp4"
    assert shown["outputs"][1] == elsewhere
    assert shown["results"] == [{"outputs": [shown["outputs"][0]]}, {"error": {}}]
    assert json.dumps(result) == before


@pytest.mark.parametrize(
    "unlinked",
    [
        record(None),
        record({"outputs": [output("a.mp4")]}, outputs_removed=True),
        record({"outputs": [{"name": "a", "path": "key", "url": "https://b.example/a", "size": 1}]}),
        record({"outputs": [output("a.mp4")]}, outputs_place=None),
        record({"streams": []}),
    ],
)
def test_what_cannot_be_fetched_gets_none(links: OutputLinks, unlinked: JobRecord) -> None:
    assert links.describe_outputs(unlinked, BASE).as_json() == unlinked.as_json()

"""The documentation site: its navigation, its generated pages, and what browsers load."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from docs_site.cli_page import make_cli_page
from docs_site.github_markdown import mark_repeated_headings, resolve_links, unescape_pipes
from docs_site.hooks import pages_outside, paths_of
from docs_site.openapi_pages import Page, make_pages

from ffmpeg_worker.cli import _COMMANDS
from ffmpeg_worker.job.job import COMMON_FIELDS
from support.browser import open_browser, wait_until
from support.docs.json_examples import ROOT

CONFIGURATION = ROOT / "mkdocs.yml"
SMALL = ["index.md", "quickstart.md", "reference/http/presets.md", "changelog.md"]
"""A site of these pages has every kind of page and builds in a moment."""
GENERATED = {"reference/cli.md", *pages_outside().values()}
LOADED = re.compile(r"<(?:script|link|img|iframe|source|video|audio)\b[^>]*?\b(?:src|href)=\"?([^\s\">]+)")
NAVIGATION = re.compile(r'<link\b[^>]*\brel="?(?:canonical|prev|next)\b[^>]*>')
OF_STYLE = re.compile(r"(?:url\(|@import )[\"']?((?:https?:)?//[^)\"']+)")


@pytest.fixture(scope="module")
def document() -> Any:
    return json.loads((ROOT / "tests/docs/openapi.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def pages(document: Any) -> list[Page]:
    return list(make_pages(document, frozenset(COMMON_FIELDS)))


def build(configuration: Path, target: Path, *options: str) -> None:
    # Without compiled modules the build takes twice as long.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "-q",
        "-f",
        str(configuration),
        "-d",
        str(target),
        *options,
    ]
    environment = kept | {"NO_MKDOCS_2_WARNING": "1", "DOCS_SITE_URL": "https://docs.example/"}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of a few pages, with the configuration of the whole one."""
    folder = tmp_path_factory.mktemp("site")
    given = {
        "INHERIT": str(CONFIGURATION),
        "docs_dir": str(ROOT / "docs"),
        "theme": {"custom_dir": str(ROOT / "docs_site/theme")},
        "hooks": [str(ROOT / "docs_site/hooks.py")],
        "watch": [],
        "exclude_docs": "".join(f"/{page}\n" for page in all_pages() - set(SMALL)),
        "nav": [{"Start": SMALL[:2]}, {"Reference": SMALL[2:3]}, {"Project": SMALL[3:]}],
    }
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(given), encoding="utf-8")
    build(folder / "mkdocs.yml", folder / "site")
    return folder / "site"


def all_pages() -> set[str]:
    return {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")}


def test_every_page_is_in_the_navigation_once(pages: list[Page]) -> None:
    listed = list(paths_of(yaml.load(CONFIGURATION.read_text(encoding="utf-8"), yaml.BaseLoader)["nav"]))
    routes = {f"reference/http/{page.name}" for page in pages}
    assert sorted(listed) == sorted(all_pages() | GENERATED | routes)


def test_every_route_is_on_one_generated_page(document: Any, pages: list[Page]) -> None:
    headings = [line for page in pages for line in page.text.splitlines() if line.startswith("## `")]
    routes = [f"## `{method.upper()} {path}`" for path, methods in document["paths"].items() for method in methods]
    assert sorted(headings) == sorted(routes)


def test_links_to_objects_lead_to_their_tables(pages: list[Page]) -> None:
    for page in pages:
        anchors = {f"#{name.lower()}" for name in re.findall(r"^### (\w+)$", page.text, re.MULTILINE)}
        assert set(re.findall(r"\]\((#\w+)\)", page.text)) <= anchors


def test_every_command_has_its_section() -> None:
    headings = re.findall(r"^## `ffmpeg-worker ([\w-]+)`$", make_cli_page(), re.MULTILINE)
    assert headings == list(_COMMANDS)


def test_links_that_leave_the_site_become_text_or_lead_to_the_repository() -> None:
    pages = {"CHANGELOG.md": "changelog.md"}
    kept = "[d](https://x/y) `[e](f.md)`\n```\n[g](h.md)\n```\n"
    text = f"[a](jobs.md#x) [`b.py`](../src/b.py) [c](../CHANGELOG.md) {kept}"
    assert resolve_links(text, "page.md", pages, "") == f"[a](jobs.md#x) `b.py` [c](changelog.md) {kept}"
    assert resolve_links("[b](../../src/b.py)", "how-to/a.md", pages, "https://x/") == "[b](https://x/src/b.py)"
    assert resolve_links("[a](docs/how-to/a.md)", "../CHANGELOG.md", pages, "") == "[a](how-to/a.md)"


def test_repeated_headings_have_the_anchors_of_the_repository() -> None:
    assert (
        mark_repeated_headings("# Text\n```\n# Text\n```\n## Text")
        == "# Text\n```\n# Text\n```\n## Text {#text-1}"
    )


def test_pipes_in_code_have_no_backslash() -> None:
    assert unescape_pipes("| `a \\| b` \\| |\n```\n`\\|`\n```") == "| `a | b` \\| |\n```\n`\\|`\n```"


def test_pages_load_nothing_from_other_hosts(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = NAVIGATION.sub("", page.read_text(encoding="utf-8"))
        assert [address for address in LOADED.findall(text) if "//" in address] == [], page
    for sheet in site.rglob("*.css"):
        assert OF_STYLE.findall(sheet.read_text(encoding="utf-8")) == [], sheet


def test_language_models_find_every_page(site: Path) -> None:
    lines = (site / "llms.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# FFmpeg Worker"
    assert lines[2].startswith("> ")
    assert [line for line in lines if line.startswith("#")][1:] == ["## Start", "## Reference", "## Optional"]
    links = [
        re.fullmatch(r"- \[.+?\]\(https://docs\.example/(\S+\.html\.md)\)(: .+[.!?])?", line) for line in lines[4:]
    ]
    found = [link[1] for link in links if link is not None]
    assert found == [page.replace(".md", ".html.md") for page in SMALL]
    assert "<!--" not in "".join((site / name).read_text(encoding="utf-8") for name in found)
    whole = (site / "llms-full.txt").read_text(encoding="utf-8")
    assert "# Quickstart" in whole
    assert "Keep a Changelog" not in whole


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_search_works_without_the_internet_and_phones_see_whole_pages(address: str) -> None:
    with open_browser(address) as browser:
        asked: list[str] = []
        with browser.page("quickstart.html", viewport={"width": 390, "height": 800}) as page:
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            page.on("request", lambda request: asked.append(request.url))
            page.goto(f"{address}/index.html?q=composition")
            wait_until(page, "document.querySelector('.md-search-result__item a') !== null")
            page.goto(f"{address}/404.html")
            assert page.inner_text("article h1") == "This page does not exist"
        assert asked
        assert [url for url in asked if not url.startswith(address)] == []


if os.environ.get("FULL_CORPUS") == "1":

    def test_the_whole_site_has_no_warning(tmp_path: Path) -> None:
        build(CONFIGURATION, tmp_path / "site", "--strict")

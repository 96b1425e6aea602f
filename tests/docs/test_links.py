"""Links, anchors and repository paths in the documentation exist."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.docs.json_examples import ROOT

PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md", "runpod/*.md", "src/**/*.md")
    for page in ROOT.glob(pattern)
)
FOLDERS = (ROOT, ROOT / "src/ffmpeg_worker")
"""Paths are relative to one of these, or to the page."""
ABOUT_THE_CODE = {ROOT / "CONTRIBUTING.md", ROOT / "docs/architecture.md"}
"""Here every name with a slash is a path; other pages also name files of callers and media types."""

FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)|^\[[^\]]+\]: *(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
PATH = re.compile(r"[\w.*-]+(/[\w.*-]+)*/?")
SOURCE = re.compile(r"[^*]+\.(md|mjs|py|sh|toml|tsv|yaml)")
ROOTED_PATH = re.compile(r"(?<![\w/.-])(?:bench|docs|examples|runpod|src|tests)/[\w./-]+\.\w+")


def find_anchors(text: str) -> Iterator[str]:
    """Yield the anchors of a page as GitHub makes them from its headings."""
    seen: Counter[str] = Counter()
    for heading in HEADING.findall(FENCE.sub("", text)):
        slug = re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")
        yield f"{slug}-{seen[slug]}" if seen[slug] else slug
        seen[slug] += 1


def find_broken_links(page: Path, text: str) -> Iterator[str]:
    for link in LINK.finditer(CODE.sub("", FENCE.sub("", text))):
        target = link[1] or link[2]
        if ":" in target:
            continue
        name, _, anchor = target.partition("#")
        path = page.parent / name
        linked = path.read_text(encoding="utf-8") if path.suffix == ".md" and path.exists() else text
        if not path.exists() or (anchor and anchor not in find_anchors(linked)):
            yield target


def find_missing_paths(page: Path, text: str) -> Iterator[str]:
    """Yield the paths of this repository in code that do not exist; `NAME` and `*` stand for any name."""
    prose = FENCE.sub("", text)
    names = [name for name in CODE.findall(prose) if PATH.fullmatch(name) and is_path(page, name)]
    yield from (name for name in (*names, *ROOTED_PATH.findall(text)) if not exists(page, name))


def exists(page: Path, name: str) -> bool:
    pattern = name.replace("NAME", "*")
    if any(any(folder.glob(pattern)) for folder in (*FOLDERS, page.parent)):
        return True
    # A name without a folder: the text before it says where that file is.
    return "/" not in name and any(
        any(ROOT.glob(f"{folder}/**/{name}")) for folder in ("examples", "src", "tests")
    )


def is_path(page: Path, name: str) -> bool:
    first, slash, _ = name.partition("/")
    if slash and (page in ABOUT_THE_CODE or any((folder / first).is_dir() for folder in (*FOLDERS, page.parent))):
        return True
    return SOURCE.fullmatch(name) is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_paths_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [*find_broken_links(page, text), *find_missing_paths(page, text)] == []


def test_broken_links_and_missing_paths_are_found() -> None:
    text = """# A `page_1`, of *two*
[a](#a-page_1-of-two) [b](#b) [c](docs/jobs.md#inputs) [d](docs/jobs.md#nowhere) [e](nowhere.md) [f](https://x/y)

`job/parse.py` `job/nowhere.py` `cli/NAME.py` `nowhere.py` `filters.py` `tests/media/failing_*.py` `out/a.mp4`

```sh
./run test tests/e2e/test_cli.py docs/nowhere.md  # [g](nowhere.md)
```
"""
    page = ROOT / "README.md"
    assert [*find_broken_links(page, text)] == ["#b", "docs/jobs.md#nowhere", "nowhere.md"]
    assert [*find_missing_paths(page, text)] == ["job/nowhere.py", "nowhere.py", "docs/nowhere.md"]

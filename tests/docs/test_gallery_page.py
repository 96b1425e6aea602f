"""docs/gallery.md, the examples and their pictures agree, and pictures were made from the current compositions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ffmpeg_worker.planning.presets.table import PRESETS
from support.docs.gallery import load_gallery
from support.docs.json_examples import ROOT

ENTRIES: Any = load_gallery("gallery_entries")
CHECK: Any = load_gallery("gallery_check")
MOST_IMAGES = 3_500_000
"""Bytes of docs/images together."""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The examples, pages and pictures in a folder of their own."""
    for name in ("examples/canvas", "docs/images/gallery", "docs/images/recipes"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("media", "__pycache__"))
    for name in ("docs/gallery.md", "docs/images/gallery.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def find_problems(root: Path) -> list[str]:
    return [problem.replace(f"{root}/", "") for problem in CHECK.find_problems(root)]


def test_compositions_entries_pictures_and_pages_agree() -> None:
    assert find_problems(ROOT) == [], "run ./run gallery"
    assert len([*ENTRIES.all_entries()]) >= 30


def test_every_picture_can_be_decoded() -> None:
    for name in CHECK.list_pictures():
        with Image.open(ROOT / "docs/images" / name) as picture:
            picture.load()
            assert picture.width >= 400


def test_all_pictures_of_the_documentation_are_small_together() -> None:
    assert sum(path.stat().st_size for path in (ROOT / "docs/images").rglob("*")) < MOST_IMAGES


def test_pictures_of_recipes_are_of_presets() -> None:
    assert set(ENTRIES.read_recipes()) <= set(PRESETS)


def test_a_changed_composition_makes_its_picture_out_of_date(copy: Path) -> None:
    path = copy / "examples/canvas/bar-chart.json"
    path.write_text(path.read_text("utf-8").replace("Solar", "Wind"), encoding="utf-8")
    assert find_problems(copy) == ["docs/images/gallery/bar-chart.webp is out of date"]


def test_changed_media_make_all_pictures_out_of_date(copy: Path) -> None:
    with (copy / "examples/canvas/pictures.py").open("a", encoding="utf-8") as script:
        script.write("\n")
    assert len(find_problems(copy)) == len(CHECK.list_pictures())


def test_another_picture_is_noticed(copy: Path) -> None:
    images = copy / "docs/images/gallery"
    shutil.copy(images / "bar-chart.webp", images / "karaoke.webp")
    assert find_problems(copy) == ["docs/images/gallery/karaoke.webp is out of date"]


def test_compositions_and_entries_without_each_other_are_noticed(copy: Path) -> None:
    folder = copy / "examples/canvas"
    (folder / "bar-chart.json").rename(folder / "pie-chart.json")
    problems = find_problems(copy)
    assert "examples/canvas/pie-chart.json has no entry in gallery.toml" in problems
    assert "the entry bar-chart of gallery.toml has no composition" in problems


def test_a_picture_that_is_too_large_or_unused_is_noticed(copy: Path) -> None:
    path = copy / "docs/images/gallery/more.webp"
    path.write_bytes(bytes(900_001))
    problems = find_problems(copy)
    assert "docs/images/gallery/more.webp is not used" in problems
    assert "more.webp has 900001 bytes" in problems
    assert any("more than 900000" in problem for problem in problems)


def test_an_edited_page_is_noticed(copy: Path) -> None:
    page = copy / "docs/gallery.md"
    page.write_text(page.read_text("utf-8") + "more\n", encoding="utf-8")
    assert find_problems(copy) == ["docs/gallery.md is out of date"]


def test_the_manifest_lists_each_picture_once() -> None:
    listed = json.loads((ROOT / "docs/images/gallery.json").read_text("utf-8"))
    assert [*listed] == sorted(CHECK.list_pictures())

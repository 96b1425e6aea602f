"""The text of docs/gallery.md, and the table of examples/canvas/README.md."""

from __future__ import annotations

import re
from pathlib import Path

from gallery_entries import ROOT, Entry, all_entries, describe_format, read_sections


def write_pages(root: Path = ROOT) -> dict[Path, str]:
    """The pages with the gallery's text in them."""
    readme = root / "examples/canvas/README.md"
    block = re.compile(r"(<!-- examples -->\n).*?(\n<!-- end -->)", re.DOTALL)
    before, begin, end, after = block.split(readme.read_text("utf-8"))
    return {
        root / "docs/gallery.md": write_page(root),
        readme: f"{before}{begin}{write_folder_list(root)}{end}{after}",
    }


def write_page(root: Path = ROOT) -> str:
    """The text of docs/gallery.md."""
    count = sum(len(section.entries) for section in read_sections(root))
    lines = [
        "# Gallery",
        "",
        _about(count),
        "",
        "One command makes the media that they use, and one renders a composition:",
        "",
        "```sh",
        "python examples/canvas/make_media.py",
        "ffmpeg-worker render examples/canvas/story-captions.json -o story-captions.mp4",
        "```",
        "",
    ]
    for section in read_sections(root):
        lines += [f"## {section.title}", ""]
        for entry in section.entries:
            lines += _entry_lines(entry, root)
    lines += ["`./run gallery` draws the pictures that are out of date, and writes this page.", ""]
    return "\n".join(lines)


def _about(count: int) -> str:
    return (
        f"{count} [compositions](canvas.md) and frames of the videos that they become. Each is one JSON file in "
        "[examples/canvas](../examples/canvas/README.md), and one of the examples of the "
        "[playground](dashboard.md#playground-of-compositions)."
    )


def write_folder_list(root: Path = ROOT) -> str:
    """The table of examples/canvas/README.md."""
    rows = [
        f"| [`{entry.name}`]({entry.name}.json) | {describe_format(entry.name, root)} | {entry.text} |"
        for entry in all_entries(root)
    ]
    return "\n".join(["| file | format | what it shows |", "|---|---|---|", *rows])


def _entry_lines(entry: Entry, root: Path) -> list[str]:
    output = f"{entry.name}{entry.suffix}" if not entry.rows else "'for-{{name}}.mp4'"
    more = "--transparent " if entry.suffix != ".mp4" else ""
    return [
        f"### {entry.title}",
        "",
        f"![Frames of {entry.name}](images/gallery/{entry.name}.webp)",
        "",
        f"{entry.text} {describe_format(entry.name, root)}, [`{entry.name}.json`](../examples/canvas/{entry.name}.json).",
        "",
        "```sh",
        f"ffmpeg-worker render examples/canvas/{entry.name}.json {more}-o {output}",
        "```",
        "",
    ]

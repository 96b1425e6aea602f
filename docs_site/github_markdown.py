"""Markdown of the documentation, which is written for GitHub, as the site needs it: links, anchors, tables."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Mapping

_FENCE = re.compile(r"^ *(`{3,})[^\n]*\n.*?^ *\1 *$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[(?P<text>(?:[^\[\]`]|`[^`\n]*`)+)\]\((?P<target>[^)\s]+)\)")
_CODE = re.compile(r"`[^`\n]*`")
_HEADING = re.compile(r"^(?P<marks>#+) (?P<title>.+)$", re.MULTILINE)


def outside_fences(text: str, change: Callable[[str], str]) -> str:
    """Apply `change` to everything that is not in a block of code."""
    parts, begin = [], 0
    for fence in _FENCE.finditer(text):
        parts += [change(text[begin : fence.start()]), fence[0]]
        begin = fence.end()
    return "".join([*parts, change(text[begin:])])


def change_links(text: str, change: Callable[[str, str], str]) -> str:
    """Replace each link outside of code by what `change(text, target)` returns."""
    return outside_fences(text, lambda part: _LINK.sub(lambda m: change(m["text"], m["target"]), part))


def resolve_links(text: str, page: str, pages: Mapping[str, str], repository: str) -> str:
    """Make links that leave `docs/` lead to a page of the site, to the repository, or nowhere.

    Args:
        page: path of the page in `docs/`; for a page that is elsewhere, the path in the repository that its links
            are relative to begins with `../`.
        pages: path in the repository → path in the site, of files outside of `docs/` that are pages.
        repository: address of the folder in the repository, with a slash at its end; empty if it is not known:
            such links become plain text.
    """
    origin = posixpath.normpath(posixpath.join("docs", page))

    def change(shown: str, target: str) -> str:
        name, sharp, anchor = target.partition("#")
        if ":" in target or not name:
            return f"[{shown}]({target})"
        path = posixpath.normpath(posixpath.join(posixpath.dirname(origin), name))
        inside = path.removeprefix("docs/") if path.startswith("docs/") else pages.get(path)
        if inside is not None:
            relative = posixpath.relpath(inside, posixpath.dirname(site_path(origin, pages)) or ".")
            return f"[{shown}]({relative}{sharp}{anchor})"
        return f"[{shown}]({repository}{path}{sharp}{anchor})" if repository else shown

    return change_links(text, change)


def site_path(path: str, pages: Mapping[str, str]) -> str:
    """The path in the site of a page, by its path in the repository."""
    return pages.get(path) or path.removeprefix("docs/")


def mark_repeated_headings(text: str) -> str:
    """Give headings that occur twice the anchors that they have on GitHub (`text-1`)."""
    seen: Counter[str] = Counter()

    def mark(heading: re.Match[str]) -> str:
        slug = github_anchor(heading["title"])
        number = seen[slug]
        seen[slug] += 1
        return f"{heading[0]} {{#{slug}-{number}}}" if number else heading[0]

    return outside_fences(text, lambda part: _HEADING.sub(mark, part))


def unescape_pipes(text: str) -> str:
    """Remove the backslash that GitHub needs before `|` in code in tables: Markdown in Python shows it."""
    return outside_fences(text, lambda part: _CODE.sub(lambda code: code[0].replace("\\|", "|"), part))


def github_anchor(title: str, separator: str = "-") -> str:
    """The anchor of a heading as GitHub makes it; also the `slugify` of the site's table of contents."""
    return re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", separator)

"""`llms.txt` and `llms-full.txt`: the site for language models, in the format of https://llmstxt.org."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from docs_site.github_markdown import change_links

_COMMENT = re.compile(r"^<!--.*?-->\n?", re.MULTILINE | re.DOTALL)
_SENTENCE_END = re.compile(r"(?<=[.!?:])\s")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_MAX_SENTENCE = 240


@dataclass(frozen=True)
class ListedPage:
    """A page of the navigation: `address` is relative to the site, `text` its Markdown."""

    title: str
    address: str
    text: str


Sections = Mapping[str, Sequence[ListedPage]]
"""Pages by the heading of the navigation that they are under."""


def make_index(name: str, summary: str, sections: Sections, site: str, optional: frozenset[str]) -> str:
    """Make `llms.txt`: a title, a summary, and a list of links for each section.

    Args:
        site: address of the site with a slash at its end, or "" for relative links.
        optional: sections that a reader with little room may leave out.
    """
    parts = [f"# {name}", f"> {summary}"]
    needed = [heading for heading in sections if heading not in optional]
    parts += [_section(heading, sections[heading], site) for heading in needed]
    rest = [page for heading in sections if heading in optional for page in sections[heading]]
    if rest:
        parts.append(_section("Optional", rest, site))
    return "\n\n".join(parts) + "\n"


def make_full_text(name: str, summary: str, pages: Iterable[ListedPage], site: str) -> str:
    """Make `llms-full.txt`: the text of all pages, each after its address."""
    texts = [f"Source: {site}{page.address}\n\n{clean(page.text).strip()}" for page in pages]
    return "\n\n---\n\n".join([f"# {name}\n\n> {summary}", *texts]) + "\n"


def clean(text: str) -> str:
    """Markdown without comments, whose links lead to the Markdown of pages."""

    def change(shown: str, target: str) -> str:
        if ":" in target:
            return f"[{shown}]({target})"
        return f"[{shown}]({re.sub(r'[.]md(?=#|$)', '.html.md', target)})"

    return change_links(_COMMENT.sub("", text), change)


def first_sentence(text: str) -> str:
    """The first sentence of the first paragraph under the title."""
    for paragraph in _COMMENT.sub("", text).split("\n\n"):
        line = " ".join(paragraph.split())
        if line and line[0] not in "#|`!<-=>":
            sentence: str = _SENTENCE_END.split(_LINK.sub(r"\1", line))[0][:_MAX_SENTENCE]
            return f"{sentence[:-1]}." if sentence.endswith(":") else sentence
    return ""


def _section(heading: str, pages: Sequence[ListedPage], site: str) -> str:
    lines = [f"- [{page.title}]({site}{page.address}): {first_sentence(page.text)}" for page in pages]
    return "\n".join([f"## {heading}", "", *(line.removesuffix(": ") for line in lines)])

"""What mkdocs calls while it builds the site: it adds generated pages, resolves links, and writes `llms.txt`.

https://www.mkdocs.org/user-guide/configuration/#hooks
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page

from docs_site.cli_page import make_cli_page
from docs_site.github_markdown import mark_repeated_headings, resolve_links, unescape_pipes
from docs_site.llms import ListedPage, clean, make_full_text, make_index
from docs_site.openapi_pages import make_pages
from ffmpeg_worker.job.job import COMMON_FIELDS

_ROOT = Path(__file__).parents[1]
_PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "examples/README.md": "examples/index.md",
    "examples/canvas/README.md": "examples/canvas.md",
    "examples/n8n/README.md": "examples/n8n.md",
}
"""Files outside of `docs/` that are pages of the site, where they exist."""
_PICTURES = {"src/ffmpeg_worker/api/static/icon.svg": "assets/icon.svg"}
_OPENAPI = _ROOT / "tests/docs/openapi.json"
"""The document that the server serves; a test of the server compares them."""
_OPTIONAL = frozenset({"Project"})

_texts: dict[str, str] = {}
_listed: dict[str, list[Page]] = {}


def pages_outside() -> dict[str, str]:
    """The files outside of `docs/` that are pages, where they exist, with their paths in the site."""
    return {source: page for source, page in _PAGES.items() if (_ROOT / source).is_file()}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the navigation that are generated or elsewhere in the repository, and pictures."""
    wanted = frozenset(paths_of(config.nav))
    for source, page in pages_outside().items():
        if page in wanted:
            files.append(File.generated(config, page, abs_src_path=str(_ROOT / source)))
    for source, picture in _PICTURES.items():
        files.append(File.generated(config, picture, abs_src_path=str(_ROOT / source)))
    document = json.loads(_OPENAPI.read_text(encoding="utf-8"))
    for made in make_pages(document, frozenset(COMMON_FIELDS)):
        if (path := f"reference/http/{made.name}") in wanted:
            files.append(File.generated(config, path, content=made.text))
    if "reference/cli.md" in wanted:
        files.append(File.generated(config, "reference/cli.md", content=make_cli_page()))
    return files


def paths_of(nav: object) -> Iterator[str]:
    """The paths in `nav` of the configuration, which nests lists and mappings."""
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, dict):
        for value in nav.values():
            yield from paths_of(value)
    elif isinstance(nav, list):
        for value in nav:
            yield from paths_of(value)


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:  # noqa: ARG001  (names of mkdocs)
    """Remember which pages are under which heading."""
    _texts.clear()
    _listed.clear()
    for item in nav.items:
        heading = item.title or "" if isinstance(item, Section) else "Start"
        _listed.setdefault(heading, []).extend(_pages_of(item))
    return nav


def _pages_of(item: object) -> Iterator[Page]:
    if isinstance(item, Page):
        yield item
    for child in getattr(item, "children", None) or ():
        yield from _pages_of(child)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Resolve links, and give headings the anchors that they have on GitHub."""
    path = page.file.src_uri
    elsewhere = {inside: f"../{outside}" for outside, inside in pages_outside().items()}
    base = config.repo_url or ""
    repository = f"{base.rstrip('/')}/blob/main/" if base else ""
    text = resolve_links(markdown, elsewhere.get(path, path), pages_outside(), repository)
    _texts[path] = text
    return unescape_pipes(mark_repeated_headings(text))


def on_post_build(config: MkDocsConfig) -> None:
    """Write the Markdown of each page beside it, `llms.txt` and `llms-full.txt`."""
    site, target = config.site_url or "", Path(config.site_dir)
    for pages in _listed.values():
        for page in pages:
            path = target / f"{page.file.dest_uri}.md"
            path.write_text(clean(_texts[page.file.src_uri]), encoding="utf-8")
    sections = {heading: [_list(page) for page in pages] for heading, pages in _listed.items()}
    summary = config.site_description or ""
    index = make_index(config.site_name, summary, sections, site, _OPTIONAL)
    (target / "llms.txt").write_text(index, encoding="utf-8")
    every = [page for heading, pages in sections.items() if heading not in _OPTIONAL for page in pages]
    full = make_full_text(config.site_name, summary, every, site)
    (target / "llms-full.txt").write_text(full, encoding="utf-8")


def _list(page: Page) -> ListedPage:
    return ListedPage(str(page.title), f"{page.file.dest_uri}.md", _texts[page.file.src_uri])

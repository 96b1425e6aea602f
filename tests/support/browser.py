"""The distribution's Chromium, driven by playwright, and what its pages must never do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = "chromium"
_PATIENCE_MS = 30_000
STORED_KEY = "ffmpeg-worker-key"
_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio")
_WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""
_EXPECTED = "Failed to load resource"
"""The console's own line about a response with an error, which pages show in their words."""


@dataclass
class Browser:
    """One running browser; each page has storage of its own."""

    browser: Any
    url: str
    key: str | None = None

    @contextmanager
    def page(
        self, address: str = "", *, has_key: bool = True, breaks_policy: bool = False, **options: Any
    ) -> Iterator[Any]:
        """Open an address of the dashboard, such as `#/jobs`.

        The page must not fail, and must keep to its policy, unless the test itself breaks that.
        """
        given = {"reduced_motion": "reduce", "viewport": {"width": 1280, "height": 800}, **options}
        context = self.browser.new_context(**given)
        context.set_default_timeout(_PATIENCE_MS)
        context.add_init_script(_WATCH)
        if has_key and self.key is not None:
            context.add_init_script(f"sessionStorage.setItem('{STORED_KEY}', '{self.key}')")
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("dialog", lambda dialog: _dismiss(dialog, errors))
        page.on("console", lambda message: _note_error(message, errors))
        try:
            page.goto(f"{self.url}/{address}")
            yield page
            assert breaks_policy or (page.evaluate("window.violations"), errors) == ([], [])
        finally:
            context.close()


def _dismiss(dialog: Any, errors: list[str]) -> None:
    errors.append(f"dialog: {dialog.message}")
    dialog.dismiss()


def _note_error(message: Any, errors: list[str]) -> None:
    if message.type == "error" and not message.text.startswith(_EXPECTED):
        errors.append(message.text)


@contextmanager
def open_browser(url: str, key: str | None = None) -> Iterator[Browser]:
    """Start the browser for pages of a server; skip where it is missing."""
    program = find_chromium()
    from playwright.sync_api import sync_playwright  # its loading takes a while, and few tests need it

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        try:
            yield Browser(browser, url, key)
        finally:
            browser.close()


def wait_until(page: Any, condition: str) -> None:
    """Wait until an expression of JavaScript is true; playwright's own way needs what the policy forbids."""
    look = f"({condition}) ? done() : Date.now() > end ? fail(new Error('not so in time')) : setTimeout(look, 40)"
    begin = f"const end = Date.now() + {_PATIENCE_MS}; const look = () => {look}; look();"
    page.evaluate(f"() => new Promise((done, fail) => {{ {begin} }})")


def find_chromium() -> Path:
    """Return the path of the program; skip the test where it is missing."""
    found = shutil.which(CHROMIUM)
    if found is None:
        pytest.skip(f"not installed: {CHROMIUM}")
    return Path(found)

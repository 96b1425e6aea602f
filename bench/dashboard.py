"""The dashboard in Chromium: the first paint with many jobs, the weight of the page, and previews of frames.

`FFMPEG_WORKER_BENCH_JOBS` sets the number of jobs.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import tempfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.api_server import ApiServer, running_server
from bench.canvas_browser import find_browser
from bench.table import median, table

_JOB = {"action": "process", "data": {"chainCmds": "-f lavfi -i color=size=16x16:duration=0.2 -c:v mpeg4 a.mkv"}}
_COMPOSITION = {
    "width": 1280,
    "height": 720,
    "duration": 4,
    "layers": [
        {"type": "video", "src": "tiny.mp4", "width": "100%", "height": "100%"},
        {"type": "text", "text": "Hello", "animation": {"type": "slide-up"}, "style": {"font_size": 120}},
    ],
}
_SHOWN = "tbody tr"
_PAINT = """() => {
  const paint = performance.getEntriesByName('first-contentful-paint')[0].startTime;
  const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
  const files = all.filter((one) => !one.name.includes('/api/'));
  const sum = (name) => files.reduce((total, one) => total + one[name], 0);
  return [paint, performance.now(), sum('transferSize'), sum('decodedBodySize')];
}"""


def measure(*, quick: bool) -> str:
    """Measure, and format the table."""
    browser = find_browser()
    if browser is None:
        return "dashboard: there is no Chromium"
    count = 100 if quick else int(os.environ.get("FFMPEG_WORKER_BENCH_JOBS", "10000"))
    with (
        tempfile.TemporaryDirectory(prefix="ffmpeg-worker-bench-") as state,
        running_server(FFMPEG_WORKER_STATE_ROOT=state) as server,
    ):
        _fill(server, Path(state), count)
        rows = _measure_pages(browser, server.url, runs=3 if quick else 15)
    return table(f"dashboard with {count} jobs, medians", ["what", "measured"], rows)


def _fill(server: ApiServer, state: Path, count: int) -> None:
    """Run one job, and store copies of its record."""
    body, headers = json.dumps(_JOB).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{server.url}/api/jobs?wait=60", body, headers)
    with urllib.request.urlopen(request) as response:
        assert json.load(response)["status"] == "succeeded"
    (path,) = (one for one in state.glob("*") if _has_jobs(one))
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        names = [row[1] for row in database.execute("PRAGMA table_info(ffw_jobs)")]
        kept = ", ".join(name for name in names if name not in {"number", "job_id"})
        database.execute(
            "WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?) "
            f"INSERT INTO ffw_jobs (job_id, {kept}) SELECT 'job-' || n, {kept} FROM ffw_jobs, numbers",
            (count,),
        )


def _has_jobs(path: Path) -> bool:
    if not path.is_file() or not path.read_bytes().startswith(b"SQLite format 3"):
        return False
    with contextlib.closing(sqlite3.connect(path)) as database:
        return bool(database.execute("SELECT 1 FROM sqlite_master WHERE name = 'ffw_jobs'").fetchall())


def _measure_pages(program: str, url: str, runs: int) -> list[list[str]]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        options: Mapping[str, Any] = {"viewport": {"width": 1280, "height": 800}}
        paints = []
        for _ in range(runs + 1):
            context = browser.new_context(**options)
            page = context.new_page()
            page.goto(f"{url}/#/jobs")
            page.locator(_SHOWN).nth(49).wait_for()
            paints.append(page.evaluate(_PAINT))
            context.close()
        first, shown, sent, size = (median(values) for values in zip(*paints[1:], strict=True))
        page = browser.new_page(**options)
        previews = _measure_previews(page, url, runs)
        browser.close()
    return [
        ["first contentful paint, ms", f"{first:.0f}"],
        ["first 50 jobs are shown, ms", f"{shown:.0f}"],
        ["page of the list, kB sent", f"{sent / 1000:.1f}"],
        ["page of the list, kB unpacked", f"{size / 1000:.1f}"],
        ["preview of a frame, warm round trip, ms", f"{median(previews):.0f}"],
        ["the slowest of them, ms", f"{max(previews):.0f}"],
    ]


def _measure_previews(page: Any, url: str, runs: int) -> list[float]:
    """Move the slider, and read what each preview took from the request to the picture."""
    page.add_init_script(
        f"sessionStorage.setItem('ffmpeg-worker-composition', {json.dumps(json.dumps(_COMPOSITION))})"
    )
    page.goto(f"{url}/#/playground")
    page.locator("#frame").wait_for()
    slider = page.get_by_label("Time in seconds")
    took = []
    for _ in range(runs + 3):
        page.evaluate("document.querySelector('#took').textContent = ''")
        slider.press("ArrowRight")
        page.locator("#took", has_text="ms").wait_for()
        took.append(float(page.locator("#took").inner_text().removesuffix(" ms")))
    return took[3:]

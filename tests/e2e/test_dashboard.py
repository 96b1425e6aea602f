"""The dashboard in a real browser: keys, jobs, players, comparisons, the playground, hostile names, keyboards."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from PIL import Image
from starlette.types import ASGIApp

from ffmpeg_worker.api.app import make_app
from support.browser import Browser, open_browser, wait_until
from support.npm_packages import AXE_CORE, install_packages
from support.servers.api_server import Server, running_server
from support.servers.fake_services import make_fake_services
from support.wait_until import until

KEY = "key-of-a-person"
PICTURES = os.environ.get("DASHBOARD_PICTURES")
"""Folder for the pictures of the documentation, which show larger videos; `./run screenshots` sets it."""
SHOWN = "size=640x360:rate=25:duration=6" if PICTURES else "size=160x90:rate=10:duration=1"
CLIP = f"-f lavfi -i testsrc2={SHOWN} -pix_fmt yuv420p -c:v libx264 -preset ultrafast"
LONG = "-re -f lavfi -i color=size=16x16:rate=5 -t 300 -c:v mpeg4 long.mkv"
EVIL = "<img src=x onerror=alert(1)>"
TITLE = {"width": 160, "height": 90, "duration": 2, "layers": [{"type": "text", "text": EVIL}]}
DESKTOP: dict[str, Any] = {}
DARK_PHONE: dict[str, Any] = {"color_scheme": "dark", "viewport": {"width": 390, "height": 800}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server"), FFMPEG_WORKER_API_KEYS=KEY) as server:
        yield server


@pytest.fixture(scope="module")
def browser(server: Server) -> Iterator[Browser]:
    with open_browser(server.url, KEY) as browser:
        yield browser


def ask(server: Server, method: str, path: str, value: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    body = None if value is None else json.dumps(value).encode()
    request = urllib.request.Request(f"{server.url}{path}", body, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def run(server: Server, action: str, data: dict[str, Any], **more: Any) -> Any:
    """Queue a job; returns its record at its end."""
    return ask(server, "POST", "/api/jobs?wait=50", {"action": action, "data": data, **more})


@pytest.fixture(scope="module")
def clips(server: Server) -> None:
    """Two clips in the data root."""
    for name, quality in (("reference.mp4", 10), ("distorted.mp4", 48)):
        job = {"chainCmds": f"{CLIP} -crf {quality} {name}", "upload": {"cloud_type": "LOCAL", "key": name}}
        ask(server, "POST", "/api/ffmpeg/process", job)


@pytest.fixture(scope="module")
def measured(server: Server, clips: None) -> Any:
    """A job that has compared both clips."""
    return run(
        server,
        "vmaf",
        {"input1": "reference.mp4", "input2": "distorted.mp4", "output": "vmaf.json", "align": "off"},
        metadata={"order": "A-17"},
    )


@pytest.fixture(scope="module")
def hostile(server: Server) -> Any:
    """A job whose file names, tags and metadata are markup."""
    command = [*CLIP.split(), "-metadata", f"title={EVIL}", f"{EVIL}.mp4"]
    return run(server, "process", {"chainCmds": command}, metadata={f"<b>{EVIL}": f"<script>{EVIL}</script>"})


def test_a_wrong_key_is_told_and_the_right_one_opens_the_page(browser: Browser) -> None:
    with browser.page("#/jobs", has_key=False) as page:
        page.get_by_label("Key").fill("no-key")
        page.keyboard.press("Enter")
        assert "does not accept that API key" in page.get_by_role("alert").inner_text()
        assert page.evaluate("document.activeElement.id") == "key"
        page.get_by_label("Key").fill(KEY)
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("heading", name="Jobs").wait_for()
        assert KEY not in page.url
        page.get_by_role("button", name="Forget key").click()
        page.get_by_label("Key").wait_for()
        assert page.evaluate("sessionStorage.getItem('ffmpeg-worker-key')") is None


def test_a_key_that_is_withdrawn_is_asked_for_again(browser: Browser) -> None:
    with browser.page("#/jobs") as page:
        page.get_by_role("search").wait_for()
        page.evaluate("sessionStorage.setItem('ffmpeg-worker-key', 'old')")
        page.get_by_role("navigation").get_by_role("link", name="Try a command").click()
        page.get_by_label("Key").wait_for()
        assert "does not accept that API key" in page.get_by_role("alert").inner_text()


def test_without_keys_nobody_asks_for_one(browser: Browser) -> None:
    with serving(make_app(make_fake_services())) as url, Browser(browser.browser, url).page("#/system") as page:
        page.get_by_role("heading", name="Sandbox").wait_for()
        assert page.get_by_text("The queue is switched off").is_visible()
        page.get_by_role("link", name="Jobs").click()
        assert "no queue" in page.get_by_role("alert").inner_text()


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve an application without a queue in a thread; yields its URL."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started)
        yield "http://{}:{}".format(*server.servers[0].sockets[0].getsockname())
    finally:
        server.should_exit = True
        thread.join()


def test_a_command_is_planned_run_watched_and_its_output_plays(browser: Browser) -> None:
    with browser.page("#/try") as page:
        page.get_by_label("FFmpeg command").fill(f"ffmpeg {CLIP} made.mp4")
        page.get_by_role("button", name="Plan").click()
        page.get_by_text("Makes made.mp4").wait_for()
        page.get_by_role("button", name="Run").click()
        page.locator("#result .status.succeeded").wait_for()
        video = page.locator("video")
        video.evaluate("async (video) => { video.muted = true; await video.play(); }")
        wait_until(page, "document.querySelector('video').currentTime > 0.1")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download made.mp4").click()
        assert download.value.suggested_filename == "made.mp4"
        assert page.locator(".log").inner_text().startswith("$ ffmpeg")


def test_a_job_is_cancelled_and_run_again(browser: Browser, server: Server) -> None:
    job = ask(server, "POST", "/api/jobs", {"action": "process", "data": {"chainCmds": LONG}})
    with browser.page(f"#/jobs/{job['id']}") as page:
        page.locator(".stages .now", has_text="running").wait_for()
        page.get_by_role("button", name="Cancel").click()
        page.locator(".status.cancelled").wait_for()
        page.get_by_role("button", name="Run again").click()
        page.locator(".status.running").wait_for()
        page.get_by_role("button", name="Cancel").click()
        page.locator(".status.cancelled").wait_for()


def test_a_job_is_watched_where_a_proxy_holds_events_back(browser: Browser, server: Server) -> None:
    job = ask(server, "POST", "/api/jobs", {"action": "process", "data": {"chainCmds": LONG}})
    with browser.page() as page:
        page.route("**/events*", lambda _route: None)  # never answered
        page.goto(f"{server.url}/#/jobs/{job['id']}")
        page.locator("h1", has_text=job["id"]).wait_for()
        page.locator(".status.running, .status.queued").wait_for()
        ask(server, "DELETE", f"/api/jobs/{job['id']}")
        page.locator(".status.cancelled").wait_for()


def test_the_list_filters_and_is_used_with_the_keyboard(browser: Browser, measured: Any, hostile: Any) -> None:
    with browser.page("#/jobs") as page:
        page.get_by_role("search").wait_for()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.get_by_label("Metadata").fill("order=A-17")
        page.keyboard.press("Enter")
        rows = page.locator("tbody tr")
        wait_until(page, "document.querySelectorAll('tbody tr').length === 1")
        assert rows.inner_text().startswith("vmaf")
        rows.get_by_role("link").focus()
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="VMAF", exact=True).wait_for()
        page.go_back()
        assert page.get_by_label("Metadata").input_value() == "order=A-17"
        page.get_by_role("button", name="Clear").click()
        wait_until(page, "document.querySelectorAll('tbody tr').length > 1")


def test_two_videos_are_compared_frame_by_frame(browser: Browser, measured: Any) -> None:
    worst = measured["result"]["worst"][0]
    with browser.page(f"#/jobs/{measured['id']}") as page:
        chart = page.get_by_role("slider", name="VMAF over time")
        chart.focus()
        page.keyboard.press("End")
        assert re.search(r"VMAF \d+\.\d\d\s+frame 9", page.locator(".reading").inner_text())
        page.get_by_role("button", name=f"{worst['score']:.1f} at").first.click()
        pictures = page.locator(".compare-stage img")
        pictures.nth(1).wait_for()
        assert pictures.evaluate_all("(all) => all.map((one) => one.naturalWidth)") == [160, 160]
        wipe = page.get_by_label("Place of the wipe")
        wipe.focus()
        page.keyboard.press("Home")
        assert pictures.nth(1).evaluate("(one) => one.style.clipPath") == "inset(0px 0px 0px 0%)"
        page.get_by_role("button", name="Side by side").click()
        boxes = [pictures.nth(number).bounding_box() for number in (0, 1)]
        assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
        page.get_by_role("button", name="Show what reference.mp4 is").click()
        wait_until(page, "document.querySelector('video')?.readyState > 0")


def test_the_playground_shows_frames_and_errors_in_place(browser: Browser) -> None:
    with browser.page("#/playground") as page:
        page.locator("#frame").wait_for()
        editor = page.locator("#editor .cm-content")

        def write(value: Any) -> None:
            editor.click()
            page.keyboard.press("Control+a")
            page.keyboard.insert_text(value if isinstance(value, str) else json.dumps(value))

        before = page.locator("#frame").get_attribute("src")
        page.get_by_label("Time in seconds").press("ArrowRight")
        write(TITLE)
        wait_until(page, f"document.querySelector('#frame').src !== {json.dumps(before)}")
        assert page.locator("#frame").evaluate("(one) => one.naturalWidth") == 160
        write('{"layers": [{"type": "text", "text": "a", "styel": {}}]}')
        remark = page.locator(".remarks li")
        remark.get_by_text("is not a known field").wait_for()
        page.locator("#editor .cm-lintRange-error", has_text="styel").wait_for()
        remark.get_by_role("button", name="layers[0].styel").click()
        assert page.evaluate("document.querySelector('#editor').shadowRoot.getSelection().toString()").startswith(
            '"styel"'
        )
        write('{"layers": [')
        remark.get_by_text("This is no JSON").wait_for()
        write('{"layers": [{"type": "text", "animation": {"type": ""}}]}')
        for _ in range(5):
            page.keyboard.press("ArrowLeft")
        page.keyboard.press("Control+Space")
        page.locator("#editor .cm-tooltip-autocomplete li", has_text="typewriter").click()
        assert '"type": "typewriter"' in editor.inner_text()


def test_an_example_is_rendered(browser: Browser) -> None:
    with browser.page("#/playground") as page:
        page.get_by_label("Example").select_option("gradient-title")
        page.locator("#editor .cm-content", has_text='"layers"').wait_for()
        with page.expect_response("**/api/jobs") as answer:
            page.get_by_role("button", name="Render").click()
        job_id = answer.value.json()["id"]
        page.locator(".status.running, .status.queued").first.wait_for()
        page.get_by_role("button", name="Cancel").click()
        page.locator(".status.cancelled, .status.succeeded").wait_for()
        assert job_id in page.url


def test_a_file_is_uploaded_and_used(browser: Browser, server: Server, tmp_path: Path) -> None:
    file = tmp_path / "größe & <b>.txt"
    file.write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    with browser.page("#/try") as page:
        page.get_by_label("Files to upload").set_input_files(file)
        page.get_by_text("uploaded,").wait_for()
        assert "'größe & <b>.txt'" in page.get_by_label("FFmpeg command").input_value()
    names = [one["name"] for one in ask(server, "GET", "/api/files")["files"]]
    assert file.name in names


def test_names_tags_and_messages_are_never_markup(browser: Browser, server: Server, hostile: Any) -> None:
    failed = run(server, "process", {"chainCmds": ["-i", f"{EVIL}.mov", "out.mp4"]})
    shutil.copy(hostile["result"]["outputs"][0]["path"], server.data_root / f"{EVIL}.mp4")
    probed = run(server, "probe", {"input": f"{EVIL}.mp4"})
    assert [job["status"] for job in (hostile, failed, probed)] == ["succeeded", "failed", "succeeded"]
    with browser.page() as page:
        for job in (hostile, failed, probed):
            page.goto(f"{server.url}/#/jobs/{job['id']}")
            page.locator("h1", has_text=job["id"]).wait_for()
            page.locator(f".status.{job['status']}").wait_for()
            page.get_by_text(EVIL).filter(visible=True).first.wait_for()
            assert page.locator("main img[src='x'], main script, main b").count() == 0
        page.goto(f"{server.url}/#/jobs")
        page.get_by_text(f"<script>{EVIL}").filter(visible=True).first.wait_for()
        assert page.locator("main img, main script").count() == 0


def test_an_output_that_is_gone_is_explained(browser: Browser, server: Server) -> None:
    job = run(server, "process", {"chainCmds": f"{CLIP} gone.mp4"})
    Path(job["result"]["outputs"][0]["path"]).unlink()
    with browser.page(f"#/jobs/{job['id']}") as page:
        page.locator(".output .problem").wait_for()
        assert "Code: output_" in page.locator(".output .problem").inner_text()


def test_the_policy_allows_no_inline_script_and_no_frame(server: Server, browser: Browser) -> None:
    request = urllib.request.Request(f"{server.url}/", headers={"Accept": "text/html"})
    with urllib.request.urlopen(request, timeout=30) as response:
        headers, text = response.headers, response.read().decode()
    policy = headers["Content-Security-Policy"]
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} <= set(
        policy.split("; ")
    )
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
    assert not re.search(r"<style|<script(?![^>]*src)|\son\w+=|style=", text)
    with browser.page("#/jobs", breaks_policy=True) as page:
        page.get_by_role("search").wait_for()
        page.evaluate("document.body.setAttribute('style', 'color: red')")
        assert page.evaluate("window.violations") == ["style-src-attr"]
        for attempt in ("document.body.innerHTML = '<b>x</b>'", "document.body.setAttribute('onclick', 'x()')"):
            refused = f"() => {{ try {{ {attempt}; }} catch (error) {{ return error.name; }} }}"
            assert page.evaluate(refused) == "TypeError"


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core."""
    folder = tmp_path_factory.mktemp("axe")
    install_packages(folder, AXE_CORE)
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("look", [DESKTOP, DARK_PHONE], ids=["light", "dark phone"])
def test_pages_have_no_serious_barrier(
    browser: Browser, measured: Any, hostile: Any, axe: str, look: dict[str, Any]
) -> None:
    ready = {
        "#/jobs": "tbody tr",
        f"#/jobs/{measured['id']}": ".chart svg",
        "#/try": "#command",
        "#/playground": "#frame",
        "#/system": ".tiles .card",
    }
    with browser.page(**look) as page:
        for address, shown in ready.items():
            page.goto(f"{browser.url}/{address}")
            page.locator(shown).first.wait_for()
            page.evaluate(axe)
            found = page.evaluate("axe.run({resultTypes: ['violations']}).then((all) => all.violations)")
            serious = [
                (one["id"], one["nodes"][0]["html"][:200], one["nodes"][0].get("failureSummary", "")[:300])
                for one in found
                if one["impact"] in {"serious", "critical"}
            ]
            assert serious == [], address
            overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert overflow <= 0, address


def test_the_first_page_is_small(server: Server, browser: Browser) -> None:
    with browser.page("#/jobs") as page:
        page.get_by_role("search").wait_for()
        sizes = page.evaluate(
            "performance.getEntriesByType('resource').map((one) => [one.name, one.decodedBodySize])"
        )
        assert sum(size for _, size in sizes) < 300_000
        assert not [name for name, _ in sizes if "codemirror" in name or not name.startswith(server.url)]
    until(server.is_idle, within_s=30)


def test_pictures_of_the_documentation(browser: Browser, server: Server, measured: Any, tmp_path: Path) -> None:
    """Pages as they look, in a folder of the test, or in that of the documentation."""
    folder = Path(PICTURES) if PICTURES else tmp_path
    wrong = {"chainCmds": "-i reference.mp4 -c:v libx264 -profile:v baseline -pix_fmt yuv444p small.mp4"}
    run(server, "process", wrong, metadata={"order": "A-18"})
    run(server, "process", {"chainCmds": "-i reference.mp4 -vf scale=-2:72 small.mp4"}, metadata={"order": "A-19"})
    job = ask(server, "POST", "/api/jobs", {"action": "process", "data": {"chainCmds": LONG}})
    with browser.page("#/jobs", viewport={"width": 1280, "height": 480}) as page:
        page.locator(".bar").wait_for()
        keep_picture(page, folder / "dashboard-jobs.webp")
        ask(server, "DELETE", f"/api/jobs/{job['id']}?wait=30")
        page.set_viewport_size({"width": 1280, "height": 960})
        page.goto(f"{server.url}/#/jobs/{measured['id']}")
        page.get_by_role("button", name=f"{measured['result']['worst'][-1]['score']:.1f} at").first.click()
        page.locator(".compare-stage .distorted").wait_for()
        page.evaluate("scrollTo(0, 0)")
        keep_picture(page, folder / "dashboard-vmaf.webp")
        page.emulate_media(color_scheme="dark")
        page.goto(f"{server.url}/#/playground")
        page.locator("#frame").wait_for()
        before = page.locator("#frame").get_attribute("src")
        page.get_by_label("Example").select_option("typewriter-code")
        wait_until(page, f"document.querySelector('#frame').src !== {json.dumps(before)}")
        page.get_by_label("Time in seconds").fill("5")
        page.get_by_alt_text("Frame at 0:05.00").wait_for()
        keep_picture(page, folder / "dashboard-playground.webp")


def keep_picture(page: Any, path: Path) -> None:
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.save(path, quality=82, method=6)
    assert 5_000 < path.stat().st_size < 150_000

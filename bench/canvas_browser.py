"""The compared composition as a web page: Chromium draws each frame, and a screenshot goes to FFmpeg."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bench.api_server import FFMPEG
from bench.canvas_scene import CAPTIONS, ENCODER, FPS

_PAGE = """<!doctype html><meta charset="utf-8"><style>
body{margin:0;width:Wpx;height:Hpx;overflow:hidden;background:#000;position:relative;font-family:sans-serif}
body>*{position:absolute} .full{inset:0;width:100%;height:100%;object-fit:cover}
#pip{width:32%;top:6%;border-radius:24px} #logo{left:4%;top:6%;width:LOGOpx}
#title{left:0;right:0;text-align:center;color:#fff;font-weight:700;font-size:TITLEpx;text-shadow:0 4px 12px #000a}
#caption{top:88%;left:0;right:0;text-align:center;transform:translateY(-50%)}
#caption span{background:#000b;color:#fff;font-size:CAPTIONpx;font-weight:600;padding:.12em .3em}
</style>
<video id="one" class="full" src="one.mp4" muted preload="auto"></video>
<video id="two" class="full" src="two.mp4" muted preload="auto"></video>
<video id="pip" src="two.mp4" muted preload="auto"></video>
<img id="logo" src="logo.png"><div id="title">Benchmark</div><div id="caption"><span></span></div>
<script>
const $=id=>document.getElementById(id), clamp=v=>Math.min(Math.max(v,0),1), out=p=>1-(1-clamp(p))**3;
const words=CAPTIONS;
function at(video,time){if(!video.checkVisibility())return null;
  return new Promise(done=>{video.onseeked=done;video.currentTime=time+0.001;});}
async function show(t){
  const on=(id,from,to,opacity=1)=>{$(id).style.display=t>=from&&t<to?'':'none';$(id).style.opacity=opacity;};
  on('one',0,7);on('two',6,10,clamp(t-6));on('pip',1,9);
  on('logo',.5,9.5,.7*Math.min(clamp((t-.5)*2),clamp((9.5-t)*2)));
  on('title',1,5,Math.min(clamp((t-1)*2),clamp((5-t)*2)));
  $('pip').style.left=100-36*out((t-1)/.8)+'%';
  $('title').style.top=`calc(${60-15*out((t-1)/1.5)}% - .6em)`;
  $('caption').firstChild.textContent=words[Math.floor(t/2)];
  await Promise.all([at($('one'),t%6),at($('two'),t-6),at($('pip'),t-1)]);
  await new Promise(done=>requestAnimationFrame(()=>requestAnimationFrame(done)));
}
const opened=v=>v.readyState>2||new Promise(done=>v.oncanplay=done);
const ready=Promise.all([...document.querySelectorAll('video')].map(opened));
</script>"""

_READY = "new Promise(done=>document.readyState=='complete'?done():addEventListener('load',done)).then(()=>ready)"


def find_browser() -> str | None:
    """Return the path of a Chromium on this machine."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


def capture(folder: Path, width: int, height: int, seconds: float, output: Path) -> float:
    """Return the wall-clock seconds for a video of that length, without the start of the browser."""
    short = min(width, height)
    page = folder / "page.html"
    marks = {"W": width, "H": height, "LOGO": short // 6, "TITLE": short // 7}
    text = _PAGE.replace("=CAPTIONS;", f"={json.dumps(CAPTIONS)};").replace("CAPTIONpx", f"{short // 16}px")
    for mark, value in marks.items():
        text = text.replace(f"{mark}px", f"{value}px")
    page.write_text(text, encoding="utf-8")
    return asyncio.run(_capture(page, width, height, round(seconds * FPS), output))


async def _capture(page: Path, width: int, height: int, frames: int, output: Path) -> float:
    async with _browser(page, width, height) as call:
        await call("Runtime.evaluate", expression=_READY, awaitPromise=True)
        await call("Runtime.evaluate", expression="show(0)", awaitPromise=True)
        began = time.perf_counter()
        pictures = ("-f", "image2pipe", "-framerate", str(FPS), "-c:v", "mjpeg", "-i", "pipe:0")
        command = [FFMPEG, "-v", "error", "-y", *pictures, "-vf", "scale=out_range=tv", *ENCODER, str(output)]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as encoder:
            assert encoder.stdin is not None
            for number in range(frames):
                await call("Runtime.evaluate", expression=f"show({number / FPS})", awaitPromise=True)
                shot = await call("Page.captureScreenshot", format="jpeg", quality=90, optimizeForSpeed=True)
                encoder.stdin.write(base64.b64decode(shot["data"]))
            encoder.stdin.close()
            assert encoder.wait() == 0
        return time.perf_counter() - began


@asynccontextmanager
async def _browser(page: Path, width: int, height: int) -> AsyncIterator[Any]:
    """Start a browser and yield a function that calls the DevTools protocol of its page."""
    browser = find_browser()
    assert browser is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        flags = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--mute-audio")
        own = (f"--user-data-dir={profile}", "--remote-debugging-port=0", f"--window-size={width},{height}")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen([browser, *flags, *own, "about:blank"], **quiet) as process:  # type: ignore[call-overload]
            try:
                async with aiohttp.ClientSession() as session:
                    address = await _page_address(session, Path(profile) / "DevToolsActivePort")
                    async with session.ws_connect(address, max_msg_size=0) as socket:
                        call = _caller(socket)
                        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
                        await call("Emulation.setDeviceMetricsOverride", **size)
                        await call("Page.navigate", url=page.as_uri())
                        yield call
            finally:
                process.terminate()


async def _page_address(session: aiohttp.ClientSession, port_file: Path) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if port_file.exists() and port_file.read_text().count("\n"):
            port = port_file.read_text().splitlines()[0]
            async with session.get(f"http://127.0.0.1:{port}/json") as response:
                pages = [target for target in await response.json() if target["type"] == "page"]
            if pages:
                return str(pages[0]["webSocketDebuggerUrl"])
        await asyncio.sleep(0.1)
    raise TimeoutError("the browser did not start")


def _caller(socket: aiohttp.ClientWebSocketResponse) -> Any:
    numbers = iter(range(1, 1 << 30))

    async def call(method: str, **parameters: Any) -> dict[str, Any]:
        number = next(numbers)
        await socket.send_json({"id": number, "method": method, "params": parameters})
        while (answer := await socket.receive_json())["id"] != number:
            pass
        assert "exceptionDetails" not in answer["result"], answer
        return dict(answer["result"])

    return call

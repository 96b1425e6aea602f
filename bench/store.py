"""`python -m bench.store`: an S3 server that accepts everything and stores nothing; prints its address."""

from __future__ import annotations

import asyncio

from aiohttp import web

_STARTED = (
    "<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><UploadId>u</UploadId>"
    "</InitiateMultipartUploadResult>"
)
_COMPLETED = (
    "<CompleteMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><ETag>&quot;e&quot;</ETag>"
    "</CompleteMultipartUploadResult>"
)


async def _answer(request: web.Request) -> web.Response:
    async for _ in request.content.iter_any():
        pass
    if request.method == "POST":
        text = _STARTED if "uploads" in request.query else _COMPLETED
        return web.Response(text=text, content_type="application/xml")
    if request.method == "PUT":
        return web.Response(headers={"ETag": '"e"'})
    return web.Response(status=204 if request.method == "DELETE" else 404)


async def _serve() -> None:
    app = web.Application(client_max_size=1 << 30)
    app.router.add_route("*", "/{path:.*}", _answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())

"""`/dashboard/…` and the page at `/`: the files of the dashboard, which holds no data and needs no key itself."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.dashboard_files import DASHBOARD_PATHS, PAGE_NAME, DashboardFile, dashboard_files

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        # Outputs may lie in a bucket: they are loaded when somebody asks to see them.
        "img-src 'self' blob: data: https:",
        "media-src 'self' blob: https:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept, Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Browsers ask each time whether a file has changed: pages and scripts of two versions do not mix.
    "Cache-Control": "no-cache",
}


async def serve_dashboard_file(request: Request) -> Response:
    """Respond with a script or a style sheet of the dashboard."""
    return _respond(request, dashboard_files()[DASHBOARD_PATHS[request.url.path]])


def dashboard_page(request: Request) -> Response:
    """Respond with the page of the dashboard."""
    return _respond(request, dashboard_files()[PAGE_NAME])


def _respond(request: Request, file: DashboardFile) -> Response:
    is_compressed = "gzip" in request.headers.get("accept-encoding", "")
    tag = file.compressed_tag if is_compressed else file.tag
    headers = {**_HEADERS, "ETag": tag, **({"Content-Encoding": "gzip"} if is_compressed else {})}
    if tag in request.headers.get("if-none-match", ""):
        return Response(None, 304, {**_HEADERS, "ETag": tag})
    content = file.compressed if is_compressed else file.content
    return Response(content, headers={**headers, "Content-Type": file.media_type})

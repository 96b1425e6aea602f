"""Requests with a signed link to an output or a file, which need no API key."""

from __future__ import annotations

from starlette.types import Scope

from ffmpeg_worker.api.file_links import FileLinks, find_file_link
from ffmpeg_worker.job_queue.output_links import find_link, refused_link
from ffmpeg_worker.job_queue.queue_access import QueueAccess

_KEY = "ffmpeg_worker.is_linked"


class LinkAccess:
    """Checks the links of requests."""

    def __init__(self, queue: QueueAccess, file_links: FileLinks) -> None:
        self._queue = queue
        self._file_links = file_links

    def admit(self, scope: Scope) -> bool:
        """Whether a request has a valid link, which its scope then says; `False` if its path is not a link's.

        Raises:
            JobOutputError: the link has expired, or is not valid.
        """
        if scope["method"] not in {"GET", "HEAD"}:
            return False
        file_link = find_file_link(scope["path"])
        if file_link is not None:
            self._file_links.check(file_link)
            scope[_KEY] = True
            return True
        link = find_link(scope["path"])
        if link is None:
            return False
        queue = self._queue.opened
        if queue is None:  # strangers do not open it; where it has jobs, it is open
            raise refused_link()
        queue.links.check(*link)
        scope[_KEY] = True
        return True


def is_linked(scope: Scope) -> bool:
    """Whether a request was admitted by its link."""
    return scope.get(_KEY) is True

"""One attack as a value, and the names that its row may use for places."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Places = Mapping[str, str]
Content = str | bytes | Callable[[Places], bytes]
_PLACE = re.compile(r"<(app|other|port|up|lane|http|tcp|udp|display|unix|listen|nobody|pid|spawner|fd|font)>")


@dataclass(frozen=True)
class Attack:
    """What is run, and the files that lie in the attacker's own folder.

    `command` and `files` may hold places in angle brackets:

    - `<app>`: the folder of somebody's application: secret.env (0644), one.txt, private.key (0600), victim.*,
      s-1.ts. `<up>/app` is the same, from the working directory.
    - `<other>`: the working directory of another job, with the same files.
    - `<lane>`: the working directory itself.
    - `<http>`, `<tcp>`, `<udp>`: addresses of servers; `<port>` and `<display>` the TCP server again, as
      a port and as X calls it; `<unix>` a socket.
    - `<listen>`: a port that nobody has. `<nobody>`: a host whose name nobody knows.
    - `<pid>`, `<spawner>`: a process of the application, with secrets in its environment and arguments; the
      process that starts the job's ffmpeg. `<fd>`: a descriptor of the worker's that is open on a secret.
    - `<font>`: a font.

    `is_media`: the command is harmless, the file is not. `inert` says why it does nothing with this ffmpeg even
    where nothing is in its way. `sandbox_only` says why the argument policy alone cannot stop it.
    """

    name: str
    command: str
    files: Mapping[str, Content] = field(default_factory=dict)
    is_media: bool = False
    inert: str | None = None
    sandbox_only: str | None = None
    timeout_s: float = 6

    def tokens(self, places: Places) -> list[str]:
        """The arguments of ffmpeg."""
        return [fill(token, places) for token in shlex.split(self.command)]

    def contents(self, places: Places) -> dict[str, bytes]:
        """The attacker's files by name."""
        return {name: _content(content, places) for name, content in self.files.items()}

    @property
    def places(self) -> set[str]:
        """The places that it names."""
        texts = [self.command, *(text for text in self.files.values() if isinstance(text, str))]
        return {name for text in texts for name in _PLACE.findall(text)}


def fill(text: str, places: Places) -> str:
    """Put places into a text."""
    return _PLACE.sub(lambda found: places[found[1]], text)


def _content(content: Content, places: Places) -> bytes:
    if isinstance(content, bytes):
        return content
    return fill(content, places).encode() if isinstance(content, str) else content(places)

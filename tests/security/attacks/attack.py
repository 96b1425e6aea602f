"""One attack, and the placeholders for files and addresses in its command and files."""

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
    """A command to run, and the files in the attacker's own folder.

    `command` and `files` may contain placeholders in angle brackets:

    - `<app>`: the folder of another application: secret.env (0644), one.txt, private.key (0600), victim.*,
      s-1.ts. `<up>/app` is the same, from the working directory.
    - `<other>`: the working directory of another job, with the same files.
    - `<lane>`: the working directory itself.
    - `<http>`, `<tcp>`, `<udp>`: addresses of servers; `<port>` and `<display>` the TCP server again, as
      a port and as an X display; `<unix>`: a Unix socket.
    - `<listen>`: an unused port. `<nobody>`: a host name that does not exist.
    - `<pid>`, `<spawner>`: a process of the application, with secrets in its environment and arguments; the
      process that starts the job's ffmpeg. `<fd>`: a descriptor of the worker's that is open on a secret.
    - `<font>`: a font.

    `is_media`: the command is harmless, the file is not. `inert` says why the attack fails with this ffmpeg even
    without protection. `sandbox_only` says why the option policy alone cannot stop it.
    """

    name: str
    command: str
    files: Mapping[str, Content] = field(default_factory=dict)
    is_media: bool = False
    inert: str | None = None
    sandbox_only: str | None = None
    timeout_s: float = 6

    def tokens(self, places: Places) -> list[str]:
        """Return the arguments of ffmpeg."""
        return [fill(token, places) for token in shlex.split(self.command)]

    def contents(self, places: Places) -> dict[str, bytes]:
        """Return the contents of the attacker's files by name."""
        return {name: _content(content, places) for name, content in self.files.items()}

    @property
    def places(self) -> set[str]:
        """The names of the placeholders it uses."""
        texts = [self.command, *(text for text in self.files.values() if isinstance(text, str))]
        return {name for text in texts for name in _PLACE.findall(text)}


def fill(text: str, places: Places) -> str:
    """Replace the placeholders in a text."""
    return _PLACE.sub(lambda found: places[found[1]], text)


def _content(content: Content, places: Places) -> bytes:
    if isinstance(content, bytes):
        return content
    return fill(content, places).encode() if isinstance(content, str) else content(places)

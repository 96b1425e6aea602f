"""Commands of FFmpeg's documentation and of guides, by purpose, rewritten for small inputs."""

from __future__ import annotations

from support.jobs.guide_container_commands import CONTAINER
from support.jobs.guide_picture_commands import PICTURE
from support.jobs.guide_sound_commands import SOUND
from support.jobs.guide_still_commands import STILL

GUIDES: dict[str, str] = {**PICTURE, **STILL, **SOUND, **CONTAINER}

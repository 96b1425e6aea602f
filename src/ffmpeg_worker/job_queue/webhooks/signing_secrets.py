"""The secrets that sign webhooks."""

from __future__ import annotations

import base64

from ffmpeg_worker.job_queue.seal import Seal
from ffmpeg_worker.settings import WEBHOOK_SECRET_PREFIX, Settings


def signing_secrets(settings: Settings, seal: Seal) -> list[str]:
    """Return the secrets of the setting, else one that is derived from the key of the seal."""
    return list(settings.webhook_secrets) or [derive_secret(seal)]


def derive_secret(seal: Seal) -> str:
    """Return the secret that belongs to the key of the seal."""
    return WEBHOOK_SECRET_PREFIX + base64.b64encode(seal.derive("webhooks")).decode()

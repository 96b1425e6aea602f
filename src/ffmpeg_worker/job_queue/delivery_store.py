"""Stores which webhooks are to be sent, and what became of them."""

from __future__ import annotations

import secrets
import time

import sqlalchemy as sa

from ffmpeg_worker.job_queue.tables import deliveries


def insert_delivery(
    connection: sa.Connection, job_id: str, event: str, target: bytes, payload: str | None = None
) -> str:
    """Store a webhook that is due now; returns its id, which all its tries have. `target` is sealed."""
    delivery_id = f"msg_{secrets.token_urlsafe(18)}"
    values: dict[str, object] = {
        "delivery_id": delivery_id,
        "job_id": job_id,
        "event": event,
        "target": target,
        "payload": payload,
        "status": "pending",
        "tries": [],
        "created_at": time.time(),
        "next_try_at": time.time(),
    }
    connection.execute(sa.insert(deliveries).values(values))
    return delivery_id

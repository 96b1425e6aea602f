"""The schemas of answers about webhook deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field

DELIVERY_EXAMPLE: Mapping[str, Any] = {
    "id": "msg_2Vn4Kq0c8mZ1xT5rYw7uJbEa",
    "type": "job.succeeded",
    "status": "pending",
    "host": "app.example",
    "created_at": "2026-11-30T12:00:00.000Z",
    "next_try_at": "2026-11-30T12:00:05.400Z",
    "tries": [
        {
            "at": "2026-11-30T12:00:00.050Z",
            "status": 500,
            "error": "The receiver answered 500.",
            "seconds": 0.042,
        }
    ],
}


class DeliveryTry(BaseModel):
    """One try to send a webhook."""

    at: str = Field(description="When it began.", examples=["2026-11-30T12:00:00.050Z"])
    status: int | None = Field(None, description="HTTP status of the receiver's answer.", examples=[500])
    error: str | None = Field(
        None, description="Why it was not accepted; missing if it was.", examples=["The receiver answered 500."]
    )
    seconds: float = Field(description="Seconds until the answer.", examples=[0.042])


class Delivery(BaseModel):
    """A webhook, and what became of it."""

    id: str = Field(description="The `webhook-id` of all tries.", examples=["msg_2Vn4Kq0c8mZ1xT5rYw7uJbEa"])
    type: Literal["job.succeeded", "job.failed", "job.cancelled", "job.progress"] = Field(
        description="The event that it tells.", examples=["job.succeeded"]
    )
    status: Literal["pending", "delivered", "failed"] = Field(
        description="`pending`: it is tried now or later. `failed`: it was given up.", examples=["delivered"]
    )
    host: str = Field(description="Host of the receiver.", examples=["app.example"])
    created_at: str = Field(description="Time of the event.", examples=["2026-11-30T12:00:00.000Z"])
    next_try_at: str | None = Field(
        None, description="When it is tried again.", examples=["2026-11-30T12:00:05.400Z"]
    )
    tries: list[DeliveryTry] = Field(
        description="The last 50 tries, the newest at the end.", examples=[DELIVERY_EXAMPLE["tries"]]
    )


class DeliveryList(BaseModel):
    """The newest 100 webhooks of a job, newest first; of its progress only the newest."""

    deliveries: list[Delivery] = Field(description="The webhooks.", examples=[[DELIVERY_EXAMPLE]])

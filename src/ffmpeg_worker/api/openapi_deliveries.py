"""The OpenAPI document of webhooks of jobs."""

from __future__ import annotations

from typing import Any

from ffmpeg_worker.api.delivery_report import DELIVERY_EXAMPLE, Delivery, DeliveryList
from ffmpeg_worker.api.openapi_parts import content, parameter, problems

_ID = parameter("job_id", "path", "Id of the job.", "0b6f…", {"type": "string"})


def describe_deliveries_route() -> dict[str, Any]:
    """Return the same for the webhooks of a job."""
    example = {"deliveries": [DELIVERY_EXAMPLE]}
    return {
        "operation_id": "list_deliveries",
        "summary": "Webhooks of a job, and what became of them",
        "description": "Every try, with the status of the receiver or why there is none.",
        "tags": ["webhooks"],
        "responses": {
            200: content("The webhooks.", "application/json", DeliveryList.__name__, example),
            **problems([401, 404, 501]),
        },
        "openapi_extra": {"parameters": [_ID]},
    }


def describe_replay_route() -> dict[str, Any]:
    """Return the same for sending a webhook again."""
    parameters = [
        _ID,
        parameter("delivery_id", "path", "Id of the webhook; its new tries keep it.", "msg_…", {"type": "string"}),
    ]
    return {
        "operation_id": "replay_delivery",
        "summary": "Send a webhook again",
        "description": "At once, and later if it is not accepted, whatever became of it before.",
        "tags": ["webhooks"],
        "responses": {
            202: content("The webhook.", "application/json", Delivery.__name__, DELIVERY_EXAMPLE),
            **problems([401, 404, 501]),
        },
        "openapi_extra": {"parameters": parameters},
    }

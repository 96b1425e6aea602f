"""The receivers of docs/webhooks.md accept our messages, and refuse others."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from support.docs.code_blocks import find_code
from support.docs.json_examples import ROOT
from support.servers.asgi_client import request

PAGE = ROOT / "docs/webhooks.md"
SECRET = "whsec_" + "c2VjcmV0" * 5 + "cw=="
BODY = json.dumps({"type": "job.succeeded", "timestamp": "2026-11-30T12:00:00Z", "data": {"id": "job-1"}})
NEW, OLD = timedelta(), timedelta(minutes=6)

RUN_IN_N8N = """
const [secret, headers, body] = JSON.parse(process.argv[1]);
const $env = { WEBHOOK_SECRET: secret };
const $input = { first: () => ({ json: { headers } }) };
const helpers = { getBinaryDataBuffer: async () => Buffer.from(body) };
async function node() { %s }
node.call({ helpers }).then((items) => console.log(JSON.stringify(items)));
"""


def sign(age: timedelta, secret: str = SECRET) -> dict[str, str]:
    at = datetime.now(UTC) - age
    signature = Webhook(secret).sign("msg_1", at, BODY)
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": f"v1,bm90IG91cnM= {signature}",
    }


@pytest.mark.parametrize(
    ("age", "body", "status"),
    [(NEW, BODY, 204), (NEW, BODY.replace("job-1", "job-2"), 400), (OLD, BODY, 400)],
    ids=["ours", "altered", "old"],
)
async def test_the_receiver_in_python(age: timedelta, body: str, status: int) -> None:
    code = find_code(PAGE, "python", "verify_webhook").replace("whsec_…", SECRET)
    names: dict[str, Any] = {"__name__": "receiver"}
    exec(compile(code, "receiver", "exec", dont_inherit=True), names)
    reply = await request(names["app"], "POST", "/hooks/media", body.encode(), headers=list(sign(age).items()))
    assert reply.status == status


@pytest.mark.parametrize(
    ("age", "secret", "body", "accepted"),
    [
        (NEW, SECRET, BODY, True),
        (NEW, SECRET, BODY + " ", False),
        (OLD, SECRET, BODY, False),
        (NEW, "c2VjcmV0", BODY, False),
    ],
    ids=["ours", "altered", "old", "another secret"],
)
def test_the_receiver_in_n8n(age: timedelta, secret: str, body: str, *, accepted: bool) -> None:
    if shutil.which("node") is None:
        pytest.skip("not installed: node")
    program = RUN_IN_N8N % find_code(PAGE, "js", "timingSafeEqual")
    given = json.dumps([SECRET, sign(age, secret), body])
    ended = subprocess.run(["node", "-e", program, given], capture_output=True, text=True, check=False)
    assert (ended.returncode == 0) == accepted, ended.stderr
    if accepted:
        assert json.loads(ended.stdout) == [{"json": {"id": "msg_1", **json.loads(BODY)}}]
    else:
        assert "not ours" in ended.stderr

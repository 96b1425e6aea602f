"""Confinements encoded as messages."""

from __future__ import annotations

import json

from ffmpeg_worker.sandbox.confinement import Confinement, Limits

EVERYTHING = Confinement(
    writable=("/",),
    readable=("/usr", "/etc/hostname", "/no/such/path"),
    executable=("/bin/ls",),
    devices=("/dev/null",),
    uid=200001,
    limits=Limits(60, 1 << 30, 1 << 20, 64, 32),
)


def test_a_confinement_survives_json() -> None:
    assert Confinement.of_message(json.loads(json.dumps(EVERYTHING.as_message()))) == EVERYTHING

"""Random bodies: valid words in wrong places, and damaged bytes of jobs."""

from __future__ import annotations

import random
from typing import Any

from fuzz.commands import CommandMaker
from support.jobs.bad_jobs import BAD_JOBS

_WORDS = (
    "process probe a.mp4 clip.mp4 {{in_1}} <<in_1>> -i && ../x http://127.0.0.1:1/x s3://b/k https://h/x.mp4 AWS "
    "LOCAL auto null 1920x1080 psnr ä 🎬 %00 \x7f"
).split()
_FIELDS = (
    "chainCmds output inputs timeout metadata upload s3Config processes input input1 input2 model features scale "
    "subsample threads align fuse in_1 url urls content name bucket key cloud_type credentials headers action "
    "data body"
).split()


def random_job(chance: random.Random, maker: CommandMaker) -> Any:
    """Return a mutated job, or a job of random words."""
    if chance.random() < 0.3:
        return _random_value(chance, 3)
    job = dict(chance.choice([job for job in BAD_JOBS if isinstance(job.body, dict)]).body)
    if chance.random() < 0.5:
        job["chainCmds"] = [maker.make(chance) for _ in range(chance.choice((1, 1, 2)))]
    for _ in range(chance.choice((0, 1, 1, 2))):
        if job and chance.random() < 0.2:
            del job[chance.choice(list(job))]
        job[chance.choice(_FIELDS)] = _random_value(chance, 2)
    return job | {"timeout": 1}


def _random_value(chance: random.Random, depth: int) -> Any:
    match chance.randrange(8 if depth else 6):
        case 0:
            return chance.choice((None, True, False, {}, [], ""))
        case 1:
            return chance.choice((0, -1, 1, 2**63, 2**64, 1e308, 5e-324, -0.0, 0.1))
        case 2:
            return "".join(
                chr(chance.choice((chance.randrange(128), chance.randrange(0x11000)))) for _ in range(5)
            )
        case 3 | 4 | 5:
            return chance.choice(_WORDS)
        case 6:
            return [_random_value(chance, depth - 1) for _ in range(chance.randrange(4))]
        case _:
            return {
                chance.choice(_FIELDS + _WORDS): _random_value(chance, depth - 1)
                for _ in range(chance.randrange(4))
            }


def damage(body: bytes, chance: random.Random) -> bytes:
    """Return a body with one fault."""
    place = chance.randrange(len(body) + 1)
    added = chance.choice(
        (b"", b"\xff", b"\x00", b'"', b"}", b"[" * 100, b"\\ud800", b"1e999", b"NaN", b"\xef\xbb\xbf")
    )
    return body[:place] + added + body[place + chance.choice((0, 1, 5)) :]

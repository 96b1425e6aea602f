"""Labels of API keys."""

from __future__ import annotations

import re

from ffmpeg_worker.owners import label_key


def test_a_label_is_short_stable_and_does_not_contain_the_key() -> None:
    assert label_key("first-key") == label_key("first-key")
    assert re.fullmatch(r"key-[0-9a-f]{8}", label_key("zweiter-schlüssel"))
    assert label_key("first-key") != label_key("second-key")

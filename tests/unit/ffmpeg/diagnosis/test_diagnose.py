"""Diagnoses of recorded logs of FFmpeg 5 and 9, of parts of them, and of arbitrary text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffmpeg_worker.ffmpeg.diagnosis.diagnose import diagnose
from ffmpeg_worker.ffmpeg.diagnosis.failures import FAILURES
from ffmpeg_worker.ffmpeg.diagnosis.failures.resources import SIGNALS
from support.growth import grows_linearly

LOGS = sorted((Path(__file__).parent / "engine_logs").glob("*.txt"))
"""Named after the code and the version of FFmpeg."""

ARGUMENTS = {
    "encoder_unavailable-5": ["-i", "file:av.mp4", "-c:v", "h264_vaapi", "o.mp4"],
    "output_directory_missing-5": ["-i", "file:av.mp4", "nodir/o.mp4"],
}


def expected(log: Path) -> str:
    return log.stem.partition("-")[0]


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)
def test_a_recorded_log_is_explained(log: Path) -> None:
    found = diagnose(log.read_text(), exit_code=1, arguments=ARGUMENTS.get(log.stem, ()))
    assert found.code == expected(log)


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)
def test_a_log_without_level_tags_has_the_same_diagnosis(log: Path) -> None:
    untagged = re.sub(r"\[(?:error|fatal|warning|info)\]:? ", "", log.read_text())
    found = diagnose(untagged, exit_code=1, arguments=ARGUMENTS.get(log.stem, ()))
    assert found.code == expected(log)


ALMOST = {
    "input_incomplete": {"input_unreadable"},
    "protocol_not_allowed": {"input_unreadable"},
    "subtitle_encoding_invalid": {"input_corrupt"},
    "stream_map_empty": {"option_value_rejected"},
    "filter_value_out_of_range": {"filter_value_invalid"},
}
"""Codes that are still true when the line with the cause is missing."""


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)
def test_the_tail_of_a_log_gives_the_cause_or_no_wrong_one(log: Path) -> None:
    text = log.read_text()
    for start in range(0, len(text), 17):
        found = diagnose(text[start:], exit_code=1, arguments=ARGUMENTS.get(log.stem, ()))
        assert found.code in {expected(log), "engine_failed", *ALMOST.get(expected(log), ())}


WORDS = st.sampled_from(
    [word for log in LOGS for word in re.split(r"(\W)", log.read_text())]
    + ["\r", "\x85", "\x1b[0m", "{x}", "file:", " @ 0x"]
)


TEXTS = st.one_of(st.text(), st.lists(WORDS, max_size=200).map("".join))


@given(TEXTS, st.integers(-70, 300), st.lists(st.text()))
def test_arbitrary_text_is_diagnosed(text: str, exit_code: int, arguments: list[str]) -> None:
    found = diagnose(text, exit_code=exit_code, arguments=arguments)
    assert found.message.endswith(".")
    assert found.message.isprintable()


def test_a_log_is_read_in_linear_time() -> None:
    line = "[libx264 @ 0x55d4c733a040] [error] Error setting option a to value 'b'\n"
    assert grows_linearly(lambda text: diagnose(text, exit_code=1), lambda count: line * count, largest=2_000)


def test_consequences_are_not_the_cause() -> None:
    assert (
        "gave no reason" in diagnose("[info] Conversion failed!\n[error] Conversion failed!", exit_code=1).message
    )
    found = diagnose("[mystery @ 0x1] [error] The flux is gone\n[fatal] Conversion failed!\n", exit_code=1)
    assert (found.code, found.message) == ("engine_failed", "FFmpeg failed: mystery: The flux is gone.")


def test_metadata_of_media_is_not_the_cause() -> None:
    log = "[info]     title           : No space left on device\n[error] The flux is gone\n"
    assert diagnose(log, exit_code=1).code == "engine_failed"


def test_an_existing_filter_is_not_unknown() -> None:
    log = next(log for log in LOGS if log.stem == "filter_unknown-9").read_text().replace("scal=", "hflip=")
    assert diagnose(log, exit_code=1).code == "filter_unknown"
    assert diagnose(log, exit_code=1, known={"filters": ["hflip"]}).code == "filter_option_unnamed"


@pytest.mark.parametrize(
    ("log", "known", "hint"),
    [
        ("[fatal] Unknown encoder 'libx2645'", {"encoders": ["libx265", "libx264", "aac"]}, "'libx264'"),
        ("[fatal] Unknown decoder 'h2644'", {"decoders": {"h264", "hevc"}}, "'h264'"),
        ("[error] No such filter: 'scal'", {"filters": ("scale", "crop")}, "'scale'"),
        ("[fatal] Unknown input format: 'rawvide'", {"muxers": ["mp4"], "demuxers": ["rawvideo"]}, "'rawvideo'"),
        ("[error] Unrecognized option 'preste:v'.", {}, "'-preset:v'"),
    ],
)
def test_the_nearest_name_is_suggested(log: str, known: dict[str, list[str]], hint: str) -> None:
    assert (diagnose(log, exit_code=1, known=known).hint or "").startswith(f"Did you mean {hint}? ")


def test_secrets_of_an_address_are_not_repeated() -> None:
    log = "[error] https://me:pw@host/a.mp4?sig=abc: Connection refused"
    message = diagnose(log, exit_code=1, arguments=["-i", "https://me:pw@host/a.mp4?sig=abc"]).message
    assert "https://host/a.mp4" in message
    assert "pw" not in message
    assert "abc" not in message


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_outweighs_the_log(number: int) -> None:
    by_signal = diagnose("[error] No such filter: 'x'", exit_code=1, signal=number)
    assert by_signal == diagnose("", exit_code=-number)
    assert by_signal.code in {failure.code for failure in FAILURES}


def test_every_code_has_one_failure() -> None:
    codes = [failure.code for failure in FAILURES]
    assert len(codes) == len(set(codes))


def test_an_abort_without_a_hardware_library_is_not_a_crash() -> None:
    log = next(log for log in LOGS if log.stem == "hardware_unavailable-9").read_text()
    found = diagnose(log, exit_code=-6, arguments=["-init_hw_device", "vaapi=v", "-i", "a.mp4", "o.mp4"])
    assert (found.code, found.where) == ("hardware_unavailable", {"argument": "-init_hw_device"})
    assert "libva-drm.so.2" in found.message
    assert diagnose(log.replace("libva-drm", "libpulse"), exit_code=-6).code == "engine_crashed"
    assert diagnose(log, exit_code=-11).code == "engine_crashed"


def test_a_device_type_that_the_build_does_not_have_is_not_out_of_memory() -> None:
    log = (
        "[error] Device creation failed: -12.\n"
        "[error] Failed to set value 'vdpau=x' for option 'init_hw_device': Cannot allocate memory\n"
    )
    assert diagnose(log, exit_code=244).code == "hardware_unavailable"
    assert diagnose(log.replace("-12", "-5"), exit_code=244).code == "out_of_memory"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("-hwaccel auto -i a.mp4 b.mp4", "hardware_unavailable"),
        ("-hwaccel:v vaapi -i a.mp4 b.mp4", "hardware_unavailable"),
        ("-init_hw_device vaapi -i a.mp4 b.mp4", "hardware_unavailable"),
        ("-i a.mp4 -c:v hevc_vaapi b.mp4", "hardware_unavailable"),
        ("-i my_vaapi.mp4 b.mp4", "engine_crashed"),
    ],
)
def test_an_abort_over_a_device_is_missing_hardware(arguments: str, code: str) -> None:
    found = diagnose("", exit_code=-6, signal=6, arguments=arguments.split())
    assert found.code == code
    assert found.where == ({} if code == "engine_crashed" else {"argument": found.where["argument"]})


def test_a_segmentation_fault_beside_a_device_is_a_crash() -> None:
    assert diagnose("", exit_code=-11, signal=11, arguments=["-hwaccel", "auto"]).code == "engine_crashed"


@pytest.mark.parametrize(
    "interrupted",
    [
        "[info]     encoder         : {}\n[info] Lavf63.1.102",
        "[info]     title           : {}\n[info] my title",
        "[info] {}\n[info] Stream mapping:",
    ],
)
def test_an_error_in_the_middle_of_another_line_is_found(interrupted: str) -> None:
    log = interrupted.format("Invalid UTF-8 in decoded subtitles text; maybe missing -sub_charenc option")
    log += "\n[sist#0:0/subrip @ 0x56156e853700] [fatal] Decode error rate 1 exceeds maximum 0.666667\n"
    assert diagnose(log, exit_code=69).code == "subtitle_encoding_invalid"


def test_a_title_is_no_error() -> None:
    log = (
        "[info]     encoder         : No such filter: 'x'\n[info]     title : No such filter: 'y'\n[error] Odd.\n"
    )
    assert diagnose(log, exit_code=1).message == "FFmpeg failed: Odd."

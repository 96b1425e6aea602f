"""Failures to decode media that could be opened."""

from __future__ import annotations

from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import Failure, failure, sign

STREAM = r"^\[[vasd]ist#(?P<stream>\d+:\d+)[^\]\n]*+\] (?:\[[^\]\n]*+\] )*+"
"""Start of a line about an input stream (FFmpeg 6 and later)."""

DECODING: tuple[Failure, ...] = (
    failure(
        "subtitle_encoding_invalid",
        "Save the subtitles as UTF-8, or name their encoding before their -i: -sub_charenc cp1252.",
        sign(
            "The subtitles are not UTF-8 text.",
            r"Invalid UTF-8 in decoded subtitles text",
            argument=r"(?:^|[,;\]\s])subtitles(?:@\w+)?=",
            hint="Save the subtitles as UTF-8, or name their encoding in the filter: "
            "subtitles=file.srt:charenc=cp1252.",
        ),
        sign("The subtitles are not UTF-8 text.", r"Invalid UTF-8 in decoded subtitles text"),
    ),
    failure(
        "input_corrupt",
        "Send an undamaged file. Without -xerror and -err_detect explode, FFmpeg continues after damage. "
        "A decoder that is set with -c before -i must fit the stream.",
        sign(
            "Most of the input stream {stream} could not be decoded.",
            rf"{STREAM}Decode error rate \S+ exceeds maximum",
        ),
        sign(
            "The input stream {stream} is damaged and could not be decoded.",
            rf"{STREAM}(?:Error submitting packet to decoder|Decoding error"
            r"|Error processing packet in decoder|Error decoding subtitles)",
            r"Error while decoding stream #(?P<stream>\d+:\d+)",
        ),
        sign(
            "The input's media data is damaged and could not be decoded.",
            r"error while decoding MB|non-existing PPS|Error splitting the input into NAL units"
            r"|Invalid NAL unit size|channel element \S+ is not allocated|decode_slice_header error",
        ),
        sign(
            "The sound of the input is damaged and cannot be copied.",
            r"^\[aac_adtstoasc\] Error parsing ADTS frame header",
            hint="Send an undamaged file, or encode the sound instead of copying it: -c:a aac.",
        ),
        options=("-i",),
    ),
)

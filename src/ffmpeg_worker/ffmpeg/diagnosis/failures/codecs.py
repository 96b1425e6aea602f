"""Failures of encoders, decoders and hardware: unknown names, and missing devices."""

from __future__ import annotations

from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import FILTER_OPTIONS, Failure, sign

MISSING_HARDWARE_LIBRARY = (
    r"implib-gen: (?P<library>lib(?:va|drm|vdpau|OpenCL|vulkan|vpl|mfx)[\w.-]*): failed to load"
)
"""Written by builds that load hardware libraries at run time, before they abort.

See https://github.com/yugr/Implib.so, which generates the loaders.
"""

CODECS: tuple[Failure, ...] = (
    Failure(
        "encoder_unknown",
        "Use an encoder of this build, such as libx264, libx265, libsvtav1, aac or libopus.",
        (sign(r"Unknown encoder '(?P<encoder>[^'\n]*)'", "This FFmpeg has no encoder named '{encoder}'."),),
        near="encoders",
    ),
    Failure(
        "decoder_unknown",
        "Remove -c before -i: FFmpeg finds the decoder itself.",
        (sign(r"Unknown decoder '(?P<decoder>[^'\n]*)'", "This FFmpeg has no decoder named '{decoder}'."),),
        near="decoders",
    ),
    Failure(
        "codec_wrong_type",
        "Use -c:v for video, -c:a for audio and -c:s for subtitles.",
        (
            sign(
                r"Invalid (?P<kind>encoder|decoder) type '(?P<value>[^'\n]*)'",
                "The {kind} '{value}' does not fit the kind of stream.",
            ),
        ),
    ),
    Failure(
        "encoder_experimental",
        "Use another encoder for the format, or add -strict experimental.",
        (
            sign(
                r"The encoder '(?P<encoder>[^'\n]*)' is experimental",
                "The encoder '{encoder}' is experimental and not enabled.",
            ),
        ),
    ),
    Failure(
        "encoder_unavailable",
        "This worker lacks the hardware: use a software encoder such as libx264, libx265 or libsvtav1.",
        (
            sign(
                r"^\[(?P<encoder>\w+_(?:nvenc|qsv|amf|v4l2m2m|vaapi"
                r"|vulkan))\] (?:Cannot load \S+|Error (?:creating|initializing) a[^\n]*MFX session"
                r"|Could not find a valid device|Failed to create +hardware device"
                r"|No capable devices found|No device available"
                r"|A hardware (?:device|frames) reference|Driver does not support[^\n]*"
                r"|OpenEncodeSessionEx failed[^\n]*)",
                "The encoder '{encoder}' needs hardware that this worker does not have.",
            ),
            sign(
                r"Impossible to convert between the formats supported by the filter",
                "The hardware encoder of the command got no hardware frames.",
                argument=r"^\w+_(?:vaapi|vulkan|qsv)$",
            ),
        ),
    ),
    Failure(
        "hardware_unavailable",
        "This worker lacks the hardware: remove -hwaccel, -init_hw_device, hardware decoders and filters.",
        (
            sign(
                r"Cannot load (?P<library>lib(?:cuda|nvcuvid|vdpau)\S*)",
                "The command needs a GPU that this worker does not have.",
            ),
            sign(
                r"No VA display found for device (?P<value>.+)\.$|A hardware device reference is required",
                "The command needs a graphics device that this worker does not have.",
            ),
            sign(
                MISSING_HARDWARE_LIBRARY,
                "The command needs a hardware device, and '{library}' is not installed on this worker.",
            ),
            sign(
                r"Device creation failed: -?\d+",
                "The command needs a hardware device that this worker does not have.",
            ),
        ),
        options=("-hwaccel", "-init_hw_device", "-vaapi_device", "-c", "-codec"),
    ),
    Failure(
        "pixel_format_inconvertible",
        "Move frames into or out of GPU memory with hwupload or hwdownload; do not use hardware "
        "pixel formats in software commands.",
        (
            sign(
                r"Impossible to convert between the formats supported by the filter",
                "The frames cannot be converted to the pixel format that is needed.",
            ),
        ),
        options=FILTER_OPTIONS,
    ),
)

"""Every public error code, declared once; docs/errors.md is generated from this table.

A code names one reason for good. New codes may be added; a code never changes its meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from types import MappingProxyType


class Fault(StrEnum):
    """The party that must act on an error."""

    CALLER = "caller"
    SOURCE = "source"
    TARGET = "target"
    WORKER = "worker"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One reason for an error.

    Attributes:
        name: the code that callers see.
        meaning: one sentence for docs/errors.md.
        faults: who must act: the first, unless an error with this code names another one of them.
        retryable: whether the same job may succeed later.
        status: HTTP status, where it does not follow from the fault.
    """

    name: str
    meaning: str
    faults: tuple[Fault, ...]
    retryable: bool = False
    status: int | None = None

    @property
    def fault(self) -> Fault:
        """The party that must act, unless the error names another one."""
        return self.faults[0]


_caller = partial(ErrorCode, faults=(Fault.CALLER,))
_source = partial(ErrorCode, faults=(Fault.SOURCE,))
_target = partial(ErrorCode, faults=(Fault.TARGET,))
_worker = partial(ErrorCode, faults=(Fault.WORKER,))
# The limit is that of one API key, not of the worker: 429, where a full worker answers 503.
_key = partial(ErrorCode, faults=(Fault.CALLER,), retryable=True, status=429)

_REQUEST = (
    _caller("body_timeout", "The body of the request did not arrive in time.", status=408),
    _caller("body_too_large", "The body of the request is too large.", status=413),
    _caller("content_type_refused", "The body of the request is not declared as JSON.", status=415),
    _caller("example_not_found", "The address names no example composition.", status=404),
    _caller("head_too_large", "The request line and the headers are too large.", status=431),
    _caller("host_not_allowed", "A worker without API keys does not serve this host name.", status=421),
    _caller("invalid_http", "The request is not valid HTTP.", status=400),
    _caller("invalid_json", "The body of the request is not the JSON that is accepted.", status=400),
    _caller("invalid_multipart", "The body of the request is no form that is accepted.", status=400),
    _caller("invalid_request", "The framework refused the request."),
    _caller("method_not_allowed", "The route has another method.", status=405),
    _caller("not_acceptable", "The job has no file to answer with.", status=406),
    _caller("origin_not_allowed", "A page of another origin sent a form to a worker without keys.", status=403),
    _caller("preset_not_found", "The address names no preset.", status=404),
    _caller("unauthorized", "The request has no API key, or an unknown one.", status=401),
    _caller("unknown_route", "There is no such route.", status=404),
)
_JOB = (
    _caller("address_not_allowed", "The worker does not call this address.", status=403),
    _caller("cannot_presign", "A shared access signature cannot sign addresses of outputs."),
    _caller("content_too_large", "The inline text of an input is too large."),
    _caller("credentials_missing", "The object store needs credentials, and the job has none."),
    _caller("duplicate_output", "Two outputs have one name or one destination."),
    _caller("invalid_credentials", "The credentials are incomplete or cannot be read."),
    _caller("invalid_header", "A request header has a name or value that may not be set."),
    _caller("invalid_job", "The job is wrong; nothing was started."),
    _caller("invalid_name", "An input or output has a name that is not a plain file name."),
    _caller("invalid_upload", "The destination of the outputs is wrong or incomplete."),
    _caller("invalid_value", "A field has a value that is not accepted."),
    _caller("job_file_unreadable", "The job file that the command line names cannot be read."),
    _caller("job_too_complex", "Reading and planning the job takes more memory or processor time than it may."),
    _caller("missing_field", "A required field is missing."),
    _caller("missing_input", "A preset has fewer inputs than it needs."),
    ErrorCode("path_outside_root", "A path leaves the data root.", (Fault.CALLER, Fault.TARGET), status=403),
    _caller("test_input_unreadable", "The file with the test job of the RunPod worker cannot be read."),
    _caller("unknown_action", "There is no action of that name."),
    _caller("unknown_cloud_type", "There is no object store of that kind."),
    _caller("unknown_field", "A field is not known."),
    _caller("unknown_input", "A command uses a name that no input has."),
    _caller("unknown_preset", "There is no preset of that name."),
    _caller("unsupported_feature", "This version or this worker does not serve the feature.", status=501),
    _caller("upload_address_missing", "An output has no upload address."),
    _caller("upload_address_taken", "Two outputs have one upload address."),
)
_COMMAND = (
    _caller("command_too_long", "A command has too many arguments or characters."),
    _source("duration_unknown", "An input does not say how long it is, and the preset needs that."),
    _caller("forbidden_option", "A command has an option, filter, format or name that it may not use."),
    _caller("hardware_not_mapped", "A command cannot be mapped onto the GPU."),
    _caller("invalid_argument", "An argument of a command has a character that no command line may have."),
    _source("no_audio_stream", "An input has no sound, and the preset needs one."),
    _caller("no_output", "A command writes no output."),
    ErrorCode("no_scores", "VMAF gave no scores.", (Fault.SOURCE,)),
    _caller("no_smart_cut", "`smart_cut` is given, and the command does not cut one file into one other."),
    _source("no_video_stream", "An input has no video stream, and the job needs one."),
    _caller("option_value_missing", "The last option of a command has no value."),
    _caller("output_not_written", "`output` names a file that no command writes."),
    _caller("picture_too_small", "The video is smaller than the VMAF model allows."),
    _caller("probe_option_refused", "A probe has an ffprobe option that is not accepted."),
    _caller("standard_stream", "A command reads standard input or writes standard output."),
    _caller("unknown_model", "There is no VMAF model of that name."),
)
_COMPOSITION = (
    _caller("circular_start", "Layers start after each other in a circle."),
    _caller("composition_too_large", "The composition is too large with all of its rows of variables."),
    _caller("crop_outside", "A crop extends beyond the picture."),
    _caller("crop_without_size", "A crop in pixels needs a layer whose size is known."),
    _caller("duplicate_id", "Two layers have one id."),
    _caller("empty_part", "The part to render has no frames."),
    _source("font_unreadable", "A font file cannot be read."),
    _source("image_too_large", "An image has too many pixels."),
    _caller("invalid_cue", "A cue or one of its words ends before it starts."),
    _caller("invalid_path", "The path of a shape cannot be read."),
    _caller("invalid_shape", "A shape cannot be drawn."),
    _caller("layer_too_large", "A layer has too many pixels."),
    _caller("lossless_not_possible", "The codec of the output cannot be lossless with these settings."),
    _caller("no_sound", "A layer or waveform needs sound that its source does not have."),
    _caller("nothing_to_show", "The composition lasts less than a frame, or no layer is ever visible or audible."),
    ErrorCode("renderer_out_of_memory", "The renderer ran out of memory.", (Fault.WORKER, Fault.CALLER)),
    _caller("source_has_no_sound", "The source of a waveform has no sound that can be decoded."),
    _caller("starts_after_end", "A layer starts after another layer that lasts until the end."),
    _source("svg_refers_outside", "An SVG refers to another file."),
    _source("svg_too_complex", "An SVG is nested too deeply or draws too many elements."),
    _caller("text_too_large", "A text or a letter is too large to be drawn."),
    _caller("too_long", "The composition is longer than this worker renders."),
    _caller("too_many_layers", "The composition has too many layers."),
    _caller("too_many_sounds", "The composition has more sounds or volume keyframes than one mix can hold."),
    _caller("transition_too_long", "A transition is longer than one of its two layers."),
    _caller("trim_outside", "The part to use starts after the end of the file."),
    _caller("unknown_layer", "There is no layer with that id."),
    _caller("unknown_variable", "The composition uses a variable that has no value."),
    _source("unreadable_subtitles", "A subtitle file cannot be read or drawn."),
    _caller("wrong_kind_of_source", "The source does not fit the kind of the layer."),
)
_SOURCES = (
    _source("checksum_mismatch", "An input has another checksum than the job says."),
    _source(
        "source_access_expired",
        "The address or the credentials of an input expired while it was read.",
        retryable=True,
        status=502,
    ),
    _source("source_bad_answer", "The answer of the server of an input cannot be used."),
    _source("source_certificate_invalid", "The TLS certificate of the server of an input is not valid."),
    _source("source_changed", "An input was changed while it was read.", retryable=True, status=502),
    _source("source_crashes_probe", "Reading the file crashed the probe or took too long."),
    _source("source_crashes_renderer", "Drawing the files of a composition crashed the renderer."),
    _source("source_empty", "An input is empty (0 bytes)."),
    _source("source_error", "An input cannot be used."),
    ErrorCode("source_forbidden", "The worker may not read an input.", (Fault.CALLER, Fault.SOURCE), status=403),
    _source("source_incomplete", "A file was cut off: the part that describes it is missing."),
    _source("source_incomplete_transfer", "A download broke off.", retryable=True, status=502),
    _caller("source_is_folder", "An input is a folder."),
    _source("source_not_found", "There is no such input.", status=404),
    _source("source_not_media", "The file has no media that FFmpeg can read."),
    _caller("source_not_regular", "An input is not a regular file.", status=403),
    _source("source_not_text", "An input that must be text is not text, or is too long."),
    _source("source_too_large", "An input is larger than this worker accepts."),
    _source("source_unreachable", "The server of an input does not answer.", retryable=True, status=502),
    ErrorCode("source_unreadable", "An input is not what it should be.", (Fault.SOURCE, Fault.CALLER)),
)
_FFMPEG_OPTIONS = (
    _caller("duration_invalid", "A value is not a time, or is negative."),
    _caller("input_index_unknown", "An input number is too large."),
    _caller("option_argument_missing", "The last option has no value."),
    _caller("option_conflict", "Two options exclude each other."),
    _caller("option_misplaced", "An input option is used for an output, or an output option for an input."),
    _caller("option_unknown", "There is no option of that name."),
    _caller("option_value_invalid", "The option does not understand the value."),
    _caller("option_value_out_of_range", "A number is outside the range of the option."),
    _caller("option_value_rejected", "The option refuses the value and gives no reason."),
    _caller("pixel_format_unknown", "There is no pixel format of that name."),
    _caller("stream_map_empty", "`-map` matches no stream of the input."),
    _caller("stream_specifier_invalid", "A stream specifier is not valid."),
    _caller("time_range_empty", "The end of the range is before its start."),
)
_FFMPEG_FILTERS = (
    _caller("filter_applied_twice", "`-vf` or `-af` is used on an output of `-filter_complex`."),
    _caller("filter_channel_missing", "A filter names an audio channel that its input does not have."),
    _caller("filter_file_not_found", "A file named in a filter cannot be opened."),
    _caller("filter_graph_syntax", "Brackets, commas or semicolons of a filter graph are wrong."),
    _caller("filter_input_not_found", "A filter graph names a stream that does not exist."),
    _caller("filter_inputs_differ", "The inputs of a filter differ in size, rate or format."),
    _caller("filter_label_surplus", "A filter has more labels than inputs or outputs."),
    _caller("filter_label_unknown", "`-map` names a label that no filter has as output."),
    _caller("filter_media_type", "An audio filter is used on video, or a video filter on audio."),
    _caller("filter_model_unknown", "There is no VMAF model of that name."),
    _caller("filter_needs_complex", "A filter with several inputs or outputs is used in `-vf` or `-af`."),
    _caller("filter_option_missing", "A filter lacks a required option."),
    _caller("filter_option_unknown", "The filter has no option of that name."),
    _caller("filter_option_unnamed", "A value in a filter belongs to no option."),
    _caller("filter_pad_unconnected", "An input or output of a filter is not connected."),
    _caller("filter_size_impossible", "A crop, pad or scale has an impossible size."),
    _caller("filter_unknown", "There is no filter of that name."),
    _caller("filter_value_invalid", "The filter does not understand a value or expression."),
    _caller("filter_value_out_of_range", "A number is outside the range of the filter's option."),
    _caller("filter_with_copy", "A stream is both filtered and copied."),
    _source("subtitle_stream_missing", "The file for the `subtitles` filter has no subtitles."),
)
_FFMPEG_CODECS = (
    _caller("bitrate_unsupported", "The encoder does not support the bitrate."),
    _caller("bitstream_filter_unknown", "There is no bitstream filter of that name."),
    _caller(
        "bitstream_filter_unsupported", "The bitstream filter does not fit the codec, or its options are wrong."
    ),
    _caller("channel_layout_unsupported", "The encoder does not support the channels, or they cannot be mixed."),
    _caller("codec_wrong_type", "A codec is set for the wrong kind of stream."),
    _caller("decoder_missing", "This build has no decoder for a stream that the command decodes."),
    _caller("decoder_unknown", "This build has no decoder of that name."),
    _caller("encoder_experimental", "The encoder is experimental and was not enabled."),
    _caller("encoder_not_chosen", "The format has no default encoder for a stream."),
    _caller(
        "encoder_setting_unsupported", "The encoder does not support the level, the profile or the parameters."
    ),
    _caller("encoder_unavailable", "A hardware encoder is used without its hardware."),
    _caller("encoder_unknown", "This build has no encoder of that name."),
    _caller("frame_rate_unsupported", "The encoder does not support the frame rate."),
    _caller("frame_size_odd", "The width or height is odd, and the pixel format needs even sizes."),
    _caller("frame_size_unsupported", "The encoder does not support the frame size."),
    _caller("hardware_unavailable", "Hardware decoding or filtering is used without the hardware or its driver."),
    _caller("pass_log_missing", "The log of the first pass is missing in the second."),
    _caller(
        "pixel_format_inconvertible",
        "Two pixel formats cannot be converted, usually of frames in main memory and in GPU memory.",
    ),
    _caller("pixel_format_unsupported", "The encoder or its profile does not support the pixel format."),
    _caller("sample_format_unsupported", "The encoder does not support the sample format."),
    _caller("sample_rate_unsupported", "The encoder does not support the sample rate."),
    _caller(
        "subtitle_conversion_impossible", "Text subtitles cannot become bitmap subtitles, or the other way round."
    ),
)
_FFMPEG_INPUTS = (
    _caller("concat_file_unsafe", "A concat list names a file that the safe mode refuses."),
    _caller("concat_list_invalid", "A line of a concat list is not valid."),
    _source("encryption_key_missing", "The key of an encrypted playlist cannot be opened."),
    _caller(
        "format_not_accepted", "The format of an input is not accepted, such as a playlist under another name."
    ),
    _source("image_sequence_not_found", "No image matches the pattern of the input."),
    _source("input_corrupt", "An input opens, but its data cannot be decoded."),
    _source("input_forbidden", "The worker may not read an input."),
    _caller("input_frame_size_missing", "Raw video has no frame size."),
    _source("input_http_error", "The server of an input answered with an error."),
    _source("input_incomplete", "An MP4 or MOV file was cut off."),
    _caller("input_is_directory", "An input is a directory."),
    _source("input_not_found", "There is no such input."),
    _source("input_unreachable", "The host of an input is unknown or does not answer.", retryable=True),
    _source("input_unreadable", "An input is empty or not media."),
    _source("listed_file_not_found", "A file named in a list cannot be opened."),
    _source("picture_too_large", "A picture has more pixels than the worker accepts."),
    _caller("protocol_not_allowed", "An address has a protocol that may not be used here."),
    _caller("protocol_unknown", "This build cannot open the address."),
    _source("raw_input_too_short", "Raw video is shorter than one frame."),
    _caller("side_file_not_found", "A file named in an option cannot be opened."),
    _source("subtitle_encoding_invalid", "Text subtitles are not UTF-8."),
)
_FFMPEG_OUTPUTS = (
    _caller("attachment_type_missing", "An attachment has no media type."),
    _caller("codec_not_in_container", "The format cannot hold the codec."),
    _caller("cover_art_as_video", "Cover art became a video of one frame, which makes no playable segments."),
    _caller("format_unknown", "There is no format of that name (`-f`)."),
    _caller("muxing_queue_full", "One output stream waited too long for another one (FFmpeg 5)."),
    _caller("output_directory_missing", "The directory of an output does not exist."),
    _caller("output_empty", "The output has no frames or no bytes."),
    _caller("output_exists", "The output exists and may not be overwritten."),
    _target("output_forbidden", "The worker may not write the output."),
    _caller("output_format_unknown", "The format does not follow from the name of the output."),
    _caller("output_is_directory", "The output is a directory."),
    _caller("output_missing", "The command names no output, or did not write it."),
    _caller("output_name_needs_pattern", "Several files would get one name."),
    _caller("output_name_too_long", "The name of the output is too long."),
    _caller("output_not_seekable", "A format that needs a seekable file is written to a pipe."),
    _caller("output_same_as_input", "Input and output are one file."),
    _caller("output_too_large", "An output grew beyond the size that a file may have."),
    _target("output_unreachable", "Nothing listens at the address of the output.", retryable=True),
    _caller("output_without_streams", "The output has no streams."),
    _caller("sample_rate_not_in_container", "The format cannot hold the sample rate."),
    _caller("stream_count_unsupported", "The format needs another number of streams."),
    _caller("timestamps_missing", "Packets that are copied have no timestamps, which the format needs."),
)
_FFMPEG_RUN = (
    _caller("cpu_time_exceeded", "The run used up its processor time."),
    _worker("disk_full", "The disk of the worker is full.", retryable=True),
    _worker("engine_crashed", "FFmpeg crashed."),
    _caller("engine_failed", "FFmpeg failed for another reason; the message quotes the decisive line of the log."),
    _worker(
        "engine_killed",
        "FFmpeg, the renderer or the probe was killed from outside, usually because memory ran out, and again "
        "when it was repeated.",
        retryable=True,
    ),
    _worker("engine_not_startable", "A library of FFmpeg could not be loaded."),
    _worker("engine_terminated", "FFmpeg was told to stop (SIGTERM, SIGINT) before it was done.", retryable=True),
    _worker("out_of_memory", "The run asked for more memory than it may use."),
    _caller("too_many_threads", "The command needs more threads than a job may have."),
)
_ENGINE = (
    ErrorCode(
        "all_processes_failed",
        "Every process of a `multi_process` job failed; `results` has the report of each.",
        (Fault.CALLER, Fault.SOURCE, Fault.TARGET, Fault.WORKER),
    ),
    _worker("engine_error", "A run of FFmpeg failed."),
    _worker("engine_unavailable", "FFmpeg or the probe cannot be started."),
    _worker("hardware_failed", "A command was mapped onto the GPU, and the GPU failed.", retryable=True),
    _caller("job_too_large", "The job wrote more bytes or files than a job may."),
    _caller("nothing_selected", "The command selected no frame and no packet for an output."),
    ErrorCode("output_flood", "A program printed more than the worker keeps.", (Fault.CALLER, Fault.SOURCE)),
    _caller("output_not_regular", "An output is not a regular file."),
    _worker("output_rejected", "FFmpeg ended without error, but an output is not what was asked for."),
    _source(
        "output_too_short",
        "An output is shorter than its input says, and FFmpeg reported that the input is damaged.",
    ),
    _caller("output_unreadable", "An output begins as a media file, but the part that describes it is missing."),
    _worker("renderer_failed", "The renderer of compositions failed."),
    # Not 408: clients repeat a request that got 408, and it would take as long again.
    _caller("timed_out", "The time of the job was used up.", status=504),
)
_TARGETS = (
    _target("bucket_not_found", "There is no such bucket."),
    _target("output_vanished", "An output was deleted before it could be uploaded."),
    _target("target_error", "An output cannot be put where the job wants it."),
    _target("target_forbidden", "The job may not write to the destination.", status=403),
    _target("target_is_folder", "The destination is a folder.", status=422),
    _target("target_not_found", "There is nothing at the upload address."),
    _target("target_not_removable", "An uploaded output could not be deleted after another one failed."),
    _target("target_unavailable", "The destination cannot be written now.", retryable=True),
)
_QUEUE = (
    _caller("delivery_not_found", "The job has no such webhook delivery.", status=404),
    _caller("idempotency_conflict", "Another job was sent with the same idempotency key.", status=409),
    _caller("job_expired", "The job was not started within the time that its sender allowed."),
    _caller("job_not_final", "The job has not ended yet.", status=409),
    _caller("job_not_found", "There is no such job.", status=404),
    _caller("job_poisoned", "The job ended its worker three times."),
    _worker("job_replaced", "Another worker runs the job now; only the log shows it.", retryable=True),
    _caller("link_expired", "The link to an output has expired.", status=403),
    _caller("link_invalid", "The link to an output is not signed by this worker for this output.", status=403),
    _caller("output_changed", "The output is another one than the request expects.", status=412),
    _worker("output_elsewhere", "The output is on the disk of another machine.", status=404),
    _caller("output_not_found", "The job has no such output.", status=404),
    _caller("output_removed", "The outputs of the job were removed after the retention time.", status=410),
    _key("queue_limit", "Too many jobs wait in the queue."),
    _worker("queue_unavailable", "The database of queued jobs does not answer.", retryable=True),
    _caller("range_not_satisfiable", "The output is shorter than the range that is asked for.", status=416),
)
_FILES = (
    _worker("data_full", "The files and outputs of all callers take as much as they may.", status=507),
    _caller("file_changed", "The file is another one than the request expects.", status=412),
    _caller("file_exists", "There is a file of that name, and the request does not replace it.", status=412),
    _caller("file_in_the_way", "A folder has the name of the file, or a file that of its folder.", status=409),
    _caller("file_not_found", "There is no such file.", status=404),
    _caller("file_too_large", "The file is larger than a caller may send.", status=413),
    _caller("invalid_content_range", "The header Content-Range is not that of a part of a file.", status=400),
    _source("sent_file_removed", "The files that came with the job are not on this machine, or not any more."),
    _caller("too_many_parts", "The form has too many parts.", status=413),
    ErrorCode(
        "upload_in_progress",
        "Another request sends a part of the file.",
        (Fault.CALLER,),
        retryable=True,
        status=409,
    ),
    _caller("upload_offset_wrong", "The part does not begin where the received ones end.", status=409),
    _caller("upload_size_wrong", "The body is shorter or longer than its headers say.", status=400),
)
_WORKER_STATE = (
    _caller("cancelled", "The caller cancelled the job or went away.", status=499),
    _worker("interrupted", "The worker is shutting down; the job may be sent again.", retryable=True),
    _key("key_data_full", "The outputs of the API key take too much of the worker's disk."),
    _key("key_queue_full", "The API key has too many running and waiting jobs."),
    _key("key_requests_full", "The API key has too many open requests."),
    _key("key_scratch_full", "The jobs of the API key take too much of the scratch folder."),
    ErrorCode("misconfigured", "The settings or the environment are wrong; at start only.", (Fault.OPERATOR,)),
    _worker("queue_full", "The worker has too many waiting jobs.", retryable=True),
    _worker("server_not_started", "The server of the demo did not start."),
    _worker("worker_error", "The worker failed; its log has the reason."),
)
_CLIENT = (
    _caller("wait_timed_out", "The Python client stopped waiting for a job, which goes on.", retryable=True),
)
_RUNPOD = (
    _worker("api_bad_answer", "The HTTP API gave an answer that is not valid."),
    _caller("api_timeout", "The job took longer than RunPod or the settings allow, and was stopped."),
    _worker("api_unauthorized", "The HTTP API does not accept the key of the RunPod worker."),
    _worker("api_unreachable", "The HTTP API cannot be reached.", retryable=True),
    _worker("result_refused", "RunPod refused the result of the job."),
    _caller("result_too_large", "The result of the job is larger than RunPod accepts."),
    _worker("runpod_refused", "RunPod did not accept a request."),
)

CODE_GROUPS: Mapping[str, tuple[ErrorCode, ...]] = MappingProxyType(
    {
        "HTTP requests": _REQUEST,
        "Jobs": _JOB,
        "Commands": _COMMAND,
        "Compositions": _COMPOSITION,
        "Sources": _SOURCES,
        "FFmpeg: options": _FFMPEG_OPTIONS,
        "FFmpeg: filters": _FFMPEG_FILTERS,
        "FFmpeg: encoders and decoders": _FFMPEG_CODECS,
        "FFmpeg: inputs": _FFMPEG_INPUTS,
        "FFmpeg: outputs": _FFMPEG_OUTPUTS,
        "FFmpeg: the process": _FFMPEG_RUN,
        "Running and verifying": _ENGINE,
        "Targets": _TARGETS,
        "Queued jobs": _QUEUE,
        "Files over HTTP": _FILES,
        "The worker": _WORKER_STATE,
        "RunPod": _RUNPOD,
        "The Python client": _CLIENT,
    }
)
"""Every code, by the heading that it has in docs/errors.md."""

CODES: Mapping[str, ErrorCode] = MappingProxyType(
    {code.name: code for codes in CODE_GROUPS.values() for code in codes}
)
"""Every code by its name."""

"""Rules for the options of the ffmpeg program itself: those of version 9.0, and older ones of 5.1 to 8."""

from __future__ import annotations

from ffmpeg_worker.planning.option_policy.rule import ValueKind, rule

THREAD_OPTIONS = frozenset({"threads", "filter_threads", "filter_complex_threads"})
PROGRAM_OPTIONS = (
    rule(
        ValueKind.FLAG,
        "y n hide_banner stats nostats stdin nostdin",
        "the worker sets these itself and drops the caller's",
    ),
    rule(ValueKind.TEXT, "loglevel v stats_period", "the worker sets these itself and drops the caller's"),
    rule(
        ValueKind.PROGRESS, "progress", "it can write to any address", "Leave it out; the worker reports progress."
    ),
    rule(
        ValueKind.FLAG,
        "accurate_seek an auto_conversion_filters autorotate autoscale benchmark benchmark_all "
        "bitexact copy_unknown copyinkf copyts debug_ts display_hflip display_vflip dn find_stream_info "
        "fix_sub_duration fix_sub_duration_heartbeat force_fps ignore_unknown psnr qphist re recast_media "
        "shortest sn start_at_zero vn xerror",
        "they switch something on or off",
    ),
    rule(
        ValueKind.TEXT,
        "max_alloc cpuflags cpucount timelimit frame_drop_threshold copytb dts_delta_threshold "
        "dts_error_threshold abort_on filter_buffered_frames max_error_rate t to ss thread_queue_size sseof "
        "seek_timestamp isync itsoffset readrate readrate_initial_burst readrate_catchup stream_loop fs "
        "timestamp dframes shortest_buf_duration qscale muxdelay muxpreload itsscale copypriorss frames tag q "
        "reinit_filter drop_changed discard disposition bits_per_raw_sample time_base enc_time_base "
        "max_muxing_queue_size muxing_queue_data_threshold r aspect b vframes s fpsmax pix_fmt display_rotation "
        "mastering_display content_light rc_override timecode pass vstats_version intra_matrix inter_matrix "
        "chroma_intra_matrix vtag fps_mode streamid force_key_frames hwaccel_output_format aq ar ac ab "
        "aframes apad atag sample_fmt channel_layout ch_layout guess_layout_max stag canvas_size apply_cropping",
        "they hold numbers, times, sizes, and names of pixel and sample formats",
    ),
    rule(
        ValueKind.TEXT,
        "vsync async adrift_threshold map_channel top vol",
        "they hold numbers and modes; only older versions of FFmpeg know them",
    ),
    rule(
        ValueKind.TEXT,
        "map map_metadata map_chapters metadata program stream_group c codec vcodec acodec scodec dcodec "
        "profile target hwaccel",
        "they select streams, codecs and tags",
    ),
    rule(ValueKind.THREADS, " ".join(sorted(THREAD_OPTIONS)), "threads use memory"),
    rule(ValueKind.GRAPH, "filter vf af filter_complex lavfi", "filters open files and sockets"),
    rule(ValueKind.BITSTREAM_FILTERS, "bsf absf vbsf", "only known bitstream filters are accepted"),
    rule(ValueKind.READ, "attach", "it copies a file into the output"),
    rule(ValueKind.WRITE, "dump_attachment vstats_file", "they write a file"),
    rule(
        ValueKind.DEVICE,
        "init_hw_device filter_hw_device hwaccel_device vaapi_device qsv_device",
        "a device can be a path or the address of a display",
    ),
    rule(
        ValueKind.REFUSED,
        "filter_script filter_complex_script",
        "a graph from a file cannot be checked before the command runs",
        "Put the graph itself into the command: -vf, -af or -filter_complex.",
    ),
    rule(
        ValueKind.REFUSED,
        "fpre vpre apre spre pre",
        "options from a preset file cannot be checked before the command runs",
        "Put the options themselves into the command.",
    ),
    rule(
        ValueKind.REFUSED,
        "report",
        "it writes a report about the run to a file",
        'Leave it out: the log of a command that measures is in "logs" of the result, what its filters measured '
        'is in "measurements", and errors contain the log.',
    ),
    rule(
        ValueKind.REFUSED,
        "vstats",
        "it names its file by the time of day",
        "Name the file: -vstats_file vstats.log.",
    ),
    rule(
        ValueKind.REFUSED,
        "dump hex sdp_file print_graphs print_graphs_file print_graphs_format stats_enc_pre "
        "stats_enc_post stats_mux_pre stats_enc_pre_fmt stats_enc_post_fmt stats_mux_pre_fmt",
        "it writes a report about the run, or bytes of its inputs, to a file or the log",
        "Leave it out; results describe the outputs, and errors contain the log.",
    ),
    rule(
        ValueKind.REFUSED,
        "h help L license version buildconf formats muxers demuxers devices codecs decoders encoders filters "
        "bsfs protocols pix_fmts layouts sample_fmts dispositions colors hwaccels sinks",
        "FFmpeg prints information and exits without an output",
        "GET /health and `ffmpeg-worker doctor` list what this worker's FFmpeg can do.",
    ),
)

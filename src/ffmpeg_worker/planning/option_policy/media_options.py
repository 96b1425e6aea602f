"""Rules for text options of codecs, formats and protocols. Other options are accepted by type."""

from __future__ import annotations

from ffmpeg_worker.planning.option_policy.rule import ValueKind, rule

MEDIA_OPTIONS = (
    rule(
        ValueKind.TEXT,
        "crop deblock gop_timecode gpu layer layer_rates level partitions preset psy-rd rc_eq resize tune "
        "txt_page vendor wpredp sub_charenc font palette dump_separator password",
        "encoders and decoders read numbers and words from them",
    ),
    rule(
        ValueKind.TEXT,
        "adaptation_sets boundary_tag brand cc_stream_map creation_program creation_time encryption_scheme "
        "hash name override_time_code_rate segment_frames segment_times reference_stream",
        "muxers read numbers and words from them",
    ),
    rule(
        ValueKind.TEXT,
        "hls_base_url hls_enc_key_url segment_list_entry_prefix utc_timing_url",
        "they are only written into a playlist, for players",
    ),
    rule(
        ValueKind.TEXT,
        "aa_fixed_key activation_bytes audible_fixed_key audible_iv audible_key cenc_decryption_key "
        "cenc_decryption_keys cryptokey decryption_iv decryption_key decryption_keys encryption_iv "
        "encryption_key encryption_kid hls_enc_iv hls_enc_key",
        "they are keys in hexadecimal digits, not files with keys",
    ),
    rule(ValueKind.TEXT, "framerate pixel_format", "they describe raw input"),
    rule(ValueKind.READ, "hls_key_info_file ifo_palette", "they name a file to read"),
    rule(
        ValueKind.WRITE,
        "hls_segment_filename hls_fmp4_init_filename hls_subtitle_path master_pl_name hls_master_name "
        "init_seg_name media_seg_name single_file_name segment_list segment_header_filename passlogfile "
        "x265-stats",
        "they name files to write",
    ),
    rule(ValueKind.STREAM_MAP, "var_stream_map", "its names become part of file names"),
    rule(
        ValueKind.SEGMENT_FLAGS,
        "hls_flags",
        "appending to a playlist and deleting segments can delete files that it names",
    ),
    rule(ValueKind.OUTPUT_FORMAT, "segment_format", "it names a muxer"),
    rule(
        ValueKind.DICTIONARY,
        "format_options segment_format_options hls_segment_options hls_vtt_options seg_format_options",
        "they contain options of another muxer or demuxer",
    ),
    rule(
        ValueKind.PARAMETERS,
        "x264-params x264opts x265-params svtav1-params aom-params rav1e-params vvenc-params kvazaar-params "
        "oapv-params ts-parameters",
        "encoder libraries open files themselves",
    ),
    rule(
        ValueKind.REFUSED,
        "xavs2-params qsv_params load_plugins load_plugin",
        "it is not known which files the encoder library opens for it",
        "Use the encoder's other options.",
    ),
    rule(
        ValueKind.REFUSED,
        "protocol_whitelist protocol_blacklist format_whitelist codec_whitelist",
        "the worker sets it",
        "Leave it out.",
    ),
    rule(
        ValueKind.REFUSED,
        "allowed_extensions allowed_segment_extensions extension_picky enable_drefs use_absolute_path "
        "assetmaps sub_name",
        "it lets an input make FFmpeg open other files",
        "Leave it out, and give each file as a separate input.",
    ),
    rule(
        ValueKind.REFUSED,
        "aribb24-base-path cache_dir fd graph graph_file dumpgraph header private_key",
        "it makes FFmpeg open something other than a file of the job",
        "Leave it out.",
    ),
    rule(
        ValueKind.REFUSED,
        "fifo_format fifo_options format_opts protocol_opts http_opts mpegts_muxer_options rtp_muxer_options",
        "it belongs to a muxer or protocol that is not accepted",
        "Leave it out.",
    ),
    rule(
        ValueKind.REFUSED,
        "authorization block ca_file cafile cert cert_file cert_pem cname content_type cookies fec "
        "ftp-anonymous-password ftp-password ftp-user gateway headers http_proxy http_user_agent "
        "ice_description ice_genre ice_name ice_url iv key key_file key_pem local_addr local_port localaddr "
        "location method passphrase post_data reconnect_on_http_error referer resource rtmp_app rtmp_conn "
        "rtmp_enhanced_codecs rtmp_flashver rtmp_pageurl rtmp_playpath rtmp_subscribe rtmp_swfhash "
        "rtmp_swfurl rtmp_swfverify rtmp_tcurl secret smoother sources srt_streamid srtp_in_params "
        "srtp_in_suite srtp_out_params srtp_out_suite user_agent verifyhost",
        "FFmpeg may not use the network; the worker fetches inputs before FFmpeg starts",
        'Give the URL as an input; HTTP headers go into "headers" next to its "url".',
    ),
    rule(
        ValueKind.REFUSED,
        "device display_name input_format server standard stream_name window_title",
        "jobs may not use devices of the machine",
        "Give the media as an input.",
    ),
    rule(
        ValueKind.TEXT,
        "bsf:amount bsf:drop bsf:dts bsf:duration bsf:pass_types bsf:pts bsf:remove_types bsf:sei_user_data "
        "bsf:ts",
        "bitstream filters read expressions, lists of numbers and user data from them",
    ),
)

"""Runs of ffmpeg that fail in a decoder, an encoder or an output."""

from __future__ import annotations

from media.failing_runs import FailingRun

_AV = "-i file:av.mp4"


def _audio(code: str, options: str, word: str, **where: str) -> FailingRun:
    return FailingRun(code, f"{_AV} -vn {options}", word, where)


def _video(code: str, options: str, word: str, **where: str) -> FailingRun:
    return FailingRun(code, f"{_AV} {options}", word, where)


_ENCODER = "-c:v"

CODECS = [
    _video(
        "encoder_unknown", "-c:v libx2645 o.mp4", "Did you mean 'libx264'", argument="-c:v", encoder="libx2645"
    ),
    FailingRun("decoder_unknown", f"-c:v h2644 {_AV} o.mp4", "h2644", {"argument": "-c:v", "decoder": "h2644"}),
    _video("codec_wrong_type", "-c:v aac o.mp4", "aac", argument="-c:v"),
    _audio("encoder_experimental", "-c:a opus o.mkv", "-strict", encoder="opus"),
    _video("encoder_unavailable", "-c:v h264_nvenc o.mp4", "hardware", argument="-c:v", encoder="h264_nvenc"),
    _video("encoder_unavailable", "-c:v h264_qsv o.mp4", "hardware", encoder="h264_qsv"),
    _video("encoder_unavailable", "-c:v h264_v4l2m2m o.mp4", "hardware", encoder="h264_v4l2m2m"),
    _video("encoder_unavailable", "-c:v h264_vaapi o.mp4", "hardware", argument="-c:v"),
    FailingRun(
        "hardware_unavailable",
        f"-hwaccel cuda -hwaccel_output_format cuda {_AV} -c:v libx264 o.mp4",
        "GPU",
        {"argument": "-hwaccel"},
    ),
    FailingRun(
        "hardware_unavailable", f"-vaapi_device /dev/none {_AV} o.mp4", "device", {"argument": "-vaapi_device"}
    ),
    FailingRun(
        "hardware_unavailable", f"-init_hw_device vaapi=v {_AV} o.mp4", "device", {"argument": "-init_hw_device"}
    ),
    # Without libva the embedded build aborts, with libva it finds no device.
    *(
        FailingRun(
            "hardware_unavailable", f"{device} {_AV} o.mp4", "device", {"argument": device.partition(" ")[0]}
        )
        for device in (
            "-hwaccel vaapi",
            "-init_hw_device qsv=q",
            "-hwaccel qsv",
            "-init_hw_device vulkan=v:99",  # there may be a device in software
            "-init_hw_device opencl=o",
            "-init_hw_device drm=d",
        )
    ),
    FailingRun(
        "hardware_unavailable",
        f"-init_hw_device vdpau=x {_AV} o.mp4",
        "device",
        {"argument": "-init_hw_device"},
        only=("embedded", "other builds may have VDPAU"),
    ),
    _video("hardware_unavailable", "-vf hwupload o.mp4", "device"),
    _video("pixel_format_inconvertible", "-vf hwdownload o.mp4", "hwdownload", argument="-vf"),
    _video(
        "frame_size_odd",
        "-vf scale=63:64 -c:v libx264 -pix_fmt yuv420p o.mp4",
        "width of 63x64",
        encoder="libx264",
    ),
    _video(
        "frame_size_odd",
        "-vf scale=64:63 -c:v libx264 -pix_fmt yuv420p o.mp4",
        "height of 64x63",
        encoder="libx264",
    ),
    _video("frame_size_odd", "-vf scale=63:64 -c:v libx265 -pix_fmt yuv420p o.mp4", "even", argument="-vf"),
    _video("frame_size_unsupported", "-vf scale=2:2 -c:v libx265 o.mp4", "too small", encoder="libx265"),
    _video("frame_size_unsupported", "-an -c:v h263 o.avi", "64x64", encoder="h263"),
    _video("frame_size_unsupported", "-an -c:v dvvideo o.avi", "64x64", encoder="dvvideo"),
    FailingRun(
        "frame_size_unsupported",
        f"{_AV} -vf scale=8:8 -c:v libsvtav1 o.mp4",
        "64 pixels",
        {"argument": "-vf"},
        only=("system", "newer SVT-AV1 takes any size"),
    ),
    FailingRun(
        "frame_size_odd",
        f"{_AV} -vf scale=128:65 -c:v libsvtav1 o.mp4",
        "odd",
        {"argument": "-vf"},
        only=("system", "newer SVT-AV1 takes any size"),
    ),
    _video("pixel_format_unsupported", "-c:v libx264 -profile:v baseline -pix_fmt yuv444p o.mp4", "baseline"),
    _video("pixel_format_unsupported", "-c:v dnxhd o.mov", "-pix_fmt", encoder="dnxhd"),
    _audio(
        "sample_rate_unsupported", "-ar 96000 -c:a libmp3lame o.mp3", "96000", argument="-ar", encoder="libmp3lame"
    ),
    _audio("sample_rate_unsupported", "-ar 44100 -c:a libopus o.opus", "44100", argument="-ar", encoder="libopus"),
    _audio(
        "channel_layout_unsupported", "-ac 6 -c:a libmp3lame o.mp3", "5.1", argument="-ac", encoder="libmp3lame"
    ),
    _audio("channel_layout_unsupported", "-ac 999 o.m4a", "999 channels", argument="-ac"),
    _audio("sample_rate_unsupported", "-ar 9999999 -c:a flac o.flac", "9999999", argument="-ar", encoder="flac"),
    _audio("sample_rate_unsupported", "-c:a g726 o.wav", "8000", encoder="g726"),
    _audio("channel_layout_unsupported", "-c:a libopus -ac 9 o.opus", "9 channels", argument="-ac"),
    FailingRun(
        "channel_layout_unsupported",
        f"{_AV} -vn -c:a libopencore_amrnb -ar 8000 -ac 2 o.amr",
        "one channel",
        {"argument": "-ac"},
        only=("embedded", "Debian's build has no AMR encoder"),
    ),
    FailingRun(
        "channel_layout_unsupported",
        f"{_AV} -vn -c:a libopus -af aformat=channel_layouts=9.1.6 o.opus",
        "16 channels",
        {"encoder": "libopus"},
        only=("embedded", "FFmpeg 5 does not know this layout"),
    ),
    FailingRun(
        "channel_layout_unsupported",
        f"{_AV} -vn -af aformat=channel_layouts=7.1 -c:a aac o.aac",
        "-ac 6",
        {"format": "adts"},
        only=("embedded", "FFmpeg 5 writes it"),
    ),
    FailingRun(
        "channel_layout_unsupported",
        "-i mono.tta -c:a aac o.m4a",
        "-ac 1",
        {"encoder": "aac"},
        only=("embedded", "FFmpeg 5 knows the layout"),
    ),
    _audio("sample_format_unsupported", "-sample_fmt s16 -c:a aac o.m4a", "s16", argument="-sample_fmt"),
    _video("frame_rate_unsupported", "-c:v mpeg1video -r 7 o.mpg", "rate", argument="-r", encoder="mpeg1video"),
    _audio("bitrate_unsupported", "-c:a libopus -b:a 9999k o.opus", "256000", argument="-b:a", encoder="libopus"),
    _audio("bitrate_unsupported", "-c:a libvorbis -b:a 1 o.ogg", "too low", argument="-b:a"),
    _video(
        "pass_log_missing",
        "-c:v libx264 -b:v 100k -pass 2 -passlogfile lost o.mp4",
        "first pass",
        argument="-pass",
    ),
    _video("pass_log_missing", "-c:v libvpx-vp9 -b:v 100k -pass 2 -passlogfile lost o.webm", "lost-0.log"),
    _video("pass_log_missing", "-c:v libx265 -x265-params pass=2:stats=lost o.mp4", "first pass"),
    FailingRun("subtitle_conversion_impossible", "-i s.srt -c:s dvdsub o.mkv", "Text", {"argument": "-c:s"}),
]

OUTPUTS = [
    FailingRun("output_missing", _AV, "no output"),
    FailingRun("output_missing", "", "no output"),
    FailingRun("output_same_as_input", f"{_AV} file:av.mp4", "av.mp4", {"output": "av.mp4"}),
    FailingRun("output_exists", f"{_AV} v.mp4", "-y", {"output": "v.mp4"}, overwrite=False, exits_0=("embedded",)),
    FailingRun("output_without_streams", "-i v.mp4 -vn o.mp4", "-vn"),
    FailingRun("output_without_streams", "-i v.mp4 o.mp3", "Nothing"),
    FailingRun(
        "nothing_selected",
        f"-abort_on empty_output {_AV} -c copy -ss 9 -t 0.1 o.mp4",
        "empty",
        {"argument": "-ss"},
    ),
    _video("output_format_unknown", "out.xyz", "out.xyz", output="out.xyz"),
    _video("output_format_unknown", "pipe:1", "-f", output="pipe:1"),
    _video("format_unknown", "-f nope o.mp4", "nope", argument="-f", format="nope"),
    FailingRun("format_unknown", f"-f nope {_AV} o.mp4", "nope", {"argument": "-f", "format": "nope"}),
    _video("stream_count_unsupported", "-map 0:a -map 0:a o.wav", "wav", format="wav", argument="-map"),
    _video("stream_count_unsupported", "-map 0:a -map 0:a o.mp3", "one audio stream", format="mp3"),
    _video("stream_count_unsupported", "-map 0:v -c:v libx264 o.mp3", "needs an audio stream", format="mp3"),
    _video("codec_not_in_container", "-c:v libx264 -an o.webm", "VP8 or VP9", format="webm"),
    _video("codec_not_in_container", "-c copy o.webm", "libvpx-vp9", format="webm"),
    *(
        FailingRun("codec_not_in_container", f"-i song.mp3 {options}", word, {"format": muxer})
        for options, muxer in (("-c:a aac o.m4a", "ipod"), ("o.m4b", "ipod"), ("-c:a aac o.mp4", "mp4"))
        for word in ("-vn", "-c:v copy -disposition:v attached_pic")
    ),
    *(
        FailingRun("codec_not_in_container", f"-i sensors.mov -map 0 {options}", word, {"format": muxer})
        for options, muxer, word in (
            ("-c copy o.mp4", "mp4", "-map 0:v -map 0:a:0"),
            ("-c copy -y o.mp4", "mp4", "-ignore_unknown"),
            ("o.mp4", "mp4", "-dn"),
            ("-c copy o.mkv", "matroska", "-dn"),
        )
    ),
    FailingRun(
        "codec_not_in_container", "-i phone.mov -map 0 -c copy o.mp4", "-map 0:v -map 0:a:0", {"format": "mp4"}
    ),
    FailingRun(
        "codec_not_in_container",
        "-i phone.mov -map 0 -c copy o.mkv",
        "-map 0:v -map 0:a:0",
        {"format": "matroska"},
        only=("embedded", "FFmpeg 5 does not know the codec"),
    ),
    FailingRun("codec_not_in_container", "-i av.mp4 -i s.srt -map 0 -map 1 -c copy o.mp4", "-c:s mov_text"),
    FailingRun("codec_not_in_container", "-i s.srt -map 0 -c copy o.m4v", "-c:s mov_text"),
    FailingRun("codec_not_in_container", "-i s.srt -c:s mov_text o.mkv", "-c:s srt"),
    FailingRun(
        "codec_not_in_container",
        "-i av.mp4 -attach s.srt -metadata:s:t mimetype=text/plain -c copy o.mp4",
        "attachment",
        {"stream": "2"},
    ),
    FailingRun(
        "codec_not_in_container",
        "-i song.mp3 -map 0:a -c copy o.aac",
        "holds 'aac' only",
        {"format": "adts"},
        only=("embedded", "FFmpeg 5 reports it in other words"),
    ),
    *(
        FailingRun("codec_not_in_container", f"-i {source} -c copy o.mkv", "Encode this", {"format": "matroska"})
        for source in ("anim.apng", "tape.rm", "ima.mov")
    ),
    FailingRun("timestamps_missing", "-i b-frames.avi -c copy o.mkv", "-fflags +genpts", {"format": "matroska"}),
    FailingRun("timestamps_missing", "-i b-frames.avi -c:v copy -an o.mkv", "encode", {"argument": "-c:v"}),
    FailingRun(
        "input_corrupt",
        "-i lost.ts -map 0:a -c copy o.mkv",
        "-c:a aac",
        {"argument": "-i"},
        only=("embedded", "FFmpeg 5 finds no sound in it"),
    ),
    _video("attachment_type_missing", "-attach s.srt -c copy o.mkv", "mimetype=", argument="-attach"),
    _video("encoder_setting_unsupported", "-c:v libx264 -level 99 o.mp4", "no level 99", argument="-level"),
    FailingRun(
        "encoder_setting_unsupported",
        f"{_AV} -vn -c:a aac -profile:a aac_he o.m4a",
        "AAC-LC",
        {"argument": "-profile:a"},
        only=("embedded", "FFmpeg 5 writes AAC-LC instead"),
    ),
    _video(
        "encoder_setting_unsupported",
        "-an -c:v dnxhd -pix_fmt yuv422p o.mov",
        "dnxhr",
        argument="-c:v",
        encoder="dnxhd",
    ),
    _video("frame_rate_unsupported", "-an -c:v mpeg4 -enc_time_base 1/90000 o.mp4", "1/90000", encoder="mpeg4"),
    FailingRun(
        "frame_rate_unsupported",
        "-f lavfi -i testsrc2=d=0.1,settb=1/90000 -c:v mpeg4 -enc_time_base filter -fps_mode passthrough o.mp4",
        "-r 30",
        {"argument": "-enc_time_base"},
        only=("embedded", "FFmpeg 5 has no such value"),
    ),
    *(
        FailingRun(
            "channel_layout_unsupported",
            f"-i side.flac -c:a libopus {name}",
            "-af aformat=channel_layouts=5.1",
            {"encoder": "libopus"},
        )
        for name in ("o.opus", "o.webm", "o.mkv")
    ),
    _video("codec_not_in_container", "-c:v libvpx-vp9 -an o.mov", "vp9", format="mov"),
    _video("codec_not_in_container", "-c:a pcm_u8 o.mp4", "pcm_u8", argument="-c:a", format="mp4"),
    _video("codec_not_in_container", "-c:v libvpx -an o.mp4", "vp8", format="mp4", stream="0"),
    _audio("codec_not_in_container", "-c:a aac o.ogg", "ogg", format="ogg"),
    _video("codec_not_in_container", "-an -c:v ffv1 o.flv", "ffv1", format="flv"),
    FailingRun("codec_not_in_container", "-i s.srt -c:s mov_text o.mkv", "subtitles", {"format": "matroska"}),
    FailingRun("codec_not_in_container", "-i sub.mp4 -c copy -map 0 o.avi", "subtitles", {"format": "avi"}),
    _video("codec_not_in_container", "-tag:v zzzz -c copy -an o.mp4", "zzzz", argument="-tag:v", format="mp4"),
    FailingRun(
        "codec_not_in_container", "-f lavfi -i testsrc=d=0.1 -c:v rawvideo o.mkv", "RGB", {"format": "matroska"}
    ),
    _video("encoder_not_chosen", "-map 0:v o.wav", "wav", format="wav"),
    _video(
        "sample_rate_not_in_container", "-c:v mpeg2video -ar 44100 -c:a pcm_s16le o.mxf", "48000", format="mxf"
    ),
    _video("output_not_seekable", "-f mp4 pipe:1", "pipe", argument="-f", format="mp4"),
    _video("output_name_needs_pattern", "o.jpg", "%03d"),
    _video("output_name_needs_pattern", "-f segment o.mp4", "o.mp4", output="o.mp4"),
    _video("bitstream_filter_unknown", "-bsf:v nope o.mp4", "nope", argument="-bsf:v"),
    _video("bitstream_filter_unsupported", "-c copy -bsf:a h264_mp4toannexb o.mp4", "aac", argument="-bsf:a"),
    _video("bitstream_filter_unsupported", "-c copy -bsf:v setts=foo=3 o.mp4", "setts", argument="-bsf:v"),
    _video("output_directory_missing", "nodir/o.mp4", "nodir/o.mp4", output="nodir/o.mp4"),
    _video("output_directory_missing", "-f dash nodir/o.mpd", "directory"),
    _video("output_is_directory", "-f mp4 dir", "directory", output="dir"),
    _video("output_name_too_long", f"file:{'a' * 300}.mp4", "too long"),
    FailingRun(
        "output_forbidden", f"{_AV} file:locked/o.mp4", "write", {"output": "locked/o.mp4"}, privileged=False
    ),
    _video("output_unreachable", "-f mpegts tcp://127.0.0.1:9", "tcp://", output="tcp://127.0.0.1:9"),
    FailingRun(
        "muxing_queue_full",
        "-i long.mp4 -vf reverse -c:a copy -max_muxing_queue_size 2 -muxing_queue_data_threshold 10 o.mp4",
        "0:1",
        {"argument": "-max_muxing_queue_size"},
        only=("system", "FFmpeg 9 says so and then hangs, deaf to SIGTERM"),
    ),
]

"""Writing, overwriting and removing what is not the job's."""

# ruff: noqa: E501  (a row is a line)

from __future__ import annotations

from security.attacks.attack import Attack

_IN = "-i tiny.mp4"
_COPY = f"{_IN} -c copy"
_BARS = "-f lavfi -i testsrc2=s=64x64:r=5:d=0.4"
_TWO = f"{_BARS} {_BARS}"
_NO = "-f null -"
_ENTRIES = (
    "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:0\n" + "#EXTINF:1,\ns-1.ts\n" * 3
)
_HLS_ROTATING = "-hls_time 0.1 -hls_list_size 1 -hls_delete_threshold 1"

ATTACKS = (
    Attack("an output anywhere", f"{_COPY} -f mp4 <app>/made"),
    Attack("an output that goes up", f"{_COPY} -f mp4 <up>/app/made"),
    Attack("an output by file address", f"{_COPY} -f mp4 file:<app>/made"),
    Attack("an output by file address with slashes", f"{_COPY} -f mp4 file://<app>/made"),
    Attack("overwriting", f"{_COPY} -f mp4 <app>/secret.env"),
    Attack("another job's film overwritten", f"{_COPY} -f mp4 <other>/victim.mp4"),
    Attack("by way of /proc", f"{_COPY} -f mp4 /proc/self/root/<app>/made"),
    Attack("by way of its own folder", f"{_COPY} -f mp4 /proc/self/cwd/<up>/app/made"),
    Attack("a hash", f"{_COPY} -f mpegts md5:<app>/made"),
    Attack(
        "encrypted", f"{_COPY} -f mpegts -encryption_key {'00' * 16} -encryption_iv {'00' * 16} crypto:<app>/made"
    ),
    Attack("split in two", f"{_COPY} -f mpegts 'tee:o.ts|<app>/made'"),
    Attack("tags", f"{_IN} -f ffmetadata <app>/made"),
    Attack("several outputs", f"{_COPY} -map 0 -f tee '[f=mp4]<app>/made|[f=null]-'"),
    Attack("an output in a queue", f"{_COPY} -map 0 -f fifo -fifo_format mp4 <app>/made"),
    Attack("a hash of frames", f"{_IN} -f framemd5 <app>/made"),
    Attack("pieces", f"{_COPY} -map 0 -f segment -segment_format mp4 <up>/app/made%d"),
    Attack("a list of pieces", f"{_COPY} -f segment -segment_list <app>/made -segment_list_type csv s%d.mp4"),
    Attack(
        "a header of pieces", f"{_COPY} -f segment -segment_format mp4 -segment_header_filename <app>/made s%d.mp4"
    ),
    Attack("pieces as a stream", f"{_COPY} -map 0 -f ssegment -segment_format mpegts <app>/made%d"),
    Attack("pieces of a playlist", f"{_COPY} -hls_segment_filename <app>/made%d.ts o.m3u8"),
    Attack(
        "a playlist's first piece",
        f"{_COPY} -f hls -hls_segment_type fmp4 -hls_fmp4_init_filename <up>/app/made.mp4 o.m3u8",
    ),
    Attack(
        "a list of playlists",
        f"{_COPY} -map 0 -f hls -var_stream_map v:0,a:0 -master_pl_name <up>/app/made.m3u8 o%v.m3u8",
    ),
    Attack(
        "a variant's name",
        f"{_COPY} -map 0 -f hls -var_stream_map v:0,a:0,name:<up>/app/made -hls_segment_filename s%v-%d.ts %v.m3u8",
    ),
    Attack("pieces by date", f"{_COPY} -f hls -strftime 1 -hls_segment_filename <app>/made%Y.ts o.m3u8"),
    Attack(
        "pieces of a manifest",
        f"{_COPY} -f dash -init_seg_name '<up>/app/made$RepresentationID$' -media_seg_name '<up>/app/made$RepresentationID$-$Number$' o.mpd",
    ),
    Attack(
        "a manifest's only file",
        f"{_COPY} -f dash -single_file 1 -single_file_name '<up>/app/made$RepresentationID$.mp4' o.mpd",
    ),
    Attack("a manifest's playlist", f"{_COPY} -f dash -hls_playlist 1 -hls_master_name <up>/app/made.m3u8 o.mpd"),
    Attack("a folder of smooth pieces", f"{_COPY} -f smoothstreaming <app>/made"),
    Attack("a folder of dynamic pieces", f"{_COPY} -f hds <app>/made"),
    Attack("chunks", f"{_BARS} -map 0 -f webm_chunk -c:v libvpx -header <app>/made o%d.chk"),
    Attack("pictures by number", f"{_BARS} -c:v png -f image2 <up>/app/made%d.png"),
    Attack("pictures by date", f"{_BARS} -f image2 -strftime 1 -c:v png <up>/app/made%Y.png"),
    Attack("a picture over and over", f"{_BARS} -f image2 -update 1 -c:v png <app>/victim1.png"),
    Attack(
        "removing by a crafted playlist",
        f"-re {_COPY} {_HLS_ROTATING} -hls_flags append_list+delete_segments -hls_segment_filename <up>/app/n%d.ts v.m3u8",
        {"v.m3u8": _ENTRIES},
    ),
    Attack("progress", f"{_IN} -progress <app>/made {_NO}"),
    Attack("statistics of the video", f"{_IN} -c:v libx264 -vstats_file <app>/made {_NO}"),
    Attack("a session description", f"{_COPY} -an -sdp_file <app>/made -f rtp rtp://127.0.0.1:<listen>"),
    Attack("statistics of an encoder", f"{_IN} -c:v libx264 -stats_enc_post:v <app>/made {_NO}"),
    Attack("statistics before an encoder", f"{_IN} -c:v libx264 -stats_enc_pre:v <app>/made {_NO}"),
    Attack("statistics of a muxer", f"{_IN} -c:v libx264 -stats_mux_pre:v <app>/made {_NO}"),
    Attack("a picture of the graph", f"{_IN} -print_graphs_file <app>/made {_NO}"),
    Attack("an attachment taken out", f"-dump_attachment:t <app>/made -i att.mkv {_NO}"),
    Attack(
        "an attachment under its own name",
        f"-dump_attachment:t '' -i att.mkv {_NO}",
        inert="ffmpeg holds the name for unsafe",
    ),
    Attack("a first pass", f"{_IN} -an -c:v libx264 -pass 1 -passlogfile <app>/made {_NO}"),
    Attack("a first pass of x264", f"{_IN} -an -c:v libx264 -x264-params pass=1:stats=<app>/made {_NO}"),
    Attack("pictures of x264", f"{_IN} -an -c:v libx264 -x264-params dump-yuv=<app>/made {_NO}"),
    Attack("pictures of x264, other option", f"{_IN} -an -c:v libx264 -x264opts dump-yuv=<app>/made {_NO}"),
    Attack("a table of x265", f"{_IN} -an -c:v libx265 -x265-params csv=<app>/made:csv-log-level=1 {_NO}"),
    Attack("a first pass of x265", f"{_IN} -an -c:v libx265 -x265-params pass=1:stats=<app>/made {_NO}"),
    Attack("an analysis of x265", f"{_IN} -an -c:v libx265 -x265-params analysis-save=<app>/made {_NO}"),
    Attack(
        "pictures of kvazaar",
        f"{_IN} -an -s 160x96 -c:v libkvazaar -frames:v 2 -kvazaar-params debug=<app>/made {_NO}",
        inert="only kvazaar's own program knows it",
    ),
    Attack(
        "a first pass of vvenc",
        f"{_IN} -an -c:v libvvenc -preset faster -frames:v 2 -vvenc-params rcstatsfile=<app>/made:passes=2:pass=1:bitrate=50000 {_NO}",
        inert="not available in parameters",
    ),
    Attack(
        "statistics of SVT-AV1",
        f"{_IN} -an -c:v libsvtav1 -preset 12 -frames:v 2 -svtav1-params stat-file=<app>/made:enable-stat-report=1 {_NO}",
        inert="only SVT-AV1's own program knows it",
    ),
    Attack("a filter's tags", f"{_BARS} -vf metadata=mode=print:file=<app>/made {_NO}"),
    Attack("a sound filter's tags", f"-f lavfi -i sine=d=0.2 -af ametadata=mode=print:file=<app>/made {_NO}"),
    Attack("scores of psnr", f"{_TWO} -lavfi psnr=stats_file=<app>/made {_NO}"),
    Attack("scores of ssim", f"{_TWO} -lavfi ssim=stats_file=<app>/made {_NO}"),
    Attack("scores of xpsnr", f"{_TWO} -lavfi xpsnr=stats_file=<app>/made {_NO}"),
    Attack("scores of vmaf", f"{_TWO} -lavfi libvmaf=log_path=<app>/made {_NO}"),
    Attack("scores of motion", f"{_BARS} -vf vmafmotion=stats_file=<app>/made {_NO}"),
    Attack("movements", f"{_BARS} -vf vidstabdetect=result=<app>/made {_NO}"),
    Attack("movements of deshake", f"{_BARS} -vf deshake=filename=<app>/made {_NO}"),
    Attack("a signature", f"{_BARS} -vf signature=filename=<app>/made {_NO}"),
    Attack("a plot of curves", f"{_BARS} -vf curves=preset=vintage:plot=<app>/made {_NO}"),
    Attack(
        "a tree of colours", f"{_TWO} -lavfi '[1:v]palettegen[p];[0:v][p]paletteuse=debug_kdtree=<app>/made' {_NO}"
    ),
    Attack("loudness", f"-f lavfi -i sine=d=0.5 -af loudnorm=print_format=json:stats_file=<app>/made {_NO}"),
    Attack("a screen of the machine", f"{_BARS} -pix_fmt bgra -f fbdev /dev/fb0", inert="there is no screen"),
    Attack("an index of a film", f"{_COPY} -movflags faststart -f mp4 -y <app>/victim.mp4"),
)

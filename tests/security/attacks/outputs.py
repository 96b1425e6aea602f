"""Attacks that write, overwrite or remove files of others."""

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
    Attack("an absolute output path", f"{_COPY} -f mp4 <app>/made"),
    Attack("a relative output path", f"{_COPY} -f mp4 <up>/app/made"),
    Attack("an output as a file URL", f"{_COPY} -f mp4 file:<app>/made"),
    Attack("an output as a file URL with slashes", f"{_COPY} -f mp4 file://<app>/made"),
    Attack("overwriting a file", f"{_COPY} -f mp4 <app>/secret.env"),
    Attack("overwriting another job's video", f"{_COPY} -f mp4 <other>/victim.mp4"),
    Attack("an output below /proc/self/root", f"{_COPY} -f mp4 /proc/self/root/<app>/made"),
    Attack("an output below /proc/self/cwd", f"{_COPY} -f mp4 /proc/self/cwd/<up>/app/made"),
    Attack("the md5 protocol", f"{_COPY} -f mpegts md5:<app>/made"),
    Attack(
        "the crypto protocol",
        f"{_COPY} -f mpegts -encryption_key {'00' * 16} -encryption_iv {'00' * 16} crypto:<app>/made",
    ),
    Attack("the tee protocol", f"{_COPY} -f mpegts 'tee:o.ts|<app>/made'"),
    Attack("a metadata file", f"{_IN} -f ffmetadata <app>/made"),
    Attack("the tee muxer", f"{_COPY} -map 0 -f tee '[f=mp4]<app>/made|[f=null]-'"),
    Attack("the fifo muxer", f"{_COPY} -map 0 -f fifo -fifo_format mp4 <app>/made"),
    Attack("the framemd5 muxer", f"{_IN} -f framemd5 <app>/made"),
    Attack("segments", f"{_COPY} -map 0 -f segment -segment_format mp4 <up>/app/made%d"),
    Attack("a segment list", f"{_COPY} -f segment -segment_list <app>/made -segment_list_type csv s%d.mp4"),
    Attack(
        "a segment header", f"{_COPY} -f segment -segment_format mp4 -segment_header_filename <app>/made s%d.mp4"
    ),
    Attack("stream segments", f"{_COPY} -map 0 -f ssegment -segment_format mpegts <app>/made%d"),
    Attack("HLS segments", f"{_COPY} -hls_segment_filename <app>/made%d.ts o.m3u8"),
    Attack(
        "an HLS initialization segment",
        f"{_COPY} -f hls -hls_segment_type fmp4 -hls_fmp4_init_filename <up>/app/made.mp4 o.m3u8",
    ),
    Attack(
        "an HLS master playlist",
        f"{_COPY} -map 0 -f hls -var_stream_map v:0,a:0 -master_pl_name <up>/app/made.m3u8 o%v.m3u8",
    ),
    Attack(
        "an HLS variant name",
        f"{_COPY} -map 0 -f hls -var_stream_map v:0,a:0,name:<up>/app/made -hls_segment_filename s%v-%d.ts %v.m3u8",
    ),
    Attack(
        "HLS segments named by date", f"{_COPY} -f hls -strftime 1 -hls_segment_filename <app>/made%Y.ts o.m3u8"
    ),
    Attack(
        "DASH segments",
        f"{_COPY} -f dash -init_seg_name '<up>/app/made$RepresentationID$' -media_seg_name '<up>/app/made$RepresentationID$-$Number$' o.mpd",
    ),
    Attack(
        "a single-file DASH output",
        f"{_COPY} -f dash -single_file 1 -single_file_name '<up>/app/made$RepresentationID$.mp4' o.mpd",
    ),
    Attack(
        "the HLS playlist of a DASH output",
        f"{_COPY} -f dash -hls_playlist 1 -hls_master_name <up>/app/made.m3u8 o.mpd",
    ),
    Attack("a Smooth Streaming folder", f"{_COPY} -f smoothstreaming <app>/made"),
    Attack("an HDS folder", f"{_COPY} -f hds <app>/made"),
    Attack("the header of WebM chunks", f"{_BARS} -map 0 -f webm_chunk -c:v libvpx -header <app>/made o%d.chk"),
    Attack("images by number", f"{_BARS} -c:v png -f image2 <up>/app/made%d.png"),
    Attack("images named by date", f"{_BARS} -f image2 -strftime 1 -c:v png <up>/app/made%Y.png"),
    Attack("an image that is updated", f"{_BARS} -f image2 -update 1 -c:v png <app>/victim1.png"),
    Attack(
        "deleting segments of a crafted playlist",
        f"-re {_COPY} {_HLS_ROTATING} -hls_flags append_list+delete_segments -hls_segment_filename <up>/app/n%d.ts v.m3u8",
        {"v.m3u8": _ENTRIES},
    ),
    Attack("a progress file", f"{_IN} -progress <app>/made {_NO}"),
    Attack("-vstats_file", f"{_IN} -c:v libx264 -vstats_file <app>/made {_NO}"),
    Attack("an SDP file", f"{_COPY} -an -sdp_file <app>/made -f rtp rtp://127.0.0.1:<listen>"),
    Attack("-stats_enc_post", f"{_IN} -c:v libx264 -stats_enc_post:v <app>/made {_NO}"),
    Attack("-stats_enc_pre", f"{_IN} -c:v libx264 -stats_enc_pre:v <app>/made {_NO}"),
    Attack("-stats_mux_pre", f"{_IN} -c:v libx264 -stats_mux_pre:v <app>/made {_NO}"),
    Attack("-print_graphs_file", f"{_IN} -print_graphs_file <app>/made {_NO}"),
    Attack("dumping an attachment", f"-dump_attachment:t <app>/made -i att.mkv {_NO}"),
    Attack(
        "dumping an attachment under its own name",
        f"-dump_attachment:t '' -i att.mkv {_NO}",
        inert="ffmpeg considers the name unsafe",
    ),
    Attack("-passlogfile", f"{_IN} -an -c:v libx264 -pass 1 -passlogfile <app>/made {_NO}"),
    Attack("the pass log of x264", f"{_IN} -an -c:v libx264 -x264-params pass=1:stats=<app>/made {_NO}"),
    Attack("a YUV dump of x264", f"{_IN} -an -c:v libx264 -x264-params dump-yuv=<app>/made {_NO}"),
    Attack("a YUV dump of x264, by -x264opts", f"{_IN} -an -c:v libx264 -x264opts dump-yuv=<app>/made {_NO}"),
    Attack("the CSV log of x265", f"{_IN} -an -c:v libx265 -x265-params csv=<app>/made:csv-log-level=1 {_NO}"),
    Attack("the pass log of x265", f"{_IN} -an -c:v libx265 -x265-params pass=1:stats=<app>/made {_NO}"),
    Attack("the analysis file of x265", f"{_IN} -an -c:v libx265 -x265-params analysis-save=<app>/made {_NO}"),
    Attack(
        "a YUV dump of kvazaar",
        f"{_IN} -an -s 160x96 -c:v libkvazaar -frames:v 2 -kvazaar-params debug=<app>/made {_NO}",
        inert="only kvazaar's own program knows it",
    ),
    Attack(
        "the pass log of vvenc",
        f"{_IN} -an -c:v libvvenc -preset faster -frames:v 2 -vvenc-params rcstatsfile=<app>/made:passes=2:pass=1:bitrate=50000 {_NO}",
        inert="not available in parameters",
    ),
    Attack(
        "the statistics of SVT-AV1",
        f"{_IN} -an -c:v libsvtav1 -preset 12 -frames:v 2 -svtav1-params stat-file=<app>/made:enable-stat-report=1 {_NO}",
        inert="only SVT-AV1's own program knows it",
    ),
    Attack("the metadata filter", f"{_BARS} -vf metadata=mode=print:file=<app>/made {_NO}"),
    Attack("the ametadata filter", f"-f lavfi -i sine=d=0.2 -af ametadata=mode=print:file=<app>/made {_NO}"),
    Attack("the psnr statistics", f"{_TWO} -lavfi psnr=stats_file=<app>/made {_NO}"),
    Attack("the ssim statistics", f"{_TWO} -lavfi ssim=stats_file=<app>/made {_NO}"),
    Attack("the xpsnr statistics", f"{_TWO} -lavfi xpsnr=stats_file=<app>/made {_NO}"),
    Attack("the libvmaf log", f"{_TWO} -lavfi libvmaf=log_path=<app>/made {_NO}"),
    Attack("the vmafmotion statistics", f"{_BARS} -vf vmafmotion=stats_file=<app>/made {_NO}"),
    Attack("the transforms of vidstab", f"{_BARS} -vf vidstabdetect=result=<app>/made {_NO}"),
    Attack("the deshake log", f"{_BARS} -vf deshake=filename=<app>/made {_NO}"),
    Attack("the signature filter", f"{_BARS} -vf signature=filename=<app>/made {_NO}"),
    Attack("the plot of curves", f"{_BARS} -vf curves=preset=vintage:plot=<app>/made {_NO}"),
    Attack(
        "the palette tree of paletteuse",
        f"{_TWO} -lavfi '[1:v]palettegen[p];[0:v][p]paletteuse=debug_kdtree=<app>/made' {_NO}",
    ),
    Attack(
        "the loudnorm statistics",
        f"-f lavfi -i sine=d=0.5 -af loudnorm=print_format=json:stats_file=<app>/made {_NO}",
    ),
    Attack("a framebuffer device", f"{_BARS} -pix_fmt bgra -f fbdev /dev/fb0", inert="there is no framebuffer"),
    Attack("overwriting a file with faststart", f"{_COPY} -movflags faststart -f mp4 -y <app>/victim.mp4"),
)

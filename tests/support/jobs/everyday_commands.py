"""Everyday ffmpeg commands as people write them, by purpose."""

# ruff: noqa: E501, RUF005  (commands stay in one piece, as people paste them)

from __future__ import annotations

import shlex

from support.jobs.everyday_media_commands import MORE, X264

Spelling = str | list[str] | list[list[str]]

# What it is for: the command, as one string, as tokens, as options with their values, or as a chain.
EVERYDAY: dict[str, Spelling] = {
    # Convert
    "transcode": f"ffmpeg -i clip.mp4 {X264} -crf 28 -c:a aac -b:a 64k -movflags +faststart o.mp4",
    "transcode, output options first given twice": f"-y -i clip.mp4 {X264} -crf 51 -crf 30 o.mp4",
    "upper-case suffix in and out": f"-i LOUD.MP4 {X264} O.MP4",
    "no suffix": f"-i clip.mp4 {X264} -f mp4 out",
    "a name with blanks": ["ffmpeg", "-i", "sub dir/my clip.mp4", "-c", "copy", "o u t.mp4"],
    "options with their values": ["-i clip.mp4", "-c:v libx264", "-preset ultrafast", "-an", "o.mp4"],
    "remux to matroska": "-i clip.mp4 -c copy -bitexact o.mkv",
    "remux everything": "-i full.mkv -map 0 -c copy -bitexact o.mkv",
    "mp4 to transport stream": "-i clip.mp4 -c copy -bsf:v h264_mp4toannexb -f mpegts o.ts",
    "transport stream to mp4": "-i clip.ts -c copy o.mp4",
    "webm": "-i clip.mp4 -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 0 -crf 40 -c:a libopus -bitexact o.webm",
    "av1": "-i clip.mp4 -c:v libsvtav1 -preset 12 -crf 50 -an -t 0.5 o.mp4",
    "hevc": "-i clip.mp4 -c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=25 -tag:v hvc1 o.mp4",
    "prores": "-i clip.mp4 -c:v prores_ks -profile:v 3 -c:a pcm_s16le o.mov",
    "avi": "-i clip.mp4 -c:v mpeg4 -qscale:v 5 -c:a libmp3lame o.avi",
    "flv": f"-i clip.mp4 {X264} -c:a aac o.flv",
    "fragmented mp4": "-i clip.mp4 -c copy -movflags frag_keyframe+empty_moov o.mp4",
    "target size in two passes": f"-y -i clip.mp4 {X264} -b:v 80k -pass 1 -an -f null /dev/null && "
    f"ffmpeg -i clip.mp4 {X264} -b:v 80k -pass 2 -c:a aac o.mp4",
    "two passes with a log file": [
        ["-i", "clip.mp4", "-c:v", "libx264", "-b:v", "80k", "-pass", "1", "-passlogfile", "p"]
        + ["-an", "-f", "mp4", "/dev/null"],
        ["-i", "clip.mp4", "-c:v", "libx264", "-b:v", "80k", "-pass", "2", "-passlogfile", "p", "o.mp4"],
    ],
    # Cut and join
    "trim at the input": f"-ss 0.5 -i clip.mp4 -t 1 {X264} o.mp4",
    "trim at the output": f"-i clip.mp4 -ss 00:00:00.5 -to 00:00:01.5 {X264} o.mp4",
    "trim from and to at the input": f"-ss 0.4 -to 1.2 -i clip.mp4 {X264} o.mp4",
    "length at the input": f"-t 0.8 -i clip.mp4 {X264} o.mp4",
    "cut without encoding": "-ss 0.9 -i clip.mp4 -t 1 -c copy o.mp4",
    "cut without encoding, to": "-i clip.mp4 -ss 0.9 -to 1.7 -c copy -avoid_negative_ts make_zero o.mp4",
    "the last half second": f"-sseof -0.5 -i clip.mp4 {X264} o.mp4",
    "concat list": "-f concat -safe 0 -i list.txt -c copy o.mp4",
    "concat filter": ["-i", "clip.mp4", "-i", "other.mp4", "-filter_complex"]
    + ["[0:v][0:a][1:v][1:a]concat=n=2:v=1:a=1[v][a]", "-map", "[v]", "-map", "[a]", "-c:v", "mpeg4", "o.mp4"],
    "concat protocol": "-i concat:clip.ts|clip.ts -c copy o.ts",
    "by way of transport streams": "-i clip.mp4 -c copy a.ts && -i other.mp4 -c copy b.ts && "
    "-i 'concat:a.ts|b.ts' -c copy -bsf:a aac_adtstoasc o.mp4",
    "segments": "-i clip.mp4 -c copy -f segment -segment_time 1 -reset_timestamps 1 part%02d.mp4",
    "segments with a list": "-i clip.mp4 -c copy -f segment -segment_time 1 -segment_list parts.csv part%02d.ts",
    "loop": "-stream_loop 1 -i clip.mp4 -c copy o.mp4",
    "split in one command": f"-i clip.mp4 -t 1 {X264} a.mp4 -ss 1 {X264} b.mp4",
    # Picture
    "scale": f"-i clip.mp4 -vf scale=80:-2,format=yuv420p {X264} -c:a copy o.mp4",
    "crop": f"-i clip.mp4 -vf 'crop=in_w/2:in_h/2:10:10' {X264} o.mp4",
    "letterbox": f"-i clip.mp4 -vf 'scale=64:64:force_original_aspect_ratio=decrease,pad=64:64:(ow-iw)/2:(oh-ih)/2' {X264} o.mp4",
    "transpose": f"-i clip.mp4 -vf transpose=1 {X264} o.mp4",
    "rotation flag": "-display_rotation 90 -i clip.mp4 -c copy o.mp4",
    "rotate metadata": "-i clip.mp4 -c copy -metadata:s:v:0 rotate=90 o.mp4",
    "watermark": f"-i clip.mp4 -i logo.png -filter_complex 'overlay=W-w-10:H-h-10' {X264} o.mp4",
    "watermark for a while": ["-i", "clip.mp4", "-i", "logo.png", "-filter_complex"]
    + ["[1:v]format=rgba,colorchannelmixer=aa=0.5[l];[0:v][l]overlay=5:5:enable='between(t,0,1)'[v]"]
    + ["-map", "[v]", "-map", "0:a?", "-c:a", "copy", "-c:v", "libx264", "-preset", "ultrafast", "o.mp4"],
    "movie source": f"-i clip.mp4 -vf 'movie=logo.png[wm];[in][wm]overlay=5:5[out]' {X264} o.mp4",
    "picture in picture": f"-i clip.mp4 -i other.mp4 -filter_complex '[1:v]scale=iw/3:-1[p];[0:v][p]overlay=main_w-overlay_w-4:4' {X264} o.mp4",
    "side by side": f"-i clip.mp4 -i other.mp4 -filter_complex hstack=inputs=2 {X264} o.mp4",
    "grid": f"-i clip.mp4 -i other.mp4 -i clip.mp4 -i other.mp4 -filter_complex 'xstack=inputs=4:layout=0_0|w0_0|0_h0|w0_h0' {X264} -an o.mp4",
    "blur a box": f"-i clip.mp4 -filter_complex '[0:v]crop=40:40:10:10,boxblur=5[b];[0:v][b]overlay=10:10' {X264} o.mp4",
    "blurred background": f"-i clip.mp4 -vf 'split[a][b];[a]scale=90:160,boxblur=5[bg];[b]scale=90:-2[fg];[bg][fg]overlay=(W-w)/2:(H-h)/2' {X264} o.mp4",
    "fade": f"-i clip.mp4 -vf 'fade=in:0:5,fade=t=out:st=1.5:d=0.5' -af 'afade=t=in:d=0.5' {X264} o.mp4",
    "crossfade": f"-i clip.mp4 -i other.mp4 -filter_complex '[0][1]xfade=transition=fade:duration=0.5:offset=1.5;[0:a][1:a]acrossfade=d=0.5' {X264} o.mp4",
    "green screen": f"-f lavfi -i color=c=blue:s=160x90 -i clip.mp4 -filter_complex '[1:v]colorkey=0x00FF00:0.3:0.1[k];[0:v][k]overlay=shortest=1' {X264} o.mp4",
    "twice as fast": f"-i clip.mp4 -filter_complex '[0:v]setpts=0.5*PTS[v];[0:a]atempo=2.0[a]' -map '[v]' -map '[a]' {X264} o.mp4",
    "slower": f"-i clip.mp4 -vf setpts=2*PTS -an {X264} o.mp4",
    "reverse": f"-i clip.mp4 -vf reverse -af areverse {X264} o.mp4",
    "another frame rate": f"-i clip.mp4 -r 10 {X264} o.mp4",
    "as if it had another frame rate": f"-r 50 -i clip.mp4 -an {X264} o.mp4",
    "fps filter": f"-i clip.mp4 -vf fps=30000/1001 {X264} o.mp4",
    "interpolate": f"-i small.mp4 -vf minterpolate=fps=20:mi_mode=blend -an {X264} o.mp4",
    "text": f"-i clip.mp4 -vf \"drawtext=text='Hello\\: World':x=(w-text_w)/2:y=10:fontsize=12:box=1:boxcolor=black@0.5\" {X264} o.mp4",
    "text from a file": f"-i clip.mp4 -vf drawtext=textfile=words.txt:fontsize=12 {X264} o.mp4",
    "clock": ["-i", "clip.mp4", "-vf", "drawtext=text='%{pts\\:hms}':fontsize=10", "-c:v"]
    + ["libx264", "-preset", "ultrafast", "o.mp4"],
    "look-up table": f"-i clip.mp4 -vf lut3d=x.cube {X264} o.mp4",
    "stabilise": f"-i clip.mp4 -vf vidstabdetect=result=t.trf -f null - && -i clip.mp4 -vf vidstabtransform=input=t.trf {X264} o.mp4",
    "zoom": f"-loop 1 -i logo.png -vf 'zoompan=z=min(zoom+0.01\\,1.5):d=10:s=64x64' -t 1 -pix_fmt yuv420p {X264} o.mp4",
    "deinterlace and sharpen": f"-i clip.mp4 -vf yadif,unsharp=5:5:1.0,hqdn3d {X264} o.mp4",
    # Pictures out of and into video
    "one picture": "-ss 1 -i clip.mp4 -frames:v 1 -q:v 2 o.jpg",
    "one picture, the old way": "-i clip.mp4 -ss 0.5 -vframes 1 o.png",
    "thumbnail filter": "-i clip.mp4 -vf thumbnail -frames:v 1 o.png",
    "a picture a second": "-i clip.mp4 -vf fps=1 thumb_%03d.jpg",
    "pictures at a rate": "-i clip.mp4 -r 2 thumb-%d.png",
    "key frames": "-skip_frame nokey -i clip.mp4 -fps_mode vfr -frame_pts true key-%d.png",
    "scene changes": "-i clip.mp4 -vf \"select='gt(scene,0.0001)+eq(n,0)'\" -fps_mode vfr scene%02d.png",
    "every tenth frame": ["-i", "clip.mp4", "-vf", "select=not(mod(n\\,10))", "-fps_mode", "vfr", "every%d.jpg"],
    "contact sheet": "-i clip.mp4 -vf 'fps=4,scale=40:-1,tile=4x2' -frames:v 1 o.jpg",
    "sprite": "-i clip.mp4 -vf fps=4,scale=32:18,tile=8x1 -update 1 -frames:v 1 o.png",
    "overwritten picture": "-i clip.mp4 -vf fps=2 -update 1 o.jpg",
    "gif": "-i clip.mp4 -vf 'fps=5,scale=80:-1:flags=lanczos,split[a][b];[a]palettegen[p];[b][p]paletteuse' -loop 0 o.gif",
    "gif with a palette of its own": "-i clip.mp4 -vf fps=5,scale=80:-1,palettegen palette.png && "
    "-i clip.mp4 -i palette.png -lavfi 'fps=5,scale=80:-1[x];[x][1:v]paletteuse' o.gif",
    "gif to mp4": f"-i anim.gif -movflags +faststart -pix_fmt yuv420p -vf 'scale=trunc(iw/2)*2:trunc(ih/2)*2' {X264} o.mp4",
    "webp": "-i clip.mp4 -vf fps=5 -loop 0 -an o.webp",
    "one webp": "-i logo.png o.webp",
    "slide show": f"-framerate 10 -i frames/%03d.png -r 25 -pix_fmt yuv420p {X264} o.mp4",
    "slide show from a number on": f"-framerate 5 -start_number 3 -i frames/%03d.png -pix_fmt yuv420p {X264} o.mp4",
    "slide show by wild card": f"-framerate 5 -pattern_type glob -i 'frames/*.png' -pix_fmt yuv420p {X264} o.mp4",
    "slide show from a list": f"-f concat -safe 0 -i slides.txt -pix_fmt yuv420p {X264} -fps_mode vfr o.mp4",
    "a still with sound": f"-loop 1 -i logo.png -i tone.mp3 -shortest -pix_fmt yuv420p {X264} -tune stillimage o.mp4",
    "a still of a length": f"-loop 1 -framerate 5 -t 1 -i logo.png -pix_fmt yuv420p {X264} o.mp4",
    "convert a picture": "-i logo.png -vf scale=32:-1 o.jpg",
    "crop detection": "-i clip.mp4 -vf cropdetect -f null -",
    # Sound
    "sound only": "-i clip.mp4 -vn -c:a copy o.m4a",
    "sound as aac": "-i clip.mp4 -vn -c:a copy o.aac",
    "mp3": "-i clip.mp4 -vn -c:a libmp3lame -q:a 2 o.mp3",
    "wav": "-i clip.mp4 -ar 16000 -ac 1 -c:a pcm_s16le o.wav",
    "flac": "-i clip.mp4 -vn o.flac",
    "opus": "-i clip.mp4 -vn -c:a libopus -b:a 32k -bitexact o.opus",
    "ogg": "-i tone.mp3 -c:a libvorbis -bitexact o.ogg",
    "mp3 to aac, tags kept": "-i tone.mp3 -c:a aac -map_metadata 0 o.m4a",
    "replace the sound": "-i clip.mp4 -i tone.mp3 -map 0:v -map 1:a -c:v copy -shortest o.mp4",
    "add a second sound track": "-i clip.mp4 -i tone.mp3 -map 0 -map 1:a -c copy -metadata:s:a:1 language=deu o.mp4",
    "no sound": "-i clip.mp4 -an -c copy o.mp4",
    "mix": "-i clip.mp4 -i tone.mp3 -filter_complex '[0:a][1:a]amix=inputs=2:duration=first[a]' -map 0:v -map '[a]' -c:v copy o.mp4",
    "volume": "-i clip.mp4 -af volume=0.5 -c:v copy o.mp4",
    "loudness": "-i clip.mp4 -af loudnorm=I=-16:TP=-1.5:LRA=11 -ar 48000 -c:v copy o.mp4",
    "loudness measured": "-i clip.mp4 -af loudnorm=print_format=json -f null -",
    "loudness, second pass": "-i clip.mp4 -af loudnorm=I=-16:TP=-1.5:LRA=11:measured_I=-21.8:measured_LRA=0:measured_TP=-18:measured_thresh=-31.8:offset=0.1:linear=true -ar 44100 o.wav",
    "silence trimmed": "-i tone.mp3 -af silenceremove=start_periods=1:start_threshold=-50dB o.wav",
    "silence": "-f lavfi -i anullsrc=r=44100:cl=stereo -t 1 -c:a aac o.m4a",
    "silent track added": "-f lavfi -i anullsrc -i mute.mp4 -c:v copy -c:a aac -shortest o.mp4",
    "pan to stereo": "-i clip.mp4 -af 'pan=stereo|c0=c0|c1=c0' -vn o.wav",
    "channels apart": "-i stereo.wav -filter_complex channelsplit=channel_layout=stereo[l][r] -map '[l]' l.wav -map '[r]' r.wav",
    "sound joined": "-i stereo.wav -i stereo.wav -filter_complex '[0:a][1:a]concat=n=2:v=0:a=1' o.wav",
    "delay": "-i clip.mp4 -itsoffset 0.2 -i clip.mp4 -map 0:v -map 1:a -c copy o.mp4",
    "adelay": "-i tone.mp3 -af 'adelay=200|200,apad=whole_dur=2' o.wav",
    "sound split": "-i tone.mp3 -f segment -segment_time 0.5 -c copy piece%03d.mp3",
    "volume measured": "-i clip.mp4 -af volumedetect -vn -f null -",
    "waveform picture": "-i clip.mp4 -filter_complex showwavespic=s=64x32 -frames:v 1 o.png",
    "spectrum picture": "-i tone.mp3 -lavfi showspectrumpic=s=64x64:legend=0 o.png",
    "waveform video": f"-i tone.mp3 -filter_complex '[0:a]showwaves=s=64x32:mode=line,format=yuv420p[v]' -map '[v]' -map 0:a {X264} o.mp4",
    "raw sound": "-i clip.mp4 -f s16le -ac 1 -ar 8000 o.pcm",
    "raw sound in": "-f s16le -ar 8000 -ac 1 -i tone.pcm o.wav",
    # Subtitles and what else is in a file
    "burn subtitles": f"-i clip.mp4 -vf subtitles=de.srt {X264} o.mp4",
    "burn subtitles with a style": f"-i clip.mp4 -vf \"subtitles=de.srt:force_style='FontName=DejaVu Sans,FontSize=20'\" {X264} o.mp4",
    "burn subtitles of the film": f"-i full.mkv -vf subtitles=full.mkv -map 0:v -map 0:a {X264} o.mp4",
    "burn ass from a folder": f"-i clip.mp4 -vf 'ass=sub dir/a.ass' {X264} o.mp4",
    "soft subtitles": "-i clip.mp4 -i de.srt -c copy -c:s mov_text -metadata:s:s:0 language=ger o.mp4",
    "extract subtitles": "-i full.mkv -map 0:s:0 o.srt",
    "subtitles to ass": "-i de.srt o.ass",
    "title": "-i clip.mp4 -metadata title='My: Title / x' -metadata:s:a:0 language=eng -c copy -bitexact o.mkv",
    "no metadata": "-i clip.mp4 -map_metadata -1 -c copy o.mp4",
    "metadata out": "-i full.mkv -f ffmetadata o.txt",
    "chapters": "-i clip.mp4 -i chapters.txt -map_metadata 1 -map_chapters 1 -c copy o.mp4",
    "chapters, format told": "-i clip.mp4 -f ffmetadata -i chapters.txt -map_metadata 1 -codec copy o.mp4",
    "cover of a song": "-i tone.mp3 -i logo.png -map 0 -map 1 -c copy -id3v2_version 3 -metadata:s:v title=Cover o.mp3",
    "cover of a film": "-i clip.mp4 -i logo.png -map 0 -map 1 -c copy -disposition:v:1 attached_pic o.mp4",
    "cover taken out": "-i cover.mp3 -an -c:v copy o.png",
    "cover left out": "-i cover.mp3 -map 0:a -c copy o.mp3",
    "song with cover to aac": "-i cover.mp3 -c:a aac -vn o.m4a",
    "attachment": "-i clip.mp4 -attach notes.bin -metadata:s:t mimetype=application/octet-stream -c copy -bitexact o.mkv",
    "attachment taken out": "-dump_attachment:t:0 taken.bin -i full.mkv -map 0:v -c copy -f null -",
    "timecode": "-i clip.mp4 -c copy -timecode 01:00:00:00 o.mov",
    "default track": "-i full.mkv -map 0:v -map 0:a -c copy -disposition:a:0 default -bitexact o.mkv",
    # Streaming
    "hls": "-i clip.mp4 -c copy -hls_time 1 -hls_playlist_type vod -hls_segment_filename seg_%03d.ts o.m3u8",
    "hls in a folder": "-i clip.mp4 -c copy -hls_time 1 -hls_list_size 0 -hls_segment_filename hls/seg%d.ts hls/o.m3u8",
    "hls with fragments": "-i clip.mp4 -c copy -f hls -hls_segment_type fmp4 -hls_time 1 -hls_list_size 0 o.m3u8",
    "hls in one file": "-i clip.mp4 -c copy -f hls -hls_flags single_file -hls_time 1 o.m3u8",
    "hls ladder": ["-i", "clip.mp4", "-filter_complex", "[0:v]split=2[a][b];[b]scale=80:-2[c]", "-map", "[a]"]
    + ["-map", "0:a", "-map", "[c]", "-map", "0:a", "-c:v", "libx264", "-preset", "ultrafast", "-f", "hls"]
    + ["-hls_time", "1", "-hls_playlist_type", "vod", "-var_stream_map", "v:0,a:0 v:1,a:1"]
    + ["-master_pl_name", "master.m3u8", "-hls_segment_filename", "v%v/s%d.ts", "v%v/o.m3u8"],
    "hls encrypted": "-i clip.mp4 -c copy -hls_time 1 -hls_key_info_file key.info -hls_playlist_type vod o.m3u8",
    "dash": "-i clip.mp4 -c copy -f dash -seg_duration 1 o.mpd",
    "from a playlist": "-i hls/in.m3u8 -c copy o.mp4",
    "several at once": f"-i clip.mp4 -map 0 {X264} -c:a aac -f tee '[f=mp4]a.mp4|[f=mpegts]b.ts'",
    # Measure
    "black parts": "-i clip.mp4 -vf blackdetect=d=0.1:pix_th=0.1 -an -f null -",
    "ssim": "-i clip.mp4 -i other.mp4 -lavfi '[0:v][1:v]ssim' -f null -",
    "psnr with a log": "-i clip.mp4 -i other.mp4 -lavfi '[0:v][1:v]psnr=stats_file=psnr.log' -f null -",
    "frame hashes": "-i clip.mp4 -map 0:v -f framemd5 o.framemd5",
    "one hash": "-i clip.mp4 -map 0 -f md5 o.md5",
    "raw video out": "-i clip.mp4 -f rawvideo -pix_fmt yuv420p -t 0.2 o.yuv",
    "raw video in": f"-f rawvideo -s 160x90 -pix_fmt yuv420p -r 25 -i raw.yuv {X264} o.mp4",
    "y4m": "-i clip.mp4 -t 0.2 -pix_fmt yuv420p o.y4m",
    "test picture": f"-f lavfi -i testsrc2=s=64x64:d=0.5,format=yuv420p {X264} o.mp4",
    "pipe of pictures": "-i clip.mp4 -t 0.2 -f image2pipe -c:v png o.bin",
    # Where jobs have names of their own for files
    "segments with a list in a chain": "-i clip.mp4 -c copy -f segment -segment_time 1 -segment_list l.m3u8 p%d.ts",
    "pieces joined again": "-i clip.mp4 -c copy -f segment -segment_time 1 -segment_list l.ffconcat p%d.mp4 && "
    "-f concat -safe 0 -i l.ffconcat -c copy o.mp4",
    "one piece taken on": "-i clip.mp4 -c copy -f segment -segment_time 1 p%d.mp4 && -i p1.mp4 -c copy o.mov",
    "one of several taken on": "-i clip.mp4 -map 0 -c copy -f tee 'a.mp4|b.ts' && -i a.mp4 -vn -c copy o.m4a",
    "pictures and back": f"-i clip.mp4 -vf fps=5 f%03d.png && -framerate 5 -i f%03d.png -pix_fmt yuv420p {X264} o.mp4",
    "one picture of many": "-i clip.mp4 -vf fps=5 f%03d.png && -i f002.png o.jpg",
    "pictures by wild card": "-i clip.mp4 -vf fps=5 f%03d.png && -pattern_type glob -i 'f*.png' -f framemd5 o.md5",
    "metadata by way of a file": "-i full.mkv -f ffmetadata m.txt && -i clip.mp4 -i m.txt -map_metadata 1 -c copy o.mp4",
    "a list that says what it is": "-i auto.ffconcat -c copy o.mp4",
    "a name like a pattern": ["-i", "50%d.mp4", "-c", "copy", "o.mp4"],
    "a percent sign in a sequence": "-i clip.mp4 -vf fps=2 a%%b%d.jpg",
    "names by date": "-i clip.mp4 -c copy -f segment -strftime 1 -segment_time 9 x%Y.mp4",
    "hls ladder with names": ["-i", "clip.mp4", "-map", "0:v", "-map", "0:v", "-c", "copy", "-f", "hls"]
    + ["-var_stream_map", "v:0,name:high v:1,name:low", "-master_pl_name", "m.m3u8", "%v.m3u8"],
    "hls for another server": "-i clip.mp4 -c copy -hls_base_url https://cdn.example.com/ -hls_playlist_type vod o.m3u8",
    "a length that is guessed wrong": "-i vbr.mp3 o.wav",
    "a start that is late": f"-ss 0.5 -i late.ts -t 1 {X264} o.mp4",
    **MORE,
}


def chain_of(command: Spelling) -> list[list[str]]:
    """The arguments of each ffmpeg of a command, as a shell splits them; independent of the code under test."""
    if not isinstance(command, str) and isinstance(command[0], list):
        return [list(tokens) for tokens in command]
    if isinstance(command, str):
        tokens = shlex.split(command)
    else:
        tokens = [t for e in command if isinstance(e, str) for t in (e.split(" ", 1) if e[:1] == "-" else [e])]
    chain: list[list[str]] = [[]]
    for token in tokens:
        if token == "&&":
            chain.append([])
        elif token != "ffmpeg":
            chain[-1].append(token)
    return chain

"""Commands of FFmpeg's documentation and of guides, rewritten for small inputs: still pictures."""

# ruff: noqa: E501  (commands stay in one piece, as people paste them)

from __future__ import annotations

from support.jobs.guide_picture_commands import X264

STILL = {
    "sheet with times on it": "-i clip.mp4 -vf \"fps=4,scale=48:-2,drawtext=text='%{pts\\:hms}':fontsize=8:x=1:y=1:fontcolor=white,tile=3x2:margin=2:padding=2:color=white\" -frames:v 1 -update 1 o.png",
    "several sheets": "-i clip.mp4 -vf fps=10,scale=32:18,tile=3x3 sheet%02d.jpg",
    "sheet of key frames": "-skip_frame nokey -i clip.mp4 -vf scale=40:-2,tile=2x1 -frames:v 1 -fps_mode passthrough o.png",
    "preview strip in a chain": f"-i clip.mp4 -vf fps=2,scale=32:18,tile=4x1 strip.png && -loop 1 -i strip.png -vf 'crop=32:18:mod(n\\,4)*32:0' -r 4 -t 1 {X264} o.mp4",
    "best of a batch": "-i clip.mp4 -vf thumbnail=n=10,scale=80:-1 -fps_mode vfr best%02d.png",
    "brightest pictures": "-i clip.mp4 -vf \"select='eq(pict_type\\,I)',signalstats,metadata=print:file=-\" -fps_mode vfr i%d.png",
    "pictures of chosen numbers": "-i clip.mp4 -vf \"select='eq(n\\,3)+eq(n\\,17)+eq(n\\,31)'\" -fps_mode passthrough n%d.png",
    "three pictures with three seeks": "-ss 0.2 -i clip.mp4 -ss 0.9 -i clip.mp4 -ss 1.5 -i clip.mp4 -map 0:v -frames:v 1 a.jpg -map 1:v -frames:v 1 b.jpg -map 2:v -frames:v 1 c.jpg",
    "names counted from another number": "-i clip.mp4 -vf fps=2 -start_number 10 img-%03d.bmp",
    "quality of pictures": "-i clip.mp4 -frames:v 1 -qscale:v 31 -pix_fmt yuvj420p -huffman optimal o.jpg",
    "picture of sixteen bits": "-i clip.mp4 -frames:v 1 -pix_fmt rgb48be o.png -frames:v 1 -pix_fmt gray16le g.tif",
    "many formats of one picture": "-i logo.png o.tga o.sgi o.pcx o.pam o.xbm o.qoi o.ppm o.sun",
    "picture with a palette": "-i logo.png -vf 'split[a][b];[a]palettegen=max_colors=16:reserve_transparent=0[p];[b][p]paletteuse=dither=none' -pix_fmt pal8 o.png",
    "icons of several sizes": "-i logo.png -filter_complex '[0]split=2[a][b];[a]scale=16:16[x];[b]scale=24:24[y]' -map '[x]' -map '[y]' o.ico",
    "small gif of good quality": "-ss 0.3 -t 0.5 -i clip.mp4 -filter_complex '[0:v]fps=10,scale=64:-1:flags=lanczos,split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1' o.gif",
    "gif with a bayer dither": "-t 0.5 -i clip.mp4 -vf 'fps=8,scale=48:-1,split[a][b];[a]palettegen=stats_mode=diff[p];[b][p]paletteuse=dither=bayer:bayer_scale=5:diff_mode=rectangle' -loop -1 -final_delay 100 o.gif",
    "transparent gif": "-framerate 10 -i frames/%03d.png -lavfi 'format=rgba,colorkey=black:0.1,split[a][b];[a]palettegen=reserve_transparent=on[p];[b][p]paletteuse=alpha_threshold=128' -gifflags -offsetting o.gif",
    "gif to webm and to apng": "-i anim.gif -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -pix_fmt yuv420p -vf 'crop=32:32' -bitexact o.webm -plays 3 o.apng",
    "slide show with crossfades": f"-loop 1 -t 0.4 -i frames/001.png -loop 1 -t 0.4 -i frames/005.png -loop 1 -t 0.4 -i frames/009.png -filter_complex '[0][1]xfade=fade:0.2:0.2[a];[a][2]xfade=fade:0.2:0.4,format=yuv420p' {X264} o.mp4",
    "slide show with ken burns": f"-framerate 1 -i frames/%03d.png -vf \"zoompan=z='min(pzoom+0.05,1.3)':x='iw/2-(iw/zoom/2)':y='ih/2-(ih/zoom/2)':d=5:s=64x64:fps=25\" -frames:v 25 {X264} o.mp4",
    "pictures in steps": f"-framerate 10 -pattern_type sequence -start_number 4 -i frames/%03d.png -vf framestep=2 {X264} o.mp4",
    "pictures read as a pipe": f"-f image2pipe -c:v png -framerate 5 -i frames/002.png -vf loop=4:1:0 {X264} o.mp4",
    "pictures of different sizes": f"-f concat -safe 0 -i sizes.txt -vf 'scale=48:48:force_original_aspect_ratio=decrease,pad=48:48:-1:-1,fps=10' {X264} o.mp4",
    "a looped picture under a fade": f"-f lavfi -i color=c=navy:s=64x36:d=0.5:r=10 -loop 1 -i logo.png -filter_complex '[1]scale=20:20[l];[0][l]overlay=(W-w)/2:(H-h)/2:shortest=1,fade=t=out:st=0.3:d=0.2' {X264} o.mp4",
    "picture and its thumbnail": "-i logo.png -vf scale=16:16 t.png && -i logo.png -i t.png -filter_complex '[0][1]overlay=W-w:H-h' o.png",
    "alpha filled": "-i logo.png -vf 'format=rgba,premultiply=inplace=1,unpremultiply=inplace=1' o.png",
    "planes apart": "-i clip.mp4 -filter_complex '[0:v]extractplanes=y+u+v[y][u][v]' -map '[y]' -frames:v 1 y.png -map '[u]' -frames:v 1 u.png -map '[v]' -frames:v 1 v.png",
    "hald clut": "-f lavfi -i haldclutsrc=4 -frames:v 1 hald.png && -i clip.mp4 -i hald.png -filter_complex '[0][1]haldclut' -frames:v 1 o.png",
    "waveform over a colour": "-f lavfi -i color=white:s=128x32 -i tone.mp3 -filter_complex '[1:a]showwavespic=s=128x32:split_channels=1:colors=red|blue:scale=sqrt[w];[0][w]overlay=format=auto' -frames:v 1 o.png",
    "spectrum with a legend": "-i stereo.wav -lavfi showspectrumpic=s=128x64:mode=separate:scale=log:gain=2 -frames:v 1 o.jpg",
    "histogram of a picture": "-i logo.png -vf format=gbrp,histogram=levels_mode=logarithmic,format=rgb24 o.png",
    "pictures chosen by change": "-i clip.mp4 -vf \"scdet=t=1,select='gte(scene,0)',mpdecimate=max=3\" -fps_mode vfr -frames:v 4 c%d.jpg",
    "frame with motion blur": "-i clip.mp4 -vf tmix=frames=5:weights='1 2 3 2 1' -frames:v 1 -ss 0.5 o.png",
}

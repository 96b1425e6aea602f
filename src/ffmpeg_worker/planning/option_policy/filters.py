"""Rules for filters, and for those of their options that hold text. Other options are accepted by type."""

from __future__ import annotations

from ffmpeg_worker.planning.option_policy.rule import ValueKind, rule

FILTERS = (
    rule(
        ValueKind.GRAPH,
        "a3dscope aap abench abitscope acompressor acontrast acopy acrossfade acrossover acrusher acue addroi "
        "adeclick adeclip adecorrelate adelay adenorm aderivative adrawgraph adrc adynamicequalizer "
        "adynamicsmooth aecho aemphasis aeval aevalsrc aexciter afade afdelaysrc afftdn afftfilt afir "
        "afireqsrc afirsrc aformat afreqshift afwtdn agate agraphmonitor ahistogram aiir aintegral "
        "ainterleave alatency alimiter allpass allrgb allyuv aloop alphaextract alphamerge amerge ametadata "
        "amix amovie amplify amultiply anequalizer anlmdn anlmf anlms anoisesrc anull anullsink anullsrc apad "
        "aperms aphasemeter aphaser aphaseshift apsnr apsyclip apulsator arealtime aresample areverse arls "
        "arnndn asdr asegment aselect asetnsamples asetpts asetrate asettb ashowinfo asidedata asisdr "
        "asoftclip aspectralstats asplit ass astats astreamselect asubboost asubcut asupercut asuperpass "
        "asuperstop atadenoise atempo atilt atrim avectorscope avgblur avgblur_opencl avgblur_vulkan "
        "avsynctest axcorrelate backgroundkey bandpass bandreject bass bbox bench bilateral bilateral_cuda "
        "biquad bitplanenoise blackdetect blackdetect_vulkan blackframe blend blend_vulkan blockdetect "
        "blurdetect bm3d boxblur boxblur_opencl bwdif bwdif_cuda bwdif_vulkan cas ccrepack cellauto "
        "channelmap channelsplit chorus chromaber_vulkan chromahold chromakey chromakey_cuda chromanr "
        "chromashift ciescope codecview color color_vulkan colorbalance colorchannelmixer colorchart "
        "colorcontrast colorcorrect colordetect colorhold colorize colorkey colorkey_opencl colorlevels "
        "colormap colormatrix colorspace colorspace_cuda colorspectrum colortemperature compand "
        "compensationdelay concat convolution convolution_opencl convolve copy corr cover_rect crop "
        "cropdetect crossfeed crystalizer cue curves datascope dblur dcshift dctdnoiz deband deblock decimate "
        "deconvolve dedot deesser deflate deflicker deinterlace_qsv deinterlace_vaapi dejudder delogo "
        "denoise_vaapi deshake deshake_opencl despill detelecine dialoguenhance dilation dilation_opencl "
        "displace doubleweave drawbox drawbox_vaapi drawgraph drawgrid drawtext drmeter dynaudnorm earwax "
        "ebur128 edgedetect elbg entropy epx eq equalizer erosion erosion_opencl estdif exposure "
        "extractplanes extrastereo fade feedback fftdnoiz fftfilt field fieldhint fieldmatch fieldorder "
        "fillborders find_rect firequalizer flanger flip_vulkan floodfill format fps framepack framerate "
        "framestep freezedetect freezeframes fspp fsync gblur gblur_vulkan geq gradfun gradients graphmonitor "
        "grayworld greyedge guided haas haldclut haldclutsrc hdcd headphone hflip hflip_vulkan highpass "
        "highshelf hilbert histeq histogram hqdn3d hqx hstack hstack_qsv hstack_vaapi hsvhold hsvkey hue "
        "huesaturation hwdownload hwmap hwupload hwupload_cuda hysteresis identity idet il inflate interlace "
        "interlace_vulkan interleave join kerndeint kirsch lagfun latency lcevc lenscorrection libplacebo "
        "libvmaf life limitdiff limiter loop loudnorm lowpass lowshelf lumakey lut lut1d lut2 lut3d lutrgb "
        "lutyuv mandelbrot maskedclamp maskedmax maskedmerge maskedmin maskedthreshold maskfun mcdeint "
        "mcompand median mergeplanes mestimate metadata midequalizer minterpolate mix monochrome morpho movie "
        "mpdecimate mptestsrc msad multiply negate nlmeans nlmeans_opencl nlmeans_vulkan nnedi noformat noise "
        "normalize null nullsink nullsrc oscilloscope overlay overlay_cuda overlay_opencl overlay_qsv "
        "overlay_vaapi overlay_vulkan owdenoise pad pad_cuda pad_opencl pad_vaapi pal100bars pal75bars "
        "palettegen paletteuse pan perlin perms perspective phase photosensitivity pixdesctest pixelize "
        "pixscope pp7 premultiply premultiply_dynamic prewitt prewitt_opencl procamp_vaapi pseudocolor psnr "
        "pullup qp random readeia608 readvitc realtime remap remap_opencl removegrain removelogo repeatfields "
        "replaygain reverse rgbashift rgbtestsrc roberts roberts_opencl rotate rubberband sab scale scale2ref "
        "scale_cuda scale_qsv scale_vaapi scale_vulkan scdet scdet_vulkan scharr scroll segment select "
        "selectivecolor separatefields setdar setfield setparams setpts setrange setsar settb sharpness_vaapi "
        "shear showcqt showcwt showfreqs showinfo showpalette showspatial showspectrum showspectrumpic "
        "showvolume showwaves showwavespic shuffleframes shufflepixels shuffleplanes sidechaincompress "
        "sidechaingate sidedata sierpinski signalstats signature silencedetect silenceremove sinc sine siti "
        "smartblur smptebars smptehdbars sobel sobel_opencl spectrumsynth speechnorm split spp sr_amf ssim "
        "ssim360 stereo3d stereotools stereowiden streamselect subtitles super2xsai superequalizer surround "
        "swaprect swapuv tblend telecine testsrc testsrc2 thistogram threshold thumbnail thumbnail_cuda tile "
        "tiltandshift tiltshelf tinterlace tlut2 tmedian tmidequalizer tmix tonemap tonemap_opencl "
        "tonemap_vaapi tpad transpose transpose_cuda transpose_opencl transpose_vaapi transpose_vulkan treble "
        "tremolo trim unpremultiply unsharp unsharp_opencl untile uspp v360 v360_vulkan vaguedenoiser varblur "
        "vectorscope vflip vflip_vulkan vfrdet vibrance vibrato vidstabdetect vidstabtransform vif vignette "
        "virtualbass vmafmotion volume volumedetect vpp_amf vpp_qsv vsrc_amf vstack vstack_qsv vstack_vaapi "
        "w3fdif waveform weave xbr xcorrelate xfade xfade_opencl xfade_vulkan xmedian xpsnr xstack xstack_qsv "
        "xstack_vaapi yadif yadif_cuda yaepblur yuvtestsrc zoneplate zoompan zscale",
        "they process frames; options that name files have their own rules",
    ),
    rule(
        ValueKind.REFUSED,
        "frei0r frei0r_src ladspa lv2",
        "it runs plugins found on the machine",
        "Use a filter that is built into FFmpeg.",
    ),
    rule(
        ValueKind.REFUSED,
        "program_opencl openclsrc",
        "it runs a program from a file",
        "Use a filter that is built into FFmpeg.",
    ),
    rule(
        ValueKind.REFUSED,
        "zmq azmq",
        "it opens a socket and receives commands from it",
        "Write the values into the graph.",
    ),
    rule(
        ValueKind.REFUSED,
        "sendcmd asendcmd",
        "it changes options of other filters after they were checked",
        "Use time expressions in the filters themselves, or `enable=`.",
    ),
    rule(
        ValueKind.REFUSED,
        "buffer abuffer buffersink abuffersink",
        "FFmpeg itself adds the ends of a graph",
        "Use link labels: [in], [out].",
    ),
)
FILTER_OPTIONS = (
    rule(
        ValueKind.READ,
        "amovie.filename arnndn.m arnndn.model ass.f ass.filename cellauto.f cellauto.filename "
        "cover_rect.cover curves.psfile drawtext.textfile fieldhint.hint find_rect.object fsync.f fsync.file "
        "libplacebo.lut life.f life.filename lut1d.file lut3d.file movie.filename nnedi.weights removelogo.f "
        "removelogo.filename selectivecolor.psfile showcqt.axisfile subtitles.f subtitles.filename "
        "vidstabtransform.input",
        "they name a file to read",
    ),
    rule(
        ValueKind.WRITE,
        "ametadata.file curves.plot deshake.filename firequalizer.dumpfile libvmaf.log_path "
        "loudnorm.stats_file metadata.file paletteuse.debug_kdtree psnr.f psnr.stats_file signature.filename "
        "ssim.f ssim.stats_file ssim360.f ssim360.stats_file vidstabdetect.result vmafmotion.stats_file "
        "xpsnr.f xpsnr.stats_file",
        "they name a file to write",
    ),
    rule(ValueKind.FONT, "ass.fontsdir drawtext.fontfile showcqt.fontfile subtitles.fontsdir", "they name fonts"),
    rule(ValueKind.INPUT_FORMAT, "amovie.f amovie.format_name movie.f movie.format_name", "they name a demuxer"),
    rule(ValueKind.DICTIONARY, "amovie.format_opts movie.format_opts", "they contain options of a demuxer"),
    rule(ValueKind.MODEL, "libvmaf.model", "it may name a file to read"),
    rule(
        ValueKind.REFUSED,
        "libplacebo.custom_shader_bin libplacebo.custom_shader_path libplacebo.extra_opts "
        "libplacebo.shader_cache xfade_opencl.kernel xfade_opencl.source",
        "it contains or names a program for the GPU",
        "Use the filter's other options.",
    ),
    rule(
        ValueKind.TEXT,
        "afirsrc.f afirsrc.m amix.weights curves.m mix.weights tmix.weights tonemap_vaapi.m",
        "expressions and numbers; in other filters, options of these names name files",
    ),
    rule(
        ValueKind.TEXT,
        "0m 1m 2m 3m H a all all_expr alpha alpha_expr alpha_modes alpha_radius angle ar args attacks b "
        "band_noise bands bar_v blacks blue blue_expr blues bn box_source boxborderw brightness c c0 c0_expr "
        "c1 c1_expr c2 c2_expr c3 c3_expr cb cb_expr ch channel_layout channels charenc chroma_radius codec "
        "color color_ranges color_spaces colors contrast cr cr_expr crop_h crop_w crop_x crop_y cscheme curve "
        "cw cx cy cyans d dar decays delays depths derive_device display downscaler e expr exprs feature fg1 "
        "fg2 fg3 fg4 fill fillcolor flags font fontcolor fontcolor_expr fontsize force_style format fps "
        "frame_mixer frames frequency g gain gain_entry gains gamma gamma_b gamma_g gamma_r gamma_weight "
        "green green_expr greens h heatmap_str height imag in_forder in_frot k key layout light log_fmt lr "
        "lum lum_expr luma_radius m1 m2 m3 m4 magentas magnitude map mapping master matrix mpc neutrals oh "
        "out_chroma_location out_color_matrix out_color_primaries out_color_transfer out_forder out_frot "
        "out_h out_w ow p params pattern phase pix_fmts points poles pool pos_h pos_w pos_x pos_y primaries "
        "qp r rate ratio real red red_expr reds rorder rule s sample_rate samples samples_per_frame sar "
        "saturation size sono_v speeds split streams t tb text text_source thickness timecode timestamps "
        "tlength transfer u upscaler v value volume volume2 w weight_U weight_V weight_Y whites width x x0 x1 "
        "x2 x3 y y0 y1 y2 y3 yellows z zeros zoom",
        "expressions, numbers, colors, labels and words in every filter that has an option of this name",
    ),
)

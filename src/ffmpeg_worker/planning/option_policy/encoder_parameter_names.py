"""Names of the parameters of encoder libraries.

They are those that the libraries themselves parse: x264_param_parse, x265_param_parse, the options of libaom,
SVT-AV1, rav1e, Kvazaar, VVenC and OpenAPV.
"""

from __future__ import annotations

_X264 = (
    "8x8dct alternative-transfer analyse annexb aq-mode aq-strength asm aud avcintra-class avcintra-flavor "
    "b-adapt b-bias b-pyramid bff bframes bitrate bluray-compat cabac cabac-idc cavlc chroma-me "
    "chroma-qp-offset chromaloc cll colormatrix colorprim constrained-intra cplx-blur cplxblur cpu-independent "
    "cqm cqm4 cqm4i cqm4ic cqm4iy cqm4p cqm4pc cqm4py cqm8 cqm8i cqm8p crf crf-max crop-rect dct-decimate "
    "deadzone-inter deadzone-intra deblock deterministic direct direct-pred dpb-size fade-compensate "
    "fake-interlaced fast-pskip filler filter force-cfr fps frame-packing frameref fullrange global-header "
    "i-adapt-scenecut input-range interlaced intra-refresh ip-factor ipratio keyint keyint-min level level-idc "
    "log log-level lookahead-threads mastering-display mbtree me me-range merange min-keyint mixed-refs "
    "mv-range mv-range-thread mvrange mvrange-thread n-deterministic nal-hrd nf non-deterministic nr open-gop "
    "opencl opencl-device opts-in-sei overscan partitions pass pb-factor pbratio pic-struct preset profile "
    "psnr psy psy-rd pulldown qblur qcomp qp qp-max qp-min qp-step qp_constant qpmax qpmin qpstep rate-tol "
    "ratetol rc rc-lookahead ref refs repeat-headers sar scenecut scenecut-bias slice-max-mbs slice-max-size "
    "slice-min-mbs sliced-threads slices slices-max sps-id ssim stitchable subme subq sync-lookahead tff "
    "threads timebase transfer trellis tune vbv-bufsize vbv-init vbv-maxrate videoformat weight-b weightb "
    "weightp zones"
)
_X265 = (
    "allow-non-conformance alpha amp analysis-load-reuse-level analysis-reuse-level analysis-reuse-mode "
    "analysis-save-reuse-level analyze-src-pics annexb aq-auto aq-bias-strength aq-mode aq-motion aq-strength "
    "asm atc-sei aud aurora b-adapt b-intra b-pyramid bframe-bias bframes bitrate cbqpoffs chromaloc chunk-end "
    "chunk-start cip cll colormatrix colorprim const-vbv constrained-intra copy-pic cplxblur cpuid cra-nal crf "
    "crf-max crf-min crop-rect crqpoffs csv-log-level ctu ctu-info cu-lossless cu-stats cutree deblock "
    "decoded-picture-hash dhdr10-opt display-window dolby-vision-profile dup-threshold dynamic-rd "
    "dynamic-refine early-skip eob eos extra-vbv fades fast-intra field force-flush format fovea-delta "
    "fovea-gaze fovea-sigma fps frame-dup frame-threads frames gop-lookahead hash hdr hdr-opt hdr10 hdr10-opt "
    "hevc-aq high-bit-depth high-tier hist-scenecut hme hme-range hme-search hrd hrd-concat idr-recovery-sei "
    "info input-csp input-depth input-res interlace intra-refresh ip-factor ipratio keyint lambda-scale level "
    "level-idc lft limit-modes limit-refs limit-sao limit-tu log log-level log2-max-poc-lsb lookahead-slices "
    "lookahead-threads lossless lowpass-dct masking-strength master-display max-ausize-factor max-cll max-luma "
    "max-merge max-qp-delta max-tu-size max-vbv-fullness mcstf mcstf-ref-range me merange min-cu-size "
    "min-keyint min-luma min-vbv-fullness multi-pass-opt-analysis multi-pass-opt-distortion multi-pass-opt-rps "
    "noref nr-inter nr-intra num-views numa-pools open-gop opt-cu-delta-qp opt-qp-pps opt-ref-list-length-pps "
    "output-depth overscan pass pb-factor pbratio pic-struct pme pmode pools preset profile psnr psy-rd "
    "psy-rdoq qblur qcomp qg-size qp qp-adaptation-range qpmax qpmin qpstep radl range rc-grain rc-lookahead "
    "rd rdoq rdoq-level rdpenalty rect ref refine-analysis-type refine-ctu-distortion refine-inter "
    "refine-intra refine-mv repeat-headers rskip rskip-edge-threshold sao sao-non-deblock sar sbrc "
    "scale-factor scaling-list scc scenecut scenecut-aware-qp scenecut-bias scenecut-window seek "
    "sei-pic-timing-info selective-sao signhide single-sei slices slow-firstpass slowpass splitrd-skip ssim "
    "ssim-rd strict-cbr strong-intra-smoothing subme subpart svt temporal-layers temporal-mvp threaded-me tme "
    "total-frames transfer tskip tskip-fast tu-inter-depth tu-intra-depth tune uhd-bd vbv-bufsize vbv-end "
    "vbv-end-fr-adj vbv-init vbv-live-multi-pass vbv-maxrate video-signal-type-preset videoformat view-num "
    "vui-hrd-info vui-timing-info weightb weightp wpp zones"
)
_SVTAV1 = (
    "ac-bias adaptive-film-grain aq-mode asm avif bias-pct buf-initial-sz buf-optimal-sz buf-sz cdef-level "
    "chroma-qindex-offsets chroma-qm-max chroma-qm-min chroma-sample-position chroma-u-ac-qindex-offset "
    "chroma-u-dc-qindex-offset chroma-v-ac-qindex-offset chroma-v-dc-qindex-offset color-format "
    "color-primaries color-range content-light crf enable-cdef enable-dg enable-dlf enable-force-key-frames "
    "enable-hdr enable-kf-tf enable-mfmv enable-overlays enable-qm enable-restoration enable-stat-report "
    "enable-superres enable-tf enable-tpl-la enable-variance-boost encoder-bit-depth encoder-color-format "
    "extended-crf-qindex-offset fast-decode film-grain film-grain-denoise force-key-frames "
    "forced-max-frame-height forced-max-frame-width fps fps-denom fps-num frame-luma-bias frame-resz-denoms "
    "frame-resz-events frame-resz-kf-denoms gop-constraint-rc hbd-mds height hierarchical-levels "
    "high-dynamic-range input-depth intra-period irefresh-type key-frame-chroma-qindex-offset "
    "key-frame-qindex-offset keyint la-depth-param lambda-scale-factors level-of-parallelism lookahead "
    "lossless lp luma-y-dc-qindex-offset luminance-qp-bias mastering-display matrix-coefficients max-bit-rate "
    "max-chroma-qm-level max-inter-bitrate-pct max-intra-bitrate-pct max-qm-level max-qp max-tx-size "
    "maxsection-pct mbr mbr-overshoot-pct min-chroma-qm-level min-qm-level min-qp minsection-pct "
    "noise-norm-strength octile-variance-factor overshoot-pct pass passes pin pred-struct preset profile "
    "progress qm-max qm-min qp qp-scale-compress-strength rc recode-loop resize-denom resize-frame-denoms "
    "resize-frame-events resize-frame-kf-denoms resize-kf-denom resize-mode rtc scd scm screen-content-mode "
    "sframe-dist sframe-mode sframe-posi sframe-qp sframe-qp-offset sharp-tx sharpness spy-rd ss starbuff "
    "starting-buffer startup-mg-size startup-qp-offset superres-denom superres-kf-denom superres-kf-qthres "
    "superres-mode superres-qthres target-bit-rate tbr temporal-filtering-strength tf-strength tier "
    "tile-columns tile-rows transfer-characteristics tune undershoot-pct unpin use-fixed-qindex-offsets "
    "use-q-file variance-boost-curve variance-boost-strength variance-octile vbr-bias-pct vbr-max-section-pct "
    "vbr-min-section-pct width"
)
_AOM = (
    "ab-partitions adaptive-alt-ref aq-mode arnr-max-frames arnr-maxframes arnr-strength auto-alt-ref "
    "auto-intra-tools-off auto-tiles bias-pct bit-depth bitrate buf-initial-sz buf-optimal-sz buf-sz "
    "cdf-update-mode chroma-sample-position coeff-cost-upd-freq color-primaries cpu-used cq-level "
    "delta-lf-mode deltaq-mode deltaq-strength denoise-block-size denoise-noise-level disable-kf "
    "disable-trellis-quant disable-warning-prompt dist-metric drop-frame dv-cost-upd-freq "
    "enable-1to4-partitions enable-ab-partitions enable-adaptive-sharpness enable-angle-delta enable-bgsub "
    "enable-cdef enable-cfl-intra enable-chroma-deltaq enable-diagonal-intra enable-diff-wtd-comp "
    "enable-directional-intra enable-dist-wtd-comp enable-dnl-denoising enable-dual-filter enable-filter-intra "
    "enable-flip-idtx enable-fwd-kf enable-global-motion enable-interinter-wedge enable-interintra-comp "
    "enable-interintra-wedge enable-intra-edge-filter enable-intrabc enable-keyframe-filtering "
    "enable-low-complexity-decode enable-masked-comp enable-obmc enable-onesided-comp enable-order-hint "
    "enable-overlay enable-paeth-intra enable-palette enable-qm enable-rate-guide-deltaq "
    "enable-rect-partitions enable-rect-tx enable-reduced-reference-set enable-ref-frame-mvs "
    "enable-restoration enable-smooth-interintra enable-smooth-intra enable-tpl-model enable-tx-size-search "
    "enable-tx64 enable-warped-motion end-usage error-resilient fast-pixel-estimation film-grain-test "
    "force-max-q force-video-mode fp-mt frame-boost frame-parallel full-still-picture-hdr fwd-kf-dist "
    "gf-cbr-boost gf-max-pyr-height gf-min-pyr-height input-bit-depth input-chroma-subsampling-x "
    "input-chroma-subsampling-y kf-max-dist kf-max-pyr-height kf-min-dist lag-in-frames large-scale-tile limit "
    "loopfilter-control lossless matrix-coefficients max-gf-interval max-inter-rate max-intra-rate "
    "max-partition-size max-q max-qm-level max-reference-frames maxsection-pct min-cr min-gf-interval "
    "min-partition-size min-q min-qm-level minsection-pct mode-cost-upd-freq motion-vector-unit-test mtu-size "
    "mv-cost-upd-freq noise-sensitivity num-tile-groups overshoot-pct partition-search-mode passes profile "
    "quant-b-adapt reduced-tx-type-set resize-denominator resize-kf-denominator resize-mode row-mt sb-qp-sweep "
    "sb-size screen-detection-mode set-tier-mask sframe-dist sframe-mode sharpness single-tile-decoding "
    "skip-postproc-filtering spatial-layers static-thresh strict-level-conformance superblock-size "
    "superres-denominator superres-kf-denominator superres-kf-qthresh superres-mode superres-qthresh "
    "target-bitrate target-seq-level-idx threads tile-columns tile-height tile-rows tile-width timing-info "
    "transfer-characteristics tune tune-content tx-size-search-method undershoot-pct use-16bit-internal "
    "use-fixed-qp-offsets use-inter-dct-only use-intra-dct-only use-intra-default-tx-only validate-hbd-input "
    "vbr-corpus-complexity-lap"
)
_RAV1E = (
    "bitrate chroma_sampling color_primaries content_light error_resilient height key_frame_interval "
    "low_latency mastering_display matrix_coefficients max_key_frame_interval min_key_frame_interval "
    "min_quantizer pixel_range quantizer rdo_lookahead_frames reservoir_frame_delay scene_detection speed "
    "still_picture switch_frame_interval threads tile_cols tile_rows tiles transfer_characteristics tune width"
)
_KVAZAAR = (
    "amp aud bipred bitdepth bitrate bitrate-algorithm chroma-qp-in chroma-qp-out chromaloc clip-neighbour "
    "colormatrix colorprim combine-intra-cus cpuid cqmtype cross-comp-pred cu-split-termination deblock "
    "debug-level depth early-skip enable-logging erp-aqp fast-bipred fast-residual-cost fastrd-accuracy-check "
    "force-inter force-level frames full-intra-search gop hash height high-tier implicit-rdpcm info "
    "input-bitdepth input-file-format input-format input-fps input-res intra-bits intra-chroma-search "
    "intra-qp-offset intra-rdo-et intra-rough-granularity level loop-input lossless lp max-merge me "
    "me-early-termination me-steps ml-pu-depth-intra mv-constraint mv-rdo open-gop overscan owf partial-coding "
    "period preset psnr pu-depth-inter pu-depth-intra qp range rc-algorithm rd rdoq rdoq-skip ref roi-mode sao "
    "scaling-list seek set-qp-in-cu signhide slices smp source-scan-type stripe subme threads tiles "
    "tiles-height-split tiles-width-split tmvp tr-depth-intra tr-skip-max-size transfer transform-skip vaq "
    "videoformat vps-period width wpp zero-coeff-rdo"
)
_VVENC = (
    "AUD bitrate decodingrefreshtype fga fps framerate frames FramesToBeEncoded gopsize HDR hdr ihs "
    "internal-bitdepth InternalBitDepth IntraPeriod Level level lookahead MaxBitrate MaxParallelFrames maxrate "
    "MaxTemporalLayer numpasses pass passes PerceptQPA PerceptQPATempFiltIntraPic poc0idr Preset preset "
    "Profile profile QP qp qpa rc rcinitialqp refreshsec RefreshType refreshtype SDR sdr TargetBitrate "
    "ThreadCount threads Tier tier Tiles tiles Verbosity verbosity vui VuiParametersPresent WaveFrontSynchro "
    "WppBitEqual"
)
_OAPV = (
    "bitrate color-primaries color-range color-transfer fps height level matrix-coefficients max-au preset "
    "profile q-matrix-u q-matrix-v q-matrix-x q-matrix-y qp qp-offset-c1 qp-offset-c2 qp-offset-c3 threads "
    "tile-h tile-w use-q-matrix width"
)
_TEMPORAL = (
    "ts_layer_flags ts_layer_id ts_layering_mode ts_number_layers ts_periodicity ts_rate_decimator "
    "ts_target_bitrate"
)
_WORDS_BY_OPTION = {
    "x264-params": _X264,
    "x264opts": _X264,
    "x265-params": _X265,
    "svtav1-params": _SVTAV1,
    "aom-params": _AOM,
    "rav1e-params": _RAV1E,
    "kvazaar-params": _KVAZAAR,
    "vvenc-params": _VVENC,
    "oapv-params": _OAPV,
    "ts-parameters": _TEMPORAL,
}
INPUT_FILE_PARAMETERS = {"x265-params": {"aom-film-grain", "dhdr10-info", "film-grain", "nalu-file"}}
"""Parameters of an option that name a file which the encoder reads."""
NON_FILE_WORDS = {"cqm": {"flat", "jvt"}, "scaling-list": {"off", "default", "0", "1"}}
"""Values of these parameters that are no names of files."""
ALTERNATIVES = {
    "stats": "Use -passlogfile, or with libx265 -x265-stats: a name in the job's folder.",
    "csv": "Leave it out; results describe the outputs.",
    "dump-yuv": "Write a second output with -f rawvideo.",
    "cqmfile": "Give the matrices themselves: cqm4=…:cqm8=….",
}
"""What to use instead of a parameter that names a file."""
_FILE_WORDS = (
    "analysis-load analysis-reuse-file analysis-save cqmfile csv dolby-vision-rpu dump-yuv fast-coeff-table "
    "fastrd-outdir fastrd-sampling fgs-table film-grain-table fovea-gaze-file lambda-file multiview-config "
    "opencl-clbin partition-info-path qp-file qpfile rate-distribution-info rcstatsfile RCStatsFile recon roi "
    "second-pass-log stats stats-file-prefix tracefile two-pass-input two-pass-output vmaf-model-path "
    "zonefile"
)
NAMES_BY_OPTION = {option: frozenset(words.split()) for option, words in _WORDS_BY_OPTION.items()}
"""Parameters that hold numbers and modes, by the option whose value they are in."""
FILE_PARAMETERS = frozenset(_FILE_WORDS.split())
"""Parameters that name a file and are not accepted."""

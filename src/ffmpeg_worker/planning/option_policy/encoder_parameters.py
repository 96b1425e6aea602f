"""Parameters of encoder libraries that commands may set: numbers and modes, but no file names."""

from __future__ import annotations

import re
from collections.abc import Iterator

_X264 = (
    "8x8dct analyse annexb aq-mode aq-strength aud avcintra-class b-adapt b-bias b-pyramid bframes bitrate "
    "bluray-compat cabac cavlc chroma-me chroma-qp-offset chromaloc colormatrix colorprim constrained-intra "
    "cplxblur cqm cqm4 cqm4i cqm4ic cqm4iy cqm4p cqm4pc cqm4py cqm8 cqm8i cqm8p crf crf-max crop-rect "
    "deadzone-inter deadzone-intra deblock deterministic direct direct-pred fade-compensate fake-interlaced "
    "fast-pskip filler force-cfr fps frame-packing frameref fullrange i-adapt-scenecut input-range interlaced "
    "intra-refresh ip-factor ipratio keyint keyint-min level log log-level lookahead-threads mastering-display "
    "cll alternative-transfer mbtree me merange min-keyint mixed-refs mvrange mvrange-thread nal-hrd nf nr "
    "non-deterministic opts-in-sei open-gop overscan partitions pass pb-factor pbratio pic-struct psnr psy "
    "psy-rd pulldown qblur qcomp qp qp-max qp-min qp-step qpmax qpmin qpstep rate-tol ratetol rc-lookahead ref "
    "refs sar scenecut scenecut-bias slice-max-mbs slice-max-size slice-min-mbs sliced-threads slices slices-max "
    "ssim stitchable subme subq sync-lookahead tff bff threads timebase transfer trellis vbv-bufsize vbv-init "
    "vbv-maxrate videoformat weightb weightp zones profile preset tune"
)
_X265 = (
    "allow-non-conformance amp analyze-src-pics annexb aq-auto aq-bias-strength aq-mode aq-motion aq-strength asm "
    "atc-sei aud aurora b-adapt b-intra b-pyramid bframe-bias bframes bitrate cbqpoffs chromaloc chunk-end "
    "chunk-start cll colormatrix colorprim constrained-intra const-vbv cplxblur crf crf-max crf-min "
    "crqpoffs ctu cu-lossless cu-stats cutree deblock decoded-picture-hash display-window dup-threshold "
    "dynamic-rd dynamic-refine early-skip eob eos extra-vbv fades fast-intra field force-flush fps frame-dup "
    "frame-threads gop-lookahead hash hdr hdr10 hdr10-opt hevc-aq high-tier hist-scenecut hme hme-range "
    "hme-search hrd hrd-concat idr-recovery-sei info input-csp input-depth intra-refresh interlace ipratio "
    "keyint lambda-scale level level-idc limit-modes limit-refs limit-sao limit-tu log-level lookahead-slices "
    "lookahead-threads lossless lowpass-dct master-display max-ausize-factor max-cll max-luma max-merge "
    "max-qp-delta max-tu-size mcstf me merange min-cu-size min-keyint min-luma min-vbv-fullness "
    "max-vbv-fullness multi-pass-opt-distortion multi-pass-opt-rps nr-inter nr-intra open-gop opt-cu-delta-qp "
    "opt-qp-pps opt-ref-list-length-pps output-depth overscan pass pbratio pme pmode pools numa-pools preset "
    "profile psnr psy-rd psy-rdoq qblur qcomp qg-size qp qpmax qpmin qpstep radl range rc-grain rc-lookahead rd "
    "rdoq rdoq-level rdpenalty rect ref refine-ctu-distortion refine-inter refine-intra refine-mv repeat-headers "
    "rskip rskip-edge-threshold sao sao-non-deblock sar sbrc scaling-list scenecut scenecut-aware-qp "
    "scenecut-bias scenecut-window sei-pic-timing-info selective-sao signhide single-sei slices slow-firstpass "
    "slowpass splitrd-skip ssim ssim-rd strict-cbr strong-intra-smoothing subme temporal-layers temporal-mvp "
    "tskip tskip-fast tu-inter-depth tu-intra-depth tune uhd-bd vbv-bufsize vbv-end vbv-end-fr-adj vbv-init "
    "vbv-live-multi-pass vbv-maxrate video-signal-type-preset videoformat vui-hrd-info vui-timing-info weightb "
    "weightp wpp zones transfer dhdr10-opt"
)
_SVTAV1 = (
    "ac-bias adaptive-film-grain aq-mode asm avif bias-pct buf-initial-sz buf-optimal-sz buf-sz cdef-level "
    "chroma-sample-position chroma-u-ac-qindex-offset chroma-u-dc-qindex-offset chroma-v-ac-qindex-offset "
    "chroma-v-dc-qindex-offset color-primaries color-range content-light crf enable-cdef enable-dg "
    "enable-dlf enable-force-key-frames enable-hdr enable-mfmv enable-overlays enable-qm enable-restoration "
    "enable-stat-report enable-superres enable-tf enable-tpl-la enable-variance-boost fast-decode film-grain "
    "film-grain-denoise fps fps-denom fps-num frame-luma-bias frame-resz-denoms frame-resz-events "
    "frame-resz-kf-denoms gop-constraint-rc hbd-mds hierarchical-levels high-dynamic-range input-depth "
    "irefresh-type key-frame-chroma-qindex-offset key-frame-qindex-offset keyint la-depth-param "
    "lambda-scale-factors level-of-parallelism lookahead lossless lp luminance-qp-bias mastering-display "
    "matrix-coefficients max-chroma-qm-level max-qm-level max-qp max-tx-size maxsection-pct mbr mbr-overshoot-pct "
    "min-chroma-qm-level min-qm-level min-qp minsection-pct noise-norm-strength octile-variance-factor "
    "overshoot-pct passes pin pred-struct preset profile progress qm-max qm-min qp qp-scale-compress-strength "
    "rc recode-loop resize-denom resize-frame-denoms resize-frame-events resize-frame-kf-denoms resize-kf-denom "
    "resize-mode rtc scd scm screen-content-mode sharp-tx sharpness spy-rd ss starbuff starting-buffer "
    "startup-mg-size startup-qp-offset superres-denom superres-kf-denom superres-kf-qthres superres-mode "
    "superres-qthres tbr temporal-filtering-strength tf-strength tier tile-columns tile-rows "
    "transfer-characteristics tune undershoot-pct use-fixed-qindex-offsets variance-boost-curve "
    "variance-boost-strength variance-octile vbr-bias-pct vbr-max-section-pct vbr-min-section-pct"
)
_AOM = (
    "ab-partitions adaptive-alt-ref aq-mode arnr-maxframes arnr-strength auto-alt-ref bitrate cdf-update-mode "
    "coeff-cost-upd-freq color-primaries cpu-used cq-level deltaq-mode deltaq-strength denoise-block-size "
    "denoise-noise-level dist-metric disable-trellis-quant dv-cost-upd-freq enable-1to4-partitions "
    "enable-ab-partitions enable-angle-delta enable-bgsub enable-cdef enable-cfl-intra enable-chroma-deltaq "
    "enable-diff-wtd-comp enable-diagonal-intra enable-directional-intra enable-dist-wtd-comp "
    "enable-dnl-denoising enable-dual-filter enable-filter-intra enable-flip-idtx enable-fwd-kf "
    "enable-global-motion enable-interinter-wedge enable-interintra-comp enable-interintra-wedge "
    "enable-intra-edge-filter enable-intrabc enable-keyframe-filtering enable-low-complexity-decode "
    "enable-masked-comp enable-obmc enable-onesided-comp enable-order-hint enable-overlay enable-paeth-intra "
    "enable-palette enable-qm enable-rect-partitions enable-rect-tx enable-reduced-reference-set "
    "enable-ref-frame-mvs enable-restoration enable-smooth-interintra enable-smooth-intra enable-tpl-model "
    "enable-tx-size-search enable-tx64 enable-warped-motion end-usage error-resilient fast-pixel-estimation "
    "film-grain-test fp-mt frame-parallel full-still-picture-hdr fwd-kf-dist gf-cbr-boost gf-max-pyr-height "
    "gf-min-pyr-height input-chroma-subsampling-x input-chroma-subsampling-y large-scale-tile lag-in-frames "
    "limit lossless loopfilter-control matrix-coefficients max-gf-interval max-intra-rate max-partition-size "
    "max-qm-level max-reference-frames min-cr min-gf-interval min-partition-size min-qm-level mode-cost-upd-freq "
    "motion-vector-unit-test mtu-size mv-cost-upd-freq noise-sensitivity num-tile-groups partition-search-mode "
    "quant-b-adapt reduced-tx-type-set row-mt sb-qp-sweep sb-size screen-detection-mode sframe-dist sframe-mode "
    "sharpness single-tile-decoding skip-postproc-filtering static-thresh superblock-size target-seq-level-idx "
    "tile-columns tile-rows timing-info transfer-characteristics tune tune-content tx-size-search-method "
    "use-fixed-qp-offsets use-inter-dct-only use-intra-dct-only use-intra-default-tx-only"
)
_RAV1E = (
    "bitrate chroma_sampling content_light error_resilient key_frame_interval low_latency mastering_display "
    "matrix_coefficients color_primaries transfer_characteristics min_key_frame_interval min_quantizer "
    "pixel_range quantizer rdo_lookahead_frames reservoir_frame_delay speed still_picture switch_frame_interval "
    "threads tile_cols tile_rows tiles tune"
)
_KVAZAAR = (
    "amp aud bipred bitdepth bitrate bitrate-algorithm chroma-qp-in chroma-qp-out chromaloc clip-neighbour "
    "colormatrix colorprim cqmtype cu-split-termination deblock debug-level depth early-skip fast-residual-cost "
    "full-intra-search gop hash high-tier implicit-rdpcm input-bitdepth input-fps intra-bits "
    "intra-chroma-search intra-qp-offset intra-rdo-et intra-rough-granularity level lossless lp max-merge me "
    "me-early-termination me-steps ml-pu-depth-intra mv-constraint mv-rdo open-gop overscan owf period "
    "preset pu-depth-inter pu-depth-intra qp range rd rdoq rdoq-skip ref sao scaling-list signhide slices "
    "smp subme threads tiles tiles-height-split tiles-width-split tmvp transfer transform-skip tr-depth-intra "
    "tr-skip-max-size vaq videoformat vps-period wpp zero-coeff-rdo"
)
_VVENC = (
    "bitrate FramesToBeEncoded ihs IntraPeriod gopsize maxrate MaxBitrate numpasses passes pass preset profile "
    "qp QP qpa PerceptQPA rcinitialqp refreshsec RefreshType decodingrefreshtype refreshtype level tier threads "
    "tiles Tiles vui hdr HDR sdr SDR lookahead verbosity WaveFrontSynchro MaxParallelFrames"
)
_OAPV = (
    "bitrate color-primaries color-range color-transfer fps level matrix-coefficients preset profile qp "
    "qp-offset-c1 qp-offset-c2 qp-offset-c3 threads tile-h tile-w use-q-matrix"
)
_TEMPORAL = (
    "ts_layer_flags ts_layer_id ts_layering_mode ts_number_layers ts_periodicity ts_rate_decimator "
    "ts_target_bitrate"
)
_KEYS = {
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
_KEYS_BY_OPTION = {option: frozenset(words.split()) for option, words in _KEYS.items()}
# Parameters that take any other word for a file name.
_ALLOWED_WORDS = {"cqm": {"flat", "jvt"}, "scaling-list": {"off", "default", "0", "1"}}
_IS_ESCAPED = re.compile(r"['\"\\]")


def find_refused_keys(option: str, value: str) -> Iterator[str]:
    """Parameters in the value of `option` that are not accepted. A value with quotation marks counts as one."""
    if _IS_ESCAPED.search(value):
        yield "a quotation mark or backslash"
        return
    keys = _KEYS_BY_OPTION[option]
    for pair in value.split("," if option == "kvazaar-params" else ":"):
        key, _, text = pair.partition("=")
        key = key.strip()
        base = key.replace("_", "-") if option.startswith("x26") else key
        is_known = not key or base in keys or base.removeprefix("no-") in keys
        is_file = bool(text) and base in _ALLOWED_WORDS and text.strip() not in _ALLOWED_WORDS[base]
        if not is_known or is_file:
            yield key

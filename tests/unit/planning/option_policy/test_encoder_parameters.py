"""Parameters of encoder libraries."""

from __future__ import annotations

import pytest

from ffmpeg_worker.planning.option_policy.encoder_parameters import ParameterUse, known_parameters, read_parameters

PLAIN, READ, FILE = ParameterUse.PLAIN, ParameterUse.READ, ParameterUse.FILE
ESCAPED, UNKNOWN = ParameterUse.ESCAPED, ParameterUse.UNKNOWN


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("x264-params", "keyint=30:no-cabac=1:min_keyint=2:"),
        (
            "x264-params",
            "repeat-headers=1:sps-id=3:opencl=0:cabac-idc=1:dpb-size=4:no-dct-decimate=1:level-idc=41",
        ),
        ("x264-params", "me_range=24:mv-range=512:weight-b=1:cplx-blur=20:global-header=0:asm=avx2:filter=1,1"),
        ("x264opts", "cqm=flat"),
        ("x264-params", "zones=0,100,q=20/200,300,b=1.5/400,500,crf=30,me=dia"),
        ("x265-params", "scaling-list=default:no-sao=1"),
        ("x265-params", "hdr-opt=1:repeat-headers=1:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"),
        ("x265-params", "alpha=1:scc=1:num-views=2:format=1:threaded-me=1:copy-pic=0:cra-nal=1"),
        (
            "x265-params",
            "csv-log-level=2:input-res=64x64:total-frames=5:lft=1:dolby-vision-profile=8.1:ctu-info=0",
        ),
        ("svtav1-params", "tune=0:film-grain=8"),
        (
            "svtav1-params",
            "enable-kf-tf=1:sframe-dist=30:chroma-qm-min=8:max-intra-bitrate-pct=300:color-format=1",
        ),
        (
            "aom-params",
            "enable-adaptive-sharpness=1:kf-min-dist=5:min-q=10:delta-lf-mode=1:auto-tiles=1:disable-kf=0",
        ),
        ("kvazaar-params", "bitrate=5,amp=1,psnr=0,erp-aqp=1,combine-intra-cus=0,rc-algorithm=oba"),
        ("vvenc-params", "internal-bitdepth=10:poc0idr=1:framerate=25"),
        ("oapv-params", "q-matrix-y=16 16:width=64"),
        ("x264-params", ""),
    ],
)
def test_accepted(option: str, value: str) -> None:
    assert [parameter.key for parameter in read_parameters(option, value) if parameter.use is not PLAIN] == []


@pytest.mark.parametrize(
    ("option", "value", "found"),
    [
        ("x264-params", "keyint=30:stats=x:dump-yuv=y", [("stats", FILE), ("dump-yuv", FILE)]),
        ("x264-params", "cqm=/etc/passwd", [("cqm", FILE)]),
        ("x264-params", "no-stats=x:opencl-clbin=b", [("no-stats", FILE), ("opencl-clbin", FILE)]),
        ("x264-params", "cqmfile=a.cfg", [("cqmfile", FILE)]),
        ("x264-params", "zones=0,100,cqmfile=/etc/passwd", [("zones", FILE)]),
        ("x264-params", "zones=0,100,q=3/5,9,stats=x", [("zones", FILE)]),
        ("x264-params", r"st\ats=x", [("a quotation mark or backslash", ESCAPED)]),
        ("x264-params", "'stats'=x", [("a quotation mark or backslash", ESCAPED)]),
        ("x264-params", "keyimt=5", [("keyimt", UNKNOWN)]),
        ("x265-params", "scaling-list=a.txt", [("scaling-list", FILE)]),
        ("x265-params", "csv=a:analysis_save=b", [("csv", FILE), ("analysis_save", FILE)]),
        ("x265-params", "lambda-file=c", [("lambda-file", FILE)]),
        ("x265-params", "dhdr10-info=a.json:nalu_file=b", [("dhdr10-info", READ), ("nalu_file", READ)]),
        ("aom-params", "film-grain-table=a", [("film-grain-table", FILE)]),
        ("aom-params", "vmaf-model-path=b", [("vmaf-model-path", FILE)]),
        ("vvenc-params", "rcstatsfile=a", [("rcstatsfile", FILE)]),
        # Only x264 and x265 treat underscores as dashes.
        ("svtav1-params", "film_grain=8", [("film_grain", UNKNOWN)]),
        ("kvazaar-params", "bitrate=5:amp=1,cqmfile=x", [("cqmfile", FILE)]),
    ],
)
def test_checked(option: str, value: str, found: list[tuple[str, ParameterUse]]) -> None:
    uses = [(parameter.key, parameter.use) for parameter in read_parameters(option, value)]
    assert [(key, use) for key, use in uses if use is not PLAIN] == found


def test_no_accepted_parameter_names_a_file() -> None:
    for option in ("x264-params", "x265-params", "svtav1-params", "aom-params", "kvazaar-params", "vvenc-params"):
        for key in known_parameters(option):
            (parameter,) = read_parameters(option, key)
            assert parameter.use in {PLAIN, READ}, key

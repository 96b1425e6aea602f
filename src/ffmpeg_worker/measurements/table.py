"""Filters that measure: those with fields of their own in results, and those that only appear in the log."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ffmpeg_worker.measurements.comparison import (
    PsnrCollector,
    PsnrMeasurement,
    SsimCollector,
    SsimMeasurement,
    VmafCollector,
    VmafMeasurement,
    XpsnrCollector,
    XpsnrMeasurement,
)
from ffmpeg_worker.measurements.intervals import (
    BlackdetectCollector,
    BlackdetectMeasurement,
    FreezedetectCollector,
    FreezedetectMeasurement,
    SilencedetectCollector,
    SilencedetectMeasurement,
)
from ffmpeg_worker.measurements.levels import (
    AstatsCollector,
    AstatsMeasurement,
    VolumedetectCollector,
    VolumedetectMeasurement,
)
from ffmpeg_worker.measurements.loudness import (
    Ebur128Collector,
    Ebur128Measurement,
    LoudnormCollector,
    LoudnormMeasurement,
)
from ffmpeg_worker.measurements.measurement import Collector
from ffmpeg_worker.measurements.metadata import MetadataCollector, MetadataMeasurement, SignalstatsMeasurement
from ffmpeg_worker.measurements.pictures import (
    BlackframeCollector,
    BlackframeMeasurement,
    CropdetectCollector,
    CropdetectMeasurement,
    IdetCollector,
    IdetMeasurement,
)
from ffmpeg_worker.measurements.scenes import (
    ScdetCollector,
    SceneMeasurement,
    ShowinfoCollector,
    ShowinfoMeasurement,
)

AnyMeasurement = Annotated[
    LoudnormMeasurement
    | Ebur128Measurement
    | VolumedetectMeasurement
    | AstatsMeasurement
    | SilencedetectMeasurement
    | BlackdetectMeasurement
    | BlackframeMeasurement
    | FreezedetectMeasurement
    | SceneMeasurement
    | ShowinfoMeasurement
    | CropdetectMeasurement
    | IdetMeasurement
    | SignalstatsMeasurement
    | MetadataMeasurement
    | PsnrMeasurement
    | SsimMeasurement
    | XpsnrMeasurement
    | VmafMeasurement,
    Field(discriminator="filter"),
]
"""The measurement of any filter; `filter` tells which."""

COLLECTORS: dict[str, type[Collector]] = {
    "ametadata": MetadataCollector,
    "astats": AstatsCollector,
    "blackdetect": BlackdetectCollector,
    "blackdetect_vulkan": BlackdetectCollector,
    "blackframe": BlackframeCollector,
    "cropdetect": CropdetectCollector,
    "ebur128": Ebur128Collector,
    "freezedetect": FreezedetectCollector,
    "idet": IdetCollector,
    "libvmaf": VmafCollector,
    "loudnorm": LoudnormCollector,
    "metadata": MetadataCollector,
    "psnr": PsnrCollector,
    "scdet": ScdetCollector,
    "scdet_vulkan": ScdetCollector,
    "showinfo": ShowinfoCollector,
    "silencedetect": SilencedetectCollector,
    "ssim": SsimCollector,
    "volumedetect": VolumedetectCollector,
    "xpsnr": XpsnrCollector,
}
"""The collector of each filter whose measurements are read."""

LOGGING_FILTERS = frozenset(
    "abench alatency aphasemeter apsnr asdr ashowinfo asisdr bbox bench blockdetect blurdetect colordetect corr "
    "cover_rect drmeter find_rect identity latency msad photosensitivity readeia608 readvitc replaygain "
    "signalstats signature siti ssim360 vfrdet vif vmafmotion".split()
)
"""Filters that print what they measure, too, and are not read: the log of their command has it."""

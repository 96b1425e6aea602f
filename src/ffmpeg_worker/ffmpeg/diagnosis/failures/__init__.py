"""The known failures of ffmpeg runs, most specific first."""

from ffmpeg_worker.ffmpeg.diagnosis.failures.codecs import CODECS
from ffmpeg_worker.ffmpeg.diagnosis.failures.decoding import DECODING
from ffmpeg_worker.ffmpeg.diagnosis.failures.encoder_limits import ENCODER_LIMITS
from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import Failure
from ffmpeg_worker.ffmpeg.diagnosis.failures.filter_graph import FILTER_GRAPH
from ffmpeg_worker.ffmpeg.diagnosis.failures.filters import FILTERS
from ffmpeg_worker.ffmpeg.diagnosis.failures.inputs import INPUTS
from ffmpeg_worker.ffmpeg.diagnosis.failures.opening import OPENING
from ffmpeg_worker.ffmpeg.diagnosis.failures.options import OPTIONS
from ffmpeg_worker.ffmpeg.diagnosis.failures.outputs import OUTPUTS
from ffmpeg_worker.ffmpeg.diagnosis.failures.resources import RESOURCES

FAILURES: tuple[Failure, ...] = (
    *RESOURCES,  # a full disk or no memory explain every other line
    *INPUTS,
    *FILTER_GRAPH,
    *FILTERS,  # before options: both match "Unable to parse option value"
    *OPTIONS,
    *CODECS,
    *ENCODER_LIMITS,
    *OUTPUTS,
    *OPENING,  # after failures that say why a file did not open
    *DECODING,  # last: a damaged stream logs errors while something else ends the run
)

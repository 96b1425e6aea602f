"""Prometheus metrics, in one registry per app."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from starlette.types import Scope

from ffmpeg_worker.api.auth import OpenRequests
from ffmpeg_worker.api.loop_monitor import BUCKETS_S, LoopMonitor
from ffmpeg_worker.api.queue_report import QueueReport
from ffmpeg_worker.api.request_log import RequestRecord
from ffmpeg_worker.services import Services

_PREFIX = "ffmpeg_worker"
_METHODS = frozenset({"DELETE", "GET", "HEAD", "POST"})
_SECONDS = (0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600)


class Metrics:
    """Metrics of one app and of the worker behind it."""

    def __init__(
        self, services: Services, open_requests: OpenRequests, monitor: LoopMonitor, queue: QueueReport
    ) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Jobs(services))
        self._registry.register(_Keys(services, open_requests))
        self._registry.register(_Loop(monitor))
        self._registry.register(_Queue(queue))
        ProcessCollector(registry=self._registry)
        self._requests = Histogram(
            f"{_PREFIX}_http_request_seconds",
            "Seconds from the first byte of a request to the last byte of its response.",
            ("method", "route", "status"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._media_bytes = Counter(
            f"{_PREFIX}_media_bytes",
            "Bytes of inputs and outputs of jobs that succeeded.",
            ("direction",),
            registry=self._registry,
        )

    def count_request(self, scope: Scope, record: RequestRecord, seconds: float) -> None:
        """Count a request that has ended."""
        # Callers choose methods and paths: only known ones become labels, so that their number stays limited.
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = getattr(scope.get("route"), "path", "other")
        self._requests.labels(method, route, str(record.status or "none")).observe(seconds)
        if record.stats is not None:
            self._media_bytes.labels("in").inc(record.stats.input_bytes)
            self._media_bytes.labels("out").inc(record.stats.output_bytes)

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)


class _Jobs(Collector):
    """Collects the counters of the worker."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        jobs = CounterMetricFamily(
            f"{_PREFIX}_jobs",
            "Jobs that have ended, by action and outcome (`succeeded` or an error code).",
            labels=("action", "outcome"),
        )
        for (action, outcome), count in self._services.counters.by_outcome.items():
            jobs.add_metric([action, outcome], count)
        yield jobs
        seconds = CounterMetricFamily(
            f"{_PREFIX}_job_seconds", "Wall seconds of all jobs that have ended.", labels=("action",)
        )
        for action, total in self._services.counters.seconds.items():
            seconds.add_metric([action], total)
        yield seconds
        active_jobs = self._services.active_jobs
        yield GaugeMetricFamily(f"{_PREFIX}_active_jobs", "Jobs that run or wait.", active_jobs)
        build = GaugeMetricFamily(
            f"{_PREFIX}_build", "Always 1; the labels name the versions.", labels=("version", "ffmpeg")
        )
        build.add_metric([self._services.settings.version, self._services.tools.capabilities.version], 1)
        yield build


class _Keys(Collector):
    """Collects what each API key has of the worker at this moment."""

    def __init__(self, services: Services, open_requests: OpenRequests) -> None:
        self._services = services
        self._open_requests = open_requests

    def collect(self) -> Iterator[Metric]:
        admission = self._services.admission
        scratch = self._services.resources.scratch.usage.bytes_by_owner
        data = self._services.resources.stores.data_usage.bytes_by_owner
        for name, meaning, by_owner in (
            ("active_jobs", "Jobs of an API key that run or wait.", admission.active_by_owner),
            ("slots", "FFmpeg processes of an API key that run.", admission.slots.held_by_owner),
            ("open_requests", "Requests of an API key that are being served.", self._open_requests.by_owner),
            ("scratch_bytes", "Bytes of an API key's jobs in the scratch folder.", scratch),
            ("data_bytes", "Bytes of an API key's outputs in the data root.", data),
        ):
            gauge = GaugeMetricFamily(f"{_PREFIX}_key_{name}", meaning, labels=("key",))
            for owner, value in by_owner.items():
                gauge.add_metric([owner], value)
            yield gauge


class _Queue(Collector):
    """Collects the numbers of the queue that were read last; none while it is not open."""

    def __init__(self, report: QueueReport) -> None:
        self._report = report

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            f"{_PREFIX}_queue_running", "Queued jobs that this process runs.", self._report.running_here
        )
        stats = self._report.stats
        if stats is None:
            return
        by_state = GaugeMetricFamily(
            f"{_PREFIX}_queue_jobs", "Stored jobs by state, pieces included.", labels=("state",)
        )
        for status, count in stats.by_status.items():
            by_state.add_metric([status.value], count)
        yield by_state
        for name, meaning, value in (
            ("oldest_waiting_seconds", "Seconds that the oldest waiting job has waited.", stats.oldest_waiting_s),
            ("workers", "Processes that run queued jobs.", stats.workers),
            ("slots", "Queued jobs that all workers run at once.", stats.slots),
        ):
            yield GaugeMetricFamily(f"{_PREFIX}_queue_{name}", meaning, value)


class _Loop(Collector):
    """Collects the turns of the event loop."""

    def __init__(self, monitor: LoopMonitor) -> None:
        self._monitor = monitor

    def collect(self) -> Iterator[Metric]:
        limits = (*map(str, BUCKETS_S), "+Inf")
        yield HistogramMetricFamily(
            f"{_PREFIX}_event_loop_turn_seconds",
            "Seconds that one turn of the event loop took; while it lasts, no caller is served.",
            buckets=list(zip(limits, accumulate(self._monitor.counts), strict=True)),
            sum_value=self._monitor.total_s,
        )

"""The table of metrics in docs/http.md is generated from the metrics of the server."""

from __future__ import annotations

from typing import Any

from prometheus_client import ProcessCollector
from prometheus_client.metrics import MetricWrapperBase

from ffmpeg_worker.api.auth import OpenRequests
from ffmpeg_worker.api.loop_monitor import LoopMonitor
from ffmpeg_worker.api.metrics import Metrics
from ffmpeg_worker.api.queue_report import QueueReport
from ffmpeg_worker.job_queue.queue_stats import QueueStats
from support.docs.field_tables import golden_blocks
from support.docs.json_examples import ROOT
from support.servers.fake_services import make_fake_services

PROCESS = "| `process_…` | | gauge, counter | Memory, CPU time and descriptors of the worker's own process. |"


def rows() -> list[str]:
    services = make_fake_services()
    report = QueueReport(services.queue)
    report._stats = QueueStats("sqlite", {}, 0.0, 0, 0)
    metrics = Metrics(services, OpenRequests(100), LoopMonitor(), report)
    collectors = [one for one in metrics._registry._collector_to_names if not isinstance(one, ProcessCollector)]
    return [row(family, collector) for collector in collectors for family in collector.collect()]


def row(family: Any, collector: Any) -> str:
    labels = collector._labelnames if isinstance(collector, MetricWrapperBase) else family._labelnames
    name = f"{family.name}_total" if family.type == "counter" else family.name
    return f"| `{name}` | {', '.join(f'`{label}`' for label in labels)} | {family.type} | {family.documentation} |"


def test_golden_table_of_metrics() -> None:
    table = ["| name | labels | kind | meaning |", "|---|---|---|---|", *rows(), PROCESS]
    page, expected = golden_blocks(ROOT / "docs/http.md", {"metrics": "\n".join(table)})
    assert page == expected

"""The report of a run, as text."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable

from soak.health import MAX_LATENCY_S, Health
from soak.run_record import RunRecord
from soak.usage import MAX_RESIDENT_BYTES, UsageSeries

_MAX_EXAMPLES = 4
_MAX_DETAIL = 900


def make_report(record: RunRecord, health: Health, usage: UsageSeries, *, seed: str, minutes: float) -> str:
    """All sections; the verdict is the last line."""
    sections = [
        f"Soak of {minutes:g} min, seed {seed}",
        _honest(record),
        _counts("Injected faults", record.faults),
        _counts("Hostile bodies", record.hostile),
        _counts("Statuses of their responses", record.responses),
        _server(health, usage),
    ]
    sections += [f"Left out: {name}: {reason}." for name, reason in record.skipped.items()]
    sections.append(_violations(record))
    return "\n\n".join(sections)


def _honest(record: RunRecord) -> str:
    names = list(dict.fromkeys([*record.right, *record.failed]))
    head = ("honest jobs", "right", "failed", "sent again", "refused as busy", "slowest s")
    rows: list[tuple[str, ...]] = [
        (
            name,
            str(record.right[name]),
            str(record.failed[name]),
            str(record.resent[name]),
            str(record.refused_busy[name]),
            f"{record.slowest_s.get(name, 0.0):.1f}",
        )
        for name in names
    ]
    counters = (record.right, record.failed, record.resent, record.refused_busy)
    rows.append(("all", *(str(counter.total()) for counter in counters), ""))
    return _table([head, *rows])


def _counts(title: str, counts: Counter[str]) -> str:
    return _table([(title, "count"), *((name, str(count)) for name, count in sorted(counts.items()))])


def _server(health: Health, usage: UsageSeries) -> str:
    first, last = usage.thirds() if usage.samples else (0, 0)
    most = {name: max((getattr(s, name) for s in usage.samples), default=0) for name in _MOST}
    rows = [
        ("server", "value", "limit"),
        ("slowest /health, s", f"{health.slowest_s:.3f}", ""),
        ("without waiting for a processor, s", f"{health.slowest_own_s:.3f}", f"{MAX_LATENCY_S:g}"),
        ("requests to /health", str(health.count), ""),
        ("resident memory, peak, MB", f"{usage.peak / 1e6:.0f}", f"{MAX_RESIDENT_BYTES / 1e6:.0f}"),
        ("median, MB", f"{usage.median / 1e6:.0f}", ""),
        ("median of the first third, MB", f"{first / 1e6:.0f}", ""),
        ("median of the last third, MB", f"{last / 1e6:.0f}", ""),
        *((f"most {name}", str(value), "") for name, value in most.items()),
    ]
    return _table(rows)


_MOST = ("descriptors", "threads", "children")


def _violations(record: RunRecord) -> str:
    if not record.violations:
        return "No violations."
    kinds = Counter(violation.kind for violation in record.violations)
    lines = []
    for kind, count in kinds.most_common():
        lines.append(f"{kind}: {count}")
        examples = [violation for violation in record.violations if violation.kind == kind]
        for violation in examples[:_MAX_EXAMPLES]:
            text = f"at {violation.at_s:.0f} s: {violation.detail[:_MAX_DETAIL]}"
            lines += textwrap.wrap(text, 116, initial_indent="  - ", subsequent_indent="    ")
        if count > _MAX_EXAMPLES:
            lines.append(f"    and {count - _MAX_EXAMPLES} more")
    return "\n".join([*lines, "", f"{len(record.violations)} violations."])


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    """The first row is the head; the first column is left-aligned, the others right-aligned."""
    full = list(rows)
    widths = [max(len(row[column]) for row in full) for column in range(len(full[0]))]
    lines = [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in full
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])

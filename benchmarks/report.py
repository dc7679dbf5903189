"""The results as JSON and as a Markdown section for a README."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.check import Check
from benchmarks.entries import OURS
from benchmarks.kernels import FLOORS
from benchmarks.workload import Target, Workload

NAMES = {"numpy": "NumPy", "polars": "Polars", "scipy": "SciPy"}


@dataclass(frozen=True)
class Report:
    """All that one run found out."""

    date: str
    seed: int
    quick: bool
    machine: dict[str, Any]
    versions: dict[str, str]
    checks: Sequence[Check]
    workloads: Sequence[Workload]

    def to_dict(self) -> dict[str, Any]:
        """Return everything, raw, for JSON."""
        return {
            "date": self.date,
            "seed": self.seed,
            "quick": self.quick,
            "machine": self.machine,
            "versions": self.versions,
            "floors": {
                "measured_by": "a single-threaded probe on one AVX-512 core",
                "nanoseconds_per_row_and_replicate": FLOORS,
            },
            "checks": [asdict(check) | {"agrees": check.agrees} for check in self.checks],
            "workloads": [_workload(workload) for workload in self.workloads],
        }

    def to_markdown(self) -> str:
        """Return goals and a line for each workload, then the figures of each.

        What stands before the first heading is the benchmark section of the README.
        """
        targets = [target for workload in self.workloads for target in workload.targets]
        parts = [self._introduction()]
        if targets and not self.quick:
            parts.append(_table(_TARGET_HEAD, [_target_row(target) for target in targets]))
        parts.append(_table(_DIGEST_HEAD, [_digest_row(workload) for workload in self.workloads]))
        for workload in self.workloads:
            parts.append(f"### {workload.title}")
            parts.append(_table(_FIGURE_HEAD, _figure_rows(workload)))
            if workload.note:
                parts.append(workload.note)
        return "\n\n".join(parts) + "\n"

    def _introduction(self) -> str:
        machine, levels = self.machine, ", ".join(self.machine["instruction_sets"])
        versions = ", ".join(f"{NAMES.get(name, name)} {v}" for name, v in self.versions.items())
        agreed = sum(check.agrees for check in self.checks)
        quick = "**Quick run on small data: not a result.** " if self.quick else ""
        return (
            f"{quick}Measured on {self.date} on {machine['processor']}, {machine['cores']} cores "
            f"({levels}), {machine['system']}, with {versions}; seed {self.seed}. Before anything "
            f"was timed, {agreed} of {len(self.checks)} comparisons of the contenders' numbers "
            "with ours agreed. Seconds are the median of rounds in which contenders take turns; "
            "those in italics are extrapolated from the part of the work that was clocked."
        )


_TARGET_HEAD = ("Goal", "Asked", "Measured", "")
_DIGEST_HEAD = ("Work", "Ours, seconds", "Others: times as long")
_FIGURE_HEAD = (
    "",
    "Threads",
    "Seconds",
    "Fastest",
    "ns a row and replicate",
    "Times ours",
    "Clocked",
)


def _target_row(target: Target) -> tuple[str, ...]:
    asked = f"{'at least' if target.at_least else 'at most'} {_number(target.asked)}"
    return target.what, asked, _number(target.measured), "met" if target.met else "**not met**"


def _digest_row(workload: Workload) -> tuple[str, ...]:
    others = [each for each in workload.figures if not each.contender.startswith(OURS)]
    names = [each.contender for each in others]
    told = []
    for figure in others:
        mark = "" if figure.clocked == "all" else "*"
        on = f" on {figure.threads}" if names.count(figure.contender) > 1 else ""
        times = f"{mark}{_number(workload.times_ours(figure))}{mark}"
        told.append(f"{figure.contender}{on} {times}")
    return workload.title, _number(workload.figures[0].median), "; ".join(told)


def _figure_rows(workload: Workload) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for figure in workload.figures:
        mark = "" if figure.clocked == "all" else "*"
        rows.append(
            (
                figure.contender,
                str(figure.threads),
                f"{mark}{_number(figure.median)}{mark}",
                f"{mark}{_number(figure.fastest)}{mark}",
                _number(workload.nanoseconds(figure)),
                _number(workload.times_ours(figure)),
                figure.clocked,
            )
        )
    return rows


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 2), "---"], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: float) -> str:
    """Three significant digits."""
    return f"{value:,.0f}" if value >= 99.95 else f"{value:#.3g}"


def _workload(workload: Workload) -> dict[str, Any]:
    figures = [
        asdict(figure)
        | {
            "median": figure.median,
            "fastest": figure.fastest,
            "nanoseconds_per_row_and_replicate": workload.nanoseconds(figure),
            "times_ours": workload.times_ours(figure),
        }
        for figure in workload.figures
    ]
    targets = [asdict(target) | {"met": target.met} for target in workload.targets]
    return asdict(workload) | {"figures": figures, "targets": targets}

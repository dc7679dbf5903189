"""Check that all contenders agree, then time them: ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.check import Check
from benchmarks.machine import machine, versions
from benchmarks.report import Report
from benchmarks.sizes import FULL, QUICK, Sizes
from benchmarks.workload import Workload
from benchmarks.workloads import WORKLOADS, checks

RESULTS = Path(__file__).parent / "results"
SEED = 1


def main() -> int:
    """Run from the command line; the exit code is 1 when a contender disagrees."""
    options = _options()
    sizes = QUICK if options.quick else FULL
    now = f"{datetime.now(UTC):%Y-%m-%d}"
    # Asked before the machine is busy with us.
    about = machine()
    compared = _compare(sizes)
    if not all(check.agrees for check in compared):
        print("Contenders disagree; nothing was timed.", file=sys.stderr)
        return 1
    timed = _time(sizes, options.only or list(WORKLOADS))
    report = Report(now, SEED, options.quick, about, versions(), compared, timed)
    print(f"\n{report.to_markdown()}")
    folder = options.out
    if folder is None and not (options.quick or options.only):
        folder = RESULTS
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "latest.md").write_text(report.to_markdown())
        (folder / "latest.json").write_text(json.dumps(report.to_dict(), indent=1) + "\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small data, to try the benchmarks")
    parser.add_argument(
        "--only", action="append", choices=WORKLOADS, metavar="NAME",
        help=f"time this workload alone; repeatable: {', '.join(WORKLOADS)}",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER",
        help="where to write latest.json and latest.md; a whole run writes to benchmarks/results, "
        "a quick or partial one writes nothing unless this is given",
    )  # fmt: skip
    return parser.parse_args()


def _compare(sizes: Sizes) -> list[Check]:
    found = []
    for check in checks(sizes, SEED):
        found.append(check)
        sign = "agrees" if check.agrees else "DISAGREES"
        told = f"{check.difference:.2g} of {check.limit:g} allowed"
        print(f"{sign}: {check.contender}: {check.what}: {told}", flush=True)
    return found


def _time(sizes: Sizes, names: list[str]) -> list[Workload]:
    timed = []
    for name in names:
        for workload in WORKLOADS[name](sizes, SEED):
            timed.append(workload)
            median = workload.figures[0].median
            print(f"timed: {workload.title}: ours {median:.3g} s", flush=True)
    return timed


if __name__ == "__main__":
    sys.exit(main())

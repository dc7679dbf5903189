"""Peak memory of a call beyond the frame it is given, in a process of its own.

``python -m benchmarks.memory CODES MINIMUM MAXIMUM REPLICATES SEED THREADS`` prints bytes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import compassion_psy as cp
import numpy as np
import polars as pl

from benchmarks.contenders import ours
from benchmarks.datasets import Answers, survey

# Linux tells the resident memory of a process, and its peak since 5 was written to the second.
# getrusage() will not do: its peak cannot be reset, and a child inherits that of its parent.
STATUS = Path("/proc/self/status")
RESET = Path("/proc/self/clear_refs")


def peak_beyond_frame(answers: Answers, replicates: int, *, seed: int, threads: int) -> int | None:
    """Return bytes; None where the system does not tell them."""
    if not RESET.exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        codes = Path(folder, "codes.npy")
        np.save(codes, answers.codes)
        scale = answers.scale
        numbers = (int(scale.minimum), int(scale.maximum), replicates, seed, threads)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.memory", str(codes), *map(str, numbers)],
            cwd=Path(__file__).parents[1],
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
    return int(done.stdout)


def measure(path: str, minimum: int, maximum: int, replicates: int, seed: int, threads: int) -> int:
    """Return the peak while the call runs less the memory in use just before it."""

    def call(answers: Answers, replicates: int) -> cp.ReliabilityResult:
        return ours(
            answers.frame,
            ("alpha", "omega_u"),
            replicates,
            threads=threads,
            seed=seed,
            method="bca",
            scale=answers.scale,
        )

    # Modules, threads and libraries are there before: they are no part of the call.
    call(survey(100, 5, 1, seed), 10)
    # One array read in one piece leaves nothing behind that the call could use unseen.
    codes = np.load(path)
    names = [f"item_{number}" for number in range(1, len(codes) + 1)]
    frame = pl.DataFrame([pl.Series(name, codes[at] + minimum) for at, name in enumerate(names)])
    del codes
    answers = Answers(frame, cp.Scale("memory", items=names, minimum=minimum, maximum=maximum))
    RESET.write_text("5")
    before = _status("VmRSS")
    result = call(answers, replicates)
    peak = _status("VmHWM")
    assert result.table.height == 2
    return peak - before


def _status(name: str) -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    print(measure(sys.argv[1], *map(int, sys.argv[2:])))

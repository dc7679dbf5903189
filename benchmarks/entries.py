"""Contenders at the start of a race: each named, with its clock and its share of the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import compassion_psy as cp
import numpy as np

from benchmarks import contenders, r
from benchmarks.contenders import Array, Statistic
from benchmarks.datasets import Answers
from benchmarks.timing import Entry, Seconds, clocked

Bootstrap = Callable[[Array, int, np.random.Generator], Array]

OURS = "compassion_psy"


def ours(data: Any, coefficients: Sequence[str], seed: int, threads: int, **how: Any) -> Seconds:
    """Clock our public call with so many replicates."""

    def call(replicates: int) -> cp.ReliabilityResult:
        return contenders.ours(data, coefficients, replicates, threads=threads, seed=seed, **how)

    return clocked(call)


def two_and_one(
    data: Any, coefficients: Sequence[str], seed: int, whole: int, rounds: int, **how: Any
) -> list[Entry]:
    """Return us on two threads and on one."""
    return [
        Entry(
            OURS,
            ours(data, coefficients, seed, threads, **how),
            whole,
            threads=threads,
            rounds=rounds,
        )
        for threads in (2, 1)
    ]


def numpy(bootstrap: Bootstrap, x: Array, seed: int, *, blas_threads: int | None = None) -> Seconds:
    """Clock a NumPy bootstrap; with as many BLAS threads as NumPy likes when none are given."""

    def call(replicates: int) -> None:
        with contenders.blas_threads(blas_threads):
            bootstrap(x, replicates, np.random.default_rng(seed))

    return clocked(call)


def scipy(x: Array, statistic: Statistic, seed: int) -> Seconds:
    """Clock ``scipy.stats.bootstrap``, with one BLAS thread."""

    def call(replicates: int) -> None:
        with contenders.blas_threads(1):
            contenders.by_scipy(x, statistic, replicates, np.random.default_rng(seed))

    return clocked(call)


@contextmanager
def in_r(answers: Answers, seed: int) -> Iterator[Callable[[str], Seconds] | None]:
    """Give a function that clocks a statistic of R/contenders.R in boot; None without R.

    R tells the seconds itself: neither its start nor reading the answers counts.
    """
    if not r.versions():
        yield None
        return
    with TemporaryDirectory() as folder:
        file = Path(folder, "answers")
        answers.write_codes(file)

        def clock(statistic: str) -> Seconds:
            def seconds(replicates: int) -> float:
                arguments = (file, *answers.matrix.shape, statistic, replicates, seed)
                return r.numbers("time.R", *arguments)["seconds"]

            return seconds

        yield clock

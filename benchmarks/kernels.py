"""The inner loops on one thread: beside the floors, and with each instruction set."""

from __future__ import annotations

from collections.abc import Iterator

from compassion_psy import _core

from benchmarks import entries
from benchmarks.agreement import forced_simd
from benchmarks.datasets import uniform
from benchmarks.entries import OURS
from benchmarks.sizes import Sizes
from benchmarks.timing import Entry, Seconds, race
from benchmarks.workload import Target, Workload

# Nanoseconds a row and replicate of an exact bootstrap of 20 items, answers uniform 1 to 5, as
# measured by a single-threaded probe on one AVX-512 core: weights and the sums that alpha needs;
# weights and all 230 sums and cross-products.
ALPHA_FLOOR = 0.165
COVARIANCE_FLOOR = 0.68
FLOORS = {"alpha": ALPHA_FLOOR, "all covariances": COVARIANCE_FLOOR}


def kernels(sizes: Sizes, seed: int) -> Iterator[Workload]:
    """Time the sums that alpha needs, and all covariances (by lambda 2, which needs no fit)."""
    answers, whole = uniform(sizes.persons, sizes.items, seed), sizes.replicates
    best_first = _core.simd_levels()[::-1]

    def forced(coefficient: str, level: str) -> Seconds:
        call = entries.ours(answers.responses, [coefficient], seed, 1)

        def seconds(replicates: int) -> float:
            with forced_simd(level):
                return call(replicates)

        return seconds

    def entry(coefficient: str, level: str) -> Entry:
        few = 102 if level == "scalar" else None
        return Entry(
            f"{OURS}, {level}", forced(coefficient, level), whole, few, rounds=sizes.rounds
        )

    for what, coefficient, times_floor in (
        ("alpha", "alpha", 2.0),
        ("all covariances", "lambda2", 1.8),
    ):
        figures = race([entry(coefficient, level) for level in best_first])
        floor = FLOORS[what] * 1e-9 * sizes.persons * whole
        above = figures[0].median / floor
        targets = [Target(f"{what}, one thread: times the floor", above, times_floor)]
        if best_first[:2] == ["avx512", "avx2"]:
            slower = figures[1].median / figures[0].median
            targets.append(Target(f"{what}: AVX2 over AVX-512", slower, 4))
        title = f"One thread, {what}: {answers.size}, {whole:,} replicates, uniform answers"
        note = (
            f"The floor is {FLOORS[what]} ns a row and replicate, measured by a single-threaded "
            f"probe on one AVX-512 core: {floor:.3g} s in all. The first row is {above:.2f} times "
            "that."
        )
        yield Workload("kernels", title, sizes.persons, whole, figures, tuple(targets), note)

"""One large sample: the bootstrap of rows beside NumPy, SciPy and R, which take the same matrix.

They take checked answers, so we take `Responses`; "from the frame" includes the checks.
"""

from __future__ import annotations

from collections.abc import Iterator

from compassion_psy import pure

from benchmarks import contenders, entries
from benchmarks.datasets import survey
from benchmarks.entries import OURS
from benchmarks.sizes import Sizes
from benchmarks.timing import Entry, race
from benchmarks.workload import Target, Workload, two_over_one


def alpha(sizes: Sizes, seed: int) -> Iterator[Workload]:
    """Time alpha, which needs few sums."""
    answers, whole = survey(sizes.persons, sizes.items, 1, seed), sizes.replicates
    x, some = answers.matrix, sizes.slow_rounds
    frame = entries.ours(answers.frame, ["alpha"], seed, 2, scale=answers.scale)
    features = entries.numpy(pure.bootstrap_alpha_by_features, x, seed)
    one_blas = entries.numpy(pure.bootstrap_alpha_by_features, x, seed, blas_threads=1)
    copying = entries.numpy(pure.bootstrap_alpha_by_copying, x, seed)
    scipy = entries.scipy(x, contenders.alpha_of_rows, seed)
    field = [
        *entries.two_and_one(answers.responses, ["alpha"], seed, whole, sizes.rounds),
        Entry(f"{OURS}, from the frame", frame, whole, threads=2, rounds=sizes.rounds),
        Entry("NumPy, counts × features", features, whole, threads=2, rounds=some),
        Entry("NumPy, counts × features", one_blas, whole, rounds=some),
        Entry("NumPy, copies rows", copying, whole, few=22, rounds=some),
        Entry("scipy.stats.bootstrap", scipy, whole, few=22, rounds=some),
    ]
    with entries.in_r(answers, seed) as clock:
        if clock:
            field.append(Entry("R boot, cov", clock("alpha_cov"), whole, few=22, rounds=some))
            field.append(Entry("R boot, psych::alpha", clock("alpha_psych"), whole, few=4))
        figures = race(field)
    two, one, _, best, best_one, plain, *_ = figures
    over_plain = plain.median / two.median
    over_best = min(best.median, best_one.median) / two.median
    targets = (
        Target("alpha: times faster than NumPy that copies rows", over_plain, 700, at_least=True),
        Target("alpha: times faster than the best NumPy", over_best, 120, at_least=True),
        two_over_one("alpha", two, one),
    )
    title = f"Alpha: {answers.size}, {whole:,} replicates, percentile interval"
    yield Workload("alpha", title, sizes.persons, whole, figures, targets)


def omega(sizes: Sizes, seed: int) -> Iterator[Workload]:
    """Time omega_u, which needs all covariances and a fit of one factor for each replicate."""
    answers, whole = survey(sizes.persons, sizes.items, 1, seed), sizes.replicates
    x, some = answers.matrix, sizes.slow_rounds
    features = entries.numpy(pure.bootstrap_omega_u_by_features, x, seed, blas_threads=1)
    copying = entries.numpy(pure.bootstrap_omega_u_by_copying, x, seed, blas_threads=1)
    analyzer = entries.numpy(contenders.omega_u_by_factor_analyzer, x, seed, blas_threads=1)
    scipy = entries.scipy(x, contenders.omega_u_statistic(x), seed)
    field = [
        *entries.two_and_one(answers.responses, ["omega_u"], seed, whole, sizes.rounds),
        Entry("NumPy, counts × features", features, whole, few=162, rounds=some),
        Entry("NumPy, copies rows", copying, whole, few=12, rounds=some),
        Entry("factor_analyzer, copies rows", analyzer, whole, few=12, rounds=some),
        Entry("scipy.stats.bootstrap", scipy, whole, few=12, rounds=some),
    ]
    with entries.in_r(answers, seed) as clock:
        if clock:
            factanal = clock("omega_u_factanal")
            field.append(Entry("R boot, factanal", factanal, whole, few=12, rounds=some))
        figures = race(field)
    title = f"Omega_u: {answers.size}, {whole:,} replicates, percentile interval"
    targets = (two_over_one("omega_u", *figures[:2]),)
    yield Workload("omega", title, sizes.persons, whole, figures, targets)

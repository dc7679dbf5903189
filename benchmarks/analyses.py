"""One analysis without replicates: items, polychoric correlations, factors and lower bounds.

A new one is a function that yields a `Workload`, its part in R/analyses.R, and its check in
`analyses_agreement.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
from compassion_psy import pure

from benchmarks import contenders, r
from benchmarks.datasets import Answers, clusters_of_items, survey
from benchmarks.entries import OURS
from benchmarks.sizes import Sizes
from benchmarks.timing import Entry, clocked, race
from benchmarks.workload import Target, Workload

FACTORS = 3
SURVEY = (2436, 25)  # persons and items of the goals for several factors
DRAWS = 1000
GROUPS, GROUP_PERSONS = 3, 356  # as the survey that the goal for every coefficient names
LAMBDAS = ("lambda1", "lambda2", "lambda3", "lambda4", "lambda5", "lambda5_plus", "lambda6")


def by_r(answers: Answers, analysis: str) -> dict[str, float]:
    """Return the seconds and numbers of an analysis of R/analyses.R."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "answers")
        answers.write_codes(file)
        return r.numbers("analyses.R", file, *answers.matrix.shape, analysis)


def item_analysis(sizes: Sizes, seed: int) -> Iterator[Workload]:
    """Time statistics of items: psych has no intervals, and alpha alone without each item."""
    answers = survey(sizes.persons, sizes.many_items, 1, seed)

    def ours(coefficients: Sequence[str], threads: int) -> Callable[[], Any]:
        return lambda: cp.item_analysis(
            answers.frame, answers.scale, coefficients=coefficients, threads=threads
        )

    field = [
        _us(f"{OURS}, alpha and omega_u", ours(["alpha", "omega_u"], 2), 2, sizes),
        _us(f"{OURS}, alpha and omega_u", ours(["alpha", "omega_u"], 1), 1, sizes),
        _us(f"{OURS}, alpha", ours(["alpha"], 2), 2, sizes),
    ]
    figures = race([*field, *_in_r("psych::alpha", answers, "items", sizes.slow_rounds)])
    targets = [
        Target("item analysis: times faster than psych", each.median / figures[0].median, 100, True)
        for each in figures[3:]
    ]
    title = f"Item analysis: {answers.size}, with intervals, from the frame"
    yield Workload("items", title, sizes.persons, 1, figures, tuple(targets))


def polychoric(sizes: Sizes, seed: int) -> Iterator[Workload]:
    """Time polychoric correlations; psych takes fewer persons, or it would take hours."""
    answers = survey(sizes.persons, sizes.many_items, 1, seed)
    few = survey(sizes.small_persons, sizes.many_items, 1, seed)

    def ours(data: Answers, threads: int) -> Callable[[], Any]:
        return lambda: cp.polychoric(data.frame, data.scale, threads=threads)

    field = [_us(OURS, ours(answers, threads), threads, sizes) for threads in (2, 1)]
    less = f"of {few.frame.height:,} persons alone"
    field.append(_us(f"{OURS}, {less}", ours(few, 2), 2, sizes))
    figures = race([*field, *_in_r(f"psych::polychoric, {less}", few, "polychoric", 1)])
    title = f"Polychoric correlations: {answers.size}, with standard errors, from the frame"
    target = Target("polychoric correlations, seconds", figures[0].median, 1.0)
    yield Workload("polychoric", title, sizes.persons, 1, figures, (target,))


def factors(sizes: Sizes, seed: int) -> Iterator[Workload]:
    """Time factors; ours rotates from 31 places, the others from one."""
    answers = clusters_of_items(sizes.many_persons, sizes.many_items, FACTORS, seed)

    def ours(threads: int) -> Callable[[], Any]:
        return lambda: cp.efa(
            answers.frame, answers.scale, n_factors=FACTORS, seed=seed, threads=threads
        )

    def analyzer() -> None:
        contenders.factors_by_factor_analyzer(answers.matrix, FACTORS, "oblimin")

    field = [
        *(_us(f"{OURS}, 30 random starts", ours(n), n, sizes) for n in (2, 1)),
        _entry("factor_analyzer, one start", analyzer, 2, sizes.slow_rounds),
    ]
    figures = race([*field, *_in_r("psych::fa, one start", answers, "factors", 1)])
    title = f"{FACTORS} factors, minres and oblimin: {answers.size}, from the frame"
    target = Target("factors from 30 starts, seconds", figures[0].median, 0.5)
    yield Workload("factors", title, sizes.many_persons, 1, figures, (target,))


def lambdas(sizes: Sizes, seed: int) -> Iterator[Workload]:
    """Time every lambda; the best split half, lambda 4, is beyond NumPy for so many items."""
    answers = survey(sizes.many_persons, sizes.many_items, sizes.clusters, seed)

    def ours(threads: int) -> Callable[[], Any]:
        return lambda: cp.reliability(
            answers.frame, answers.scale, coefficients=LAMBDAS, interval=None, threads=threads
        )

    field = [
        *(_us(OURS, ours(n), n, sizes) for n in (2, 1)),
        _entry("NumPy, without lambda 4", lambda: twins(answers.matrix), 2, sizes.slow_rounds),
    ]
    guttman = "psych::guttman of correlations, split halves sampled"
    figures = race([*field, *_in_r(guttman, answers, "lambdas", 1)])
    title = f"Guttman's lambdas: {answers.size}, with standard errors, from the frame"
    target = Target("every lambda, seconds", figures[0].median, 0.3)
    yield Workload("lambdas", title, sizes.many_persons, 1, figures, (target,))


def hierarchical(sizes: Sizes, seed: int) -> Iterator[Workload]:
    """Time the bootstrap of omega_h; psych fits once, what it would do for each replicate."""
    answers = clusters_of_items(*SURVEY, FACTORS, seed)
    bootstrap = cp.Bootstrap(sizes.replicates, method="bca", seed=seed)

    def ours(threads: int) -> Callable[[], Any]:
        return lambda: cp.reliability(
            answers.frame,
            answers.scale,
            coefficients=["omega_h"],
            factors=FACTORS,
            interval=bootstrap,
            threads=threads,
            progress=False,
        )

    field = [_us(OURS, ours(n), n, sizes) for n in (2, 1)]
    once = "psych::omega, once, without an interval"
    figures = race([*field, *_in_r(once, answers, "omega", sizes.slow_rounds)])
    title = f"omega_h, {FACTORS} factors: {answers.size}, {sizes.replicates:,} replicates, BCa"
    target = Target("omega_h with BCa, seconds", figures[0].median, 1.5)
    persons = answers.frame.height
    yield Workload("hierarchical", title, persons, sizes.replicates, figures, (target,))


def retention(sizes: Sizes, seed: int) -> Iterator[Workload]:
    """Time parallel analysis, with normal and with permuted answers."""
    answers = clusters_of_items(*SURVEY, FACTORS, seed)

    def ours(threads: int) -> Callable[[], Any]:
        return lambda: cp.number_of_factors(
            answers.frame, answers.scale, draws=DRAWS, seed=seed, threads=threads, progress=False
        )

    field = [_us(OURS, ours(n), n, sizes) for n in (2, 1)]
    figures = race([*field, *_in_r("psych::fa.parallel", answers, "parallel", 1)])
    title = f"Parallel analysis: {answers.size}, {DRAWS:,} draws of each kind"
    target = Target("parallel analysis, seconds", figures[0].median, 2.0)
    yield Workload("retention", title, answers.frame.height, DRAWS, figures, (target,))


def everything(sizes: Sizes, seed: int) -> Iterator[Workload]:
    """Time every coefficient of a scale in three groups; nobody else has them all."""
    answers = clusters_of_items(GROUPS * GROUP_PERSONS, sizes.many_items, FACTORS, seed)
    groups = pl.Series("group", [f"group_{n}" for n in range(GROUPS) for _ in range(GROUP_PERSONS)])
    frame = answers.frame.with_columns(groups)
    bootstrap = cp.Bootstrap(sizes.replicates, method="bca", seed=seed)

    def ours(threads: int) -> Callable[[], Any]:
        return lambda: cp.reliability(
            frame,
            answers.scale,
            by="group",
            coefficients="all",
            interval=bootstrap,
            threads=threads,
            progress=False,
        )

    figures = race([_entry(OURS, ours(n), n, sizes.slow_rounds) for n in (2, 1)])
    title = f"Every coefficient, {GROUPS} groups: {answers.size}, {sizes.replicates:,} replicates"
    target = Target("every coefficient with BCa, seconds", figures[0].median, 5.0)
    persons = frame.height
    yield Workload("everything", f"{title}, BCa", persons, sizes.replicates, figures, (target,))


def twins(x: contenders.Array) -> dict[str, float]:
    """Return the lambdas that NumPy can have."""
    covariance = np.cov(x, rowvar=False)
    bounds = {
        "lambda1": pure.lambda1,
        "lambda2": pure.lambda2,
        "lambda3": pure.alpha,
        "lambda5": pure.lambda5,
        "lambda6": pure.lambda6,
    }
    return {name: float(bound(covariance)) for name, bound in bounds.items()}


def _us(name: str, call: Callable[[], Any], threads: int, sizes: Sizes) -> Entry:
    return _entry(name, call, threads, sizes.rounds)


def _entry(name: str, call: Callable[[], Any], threads: int, rounds: int) -> Entry:
    return Entry(name, clocked(lambda _: call()), 1, threads=threads, rounds=rounds)


def _in_r(name: str, answers: Answers, analysis: str, rounds: int) -> list[Entry]:
    """Return R's entry, which tells its seconds itself; none without R."""
    if not r.versions():
        return []
    return [Entry(name, lambda _: by_r(answers, analysis)["seconds"], 1, rounds=rounds)]

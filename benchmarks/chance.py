"""Do standard errors and intervals differ by no more than chance, each with draws of its own?"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from math import sqrt
from pathlib import Path
from statistics import NormalDist
from typing import Literal

import numpy as np
from compassion_psy import pure

from benchmarks import contenders, r
from benchmarks.check import CHANCE, Check
from benchmarks.contenders import Array
from benchmarks.datasets import Answers

# By the name of the quantity: "se", "percentile lower", ..., "bca upper".
Found = dict[str, float]

NORMAL = NormalDist()
TAIL = 0.025
METHODS: tuple[Literal["percentile", "bca"], ...] = ("percentile", "bca")


def checks(answers: Answers, replicates: int, seed: int) -> Iterator[Check]:
    """Compare standard errors and 95 % intervals in Monte-Carlo standard errors."""
    coefficients: tuple[pure.Coefficient, ...] = ("alpha", "omega_u")
    in_r = _in_r(answers, replicates, seed)
    for name in coefficients:
        mine = _ours(answers, name, replicates, seed)
        for contender, theirs in (*_in_python(answers, name, replicates, seed), *in_r[name]):
            for quantity, value in theirs.items():
                error = monte_carlo_error(quantity, mine["se"], replicates)
                difference = abs(value - mine[quantity]) / error
                what = f"{name}, {quantity}, in Monte-Carlo errors"
                yield Check(what, contender, difference, CHANCE)


def monte_carlo_error(quantity: str, se: float, replicates: int) -> float:
    """Return the standard error of the difference of two runs, for nearly normal replicates.

    One run's standard deviation has the error se / sqrt(2 (B - 1)); its quantile at p,
    sqrt(p (1 - p) / B) se / phi(z_p). The ends of BCa also move by 2 z0 se, and z0, the normal
    quantile of the share of replicates below the estimate, has the error 1 / (2 phi(0) sqrt(B)).
    These may add up.
    """
    if quantity == "se":
        error = se / sqrt(2 * (replicates - 1))
    else:
        error = se * sqrt(TAIL * (1 - TAIL) / replicates) / NORMAL.pdf(NORMAL.inv_cdf(TAIL))
        if quantity.startswith("bca"):
            error += se / (NORMAL.pdf(0) * sqrt(replicates))
    return sqrt(2) * error


def _ours(answers: Answers, name: str, replicates: int, seed: int) -> Found:
    found: Found = {}
    for method in METHODS:
        result = contenders.ours(
            answers.responses, [name], replicates, threads=2, seed=seed, method=method
        )
        row = result.table.row(0, named=True)
        found |= {"se": row["se"], **_ends(method, row["lower"], row["upper"])}
    return found


def _in_python(
    answers: Answers, name: pure.Coefficient, replicates: int, seed: int
) -> Iterator[tuple[str, Found]]:
    x = answers.matrix
    copying, features, statistic = {
        "alpha": (
            pure.bootstrap_alpha_by_copying,
            pure.bootstrap_alpha_by_features,
            contenders.alpha_of_rows,
        ),
        "omega_u": (
            pure.bootstrap_omega_u_by_copying,
            pure.bootstrap_omega_u_by_features,
            contenders.omega_u_statistic(x),
        ),
    }[name]
    # The seeds differ, so that each has draws of its own.
    with contenders.blas_threads(1):
        values = copying(x, replicates, np.random.default_rng(seed + 1))
        yield "NumPy, copies rows", _of_values(x, name, values)
        values = features(x, replicates, np.random.default_rng(seed + 2))
        yield "NumPy, counts × features", _of_values(x, name, values)
        yield "SciPy", _of_scipy(x, statistic, replicates, seed + 3)


def _of_values(x: Array, name: pure.Coefficient, values: Array) -> Found:
    estimate = pure.estimate(x, name).value
    acceleration = pure.acceleration(pure.influence(x, name))
    return {
        "se": float(values.std(ddof=1)),
        **_ends("percentile", *pure.percentile(values)),
        **_ends("bca", *pure.bca(estimate, values, acceleration)),
    }


def _of_scipy(x: Array, statistic: contenders.Statistic, replicates: int, seed: int) -> Found:
    found: Found = {}
    for method in METHODS:
        rng = np.random.default_rng(seed)
        result = contenders.by_scipy(x, statistic, replicates, rng, method)
        interval = result.confidence_interval
        found |= {"se": float(result.standard_error), **_ends(method, *map(float, interval))}
    return found


def _in_r(answers: Answers, replicates: int, seed: int) -> dict[str, list[tuple[str, Found]]]:
    if not r.versions():
        return {"alpha": [], "omega_u": []}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "answers")
        answers.write_codes(file)
        told = r.numbers("intervals.R", file, *answers.matrix.shape, replicates, seed)

    def of(statistic: str) -> list[tuple[str, Found]]:
        own = [name for name in told if name.startswith(f"{statistic} ")]
        return [("R boot", {name.removeprefix(f"{statistic} "): told[name] for name in own})]

    return {"alpha": of("alpha_cov"), "omega_u": of("omega_u_factanal")}


def _ends(method: str, lower: float, upper: float) -> Found:
    return {f"{method} lower": lower, f"{method} upper": upper}

"""Do others find the same items, polychoric correlations, factors and lower bounds?"""

from __future__ import annotations

from collections.abc import Iterator

import compassion_psy as cp
import numpy as np

from benchmarks import contenders, r
from benchmarks.analyses import FACTORS, LAMBDAS, by_r, twins
from benchmarks.check import EXACT, Check
from benchmarks.contenders import Array
from benchmarks.datasets import Answers

# psych finds a correlation by `optimize`, whose default tolerance this is about.
PSYCH_POLYCHORIC = 1e-4
# psych and factor_analyzer end minres where L-BFGS-B does.
PSYCH_MINRES = 1e-5
# psych stops oblimin at a gradient of 1e-5.
PSYCH_OBLIMIN = 1e-4

ITEM_STATISTICS = (
    *("mean", "sd", "item_total", "item_rest", "overlap_corrected", "alpha_if_dropped"),
)


def checks(answers: Answers, of_factors: Answers) -> Iterator[Check]:
    """Compare all analyses of the same answers; factors of answers that have some."""
    yield from _items(answers)
    yield from _polychoric(answers)
    yield from _factors(of_factors)
    yield from _lambdas(answers)


def _items(answers: Answers) -> Iterator[Check]:
    if not r.versions():
        return
    table = cp.item_analysis(answers.frame, answers.scale, coefficients="alpha").table
    told = by_r(answers, "items")
    # R's codes count from 0, ours from the scale's minimum.
    shift = {"mean": float(answers.scale.minimum)}
    for name in ITEM_STATISTICS:
        theirs = _numbered(told, name) + shift.get(name, 0.0)
        difference = float(np.abs(table[name].to_numpy() - theirs).max())
        yield Check(f"{name} of items", "R psych::alpha", difference, EXACT)


def _polychoric(answers: Answers) -> Iterator[Check]:
    if not r.versions():
        return
    mine = cp.polychoric(answers.frame, answers.scale).pairs["rho"].to_numpy()
    difference = float(np.abs(mine - _numbered(by_r(answers, "polychoric"), "rho")).max())
    yield Check("polychoric correlations", "R psych::polychoric", difference, PSYCH_POLYCHORIC)


def _factors(answers: Answers) -> Iterator[Check]:
    mine = cp.efa(answers.frame, answers.scale, n_factors=FACTORS, seed=1)
    communalities = mine.communalities["communality"].to_numpy()
    theirs = contenders.factors_by_factor_analyzer(answers.matrix, FACTORS, None)
    difference = float(np.abs(communalities - theirs).max())
    yield Check("communalities of factors", "factor_analyzer", difference, PSYCH_MINRES)
    if not r.versions():
        return
    told = by_r(answers, "factors")
    difference = float(np.abs(communalities - _numbered(told, "communality")).max())
    yield Check("communalities of factors", "R psych::fa", difference, PSYCH_MINRES)
    loadings = mine.loadings.drop("item").to_numpy()
    difference = float(np.abs(loadings - _numbered(told, "loading").reshape(loadings.shape)).max())
    yield Check("rotated loadings", "R psych::fa", difference, PSYCH_OBLIMIN)


def _lambdas(answers: Answers) -> Iterator[Check]:
    result = cp.reliability(answers.frame, answers.scale, coefficients=LAMBDAS, interval=None)
    mine = dict(result.table.select("coefficient", "estimate").iter_rows())
    for name, theirs in twins(answers.matrix).items():
        yield Check(f"{name} of the sample", "pure twin", abs(mine[name] - theirs), EXACT)
    if not r.versions():
        return
    # psych takes correlations: beside it stands our twin of the same standardised items.
    x = answers.matrix
    standardised = np.array(list(twins(x / x.std(axis=0)).values()))
    difference = float(np.abs(_numbered(by_r(answers, "lambdas"), "lambda") - standardised).max())
    yield Check("lambdas of correlations", "R psych::guttman", difference, EXACT)


def _numbered(told: dict[str, float], name: str) -> Array:
    """Return the numbers that R told as name1, name2 and so on."""
    return np.array(
        [told[f"{name}{place}"] for place in range(1, len(told)) if f"{name}{place}" in told]
    )

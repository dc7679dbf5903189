"""Factors, polychoric correlations and intraclass correlations beside R's."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cache
from typing import Any, Literal

import compassion_psy as cp
import numpy as np
import numpy.typing as npt

from benchmarks.beside_r.line import Line, Value, array, at
from benchmarks.beside_r.survey import Survey

Floats = npt.NDArray[np.float64]
Method = Literal["minres", "ml", "principal_axis"]

_SEED = 1
_EARLY = "R stops its search a little early"
_STANDS_STILL = "R's last steps"
_METHODS: dict[str, Method] = {"minres": "minres", "ml": "ml", "pa": "principal_axis"}
_ROTATIONS = {"oblimin": "oblimin", "varimax": "varimax", "promax": "promax_m4_kaiser"}


@cache
def solution(survey: Survey, method: str, rotation: Any) -> cp.FactorSolution:
    """Return our factors of the correlations that R was given."""
    return cp.efa(
        array(survey.r["R_pairwise"]),
        n_factors=survey.meta["nfactors"],
        method=_METHODS[method],
        rotation=rotation,
        n=survey.meta["n_rows_passed"],
        seed=_SEED,
    )


def loadings(found: cp.FactorSolution) -> Floats:
    """Return loadings as an array."""
    return found.loadings.drop("item").to_numpy()


def matched(theirs: Floats, ours: Floats) -> tuple[list[int], Floats]:
    """Return the order and the signs of their factors that come nearest to ours."""
    signs = np.sign(theirs.T @ ours)
    cost = np.array(
        [
            [np.abs(theirs[:, i] * signs[i, j] - ours[:, j]).sum() for j in range(ours.shape[1])]
            for i in range(theirs.shape[1])
        ]
    )
    factors = range(ours.shape[1])
    order = min(
        itertools.permutations(factors), key=lambda each: sum(cost[each[j], j] for j in factors)
    )
    return list(order), np.array([signs[order[j], j] for j in factors])


def _several(survey: Survey) -> bool:
    return int(survey.meta["nfactors"]) > 1


def _unrotated(method: str, how: str) -> Callable[[Survey], Value]:
    def look(survey: Survey) -> Value:
        block = survey.r[method]
        found = block["tight"]["unrotated"] if how == "tight" else block["none"]["loadings"]
        theirs = array(found)
        order, signs = matched(theirs, loadings(solution(survey, method, None)))
        return theirs[:, order] * signs

    return look


def _rotated(method: str, rotation: str, how: str, what: str) -> Callable[[Survey], Value]:
    def look(survey: Survey) -> Value:
        if not _several(survey):
            return None
        block = survey.r[method]
        found = block["tight"][_ROTATIONS[rotation]] if how == "tight" else block[rotation]
        theirs = array(found["loadings"])
        order, signs = matched(theirs, loadings(solution(survey, method, rotation)))
        if what == "loadings":
            return theirs[:, order] * signs
        phi = array(found["phi"])[np.ix_(order, order)]
        return phi * np.outer(signs, signs)

    return look


def _extraction(method: str) -> list[Line]:
    call = f"psych::fa(x, nfactors, fm = '{method}', rotate = 'none')"
    tight = f"the same criterion ({method}) run until it stands still"

    def ours(survey: Survey) -> Value:
        return loadings(solution(survey, method, None))

    def unique(survey: Survey) -> Value:
        return solution(survey, method, None).uniquenesses["uniqueness"].to_numpy()

    return [
        Line(f"{method}: loadings", call, ours, _unrotated(method, "psych"), _EARLY),
        Line(
            f"{method}: loadings, R run until it stands still",
            tight,
            ours,
            _unrotated(method, "tight"),
            _STANDS_STILL,
        ),
        Line(
            f"{method}: uniquenesses, R run until it stands still",
            tight,
            unique,
            at(method, "tight", "uniquenesses"),
            _STANDS_STILL,
        ),
    ]


def _rotation(method: str, rotation: str) -> list[Line]:
    def ours(survey: Survey) -> Value:
        return loadings(solution(survey, method, rotation))

    def phi(survey: Survey) -> Value:
        return solution(survey, method, rotation).phi

    name = f"{method}, {rotation}"
    call = f"psych::fa(x, nfactors, fm = '{method}', rotate = '{rotation}')"
    lines = [
        Line(
            f"{name}: loadings", call, ours, _rotated(method, rotation, "psych", "loadings"), _EARLY
        )
    ]
    if method == "pa":
        # Run on, principal axes become minimum residuals.
        return lines
    lines.append(
        Line(
            f"{name}: loadings, R run until it stands still",
            f"{rotation} of the converged loadings, slope below 1e-8",
            ours,
            _rotated(method, rotation, "tight", "loadings"),
            _STANDS_STILL,
        )
    )
    if rotation != "varimax":
        lines.append(
            Line(
                f"{name}: phi, R run until it stands still",
                f"{rotation} of the converged loadings, slope below 1e-8",
                phi,
                _rotated(method, rotation, "tight", "phi"),
                _STANDS_STILL,
            )
        )
    return lines


def _fit(name: str, key: str, *, why: str = _EARLY) -> Line:
    return Line(
        f"ml: {name}",
        f"psych::fa(x, nfactors, fm = 'ml')${key}",
        lambda survey: getattr(solution(survey, "ml", None).fit, name),
        at("ml", "none", "fit", key),
        why,
    )


FACTORS = [
    *itertools.chain.from_iterable(_extraction(method) for method in _METHODS),
    *itertools.chain.from_iterable(
        _rotation(method, rotation) for method in _METHODS for rotation in _ROTATIONS
    ),
    _fit("objective", "objective"),
    _fit("chi_square", "STATISTIC"),
    _fit("null_chi_square", "null.chisq", why="rounding"),
    _fit("bic", "BIC"),
    Line(
        "ml: RMSEA's 90 % limits",
        "psych::fa(x, nfactors, fm = 'ml')$RMSEA",
        lambda survey: np.array(
            [
                getattr(solution(survey, "ml", None).fit, f"rmsea_{end}")
                for end in ("lower", "upper")
            ]
        ),
        lambda survey: array(
            [survey.r["ml"]["none"]["fit"]["RMSEA_90"][end] for end in ("lower", "upper")]
        ),
        "R searches for the root to 1e-6",
    ),
]


def _rho(survey: Survey) -> Value:
    return survey.polychoric.correlations


POLYCHORIC = [
    Line(
        "polychoric, R solved to 1e-9",
        "two-step maximum likelihood with a tight search",
        _rho,
        at("two_step_tight", "rho"),
        "R's search",
    ),
    Line(
        "polychoric",
        "psych::polychoric(x, correct = 0, global = FALSE)$rho",
        _rho,
        at("psych_local_nocorrect", "rho"),
        "psych stops at 1.2e-4",
    ),
    Line(
        "alpha_ordinal",
        "psych::alpha(rho)$total$std.alpha, rho solved to 1e-9",
        lambda survey: cp.ordinal_alpha(survey.polychoric.correlations),
        at("ordinal_alpha", "two_step_tight", "std_alpha"),
        "R's search",
    ),
    Line(
        "omega_ordinal",
        "semTools::compRelSEM(lavaan::cfa(..., ordered = names(x)), ord.scale = FALSE)",
        lambda survey: survey.coefficient("omega_ordinal", missing="listwise"),
        at("lavaan_ordinal_cfa", "semTools_compRelSEM_ord.scale_FALSE"),
        "lavaan stops its search a little early",
    ),
    Line(
        "omega_categorical",
        "semTools::compRelSEM(lavaan::cfa(..., ordered = names(x)))",
        lambda survey: survey.coefficient("omega_categorical", missing="listwise"),
        at("lavaan_ordinal_cfa", "semTools_compRelSEM_ord.scale_TRUE_Green_Yang"),
        "lavaan stops its search a little early",
    ),
]

_FORMS = ("icc1", "icc2", "icc3", "icc1k", "icc2k", "icc3k")


def _raters(survey: Survey) -> list[str]:
    return list(survey.meta.get("columns_used") or survey.meta["items"])


def _icc(*columns: str) -> Callable[[Survey], Value]:
    def look(survey: Survey) -> Value:
        table = cp.icc(survey.frame, raters=_raters(survey))
        assert table["icc"].to_list() == list(_FORMS)
        return table.select(columns).to_numpy()

    return look


def _psych_icc(*columns: str) -> Callable[[Survey], Value]:
    def look(survey: Survey) -> Value:
        found = survey.r.get("lmer_FALSE_aov")
        if found is None or "dataset" not in survey.meta:
            return None
        table = found["results"]
        places = [table["cols"].index(column) for column in columns]
        rows = [[row[place] for place in places] for row in table["values"]]
        return np.array(rows, dtype=float)

    return look


AGREEMENT = [
    Line(
        "icc1 to icc3k", "psych::ICC(x, lmer = FALSE)$results$ICC", _icc("estimate"),
        _psych_icc("ICC"),
    ),
    Line(
        "icc1 to icc3k, limits", "psych::ICC(x, lmer = FALSE)$results", _icc("lower", "upper"),
        _psych_icc("lower bound", "upper bound"),
        "two ways to solve for a quantile",
    ),
]  # fmt: skip

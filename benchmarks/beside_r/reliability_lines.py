"""Coefficients of reliability and item statistics beside R's. A coefficient is one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import compassion_psy as cp
import numpy as np

from benchmarks.beside_r.line import Floats, Line, Value, array, at, only
from benchmarks.beside_r.survey import Survey

_CFA = "cfa_one_factor_ml_listwise"
_SPLITS = "every split, on cov(x, use = 'pairwise')"
_FORMULA = "the formula, on cov(x, use = 'pairwise')"
_STOPS = "R stops its search a little early"

# With more degrees of freedom R's qf takes chi-square for F.
_QF_TAKES_CHI_SQUARE = 400_000


def _fitness(survey: Survey, column: str) -> Value:
    if not hasattr(cp, "factorability"):
        return None
    found = cp.factorability(survey.moments.correlation, n=survey.meta["n_rows_passed"])
    return float(found.table[column][0])


def turned(survey: Survey, block: str) -> bool:
    """Whether psych turned items there."""
    found = survey.r.get(block)
    if not found:
        return False
    if "flipped" in found:
        return bool(found["flipped"])
    return bool((array(found["key_signs_after_flip"]) < 0).any())


def _as_declared(block: str) -> Callable[[Survey], bool]:
    """What says whether psych left items as they are: else its number is of another scale."""
    return lambda survey: not turned(survey, block)


def _ours(name: str, **options: Any) -> Callable[[Survey], Value]:
    return lambda survey: survey.coefficient(name, **options)


def _line(name: str, call: str, *keys: str, why: str = "rounding", **options: Any) -> Line:
    """A coefficient of all answers, and where R's number is."""
    return Line(name, call, _ours(name, **options), at(*keys), why)


def _complete(survey: Survey) -> bool:
    return survey.complete


def _qf_is_exact(survey: Survey) -> bool:
    items = len(survey.meta["items"])
    few = (survey.meta["n_rows_passed"] - 1) * (items - 1) < _QF_TAKES_CHI_SQUARE
    return few and (survey.complete or survey.meta["n_all_missing"] == 0)


def _limits(name: str) -> Callable[[Survey], Value]:
    def look(survey: Survey) -> Value:
        found = survey.r["alpha"].get(name)
        if found is None or not _qf_is_exact(survey):
            return None
        return array([found["lower"], found["upper"]])

    return look


def _standardised(survey: Survey) -> Floats:
    """Lavaan's standardised loadings on one factor."""
    return array(survey.r[_CFA]["loadings_std"])


def _maximal(loadings: Floats) -> float:
    """Reliability of the best weighted sum (Hancock & Mueller, 2001)."""
    squares = loadings**2
    return float(1 / (1 + 1 / (squares / (1 - squares)).sum()))


def _of_groups(name: str, column: str, factors: int) -> Line:
    """A coefficient of each group factor, from the smallest: the factors' order is not R's."""
    block = f"omega_nf{factors}"

    def ours(survey: Survey) -> Value:
        each = [
            survey.coefficient(f"{name}_{number}", factors=factors)
            for number in range(1, factors + 1)
        ]
        known = [value for value in each if value is not None]
        return np.sort(known) if len(known) == factors else None

    def theirs(survey: Survey) -> Value:
        found = survey.r.get(block, {}).get("omega_group")
        if found is None:
            return None
        values = array(found)[1:, found["cols"].index(column)]
        # psych gives a group factor without items no number.
        return None if np.isnan(values).any() else np.sort(values)

    call = f"psych::omega(x, nfactors = {factors})$omega.group${column}"
    wanted = _as_declared(block)
    return Line(f"{name}, {factors} factors", call, ours, only(wanted, theirs), _STOPS)


def _of_factors(name: str, theirs: str, key: str, factors: int) -> list[Line]:
    """A coefficient of several factors, beside psych's and beside the same steps run on."""
    block = f"omega_nf{factors}"
    ours, wanted = _ours(name, factors=factors), _as_declared(block)
    call = f"psych::omega(x, nfactors = {factors})${theirs}"
    what = f"{name}, {factors} factors"
    return [
        Line(what, call, ours, only(wanted, at(block, key)), _STOPS),
        Line(
            f"{what}, R run until it stands still",
            "the same steps with gradient below 1e-14",
            ours,
            only(wanted, at(f"{block}_tight", key)),
            "R's last steps",
        ),
    ]


RELIABILITY = [
    _line("alpha", "psych::alpha(x)$total$raw_alpha", "alpha", "total", "raw_alpha"),
    _line("alpha_std", "psych::guttman(x)$lambda.3", "guttman", "lambda.3"),
    Line(
        "average_r",
        "psych::alpha(x)$total$average_r",
        _ours("average_r"),
        only(_complete, at("alpha", "total", "average_r")),
    ),
    Line(
        "signal_to_noise",
        "psych::alpha(x)$total['S/N']",
        _ours("signal_to_noise"),
        only(_complete, at("alpha", "total", "signal_noise")),
    ),
    *(
        _line(f"lambda{number}", _FORMULA, "guttman_raw_covariance", f"lambda.{number}")
        for number in (1, 2, 3, 5, 6)
    ),
    _line("lambda5_plus", _FORMULA, "beyond", "bounds", "lambda.5p"),
    _line(
        "sem",
        "sqrt(sum(C) * (1 - alpha)), C <- cov(x, use = 'pairwise')",
        "beyond",
        "bounds",
        "sem",
    ),
    _line("mu0", _FORMULA, "beyond", "bounds", "lambda.3"),
    _line("mu1", _FORMULA, "beyond", "bounds", "lambda.2"),
    _line("mu2", _FORMULA, "beyond", "bounds", "mu2"),
    _line("mu3", _FORMULA, "beyond", "bounds", "mu3"),
    *(
        _line(name, _SPLITS, "split_half_exact", "on_cov", end)
        for name, end in (
            ("lambda4", "max"),
            ("split_half_max", "max"),
            ("split_half_min", "min"),
            ("split_half_mean", "mean"),
        )
    ),
    _line(
        "glb",
        "psych::glb.algebraic(cov(x, use = 'pairwise'))$glb",
        *("beyond", "glb_algebraic"),
        why="R's programme stops at a relative gap of 1e-8",
    ),
    _line("glb_factor", "psych::glb.fa(cor(x))$glb", "beyond", "glb.fa", why=_STOPS),
    _line(
        "omega_u",
        "semTools::compRelSEM(lavaan::cfa(..., std.lv = TRUE), obs.var = FALSE)",
        *(_CFA, "omega_total_model_implied"),
        missing="listwise",
        why=_STOPS,
    ),
    _line(
        "omega_u_observed",
        "semTools::compRelSEM(lavaan::cfa(..., std.lv = TRUE))",
        *(_CFA, "semTools_compRelSEM_obs.var_TRUE"),
        missing="listwise",
        why=_STOPS,
    ),
    Line(
        "h",
        "1 / (1 + 1 / sum(l^2 / (1 - l^2))), l <- standardizedSolution(lavaan::cfa(...))",
        _ours("h", missing="listwise"),
        lambda survey: _maximal(_standardised(survey)),
        _STOPS,
    ),
    Line(
        "ave",
        "mean(l^2), l <- standardizedSolution(lavaan::cfa(...))",
        _ours("ave", missing="listwise"),
        lambda survey: float((_standardised(survey) ** 2).mean()),
        _STOPS,
    ),
    Line(
        "omega_total, one factor",
        "psych::omega(x, nfactors = 1)$omega.tot",
        _ours("omega_total"),
        only(_as_declared("omega_nf1"), at("omega_nf1", "omega_tot")),
        _STOPS,
    ),
    Line(
        "omega_total, one factor, R run until it stands still",
        "minimum residuals with gradient below 1e-14",
        _ours("omega_total"),
        at("omega_nf1_tight", "omega_tot_as_passed"),
    ),
    *(
        line
        for factors in (2, 3)
        for name, theirs, key in (
            ("omega_h", "omega_h", "omega_h"),
            ("omega_limit", "omega.lim", "omega_lim_asymptotic"),
            ("omega_total", "omega.tot", "omega_tot"),
            ("ecv", "ECV", "ECV"),
        )
        for line in _of_factors(name, theirs, key, factors)
    ),
    *(
        _of_groups(name, column, factors)
        for factors in (2, 3)
        for name, column in (("omega_group", "group"), ("omega_group_total", "total"))
    ),
    Line(
        "KMO",
        "psych::KMO(cor(x, use = 'pairwise'))$MSA",
        lambda survey: _fitness(survey, "kmo"),
        at("beyond", "KMO"),
    ),
    Line(
        "Bartlett's chi-square",
        "psych::cortest.bartlett(cor(x, use = 'pairwise'), n = nrow(x))$chisq",
        lambda survey: _fitness(survey, "chi_square"),
        at("beyond", "bartlett"),
    ),
    Line(
        "alpha, Feldt's limits",
        "psych::alpha.ci(alpha, n, k)",
        lambda survey: survey.limits("feldt"),
        _limits("feldt_95"),
        "two ways to solve for a quantile",
    ),
    Line(
        "alpha, Bonett's limits",
        "the formula with qnorm",
        lambda survey: survey.limits("bonett"),
        _limits("bonett_2002_95"),
    ),
]


def _statistic(column: str) -> Callable[[Survey], Value]:
    return lambda survey: survey.items[column].to_numpy().astype(float)


def _of_items(block: str, column: str) -> Callable[[Survey], Value]:
    def look(survey: Survey) -> Value:
        table = survey.r["alpha"][block]
        return array(table)[:, table["cols"].index(column)]

    return look


def _every_answer(survey: Survey) -> bool:
    """Ours are of everybody who answered the item: so are R's, unless rows were left out."""
    return survey.missing == "pairwise" or survey.meta["n_complete"] == survey.frame.height


NOT_COMPARED = {
    "alpha_stratified": "of a total of subscales, which these scales have not",
    "puc": "a count of pairs of items, which R's packages here do not give",
}
"""Coefficients without a line, and why."""


ITEMS = [
    Line(
        "mean",
        "psych::alpha(x)$item.stats$mean",
        _statistic("mean"),
        only(_every_answer, _of_items("item_stats", "mean")),
    ),
    Line(
        "sd",
        "psych::alpha(x)$item.stats$sd",
        _statistic("sd"),
        only(_every_answer, _of_items("item_stats", "sd")),
    ),
    Line(
        "item_total",
        "psych::alpha(x)$item.stats$raw.r",
        _statistic("item_total"),
        only(_complete, _of_items("item_stats", "raw.r")),
    ),
    Line(
        "item_rest",
        "psych::alpha(x)$item.stats$r.drop",
        _statistic("item_rest"),
        _of_items("item_stats", "r.drop"),
    ),
    Line(
        "overlap_corrected",
        "psych::alpha(x)$item.stats$r.cor",
        _statistic("overlap_corrected"),
        only(_complete, _of_items("item_stats", "r.cor")),
    ),
    Line(
        "alpha_if_dropped",
        "psych::alpha(x)$alpha.drop$raw_alpha",
        _statistic("alpha_if_dropped"),
        _of_items("alpha_drop", "raw_alpha"),
    ),
]

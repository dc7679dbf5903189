"""Where R's number is not the one that was asked for, and how one sees it."""

from __future__ import annotations

import compassion_psy as cp
import numpy as np
import numpy.typing as npt
from scipy import special

from benchmarks.beside_r.factor_lines import loadings, solution
from benchmarks.beside_r.line import array
from benchmarks.beside_r.page import number
from benchmarks.beside_r.reliability_lines import turned
from benchmarks.beside_r.survey import Survey, surveys

Floats = npt.NDArray[np.float64]

_EARLY = 5e-12  # an excess below is rounding, and not the same on every machine


def proofs() -> list[str]:
    """Return the section."""
    return [
        "## Where R stops early, or is wrong",
        "",
        "Each criterion can be looked up by anyone: the better value is the right one.",
        "",
        *_minimum("minres"),
        *_minimum("pa"),
        *_likelihood(),
        *_varimax(),
        *_splits(),
        *_quantile(),
        *_turned(),
    ]


def _discarded(correlation: Floats, uniquenesses: Floats, factors: int) -> float:
    """Half the squared residuals that loadings at their best leave."""
    values = np.linalg.eigvalsh(correlation - np.diag(uniquenesses))
    return float((values[:-factors] ** 2).sum() / 2)


def _minimum(method: str) -> list[str]:
    def excess(survey: Survey) -> tuple[str, float, float]:
        correlation = array(survey.r["R_pairwise"])
        factors = survey.meta["nfactors"]
        ours = solution(survey, "minres", None).uniquenesses["uniqueness"].to_numpy()
        theirs = array(survey.r[method]["none"]["uniquenesses"])
        at_ours = _discarded(correlation, ours, factors)
        return survey.name, at_ours, _discarded(correlation, theirs, factors) - at_ours

    what = (
        "`psych::fa(fm = 'minres')` ends before the minimum of its criterion, half the squared "
        "residuals:"
        if method == "minres"
        else "`psych::fa(fm = 'pa')` ends when communalities move by 0.001 in sum; run on, it "
        "comes to the minimum of the squared residuals, from which it is still away:"
    )
    rows = [excess(survey) for survey in surveys("fa")]
    return [
        what,
        "",
        "| scale | criterion at ours | psych's is more by |",
        "| --- | --- | --- |",
        *(f"| {name} | {ours:.8f} | {_more(beyond)} |" for name, ours, beyond in rows),
        "",
    ]


def _more(excess: float) -> str:
    return "rounding" if abs(excess) < _EARLY else f"{excess:.0e}"


def _likelihood() -> list[str]:
    rows = []
    for survey in surveys("reliability"):
        fit = survey.r["cfa_one_factor_ml_listwise"].get("fit")
        if fit is None or not survey.complete:
            continue
        matrix = cp.moments(survey.responses, missing="listwise").correlation
        ours = cp.efa(matrix, n_factors=1, method="ml", rotation=None).criterion
        rows.append(f"| {survey.name} | {ours:.8f} | {_more(2 * fit['fmin'] - ours)} |")
    return [
        "`lavaan::cfa` by default ends before the likelihood of one factor is greatest, where the "
        "discrepancy, twice its `fmin`, would be least:",
        "",
        "| scale | discrepancy at ours | lavaan's is more by |",
        "| --- | --- | --- |",
        *rows,
        "",
    ]


def _varimax() -> list[str]:
    rows = []
    for survey in surveys("fa"):
        if survey.meta["nfactors"] == 1:
            continue
        ours = _simplicity(loadings(solution(survey, "minres", "varimax")))
        theirs = _simplicity(array(survey.r["minres"]["varimax"]["loadings"]))
        rows.append(f"| {survey.name} | {ours:.8f} | {_more(ours - theirs)} |")
    return [
        "`stats::varimax`, which psych calls, ends when its criterion grows by less than 1e-5 of "
        "itself. The criterion, of rows at unit length, is to be as large as can be:",
        "",
        "| scale | criterion at ours | psych's is less by |",
        "| --- | --- | --- |",
        *rows,
        "",
    ]


def _simplicity(found: Floats) -> float:
    unit = found / np.sqrt((found**2).sum(axis=1, keepdims=True))
    return float((unit**2).var(axis=0).sum())


def _splits() -> list[str]:
    rows = []
    for survey in surveys("reliability"):
        found = survey.r.get("split_half")
        # Elsewhere psych's correlations are not those of pairs.
        if not found or not survey.complete:
            continue
        most = survey.of_correlations("split_half_max")
        least = survey.of_correlations("split_half_min")
        if most is None or least is None:
            continue
        gain = most - found["maxrb_lambda4"], found["minrb_beta"] - least
        if max(gain) > _EARLY:
            rows.append(
                f"| {survey.name} | {number(most)} | {number(found['maxrb_lambda4'])} | "
                f"{number(least)} | {number(found['minrb_beta'])} |"
            )
    return [
        "`psych::splitHalf` looks at half of the splits of an odd number of items, and at some of "
        "those of many. Of the same correlations, a larger maximum or a smaller minimum is proof "
        "enough; where nothing is said, both agree:",
        "",
        "| scale | our largest | psych's | our smallest | psych's |",
        "| --- | --- | --- | --- | --- |",
        *rows,
        "",
    ]


def _quantile() -> list[str]:
    rows = []
    for survey in surveys("reliability"):
        found = survey.r["alpha"].get("feldt_95")
        n, k = survey.meta["n_rows_passed"], len(survey.meta["items"])
        if found is None or (n - 1) * (k - 1) < 400_000 or not survey.complete:
            continue
        ours = survey.limits("feldt")
        for place, limit in enumerate(("lower", "upper")):
            quantiles = (1 - np.array([ours[place], found[limit]])) / (1 - found["alpha"])
            below = special.fdtr(n - 1, (n - 1) * (k - 1), quantiles)
            rows.append(
                f"| {survey.name} | {limit} | {number(float(ours[place]))} | {below[0]:.6f} | "
                f"{number(found[limit])} | {below[1]:.6f} |"
            )
    return [
        "R's `qf` takes the chi-square distribution for F above 400,000 degrees of freedom. The "
        "probability of F below the quantile of a 95 % limit is 0.975 or 0.025:",
        "",
        "| scale | limit | ours | probability | R's | probability |",
        "| --- | --- | --- | --- | --- | --- |",
        *rows,
        "",
    ]


def _turned() -> list[str]:
    """Which scales psych's omega is not of."""
    rows = [
        f"`{survey.name}` with nfactors = {block.removeprefix('omega_nf')}"
        for survey in surveys("reliability")
        for block in ("omega_nf1", "omega_nf2", "omega_nf3")
        if turned(survey, block)
    ]
    return [
        "`psych::omega` turns items that load negatively on the general factor, unasked, and its "
        f"number is then of another scale; so these are not compared above: {', '.join(rows)}. "
        "`cp.omega_ledger` computes what psych gives there.",
    ]

"""How sure are the loadings of factors: bootstrap intervals, factors aligned."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy import _core
from compassion_psy.data.responses import Names, Responses
from compassion_psy.errors import OptionError
from compassion_psy.factors_replicates import FAILURES, LoadingReplicates, unpacked
from compassion_psy.factors_result import FactorSolution
from compassion_psy.moments import Moments
from compassion_psy.options import Bootstrap, one_of
from compassion_psy.polychoric_result import PolychoricResult
from compassion_psy.progress import Progress, reporter
from compassion_psy.reliability_input import checked_level
from compassion_psy.scales import Scale

Floats = npt.NDArray[np.float64]

_WORDS = {
    "heywood": "a uniqueness was on its bound",
    "factor_switched": "a factor of the estimate was not found again",
    "not_converged": "no minimum was found",
    "not_positive_definite": "the correlations had no inverse",
    "constant_item": "an item had no variance",
}
_WITHOUT = ("heywood", "factor_switched")


def refuse_without_replicates(
    interval: object, correlation: str, missing: str, rotation: str | None
) -> None:
    """Raise OptionError where intervals are asked for of what replicates are not made of."""
    if interval is None:
        return
    for name, value, remedy in (
        ("correlation", correlation, "cp.polychoric has intervals of correlations"),
        ("missing", missing, "use missing='pairwise'"),
        ("rotation", rotation, "use a rotation by a criterion, such as 'oblimin'"),
    ):
        if value in ("polychoric", "em", "target", "target_orthogonal"):
            raise OptionError(f"interval is given, but {name} is {value!r}; {remedy}.")


def answers_for_intervals(
    data: Any,
    scale: Scale | None,
    interval: object,
    missing_codes: Any,
    cluster: Names,
    strata: Names,
) -> Any:
    """Return data as they are, or checked answers where intervals are asked for."""
    if interval is None:
        for name, columns in (("cluster", cluster), ("strata", strata)):
            if columns is not None:
                raise OptionError(
                    f"{name} is given, but only intervals use it; give interval=Bootstrap(...), or "
                    "leave it out."
                )
        return data
    if not isinstance(interval, Bootstrap):
        raise OptionError(
            f"interval is {interval!r}, but it must be a Bootstrap or None; write "
            "interval=cp.Bootstrap(1000)."
        )
    if isinstance(data, np.ndarray | Moments | PolychoricResult):
        what = "a matrix" if isinstance(data, np.ndarray) else f"a {type(data).__name__}"
        raise OptionError(
            f"interval is given, but data is {what}, which has no rows to resample; give a frame, "
            "or leave out interval."
        )
    if isinstance(data, Responses):
        data.refuse_options(scale, missing_codes=missing_codes, cluster=cluster, strata=strata)
        found = data
    elif isinstance(scale, Scale):
        found = Responses.from_frame(
            data, scale, cluster=cluster, strata=strata, missing_codes=missing_codes
        )
    else:
        raise OptionError(f"scale is {scale!r}, but it must be a Scale.")
    if found.strata and interval.weights == "bayesian":
        raise OptionError(
            "Dirichlet weights do not keep the shares of strata; use Bootstrap(weights="
            "'multinomial'), or leave out strata."
        )
    return found


def with_intervals(
    solution: FactorSolution,
    responses: Responses,
    *,
    interval: Bootstrap,
    level: float,
    threads: int | None,
    progress: Progress,
) -> FactorSolution:
    """Return the solution with bootstrap intervals of its loadings and factor correlations."""
    level = checked_level(level)
    pairwise = solution.missing == "pairwise"
    used, _ = responses.usable("pairwise" if pairwise else "listwise")
    estimate = solution.loadings.drop("item").to_numpy()
    given = {
        "extraction": solution.method,
        "rotation": solution.rotation,
        "gamma": solution.gamma or 0.0,
        "kaiser": bool(solution.kaiser),
        "loadings": np.ascontiguousarray(estimate),
        "uniquenesses": solution.uniquenesses["uniqueness"].to_numpy(),
    }
    seed = interval.resolved_seed()
    with reporter(progress, "Resampling") as callback:
        values, flags = _core.loading_replicates(
            used.answers,
            used.design,
            pairwise=pairwise,
            solution=given,
            replicates=interval.replicates,
            seed=seed,
            weights=interval.weights,
            threads=threads,
            progress=callback,
        )
    accelerations = np.full(values.shape[1], np.nan)
    if interval.method == "bca":
        _, accelerations = _core.loading_influences(
            used.answers, used.design, pairwise=pairwise, solution=given, threads=threads
        )
    items, factors = estimate.shape
    replicates = unpacked(values, flags, items, factors, seed)
    bootstrapped = replace(
        solution,
        replicates=replicates,
        accelerations=accelerations,
        bootstrap=interval,
        level=level,
    )
    loadings, phi = intervals(bootstrapped)
    lost = loadings["lower"].null_count() + phi["lower"].null_count()
    notes = [*solution.notes, *_notes(replicates, interval, level, lost)]
    return replace(bootstrapped, intervals=loadings, phi_intervals=phi, notes=tuple(notes))


def intervals(
    solution: FactorSolution, *, without: Collection[str] = ()
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return intervals of loadings and of factor correlations, some replicates left out.

    Parameters
    ----------
    solution : FactorSolution
        With intervals.
    without : collection of {"heywood", "factor_switched"}
        Statuses of replicates that are not to count. An interval without them is about samples
        that have none of these, and so as a rule too narrow: show it beside the one with them.

    Returns
    -------
    tuple of polars.DataFrame
        ``item``, ``factor``, ``loading``, ``se``, ``lower``, ``upper``; and ``factor_1``,
        ``factor_2``, ``phi``, ``se``, ``lower``, ``upper``.

    Raises
    ------
    OptionError
        Where the solution has no intervals, or a status is not one of these.
    """
    replicates, options = solution.replicates, solution.bootstrap
    if replicates is None or options is None or solution.accelerations is None:
        raise OptionError("The solution has no replicates; ask for efa(..., interval=Bootstrap()).")
    kept = np.ones(len(replicates.loadings), dtype=np.bool_)
    for status in (without,) if isinstance(without, str) else without:
        one_of("without", status, _WITHOUT)
        kept &= ~replicates.statuses[status]
    estimate = solution.loadings.drop("item").to_numpy()
    items, factors = estimate.shape
    first, second = np.triu_indices(factors, 1)
    found = _core.bootstrap_limits(
        np.hstack(
            [
                replicates.loadings[kept].reshape(int(kept.sum()), items * factors),
                replicates.phi[kept][:, first, second],
            ]
        ),
        np.concatenate([estimate.ravel(), solution.phi[first, second]]),
        solution.accelerations,
        method=options.method,
        quantile_rule=options.quantile_rule,
        level=solution.level,
    )
    limits = [
        pl.Series(name, found[key], nan_to_null=True)  # type: ignore[literal-required]
        for name, key in (("se", "standard_error"), ("lower", "lower"), ("upper", "upper"))
    ]
    names = np.array(solution.loadings.columns[1:], dtype=object)
    of_items = np.repeat(np.array(solution.loadings["item"].to_list(), dtype=object), factors)
    loadings = pl.DataFrame(
        [
            pl.Series("item", of_items, dtype=pl.String),
            pl.Series("factor", np.tile(names, items), dtype=pl.String),
            pl.Series("loading", estimate.ravel()),
            *(column[: items * factors] for column in limits),
        ]
    )
    phi = pl.DataFrame(
        [
            pl.Series("factor_1", names[first], dtype=pl.String),
            pl.Series("factor_2", names[second], dtype=pl.String),
            pl.Series("phi", solution.phi[first, second]),
            *(column[items * factors :] for column in limits),
        ]
    )
    return loadings, phi


def _notes(
    replicates: LoadingReplicates, options: Bootstrap, level: float, lost: int
) -> Iterator[str]:
    units = "" if options.weights == "multinomial" else " with Bayesian weights"
    yield (
        f"{100 * level:g} % intervals: {options.method} of {options.replicates:,} "
        f"replicates{units}; seed {replicates.seed}."
    )
    for status, having in replicates.statuses.items():
        if having.any():
            has = "no values" if status in FAILURES else "values kept"
            yield f"Replicates where {_WORDS[status]}: {int(having.sum()):,} ({status}; {has})."
    if lost:
        yield f"Loadings and correlations without an interval: {lost:,}."

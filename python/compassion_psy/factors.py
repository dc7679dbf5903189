"""Which factors are behind the items of a scale: exploratory factor analysis."""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import polars as pl

from compassion_psy import _core
from compassion_psy.data.columns import code_list
from compassion_psy.data.responses import Names
from compassion_psy.errors import OptionError
from compassion_psy.factor_limits import most_factors as most_factors  # of this question too
from compassion_psy.factors_bootstrap import (
    answers_for_intervals,
    refuse_without_replicates,
    with_intervals,
)
from compassion_psy.factors_input import Correlations, correlations, refuse_singular
from compassion_psy.factors_names import (
    Method,
    Rotation,
    gamma_of,
    kaiser_of,
    method_named,
    rotation_named,
    target_of,
)
from compassion_psy.factors_result import (
    EXTRACTIONS,
    LEAST_UNIQUENESS,
    FactorSolution,
    fit_of,
    standardisation,
    variance_explained,
)
from compassion_psy.options import (
    SEED_MAXIMUM,
    Bootstrap,
    check_instruction_set,
    one_of,
    thread_count,
    whole_number,
)
from compassion_psy.progress import Progress
from compassion_psy.reliability_input import checked_level
from compassion_psy.scales import Scale
from compassion_psy.scales.choice import chosen
from compassion_psy.scales.numbering import Columns

_STARTS_MAXIMUM = 100_000


def efa(
    data: Any,
    scale: Scale | str | None = None,
    *,
    columns: Columns | None = None,
    n_factors: int,
    method: Method = "minres",
    rotation: Rotation | None = "oblimin",
    gamma: float = 0,
    target: Any = None,
    kaiser: bool | None = None,
    correlation: Literal["pearson", "polychoric"] = "pearson",
    smooth: bool = False,
    missing: Literal["listwise", "pairwise", "em"] = "listwise",
    missing_codes: Sequence[float] = (),
    n: int | None = None,
    starts: int = 30,
    seed: int | None = None,
    interval: Bootstrap | None = None,
    level: float = 0.95,
    cluster: Names = None,
    strata: Names = None,
    threads: int | None = None,
    progress: Progress = None,
) -> FactorSolution:
    """Which factors are behind the items, and how well do they explain them?

    Parameters
    ----------
    data : frame, Responses, Moments, PolychoricResult or numpy.ndarray
        One row a person, as for :func:`reliability`; or the moments or polychoric correlations of
        one group; or a correlation matrix (items, items).
    scale : Scale or str, optional
        The scale, or the id of a published one; reversed items are turned. Not given with
        Responses, Moments or a PolychoricResult. With a matrix, which holds keyed items already,
        it names them.
    columns : str, sequence or mapping, optional
        With an id, the columns of its items; see :func:`compassion_psy.scales.get`.
    n_factors : int
        Number of factors.
    method : {"minres", "ml", "principal_axis", "components"}
        "minres" makes the squared residuals smallest, "ml" the likelihood greatest, both with
        uniquenesses of at least 0.005; "principal_axis" iterates communalities without a bound;
        "components" takes principal components.
    rotation : str or None
        Correlated factors: "oblimin", "geomin" (epsilon 0.01), "promax" (power 4), "target",
        "bifactor_oblique". Uncorrelated: "varimax", "quartimax", "equamax", "geomin_orthogonal",
        "target_orthogonal", "bifactor". With a bifactor rotation F1 is the general factor; if it
        may correlate with groups, only cross-loadings tell how, and a perfect pattern leaves it
        open [7]_.
    gamma : float
        How much oblimin's factors may correlate: 0 (quartimin), less for less. Above 0 the
        criterion may have no minimum, and then the status is "not_converged".
    target : array or frame, shape (items, n_factors), optional
        With "target" and "target_orthogonal": the loadings you expect, NaN (null) where you expect
        nothing. Factors come in its order.
    kaiser : bool, optional
        Whether items count alike in the rotation, whatever their communality. When not given, as
        in psych: for varimax and promax.
    correlation : {"pearson", "polychoric"}
        Of the answers, or of the normal responses behind them (see :func:`polychoric`); with a
        matrix, what it holds.
    smooth : bool
        Whether to replace correlations that are not positive definite, as polychoric and pairwise
        ones may be, by near ones that are; notes say how far they moved. Without it "ml" raises
        DataError, and the other methods analyse them as they are.
    missing : {"listwise", "pairwise", "em"}
        Whether to use persons who answered every item, or for each pair of items all who answered
        both, or all answers through correlations by maximum likelihood (:func:`em_covariance`); n
        is with the last two the number of persons who answered any.
    missing_codes : sequence of numbers
        Answers that mean no answer.
    n : int, optional
        Persons that a given matrix, or a PolychoricResult of unequal pairs, is of; without it
        there is no chi-square.
    starts : int
        Random rotations to start from, besides the unrotated loadings. A criterion may have
        several minima; the result says how many starts found the best.
    seed : int, optional
        Of the random starts, 0 to 2**64 - 1; drawn when not given. The same seed gives the same
        bits on any number of threads.
    interval : Bootstrap, optional
        Intervals of loadings and of the correlations of factors. Only for data with rows.
    level : float
        The coverage that intervals aim at, between 0 and 1.
    cluster : str or list of str, optional
        Columns that name a person's cluster (ward, team), which intervals resample whole.
    strata : str or list of str, optional
        Columns of strata; intervals resample persons or clusters within each.
    threads : int, optional
        Threads to use.
    progress : bool or callable, optional
        None shows a bar where somebody looks and resampling takes long; True always, False never;
        a callable is called with (done, total) replicates.

    Returns
    -------
    FactorSolution
        Loadings, uniquenesses, correlations of factors, fit and status.

    Raises
    ------
    DataError
        Where answers or correlations are not usable: a constant item, an item that is another
        again, for "ml" a matrix without inverse. The message names the items.
    OptionError
        Where an option is not usable; more factors than items identify.

    Notes
    -----
    Correlations R of p items are modelled as Λ Φ Λ' + Ψ with m factors. "minres" minimises half
    the squared residuals [1]_, "ml" F = ln det M + tr(R M⁻¹) - ln det R - p over the model's M
    [2]_, each over uniquenesses by Newton's method with exact derivatives, from three starts.

    Rotation makes a criterion of loadings λ smallest by gradient projection [3]_:

    - oblimin: Σ_{j≠l} (Σ_i λ_ij² λ_il² - γ/p Σ_i λ_ij² Σ_i λ_il²) / 4;
    - varimax: minus the sum over factors of squares of λ² about their mean, over 4;
    - quartimax: -Σ λ⁴ / 4;
    - geomin: Σ_i (Π_j (λ_ij² + 0.01))^(1/m);
    - equamax: ((1 - κ) Σ_i Σ_{j≠l} λ_ij² λ_il² + κ Σ_j Σ_{i≠k} λ_ij² λ_kj²) / 4, κ = m/2p;
    - target: Σ (λ - target)² over the loadings that are expected [6]_;
    - bifactor: oblimin with gamma 0 of all factors but the first [7]_;
    - promax: varimax, then regression on λ |λ|³ [4]_.

    Chi-square is F (n - 1 - (2p + 5)/6 - 2m/3) on ((p - m)² - p - m)/2 degrees of freedom, with F
    of the solution whatever the method; RMSEA = sqrt(max(chi² - df, 0) / (df (n - 1))) with
    the interval of the non-central chi-square distribution [5]_. ``psych::fa`` divides chi² by
    df n in RMSEA, though not in its interval. CFI is of these chi-squares, the one without factors
    being -ln det R (n - 1 - (2p + 5)/6). TLI, as Tucker and Lewis defined it [8]_ and psych gives
    it, is of F / df, which is 1 / (n - 1 - (2p + 5)/6 - 2m/3) for a true model; TLI of the
    chi-squares differs in the fourth digit. Pairwise correlations count persons with any answer,
    psych every row. Components have no chi-square.

    Each bootstrap replicate is extracted and rotated from where the estimate is, and its factors
    are brought into the order and signs of the estimate by their congruences; nothing else is done
    to them. A replicate in which a factor is not found again (a congruence below 0.85, or another
    factor more like it) keeps its values and is counted. BCa takes its acceleration from influence
    values, by central differences of loadings in the correlations.

    R gives the same loadings with ``psych::fa(R, nfactors, fm = "minres", rotate = "oblimin")``
    (it stops early: 1e-4), ``stats::factanal``, and rotations with
    ``GPArotation::oblimin(L, eps = 1e-10)``, ``geominQ``, ``bifactorT``, ``bifactorQ``,
    ``targetQ``, ``targetT``, ``cfT(L, kappa = m / (2 * p))``, ``stats::varimax``. Names of
    factor_analyzer, psych and GPArotation that mean the same are taken too, such as
    method="principal" (components) and rotation="quartimin" (oblimin).

    References
    ----------
    .. [1] Harman, H. H., & Jones, W. H. (1966). Factor analysis by minimizing residuals (minres).
       *Psychometrika*, 31, 351-368.
    .. [2] Jöreskog, K. G. (1967). Some contributions to maximum likelihood factor analysis.
       *Psychometrika*, 32, 443-482.
    .. [3] Bernaards, C. A., & Jennrich, R. I. (2005). Gradient projection algorithms and software
       for arbitrary rotation criteria in factor analysis. *Educational and Psychological
       Measurement*, 65, 676-696.
    .. [4] Hendrickson, A. E., & White, P. O. (1964). Promax: A quick method for rotation to
       oblique simple structure. *British Journal of Statistical Psychology*, 17, 65-70.
    .. [5] Steiger, J. H. (1990). Structural model evaluation and modification. *Multivariate
       Behavioral Research*, 25, 173-180.

    Examples
    --------
    >>> import numpy as np
    >>> pattern = np.array([[0.8, 0], [0.7, 0], [0.6, 0], [0, 0.7], [0, 0.6], [0, 0.5]])
    >>> r = pattern @ np.array([[1, 0.4], [0.4, 1]]) @ pattern.T
    >>> np.fill_diagonal(r, 1)
    >>> solution = efa(r, n_factors=2, n=300, seed=1)
    >>> solution.loadings["F1"].round(3).abs().to_list()
    [0.8, 0.7, 0.6, 0.0, 0.0, 0.0]
    >>> round(float(solution.phi[0, 1]), 3), solution.status, solution.share_of_starts
    (0.4, 'ok', 1.0)
    """
    extraction, turn = method_named(method), rotation_named(rotation)
    one_of("missing", missing, ("listwise", "pairwise", "em"))
    kaiser = kaiser_of(kaiser, turn)
    gamma = gamma_of(gamma, turn)
    n_factors = whole_number("n_factors", n_factors, minimum=1)
    starts = whole_number("starts", starts, minimum=0, maximum=_STARTS_MAXIMUM)
    if seed is not None:
        seed = whole_number("seed", seed, minimum=0, maximum=SEED_MAXIMUM)
    threads = thread_count(threads)
    check_instruction_set(_core.simd_levels())
    missing_codes = code_list(missing_codes)
    level = checked_level(level)
    scale = chosen(scale, columns)
    refuse_without_replicates(interval, correlation, missing, turn)
    data = answers_for_intervals(data, scale, interval, missing_codes, cluster, strata)
    if interval is not None:
        # They are in the answers now.
        scale, missing_codes = None, ()
    taken = correlations(
        data,
        scale,
        n=n,
        missing=missing,
        missing_codes=missing_codes,
        threads=threads,
        kind=correlation,
        smooth=smooth,
    )
    _refuse_too_many(n_factors, extraction, len(taken.items))
    _refuse_too_few(n_factors, turn)
    expected = target_of(target, turn, taken.items, n_factors)
    if extraction == "ml":
        refuse_singular(taken)
    rotates = turn is not None and n_factors > 1
    seed = (secrets.randbits(64) if seed is None else seed) if rotates else None
    found = _core.explore_factors(
        taken.matrix,
        factors=n_factors,
        extraction=extraction,
        rotation=turn,
        gamma=gamma,
        target=expected,
        kaiser=bool(kaiser),
        random_starts=starts,
        seed=seed or 0,
        persons=None if taken.n is None else float(taken.n),
        threads=threads,
    )
    done = turn if rotates else None
    solution = _solution(found, taken, extraction, done, gamma, kaiser, seed)
    if interval is None:
        return solution
    return with_intervals(
        solution, data, interval=interval, level=level, threads=threads, progress=progress
    )


def _refuse_too_many(factors: int, method: str, items: int) -> None:
    most = items if method == "components" else most_factors(items)
    if most == 0:
        raise OptionError(
            f"n_factors is {factors}, but {items} items identify no factor by "
            f"{EXTRACTIONS[method]}; add items, at least 3 in all."
        )
    if factors > most:
        raise OptionError(
            f"n_factors is {factors}, but {items} items identify at most {most} by "
            f"{EXTRACTIONS[method]}; ask for fewer."
        )


def _refuse_too_few(factors: int, rotation: str | None) -> None:
    if rotation in ("bifactor", "bifactor_oblique") and factors < 3:
        raise OptionError(
            f"n_factors is {factors}, but rotation={rotation!r} needs a general factor and at "
            "least two of groups; ask for 3 or more."
        )


def _solution(
    found: Any,
    taken: Correlations,
    method: str,
    rotation: str | None,
    gamma: float,
    kaiser: bool | None,
    seed: int | None,
) -> FactorSolution:
    factors = found["loadings"].shape[1]
    names = [f"F{j + 1}" for j in range(factors)]
    items = pl.Series("item", taken.items, dtype=pl.String)
    loadings = pl.DataFrame(found["loadings"], schema=names).insert_column(0, items)
    communalities = (found["unrotated"] ** 2).sum(axis=1)
    status = found["status"] if found["rotation_converged"] else "not_converged"
    return FactorSolution(
        loadings=loadings,
        uniquenesses=pl.DataFrame([items, pl.Series("uniqueness", found["uniquenesses"])]),
        communalities=pl.DataFrame([items, pl.Series("communality", communalities)]),
        phi=found["phi"],
        variance=variance_explained(names, found["variances"], len(taken.items)),
        unrotated=found["unrotated"],
        correlation=taken.matrix,
        fit=fit_of(found["fit"], method),
        status=status,
        criterion=found["criterion"],
        rotation_criterion=found["rotation_criterion"] if rotation else None,
        starts=found["starts"] if rotation else None,
        starts_found=found["starts_found"] if rotation else None,
        seed=seed,
        scale=taken.name,
        method=method,
        rotation=rotation,
        kaiser=kaiser if rotation else None,
        n=taken.n,
        n_excluded=taken.n_excluded,
        missing=taken.missing,
        notes=tuple(_notes(found, taken, method, rotation, seed)),
        correlation_kind=taken.kind,
        gamma=gamma if rotation == "oblimin" else None,
        standardisation=standardisation(taken.items, taken.means, taken.deviations),
    )


def _notes(
    found: Any, taken: Correlations, method: str, rotation: str | None, seed: int | None
) -> list[str]:
    notes = list(taken.notes)
    if found["status"] == "not_converged":
        notes.append("Extraction did not converge; ask for fewer factors.")
    if not found["rotation_converged"]:
        notes.append("Rotation did not converge; its loadings are not those of a minimum.")
    low = np.flatnonzero(found["uniquenesses"] <= LEAST_UNIQUENESS)
    if method != "components" and low.size:
        named = ", ".join(repr(taken.items[j]) for j in low)
        where = "at or below" if method == "principal_axis" else "on its bound of"
        notes.append(f"Heywood case: the uniqueness of {named} is {where} {LEAST_UNIQUENESS}.")
    if method != "components" and math.isnan(found["fit"]["chi_square"]):
        notes.append(f"No chi-square: {_why_no_chi_square(taken)}.")
    if taken.missing == "em":
        notes.append(
            "Correlations by EM: chi-square and what is made of it take the answers of all persons "
            "as complete, so the fit looks somewhat worse than it is."
        )
    if taken.n_excluded:
        notes.append(f"{taken.n_excluded:,} persons with missing answers were left out.")
    if rotation:
        notes.append(
            f"{found['starts_found']} of {found['starts']} starts found this rotation; seed {seed}."
        )
    return notes


def _why_no_chi_square(taken: Correlations) -> str:
    if taken.n is None:
        return "n is not known"
    if taken.n <= len(taken.items):
        return f"{taken.n} persons are too few for {len(taken.items)} items"
    least = np.linalg.eigvalsh(taken.matrix)[0]
    return (
        f"the correlations are not positive definite (least eigenvalue {least:.3g}), or n is too "
        "small"
    )

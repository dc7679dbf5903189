"""How many factors are behind the items of a scale."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from numbers import Real
from typing import Any, Literal

import numpy as np

from compassion_psy import _core
from compassion_psy.data.columns import code_list
from compassion_psy.data.responses import Responses
from compassion_psy.errors import OptionError
from compassion_psy.factors import most_factors
from compassion_psy.options import (
    SEED_MAXIMUM,
    check_instruction_set,
    one_of,
    thread_count,
    whole_number,
)
from compassion_psy.progress import Callback, Progress, reporter
from compassion_psy.retention_input import Taken, taken_from
from compassion_psy.retention_result import NumberOfFactors
from compassion_psy.retention_rules import leading
from compassion_psy.retention_tables import Random, Report
from compassion_psy.scales import Scale

_DRAWS_MAXIMUM = 100_000


def number_of_factors(
    data: Any,
    scale: Scale | None = None,
    *,
    correlation: Literal["pearson", "polychoric"] = "pearson",
    missing: Literal["listwise", "pairwise"] = "listwise",
    missing_codes: Sequence[float] = (),
    n: int | None = None,
    draws: int = 1000,
    percentile: float = 95,
    method: Literal["minres", "ml"] = "minres",
    seed: int | None = None,
    threads: int | None = None,
    progress: Progress = None,
) -> NumberOfFactors:
    """How many factors are behind the items?

    Parameters
    ----------
    data : frame, Responses, Moments or numpy.ndarray
        One row a person, as for :func:`reliability`; or the moments of one group; or a correlation
        matrix (items, items). Only with rows are there permuted data and polychoric correlations.
    scale : Scale, optional
        The scale; reversed items are turned. Not given with Responses or Moments. With a matrix,
        which holds keyed items already, it names them.
    correlation : {"pearson", "polychoric"}
        Polychoric correlations are compared with those of permuted answers alone, which are
        estimated in the same way; those of normal numbers follow another law.
    missing : {"listwise", "pairwise"}
        Whether to use persons who answered every item, or for each pair of items all who answered
        both.
    missing_codes : sequence of numbers
        Answers that mean no answer.
    n : int, optional
        Persons that a given matrix is of; without it only MAP, Kaiser and the Hull method by CAF
        have an answer.
    draws : int
        Sets of random data of each kind.
    percentile : float
        Percentile of the random eigenvalues that the observed ones are compared with, beside
        their mean.
    method : {"minres", "ml"}
        How the Hull method extracts factors.
    seed : int, optional
        Of the random data, 0 to 2**64 - 1; drawn when not given. The same seed gives the same
        bits on any number of threads.
    threads : int, optional
        Threads to use.
    progress : bool or callable, optional
        None shows a bar where somebody looks and the job takes long; True always, False never; a
        callable is called with (done, total) draws.

    Returns
    -------
    NumberOfFactors
        ``table`` with a row a criterion, and what the criteria were taken from.

    Raises
    ------
    DataError
        Where answers or correlations are not usable; the message names the items.
    OptionError
        Where an option is not usable.

    Notes
    -----
    - ``parallel_...``: parallel analysis [1]_, the number of leading eigenvalues that exceed those
      of random data: their mean, or a percentile. Eigenvalues are of ``components`` (of the
      correlations) or of ``factors`` (with the communalities of one minimum-residual factor on the
      diagonal, as ``psych::fa.parallel`` has them). Random data are ``normal`` numbers, or the
      answers ``permuted``: each item's shuffled among the persons who answered it, so that
      distributions, categories and missing answers stay as they are.
    - ``map``, ``map_fourth``: the number of components whose removal leaves the smallest mean
      squared [2]_, or fourth power of [3]_, partial correlation.
    - ``kaiser``: eigenvalues above 1 [4]_; known to find too many.
    - ``empirical_kaiser``: leading eigenvalues above max((p - sum of those before) / (p - j + 1)
      (1 + sqrt(p/n))², 1) for the j-th of p items [5]_.
    - ``hull_caf``, ``hull_cfi``: the sharpest bend of the upper hull of fit over parameters [6]_,
      from no factor to one more than parallel analysis (components, percentile; normal data where
      there are some), and at least to two. CAF is one minus the Kaiser-Meyer-Olkin measure of the
      residual correlations (ones on the diagonal); CFI as in :func:`efa`, 0 without factors.

    Correlations of normal data are drawn without drawing the data. The sums of products of n rows
    of p independent normal numbers follow a Wishart law, and are T T' with a triangular T of
    independent normal and chi numbers [7]_: the exact law of n rows at a cost that does not depend
    on n. With missing="pairwise" normal data have n complete rows, as in psych.

    References
    ----------
    .. [1] Horn, J. L. (1965). A rationale and test for the number of factors in factor analysis.
       *Psychometrika*, 30, 179-185.
    .. [2] Velicer, W. F. (1976). Determining the number of components from the matrix of partial
       correlations. *Psychometrika*, 41, 321-327.
    .. [3] Velicer, W. F., Eaton, C. A., & Fava, J. L. (2000). Construct explication through factor
       or component analysis. In R. D. Goffin & E. Helmes (Eds.), *Problems and solutions in human
       assessment* (pp. 41-71). Kluwer.
    .. [4] Kaiser, H. F. (1960). The application of electronic computers to factor analysis.
       *Educational and Psychological Measurement*, 20, 141-151.
    .. [5] Braeken, J., & van Assen, M. A. L. M. (2017). An empirical Kaiser criterion.
       *Psychological Methods*, 22, 450-466.
    .. [6] Lorenzo-Seva, U., Timmerman, M. E., & Kiers, H. A. L. (2011). The Hull method for
       selecting the number of common factors. *Multivariate Behavioral Research*, 46, 340-364.
    .. [7] Bartlett, M. S. (1933). On the theory of statistical regression. *Proceedings of the
       Royal Society of Edinburgh*, 53, 260-283.

    R gives the same observed eigenvalues with ``eigen(cor(x))$values`` and
    ``psych::fa.parallel(x)$fa.values``, the same MAP with ``psych::vss(x)$map`` (which begins with
    one component), and the same random ones within chance with ``psych::fa.parallel``.

    Examples
    --------
    >>> import compassion_psy as cp
    >>> from compassion_psy.retention import number_of_factors
    >>> survey = cp.simulate_survey(persons=600, items=6, sites=3, seed=1)
    >>> found = number_of_factors(survey.frame, survey.scale, draws=100, seed=1)
    >>> found.table.filter(criterion="map")["factors"].to_list()
    [1]
    """
    one_of("correlation", correlation, ("pearson", "polychoric"))
    one_of("missing", missing, ("listwise", "pairwise"))
    one_of("method", method, ("minres", "ml"))
    draws = whole_number("draws", draws, minimum=1, maximum=_DRAWS_MAXIMUM)
    percentile = _percentile(percentile)
    if seed is not None:
        seed = whole_number("seed", seed, minimum=0, maximum=SEED_MAXIMUM)
    threads = thread_count(threads)
    check_instruction_set(_core.simd_levels())
    taken = taken_from(
        data,
        scale,
        correlation=correlation,
        n=n,
        missing=missing,
        missing_codes=code_list(missing_codes),
        method=method,
        threads=threads,
    )
    seed = secrets.randbits(64) if seed is None else seed
    with reporter(progress, "Drawing random data") as callback:
        random = _random(taken, draws, seed, threads, callback)
    observed = _core.eigenvalues_and_partials(taken.matrix)
    bound = _hull_bound(taken, observed["components"], random, percentile)
    balance = None
    if bound is not None:
        balance = _core.factor_balance(
            taken.matrix,
            most=bound,
            extraction=method,
            persons=None if taken.n is None else float(taken.n),
            threads=threads,
        )
    report = Report(taken, observed, random, balance, draws, percentile, method, seed)
    return report.result()


def _percentile(percentile: float) -> float:
    if (
        isinstance(percentile, bool)
        or not isinstance(percentile, Real)
        or not 0 < float(percentile) < 100
    ):
        raise OptionError(
            f"percentile is {percentile!r}, but it must lie between 0 and 100, such as 95."
        )
    return float(percentile)


def _random(
    taken: Taken, draws: int, seed: int, threads: int | None, callback: Callback | None
) -> dict[str, Random]:
    """Return the eigenvalues of each kind of random data that there is for these data."""
    responses = taken.responses
    is_normal = taken.correlation == "pearson" and taken.n is not None
    total = draws * (is_normal + (responses is not None))
    found: dict[str, Random] = {}

    def report(before: int) -> Callback | None:
        if callback is None:
            return None
        return lambda done, _: callback(before + done, total)

    if is_normal and taken.n is not None:
        found["normal"] = _core.normal_eigenvalues(
            persons=taken.n,
            items=len(taken.items),
            draws=draws,
            seed=seed,
            threads=threads,
            progress=report(0),
        )
    if responses is not None:
        found["permuted"] = _core.shuffled_eigenvalues(
            responses.answers,
            responses.design,
            pairwise=taken.missing == "pairwise",
            categories=_categories(responses) if taken.correlation == "polychoric" else None,
            draws=draws,
            seed=seed,
            threads=threads,
            progress=report(draws * is_normal),
        )
    return found


def _categories(responses: Responses) -> int:
    return int(responses.scale.maximum - responses.scale.minimum) + 1


def _hull_bound(
    taken: Taken, observed: Any, random: dict[str, Random], percentile: float
) -> int | None:
    """Return up to how many factors the Hull method looks; None where it has no three numbers."""
    items = len(taken.items)
    most = max(most_factors(items), 0)
    if most < 2:
        return None
    kind = next(iter(random), None)
    if kind is None:
        return most
    values = random[kind]["components"]
    values = values[np.isfinite(values).all(axis=1)]
    if not len(values):
        return most
    found = leading(observed, np.quantile(values, percentile / 100, axis=0))
    return min(max(found + 1, 2), most)

"""What are means and covariances where answers are missing: maximum likelihood by EM, by group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy import _core
from compassion_psy.data.columns import code_list
from compassion_psy.data.responses import Names, Responses
from compassion_psy.em_result import RESULT_COLUMNS, EmCovariance
from compassion_psy.errors import OptionError
from compassion_psy.options import (
    check_instruction_set,
    thread_count,
)
from compassion_psy.reliability_notes import describe, no_maximum, nobody
from compassion_psy.results import STATUSES
from compassion_psy.scales import Scale

Floats = npt.NDArray[np.float64]

_TOO_FEW = STATUSES.index("too_few_rows")


def em_covariance(
    data: Any,
    scale: Scale | None = None,
    *,
    by: Names = None,
    missing_codes: Sequence[float] = (),
    threads: int | None = None,
) -> EmCovariance:
    """What are means and covariances of the items, when every answer that was given counts?

    Persons who left out an item still tell something of it through the items they answered. The
    estimate is right where answers are missing at random: whether one is missing may depend on what
    the person answered elsewhere, not on the missing answer itself [1]_.

    Parameters
    ----------
    data : frame or Responses
        One row a person: a Polars DataFrame or LazyFrame, or anything Polars can take in (pandas,
        pyarrow, a DuckDB relation); or answers that were checked before, without survey weights.
    scale : Scale
        Which columns are items, the range of an answer, which items are reversed. Not given where
        `data` is a Responses.
    by : str or list of str, optional
        Columns of sites or other groups; each gets its own estimate.
    missing_codes : sequence of numbers
        Answers that mean no answer, such as 0 or 99.
    threads : int, optional
        Threads to use; all cores when not given. The numbers do not depend on it.

    Returns
    -------
    EmCovariance
        Means and covariances with standard errors, the fraction of information that is missing of
        each, and the patterns of missing answers.

    Raises
    ------
    DataError
        Where columns or answers are not usable, or nobody answered any item. A group without an
        estimate is no error: its status says why.
    OptionError
        Where an option is not usable, or answers have survey weights.

    Notes
    -----
    Means mu and covariances S maximise the likelihood of a multivariate normal distribution in
    which each person has a part for the items answered,

    log L = -1/2 Σ_i [p_i log 2π + log |S_i| + (x_i - mu_i)' S_i⁻¹ (x_i - mu_i)],

    by EM [2]_ [3]_, its steps extrapolated (SQUAREM [4]_) until they end within 1e-11 standard
    deviations. Persons are counted once by which items they answered, so that steps cost the same
    for any number of them. S has the divisor of maximum likelihood, n; :func:`reliability` and
    :func:`efa` with ``missing="em"`` take n / (n - 1) S, which for complete answers is the ordinary
    covariance. n counts persons with any answer.

    Standard errors are the roots of the diagonal of the inverse of the observed information, minus
    the second derivatives of log L. They rest on normality, those of :func:`reliability` do not.
    The fraction of missing information of a parameter is 1 - v / w, with w this variance, and v
    what complete answers of as many persons would give: s_jj / n for a mean and
    (s_ii s_jj + s_ij²) / n for a covariance [5]_. As information is observed, not expected,
    it can come out a little below 0 where hardly anything is missing. Above 139 items there is no
    information, for want of memory: no standard errors and fractions, no "adf" and "bca" intervals.

    Statuses: "ok"; "too_few_rows" where there are no more persons than items, nobody answered an
    item, or fewer than two persons both items of a pair, whose covariance nothing tells then;
    "constant_item"; "not_positive_definite" where the likelihood grows towards covariances without
    inverse, as when an item repeats another; "not_converged" after 2,000 steps.

    R gives the same with ``lavaan::lavInspect(fit, "sampstat")`` of a model fitted with
    ``missing = "ml", em.h1.tol = 1e-14``, and standard errors and ``fmi`` with
    ``lavaan::parameterEstimates(fit, fmi = TRUE)`` of the saturated model with
    ``information = "observed"``.

    References
    ----------
    .. [1] Rubin, D. B. (1976). Inference and missing data. *Biometrika*, 63, 581-592.
    .. [2] Orchard, T., & Woodbury, M. A. (1972). A missing information principle: Theory and
       applications. *Proceedings of the Sixth Berkeley Symposium*, 1, 697-715.
    .. [3] Dempster, A. P., Laird, N. M., & Rubin, D. B. (1977). Maximum likelihood from incomplete
       data via the EM algorithm. *Journal of the Royal Statistical Society B*, 39, 1-38.
    .. [4] Varadhan, R., & Roland, C. (2008). Simple and globally convergent methods for
       accelerating the convergence of any EM algorithm. *Scandinavian Journal of Statistics*, 35,
       335-353.
    .. [5] Savalei, V., & Rhemtulla, M. (2012). On obtaining estimates of the fraction of missing
       information from full information maximum likelihood. *Structural Equation Modeling*, 19,
       477-494.

    Examples
    --------
    >>> import polars as pl
    >>> scale = Scale("calm", items=["q1", "q2"], minimum=1, maximum=5)
    >>> answers = pl.DataFrame({"q1": [1, 2, 3, 4, 5, 5], "q2": [2, 1, 3, 5, 4, None]})
    >>> found = em_covariance(answers, scale)
    >>> found.means["mean"].round(3).to_list()
    [3.333, 3.267]
    >>> found.patterns.select("pattern", "n").rows()
    [('xx', 5), ('x.', 1)]
    """
    check_instruction_set(_core.simd_levels())
    threads = thread_count(threads)
    responses = _responses(data, scale, by, code_list(missing_codes))
    used, kept = responses.usable("pairwise")
    if used.rows == 0:
        raise nobody(responses, True)
    found: Any = _core.em_covariance(used.answers, used.design, threads=threads)
    return _result(responses, used, found, kept)


def _responses(
    data: Any, scale: Scale | None, by: Names, missing_codes: Sequence[float]
) -> Responses:
    if isinstance(data, Responses):
        data.refuse_options(scale, by=by, missing_codes=missing_codes)
        responses = data
    elif scale is None:
        raise OptionError("scale is missing; give a Scale.")
    else:
        responses = Responses.from_frame(data, scale, by=by, missing_codes=missing_codes)
    if responses.weights is not None:
        raise OptionError(
            "The Responses have survey weights, under which the information of a likelihood is no "
            "measure of error; make them without weights, or use reliability(missing='em')."
        )
    for name in responses.groups.columns:
        if name in RESULT_COLUMNS:
            raise OptionError(
                f"by names the column {name!r}, but results have a column of that name; rename it "
                f"in the data, for example to 'survey_{name}'."
            )
    return responses


def _result(
    responses: Responses, used: Responses, found: Any, kept: npt.NDArray[np.int64]
) -> EmCovariance:
    present = kept > 0
    scale = responses.scale
    means = found["means"] + (scale.minimum if used.origins is None else used.origins)
    whole = {
        "mean": _everywhere(means, present),
        "mean_se": np.sqrt(_everywhere(found["mean_variances"], present)),
        "covariance": _everywhere(found["covariance"], present),
        "covariance_se": np.sqrt(_everywhere(found["covariance_variances"], present)),
    }
    for kind in ("mean", "covariance"):
        share = 1 - found[f"complete_{kind}_variances"] / found[f"{kind}_variances"]
        whole[f"{kind}_missing"] = _everywhere(share, present)
    statuses = np.full(len(kept), _TOO_FEW, dtype=np.uint8)
    statuses[present] = found["status"]
    words = [STATUSES[code] for code in statuses.tolist()]
    notes = iter(_notes(used, [word for word, here in zip(words, present, strict=True) if here]))
    return EmCovariance(
        scale=scale.name,
        items=tuple(scale.items),
        groups=responses.groups,
        arrays=whole,
        fits=responses.groups.with_columns(
            pl.Series("n", kept, dtype=pl.Int64),
            pl.Series("n_excluded", responses.group_rows - kept, dtype=pl.Int64),
            pl.Series("patterns", _pattern_counts(found, present), dtype=pl.Int64),
            pl.Series(
                "log_likelihood", _everywhere(found["log_likelihood"], present), nan_to_null=True
            ),
            pl.Series("iterations", _everywhere(found["steps"], present, 0), dtype=pl.Int64),
            pl.Series("status", words, dtype=pl.String),
            pl.Series(
                "note",
                [next(notes) if here else "nobody answered any item" for here in present],
                dtype=pl.String,
            ),
        ),
        patterns=_patterns(responses, found, present),
    )


def _notes(used: Responses, statuses: list[str]) -> list[str | None]:
    notes = []
    for group, status in zip(describe(used, True, em=True), statuses, strict=True):
        parts = [*group.faults(), None if status == "ok" else no_maximum(group, status)]
        notes.append("; ".join(part for part in parts if part) or None)
    return notes


def _everywhere(
    values: npt.NDArray[Any], present: npt.NDArray[np.bool_], absent: float = np.nan
) -> npt.NDArray[Any]:
    """Return an array with a row for each group, also for those nobody is left of."""
    whole = np.full((len(present), *values.shape[1:]), absent, dtype=values.dtype)
    whole[present] = values
    return whole


def _pattern_counts(found: Any, present: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    counts = np.bincount(found["pattern_group"], minlength=int(present.sum()))
    return _everywhere(counts.astype(np.int64), present, 0)


def _patterns(responses: Responses, found: Any, present: npt.NDArray[np.bool_]) -> pl.DataFrame:
    items = np.array(responses.scale.items, dtype=object)
    answered = found["pattern_answered"]
    group = np.flatnonzero(present)[found["pattern_group"]]
    # The most frequent pattern of a group first; of equally frequent ones the more complete.
    order = np.lexsort((-answered.sum(axis=1), -found["pattern_persons"], group))
    group, answered = group[order], answered[order]
    keys = responses.groups[group] if responses.groups.width else pl.DataFrame(height=len(group))
    drawn = np.where(answered, "x", ".")
    return keys.with_columns(
        pl.Series("pattern", ["".join(row) for row in drawn.tolist()], dtype=pl.String),
        pl.Series("n", found["pattern_persons"][order], dtype=pl.Int64),
        pl.Series("n_missing", (~answered).sum(axis=1), dtype=pl.Int64),
        pl.Series(
            "missing_items",
            [", ".join(items[~row].tolist()) for row in answered],
            dtype=pl.String,
        ),
    )

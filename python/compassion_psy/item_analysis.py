"""Which items serve a scale, and which do not: item statistics by group, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from compassion_psy import _core
from compassion_psy.data.columns import code_list
from compassion_psy.data.responses import Names, Responses
from compassion_psy.errors import OptionError
from compassion_psy.item_correlations import item_correlations
from compassion_psy.item_results import ENDS, ITEM_COLUMNS, ItemAnalysis
from compassion_psy.item_tables import Found, ItemRows
from compassion_psy.options import (
    check_instruction_set,
    one_of,
    thread_count,
)
from compassion_psy.reliability import Missing
from compassion_psy.reliability_factors import FactorModel, TwoFactors
from compassion_psy.reliability_input import (
    all_responses,
    check_scored,
    checked_level,
)
from compassion_psy.reliability_names import (
    names_of_items,
)
from compassion_psy.reliability_notes import nobody
from compassion_psy.scales import Scale
from compassion_psy.scales.choice import chosen
from compassion_psy.scales.numbering import Columns


def item_analysis(
    data: Any,
    scale: Scale | str | Sequence[Scale | str] | None = None,
    *,
    columns: Columns | None = None,
    by: Names = None,
    missing_codes: Sequence[float] = (),
    coefficients: str | Sequence[str] = ("alpha", "omega_u"),
    missing: Missing = "listwise",
    level: float = 0.95,
    factors: int = 3,
    two_factors: TwoFactors = "equal",
    threads: int | None = None,
) -> ItemAnalysis:
    r"""Which items serve the scale, and which do not, for everybody or by site?

    Parameters
    ----------
    data : frame or Responses
        One row a person, as for :func:`reliability`.
    scale : Scale, str, or sequence of them
        The scale, the id of a published one, or several: ``scale.scores`` is the total and every
        subscale. Not given where `data` is a Responses.
    columns : str, sequence or mapping, optional
        With an id, the columns of its items; see :func:`compassion_psy.scales.get`.
    by : str or list of str, optional
        Columns of sites or other groups; each gets its own rows.
    missing_codes : sequence of numbers
        Answers that mean no answer, such as 0 or 99.
    coefficients : str or sequence of str
        Which coefficients of moments to compute again without each item; see
        :func:`reliability`. The ordinal ones, which are of tables, are not among them.
    missing : {"listwise", "pairwise"}
        Whether correlations and coefficients use persons who answered every item (those of the
        scale, also where one item is left out: so the numbers are comparable), or for each pair
        of items all who answered both. Means and shares use every answer to the item.
    level : float
        The coverage that intervals aim at, between 0 and 1.
    factors, two_factors : int, {"equal", "first", "second"}
        Of coefficients of several factors; see :func:`reliability`.
    threads : int, optional
        Threads to use; all cores when not given. The numbers do not depend on it.

    Returns
    -------
    ItemAnalysis
        Its ``table`` has a row for each group, scale and item; ``categories`` the counts of
        answers; ``coefficients`` those of all items.

    Raises
    ------
    DataError
        Where columns or answers are not usable. A site that cannot be analysed is no error: its
        rows say why.
    OptionError
        Where an option is not usable.

    Notes
    -----
    With covariances C, variances v and the sums of the other items' rows:

    - item_total = :math:`\sum_i c_{ij} / \sqrt{v_j V}`, V the variance of the total.
    - item_rest = :math:`\sum_{i \ne j} c_{ij} / \sqrt{v_j V_{-j}}`.
    - overlap_corrected = :math:`\sum_i \tilde r_{ij} / \sqrt{\sum_{i,l} \tilde r_{il}}`, the
      diagonal of the correlations being squared multiple correlations [1]_. It has no interval.
    - skew (g1) = :math:`m_3 / m_2^{3/2}` with central moments of divisor n [2]_.

    The intervals of correlations are ``tanh(atanh r ± z se / (1 - r²))``, se from the influence
    values of the correlation, which supposes no distribution [3]_; those of coefficients are the
    estimate plus and minus z influence standard errors ("adf" of :func:`reliability`).

    R gives the same numbers with ``psych::alpha(x)$item.stats`` (``raw.r`` of complete rows,
    ``r.drop``, ``r.cor``, ``mean``, ``sd``), ``psych::alpha(x)$alpha.drop$raw_alpha``, and
    ``psych::skew(x, type = 1)``. With pairwise data psych standardises by the variance of all
    answers to an item, this function by that of the pair, so ``r.cor`` differs.

    References
    ----------
    .. [1] Cureton, E. E. (1966). Corrected item-test correlations. *Psychometrika*, 31, 93-96.
    .. [2] Joanes, D. N., & Gill, C. A. (1998). Comparing measures of sample skewness and kurtosis.
       *The Statistician*, 47, 183-189.
    .. [3] Steiger, J. H., & Hakstian, A. R. (1982). The asymptotic distribution of elements of a
       correlation matrix. *British Journal of Mathematical and Statistical Psychology*, 35,
       208-215.

    Examples
    --------
    >>> import compassion_psy as cp
    >>> from compassion_psy.item_analysis import item_analysis
    >>> survey = cp.simulate_survey(persons=400, items=5, sites=2, seed=1)
    >>> result = item_analysis(survey.frame, survey.scale, by="site")
    >>> result.table.select("site", "item", "n").row(0)
    ('S1', 'item_1', 200)
    >>> result.categories.height
    50
    """
    model = FactorModel(factors, two_factors)
    names = names_of_items(coefficients, model)
    one_of("missing", missing, ("listwise", "pairwise"))
    level = checked_level(level)
    check_instruction_set(_core.simd_levels())
    threads = thread_count(threads)
    design = {"by": by, "missing_codes": code_list(missing_codes)}
    answered = all_responses(data, chosen(scale, columns), design)
    for responses in answered:
        _check(responses, names)
    parts = [_of_scale(each, names, model, missing, level, threads) for each in answered]
    return ItemAnalysis(
        table=pl.concat([part.table() for part in parts]),
        coefficients=pl.concat([part.coefficients() for part in parts]),
        categories=pl.concat([part.categories() for part in parts]),
    )


def _check(responses: Responses, names: Sequence[str]) -> None:
    check_scored(responses.scale)
    if responses.weights is not None or responses.cluster or responses.strata:
        raise OptionError(
            "The Responses have weights, clusters or strata, which an item analysis does not take "
            "account of; make them without."
        )
    of_coefficients = [f"{name}_if_dropped{end}" for name in names for end in ENDS]
    for name in responses.groups.columns:
        if name in (*ITEM_COLUMNS, *of_coefficients):
            raise OptionError(
                f"by names the column {name!r}, but the result has a column of that name; rename "
                f"it in the data, for example to 'survey_{name}'."
            )


def _of_scale(
    responses: Responses,
    names: tuple[str, ...],
    model: FactorModel,
    missing: Missing,
    level: float,
    threads: int | None,
) -> ItemRows:
    used, kept = responses.usable(missing)
    if used.rows == 0:
        raise nobody(responses, missing == "pairwise")
    found = _core.item_statistics(
        used.answers,
        used.design,
        coefficients=names,
        pairwise=missing == "pairwise",
        level=level,
        factors=model.factors,
        two_factors=model.two_factors,
        threads=threads,
    )
    matrices = (found["covariance"], found["correlation"])
    return ItemRows(
        responses=responses,
        used=used,
        kept=kept,
        names=names,
        model=model,
        level=level,
        pairwise=missing == "pairwise",
        correlations=item_correlations(*matrices, found["total_se"], found["rest_se"]),
        of_all=Found(*found["of_all"]),
        without=Found(*found["without"]),
    )

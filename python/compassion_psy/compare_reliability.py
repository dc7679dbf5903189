"""Do groups, or waves of the same persons, differ in how reliable a scale is?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from compassion_psy import _core
from compassion_psy.comparison_frames import Compared, comparison
from compassion_psy.comparison_results import ReliabilityComparison
from compassion_psy.data.columns import code_list
from compassion_psy.data.frames import as_frame
from compassion_psy.data.responses import Names, Responses
from compassion_psy.errors import DataError, OptionError
from compassion_psy.options import check_instruction_set
from compassion_psy.reliability import reliability
from compassion_psy.reliability_factors import FactorModel, TwoFactors, group_number
from compassion_psy.reliability_input import (
    check_scored,
    checked_level,
    listed_scales,
)
from compassion_psy.reliability_names import (
    names_of_scales,
    subscale_numbers,
)
from compassion_psy.results import STATUSES
from compassion_psy.scales import Scale
from compassion_psy.scales.choice import chosen
from compassion_psy.scales.numbering import Columns
from compassion_psy.waves import aligned_waves


def compare_reliability(
    data: Any,
    scale: Scale | str | Sequence[Scale | str],
    *,
    columns: Columns | None = None,
    by: Names = None,
    wave: str | None = None,
    person: str | None = None,
    missing_codes: Sequence[float] = (),
    coefficients: str | Sequence[str] = ("alpha", "omega_u"),
    level: float = 0.95,
    factors: int = 3,
    two_factors: TwoFactors = "equal",
) -> ReliabilityComparison:
    r"""Do groups, or waves of the same persons, differ in how reliable a scale is?

    Parameters
    ----------
    data : frame
        Answers, as for :func:`reliability`.
    scale : Scale, str, or sequence of them
        With `by` or `wave`, the scale, or the id of a published one. Several scales are scores of
        the same persons in the same row: waves side by side (``[scale.with_columns("t1_{}"),
        scale.with_columns("t2_{}")]``, with names of their own), or two forms.
    columns : str, sequence or mapping, optional
        With an id, the columns of its items; see :func:`compassion_psy.scales.get`.
    by : str or list of str, optional
        Columns of independent groups: sites, countries.
    wave, person : str, optional
        Columns of the wave and of the person, where each wave of a person is a row.
    missing_codes : sequence of numbers
        Answers that mean no answer, such as 0 or 99.
    coefficients : str or sequence of str
        See :func:`reliability`. Those of group factors are refused, and "all" leaves them out:
        they may be of other items in each group.
    level : float
        The coverage that intervals aim at, between 0 and 1.
    factors, two_factors : int, str
        Of omega_total and the coefficients of a general factor, see :func:`reliability`.

    Returns
    -------
    ReliabilityComparison
        ``estimates``, ``tests`` of whether all are equal, and ``pairs`` with the differences.
        Persons count who answered every item, and with waves every item of every wave.

    Raises
    ------
    DataError
        Where columns or answers are not usable, fewer than two groups can be compared, or a
        person is in a wave twice.
    OptionError
        Where it is not said what to compare, or it is said twice.

    Notes
    -----
    - "wald" holds for every coefficient and distribution of answers. With the influence values
      :math:`L_{ig}` of person i on the coefficient of group or wave g, errors have the covariance
      :math:`S_{gh} = \sum_i L_{ig} L_{ih} / (n (n - 1))`, zero between independent groups. The
      statistic is d' (D S D')⁻¹ d with d the differences from the first, on chi-square; a pair's
      interval is its difference ± z times its standard error [1]_.
    - "feldt", two groups, alpha: W = (1 - a2) / (1 - a1) on F(n1 - 1, n2 - 1) [2]_.
    - "hakstian_whalen", any number of groups, alpha: M on chi-square [3]_.
    - "feldt", two waves, alpha: t = (a1 - a2) √(n - 2) / √(4 (1 - a1)(1 - a2)(1 - r²)) with
      n - 2 degrees of freedom, r the correlation of the totals [4]_.

    Those for alpha suppose normal answers and items that are parallel but for their means, and
    "feldt" also many items: it takes k/(k - 1) for one. In simulations at 5 % it rejected true
    equality for 6.4 % of samples with 10 items in two groups, and for 8.4 % with 8 items in two
    waves whose totals correlate at .7; "hakstian_whalen" rejected 4.8 %, and "wald" 6.4 % at
    n = 50. In R the package cocron computes the tests for alpha.

    References
    ----------
    .. [1] Maydeu-Olivares, A., Coffman, D. L., García-Forero, C., & Gallardo-Pujol, D. (2010).
       Hypothesis testing for coefficient alpha: An SEM approach. *Behavior Research Methods*, 42,
       618-625.
    .. [2] Feldt, L. S. (1969). A test of the hypothesis that Cronbach's alpha or Kuder-Richardson
       coefficient twenty is the same for two tests. *Psychometrika*, 34, 363-373.
    .. [3] Hakstian, A. R., & Whalen, T. E. (1976). A k-sample significance test for independent
       alpha coefficients. *Psychometrika*, 41, 219-231.
    .. [4] Feldt, L. S. (1980). A test of the hypothesis that Cronbach's alpha reliability
       coefficient is the same for two tests administered to the same sample. *Psychometrika*, 45,
       99-105.

    Examples
    --------
    >>> import compassion_psy as cp
    >>> from compassion_psy.compare_reliability import compare_reliability
    >>> survey = cp.simulate_survey(persons=900, items=6, sites=3, seed=1)
    >>> result = compare_reliability(survey.frame, survey.scale, by="site")
    >>> result.tests.select("coefficient", "test", "df1").rows()
    [('alpha', 'wald', 2.0), ('alpha', 'hakstian_whalen', 2.0), ('omega_u', 'wald', 2.0)]
    >>> result.pairs.height
    6
    """
    model = FactorModel(factors, two_factors)
    level = checked_level(level)
    check_instruction_set(_core.simd_levels())
    codes = code_list(missing_codes)
    scale = chosen(scale, columns)
    one = scale if isinstance(scale, Scale) else None
    if (by is not None) + (wave is not None) + (one is None) != 1:
        raise OptionError(
            "Say in one way what to compare: by (independent groups), wave (with person: the same "
            "persons, a row a wave), or several scales (the same persons, a row a person)."
        )
    if (wave is None) != (person is None):
        raise OptionError("wave and person go together; name both columns.")
    names = _of_the_same_items(
        names_of_scales(coefficients, listed_scales(scale), model), refuse=coefficients != "all"
    )
    # With "all" a coefficient of more factors than the items identify has a note, and no value.
    if coefficients != "all":
        for each in listed_scales(scale):
            model.check_items(names, each.name, each.n_items)
    if one is None:
        return comparison(_of_scales(data, scale, codes, names, model), level)
    if wave is not None and person is not None:
        return comparison(_of_waves(data, one, wave, person, codes, names, model), level)
    return comparison(_of_groups(data, one, by, codes, names, coefficients, model), level)


def _of_the_same_items(names: tuple[str, ...], *, refuse: bool) -> tuple[str, ...]:
    """Return the coefficients without those of group factors, or refuse these."""
    of_factors = [name for name in names if group_number(name) is not None]
    if of_factors and refuse:
        raise OptionError(
            f"coefficients has {of_factors[0]!r}, which is of the items that load highest on a "
            "factor: they may be others in each group, and then there is nothing to compare; give "
            "the items that belong together as a scale."
        )
    return tuple(name for name in names if name not in of_factors)


def _of_groups(
    data: Any,
    scale: Scale,
    by: Names,
    codes: tuple[Any, ...],
    names: tuple[str, ...],
    asked: str | Sequence[str],
    model: FactorModel,
) -> Compared:
    table = reliability(
        data,
        scale,
        by=by,
        missing_codes=codes,
        coefficients=asked if asked == "all" else names,
        interval="adf",
        factors=model.factors,
        two_factors=model.two_factors,
    ).table.filter(pl.col("coefficient").is_in(names))
    columns = table.columns[: table.columns.index("scale")]
    groups = table.select(columns).unique(maintain_order=True)
    labels = [", ".join("(none)" if x is None else str(x) for x in row) for row in groups.rows()]
    shape = (len(labels), len(names))

    def numbers(name: str) -> Any:
        return table[name].cast(pl.Float64).to_numpy().reshape(shape)

    errors = numbers("se")
    return Compared(
        labels=labels,
        names=names,
        n_items=scale.n_items,
        estimates=numbers("estimate"),
        covariances=[np.diag(errors[:, place] ** 2) for place in range(len(names))],
        persons=numbers("n")[:, 0].astype(np.int64),
        excluded=numbers("n_excluded")[:, 0].astype(np.int64),
        notes=np.array(table["note"].to_list(), object).reshape(shape).tolist(),
        totals=None,
    )


def _of_waves(
    data: Any,
    scale: Scale,
    wave: str,
    person: str,
    codes: tuple[Any, ...],
    names: tuple[str, ...],
    model: FactorModel,
) -> Compared:
    waves = aligned_waves(data, scale, wave, person, codes)
    return _dependent(waves.labels, waves.aligned, waves.rows, names, model)


def _of_scales(
    data: Any, scales: Any, codes: tuple[Any, ...], names: tuple[str, ...], model: FactorModel
) -> Compared:
    scales = listed_scales(scales)
    labels = [each.name for each in scales]
    columns = list(dict.fromkeys(item for each in scales for item in each.items))
    frame = as_frame(data, columns)
    aligned = [Responses.from_frame(frame, each, missing_codes=codes) for each in scales]
    rows = np.full(len(scales), frame.height)
    return _dependent(labels, aligned, rows, names, model)


def _dependent(
    labels: list[str],
    aligned: list[Responses],
    rows: Any,
    names: tuple[str, ...],
    model: FactorModel,
) -> Compared:
    """Compare answers of the same persons, a row of each for each person."""
    for each in aligned:
        check_scored(each.scale)
    complete = np.all([~each.is_missing().any(axis=0) for each in aligned], axis=0)
    persons = int(complete.sum())
    if persons < 3:
        raise DataError(
            f"{persons} of {len(complete):,} persons answered every item each time, but a "
            "comparison needs at least 3."
        )
    kept = [each.where(complete) for each in aligned]
    shape = (len(labels), len(names))
    estimates = np.empty(shape)
    notes: list[list[str | None]] = [[None] * len(names) for _ in labels]
    covariances = []
    for place, name in enumerate(names):
        influences = np.empty((len(labels), persons))
        for at, each in enumerate(kept):
            value, status, influences[at] = _core.influences(
                each.answers,
                each.design,
                coefficient=name,
                pairwise=False,
                subscales=subscale_numbers(each.scale, [name]),
                factors=model.factors,
                two_factors=model.two_factors,
            )
            estimates[at, place] = value[0]
            word = STATUSES[status[0]]
            if word != "ok":
                why = model.reason(name, word, each.scale.n_items, [])
                notes[at][place] = why or word.replace("_", " ")
        # Products summed in the order of persons, the same on every machine.
        products = [[float(np.sum(one * other)) for other in influences] for one in influences]
        covariances.append(np.array(products) / (persons * (persons - 1)))
    totals = np.array([each.answers.sum(axis=0, dtype=np.float64) for each in kept])
    return Compared(
        labels=labels,
        names=names,
        n_items=aligned[0].scale.n_items,
        estimates=estimates,
        covariances=covariances,
        persons=np.full(len(labels), persons),
        excluded=rows - persons,
        notes=notes,
        totals=totals,
    )

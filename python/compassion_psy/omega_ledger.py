"""Which omega is it: what every program gives for the same answers, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from compassion_psy.data.columns import code_list
from compassion_psy.data.responses import Names, Responses
from compassion_psy.errors import OptionError
from compassion_psy.factors import most_factors
from compassion_psy.omega_ledger_result import LEDGER_COLUMNS, OmegaLedger
from compassion_psy.omega_ledger_rows import ledger_of, one_group
from compassion_psy.options import whole_number
from compassion_psy.reliability_input import check_scored
from compassion_psy.scales import Scale
from compassion_psy.scales.choice import chosen
from compassion_psy.scales.numbering import Columns

_LEAST_ITEMS = 3


def omega_ledger(
    data: Any,
    scale: Scale | str | None = None,
    *,
    columns: Columns | None = None,
    by: Names = None,
    factors: int = 3,
    missing_codes: Sequence[float] = (),
    threads: int | None = None,
) -> OmegaLedger:
    """Which omega is it: what would every program give for these answers?

    "McDonald's omega" is a different number in different programs. The ledger has a row for each
    convention, computed from the same answers by the program's own defaults: the estimator, the
    matrix, the variance it divides by, how it treats missing answers, and whether it turns items
    unasked, as ``psych::omega`` does.

    Parameters
    ----------
    data : frame or Responses
        One row a person, as for :func:`reliability`.
    scale : Scale or str, optional
        The scale, or the id of a published one; reversed items are turned, as its key says. Not
        given where `data` is a Responses.
    columns : str, sequence or mapping, optional
        With an id, the columns of its items; see :func:`compassion_psy.scales.get`.
    by : str or list of str, optional
        Columns of sites or other groups; each has a ledger of its own.
    factors : int
        Number of factors of the conventions with several; 3 is the default of ``psych::omega``.
    missing_codes : sequence of numbers
        Answers that mean no answer.
    threads : int, optional
        Threads to use.

    Returns
    -------
    OmegaLedger
        Its ``table`` has a row for each group and convention.

    Raises
    ------
    DataError
        Where columns or answers are not usable.
    OptionError
        Where an option is not usable; more factors than the items identify.

    Notes
    -----
    The formulas are those of :func:`reliability`. Two conventions are closed forms of the
    covariances c [1]_: loadings l_j = sqrt(Σ c_ji c_jk / Σ c_ik) with sums over pairs i < k of the
    other items, and omega = (Σ l)² / V.

    ``psych::omega`` turns the items whose loading on the general factor is negative, and computes
    everything after that; ``items_flipped`` says how many, ``flipped`` which. The coefficients of
    this package never turn an item that the scale does not name as reversed.

    lavaan sets no bound to unique variances, this package one of 0.005: in Heywood cases, which
    ``note`` names, programs that use lavaan give another number.

    In R: ``psych::omega(x, nfactors)``, ``semTools::compRelSEM(lavaan::cfa("f =~ ...", x,
    std.lv = TRUE))`` and what ``convention`` names.

    References
    ----------
    .. [1] Hancock, G. R., & An, J. (2020). A closed-form alternative for estimating ω reliability
       under unidimensionality. *Measurement: Interdisciplinary Research and Perspectives*, 18,
       1-14.

    Examples
    --------
    >>> import compassion_psy as cp
    >>> from compassion_psy.omega_ledger import omega_ledger
    >>> survey = cp.simulate_survey(persons=500, items=8, sites=1, seed=1)
    >>> ledger = omega_ledger(survey.frame, survey.scale)
    >>> ledger.table["convention"][0]
    'compassion_psy omega_u'
    """
    scale = chosen(scale, columns)
    if isinstance(data, Responses):
        data.refuse_options(scale, by=by, missing_codes=code_list(missing_codes))
        responses = data
    else:
        if not isinstance(scale, Scale):
            raise OptionError(f"scale is {scale!r}, but it must be a Scale, or an id.")
        responses = Responses.from_frame(data, scale, by=by, missing_codes=code_list(missing_codes))
    _check(responses)
    factors = whole_number("factors", factors, minimum=1)
    most = most_factors(responses.scale.n_items)
    if factors > most:
        raise OptionError(
            f"factors is {factors}, but {responses.scale.n_items} items identify at most {most}; "
            "ask for fewer."
        )
    groups = [one_group(responses, place) for place in range(len(responses.group_rows))]
    return OmegaLedger(pl.concat([ledger_of(each, factors, threads) for each in groups]))


def _check(responses: Responses) -> None:
    check_scored(responses.scale)
    if responses.scale.n_items < _LEAST_ITEMS:
        raise OptionError(
            f"Scale {responses.scale.name!r} has {responses.scale.n_items} items, but one factor "
            f"needs at least {_LEAST_ITEMS}; an omega does not exist."
        )
    if responses.weights is not None or responses.cluster or responses.strata:
        raise OptionError(
            "The Responses have weights, clusters or strata, which these programs do not take "
            "account of; make them without."
        )
    for name in responses.groups.columns:
        if name in LEDGER_COLUMNS:
            raise OptionError(
                f"by names the column {name!r}, but the ledger has a column of that name; rename "
                f"it in the data, for example to 'survey_{name}'."
            )

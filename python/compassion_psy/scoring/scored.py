"""What did each person score: totals and subscales as columns of the frame."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, TypedDict, Unpack, overload

import polars as pl

from compassion_psy.data.columns import check_missing_codes
from compassion_psy.data.frames import as_frame
from compassion_psy.errors import CompassionWarning, DataError, OptionError
from compassion_psy.scales import Scale, get
from compassion_psy.scales.numbering import Columns
from compassion_psy.scoring.answers import checked_answers, column_types
from compassion_psy.scoring.derived import derived_columns
from compassion_psy.scoring.missing import Missing, MissingOption
from compassion_psy.scoring.norms import Norms
from compassion_psy.scoring.rules import scores_of


class _Options(TypedDict, total=False):
    """The options of :func:`score`, for its two kinds of frame."""

    columns: Columns | None
    missing: Missing
    minimum_answered: float | None
    missing_codes: Sequence[float]
    pomp: bool
    norms: Norms | Sequence[Norms]
    reliability: float | Mapping[str, float] | None
    level: float


@overload
def score(
    data: pl.LazyFrame, scale: Scale | str | Sequence[Scale | str], **options: Unpack[_Options]
) -> pl.LazyFrame: ...


@overload
def score(
    data: Any, scale: Scale | str | Sequence[Scale | str], **options: Unpack[_Options]
) -> pl.DataFrame: ...


def score(
    data: Any,
    scale: Scale | str | Sequence[Scale | str],
    *,
    columns: Columns | None = None,
    missing: Missing = "rule",
    minimum_answered: float | None = None,
    missing_codes: Sequence[float] = (),
    pomp: bool = False,
    norms: Norms | Sequence[Norms] = (),
    reliability: float | Mapping[str, float] | None = None,
    level: float = 0.95,
) -> pl.DataFrame | pl.LazyFrame:
    """What did each person score on a scale and its subscales?

    Parameters
    ----------
    data : frame
        One row a person: a Polars DataFrame or LazyFrame, or anything Polars can take in. A lazy
        frame stays lazy.
    scale : Scale or str, or a sequence of them
        A scale, or the id of a published one such as "scs-sf".
    columns : str, sequence or mapping, optional
        The columns of the items, for one scale; see :meth:`Scale.with_columns`.
    missing : {"rule", "complete", "person_mean"}
        "rule" is what the authors of the scale publish; where nothing is published a score needs
        all its answers. "complete": every score does. "person_mean": the person's mean of the
        answered items of a score stands for each missing one.
    minimum_answered : int or float, optional
        With "person_mean", the number of answers (int) or the share of the items (float) that
        each score needs; half of its items when not given, the usual rule [1]_.
    missing_codes : sequence of numbers
        Answers that mean no answer, such as 0 or 99.
    pomp : bool
        Whether to add percent of maximum possible, ``<score>_pomp``.
    norms : Norms or sequence of Norms
        Published norms of some of the scores.
    reliability : float or mapping from score to float, optional
        The reliability of the total, or of each score named, by column or key.
    level : float
        The coverage that intervals aim at, between 0 and 1.

    Returns
    -------
    polars.DataFrame or polars.LazyFrame
        The frame with these columns added, scale and keys in snake case:

        - ``<scale>_total``, ``<scale>_metric`` (where the scale has a conversion table) and
          ``<scale>_<key>`` for each subscale and composite: Int64 where the score is a sum that
          is never filled, else Float64. Null where too few items were answered.
        - ``<score>_answered`` beside each: how many of its items were answered.
        - ``<score>_pomp``, 0 to 100.
        - ``<score>_z``, ``_t`` and ``_percentile`` where norms have what they need, and
          ``<score>_norms``, their name. A score that is not in the table has no percentile, and
          a total that is no whole number (a filled one) no metric.
        - ``<score>_se``, ``_lower`` and ``_upper``: standard error of measurement and interval of
          the scores that a reliability is given for. Limits may lie outside the score's range.

    Raises
    ------
    DataError
        Where a column is absent or holds what is no answer of the scale, or a column to be added
        exists. For a lazy frame, answers are checked when it is computed, which raises then.
    OptionError
        Where an option is not usable.
    ScaleError
        Where there is no such scale.

    Warns
    -----
    CompassionWarning
        Where the published rule for missing answers was written down from memory.

    Notes
    -----
    A reversed answer x counts as ``minimum + maximum - x``, by the range of the scale. A sum with
    k of n items answered and "person_mean" is (sum of answers) n / k, a mean (sum of answers) / k:
    whole numbers until one division. Filling answers assumes that items are alike, and can bias
    results even where answers are missing at random [2]_; where many are, use methods for missing
    data on the items.

    POMP = 100 (score - lowest) / (highest - lowest) [3]_, with the ends of the possible range.
    z = (score - mean) / sd and T = 50 + 10 z, with mean and sd of the norms.
    SE = sd sqrt(1 - reliability), and the interval is score ± z SE with z a normal quantile [4]_;
    sd is that of the norms for this score, or of the scores in the frame (exact, divisor n - 1)
    where none are given.

    R gives the same sums and means with ``psych::scoreItems(keys, x, impute = "none", min =
    minimum, max = maximum)`` on complete answers.

    References
    ----------
    .. [1] Fayers, P. M., Aaronson, N. K., Bjordal, K., et al. (2001). *The EORTC QLQ-C30 Scoring
       Manual* (3rd ed.). EORTC.
    .. [2] Mazza, G. L., Enders, C. K., & Ruehlman, L. S. (2015). Addressing item-level missing
       data. *Multivariate Behavioral Research*, 50, 504-519.
    .. [3] Cohen, P., Cohen, J., Aiken, L. S., & West, S. G. (1999). The problem of units and the
       circumstance for POMP. *Multivariate Behavioral Research*, 34, 315-346.
    .. [4] Lord, F. M., & Novick, M. R. (1968). *Statistical theories of mental test scores*.
       Addison-Wesley.

    Examples
    --------
    >>> import polars as pl
    >>> from compassion_psy.scoring import score
    >>> answers = pl.DataFrame({"w1": [5, 3], "w2": [4, 3], "w3": [5, None], "w4": [5, 2],
    ...                         "w5": [5, 1]})
    >>> score(answers, "who-5", columns="w{}")[:, -2:].rows()
    [(96, 5), (None, 4)]
    >>> score(answers, "who-5", columns="w{}", missing="person_mean")["who_5_total"].to_list()
    [96.0, 45.0]
    """
    option = MissingOption(missing, minimum_answered)
    scales = _scales(scale, columns)
    scores = [scores_of(each, option) for each in scales]
    every = list(chain.from_iterable(scores))
    derived = derived_columns(every, pomp=pomp, norms=norms, reliability=reliability, level=level)
    if missing == "rule":
        _warn_of_recalled(scales)
    frame = data if isinstance(data, pl.LazyFrame) else as_frame(data, None)
    gates: list[pl.Expr] = []
    added: list[pl.Expr] = []
    for each, its_scores in zip(scales, scores, strict=True):
        answers, gate = checked_answers(frame, each, check_missing_codes(each, missing_codes))
        gates += [] if gate is None else [gate]
        added += chain.from_iterable(one.columns(answers) for one in its_scores)
    _refuse_existing(column_types(frame).names(), [*gates, *added, *derived])
    result = (
        frame.lazy()
        .with_columns(gates)
        .with_columns(added)
        .drop(gate.meta.output_name() for gate in gates)
        .with_columns(derived)
    )
    return result if isinstance(frame, pl.LazyFrame) else result.collect()


def _scales(scale: Any, columns: Columns | None) -> list[Scale]:
    given = [scale] if isinstance(scale, (Scale, str)) else scale
    if not isinstance(given, Sequence) or not given:
        raise OptionError(
            f"scale is {scale!r}, but it must be a Scale, the id of a published one, or a list."
        )
    for each in given:
        if not isinstance(each, (Scale, str)):
            raise OptionError(f"scale holds {each!r}, but each must be a Scale or an id.")
    scales = [get(each) if isinstance(each, str) else each for each in given]
    if columns is None:
        return scales
    if len(scales) > 1:
        raise OptionError(
            f"columns is {columns!r}, but there are {len(scales)} scales; give each its own, for "
            f"example scales.get({scales[0].name!r}, columns=...)."
        )
    return [scales[0].with_columns(columns)]


def _warn_of_recalled(scales: Sequence[Scale]) -> None:
    for scale in scales:
        # A rule of the user's own needs no source.
        if scale.sheet and scale.missing and scale.missing.confidence == "memory":
            warnings.warn(
                f"The rule of scale {scale.name!r} for missing answers is recalled from memory, "
                "no source was read: check it, or state one (missing='complete' or "
                "'person_mean').",
                CompassionWarning,
                stacklevel=3,
            )


def _refuse_existing(present: Sequence[str], added: Sequence[pl.Expr]) -> None:
    taken = set(present)
    for expression in added:
        name = expression.meta.output_name()
        if name in taken:
            where = "the data have" if name in present else "another score has"
            raise DataError(
                f"The column {name!r} cannot be added: {where} a column of that name already; "
                "rename it or leave it out."
            )
        taken.add(name)

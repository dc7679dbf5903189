"""How did each person answer: the indices of careless answering, in the order of the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy import _core
from compassion_psy.audit.screening import Screened
from compassion_psy.errors import OptionError
from compassion_psy.options import (
    thread_count,
)

_COUNTS = ("answered", "longstring", "guttman")


@dataclass(frozen=True, eq=False)
class Indices:
    """The indices of all persons, and what they were taken with.

    Attributes
    ----------
    frame : polars.DataFrame
        One row a person, in the order of the data: ``row`` (counted from 1), the `by` columns,
        ``impossible`` (answers outside the range), the indices, and ``repeated_row`` (how many
        persons gave exactly these answers, this one included). Null where there is no value.
    synonym_pairs, antonym_pairs : list of pairs of str
        The items taken as synonyms and antonyms.
    subscales : int
        Number of subscales whose halves were compared.
    basis : {"pairwise", "complete", "neither"}
        Whether distances were taken with the covariances of all persons who answered both items,
        of persons who answered all items (where the former contradict each other), or not at all.
    """

    frame: pl.DataFrame
    synonym_pairs: list[tuple[str, str]]
    antonym_pairs: list[tuple[str, str]]
    subscales: int
    basis: Literal["pairwise", "complete", "neither"]


def careless_indices(
    screened: Screened, *, pair_correlation: float = 0.6, threads: int | None = None
) -> Indices:
    """How did each person answer?

    Everybody is measured with one yardstick, taken from all sites together.

    Parameters
    ----------
    screened : Screened
        The answers.
    pair_correlation : float
        Items that correlate above this are synonyms, below minus this antonyms.
    threads : int, optional
        Threads to use; the numbers do not depend on it.

    Returns
    -------
    Indices
        See there; the indices are named below.

    Raises
    ------
    OptionError
        Where a `by` column has the name of an index, or threads are too many.

    Notes
    -----
    ``answered``
        Number of items answered; impossible answers count as none, here and below.
    ``longstring``
        Longest run of one same answer as given, in the order of items [1]_; a missing answer ends
        a run.
    ``irv``
        Intra-individual response variability: the standard deviation (n - 1) of the answers as
        given [2]_.
    ``even_odd``
        Means of the odd and of the even items of each subscale, keyed; their correlation r over
        at least 3 subscales; 2r / (1 + r), at least -1. **High is consistent**; R's ``careless``
        turned this sign in version 1.2.0.
    ``synonyms``, ``antonyms``
        Correlation of the answers to the first items of related pairs with those to the second,
        over at least 3 pairs answered [3]_. Which of a pair is first matters: it is the one that
        comes first in the scale.
    ``mahalanobis``, ``mahalanobis_p``
        D² = d' S⁻¹ d of the items answered, with deviations d from the means and covariances S of
        all persons (pairwise), and the upper tail of chi-square with as many degrees of freedom
        as items were answered. Items that do not vary are left out.
    ``guttman``, ``guttman_normed``
        Number of pairs of item steps of which the harder is passed and the easier failed, keyed
        and among the items answered [4]_, and that number over the most that any answers with
        the same total could have [5]_. Steps are ordered by the share of persons who passed them.
    ``person_total``
        Correlation of the answers as given with the item means of all other persons [6]_.

    References
    ----------
    .. [1] Johnson, J. A. (2005). *Journal of Research in Personality*, 39, 103-129.
    .. [2] Dunn, A. M., et al. (2018). *Journal of Business and Psychology*, 33, 105-121.
    .. [3] Meade, A. W., & Craig, S. B. (2012). *Psychological Methods*, 17, 437-455.
    .. [4] Molenaar, I. W. (1991). A weighted Loevinger H-coefficient extending Mokken scaling to
       multicategory items. *Kwantitatieve Methoden*, 37, 97-117.
    .. [5] Emons, W. H. M. (2008). Nonparametric person-fit analysis of polytomous item scores.
       *Applied Psychological Measurement*, 32, 224-247.
    .. [6] Curran, P. G. (2016). *Journal of Experimental Social Psychology*, 66, 4-19.

    The R package ``careless`` calls them ``longstring``, ``irv``, ``evenodd``, ``psychsyn``,
    ``psychant`` and ``mahad``. R gives the same distances with ``mahalanobis(x, colMeans(x),
    cov(x))`` where no answer is missing.

    Examples
    --------
    >>> from compassion_psy import simulate_survey
    >>> from compassion_psy.audit.screening import screen
    >>> survey = simulate_survey(persons=200, items=6, seed=1)
    >>> found = careless_indices(screen(survey.frame, survey.scale))
    >>> found.frame.select("row", "answered", "longstring").row(0)
    (1, 6, 2)
    """
    threads = thread_count(threads)
    scale = screened.scale
    place = {item: number for number, item in enumerate(scale.items)}
    subscales = [
        [(place[item], item in part.reversed) for item in part.items] for part in scale.subscales
    ]
    codes = np.ascontiguousarray(screened.codes)
    found = _core.careless(
        codes,
        highest=screened.highest,
        reversed=[item in scale.reversed for item in scale.items],
        subscales=subscales,
        pair_correlation=pair_correlation,
        threads=threads,
    )
    columns = [
        pl.Series(name, _in_data_order(screened, values), nan_to_null=True)
        for name, values in found["indices"].items()
    ]
    impossible = screened.impossible.sum(axis=0, dtype=np.uint32)
    repeated = _core.repeated_rows(codes, threads=threads)
    own = pl.DataFrame(
        [
            pl.Series("row", np.arange(1, screened.rows + 1, dtype=np.uint32)),
            pl.Series("impossible", _in_data_order(screened, impossible)),
            *(c.cast(pl.UInt32) if c.name in _COUNTS else c for c in columns),
            pl.Series("repeated_row", _in_data_order(screened, repeated)),
        ]
    )
    by = screened.groups.columns
    for name in by:
        if name in own.columns:
            raise OptionError(
                f"by names the column {name!r}, but the table of persons has a column of that "
                f"name; rename it in the data, for example to 'survey_{name}'."
            )

    def named(pairs: list[tuple[int, int]]) -> list[tuple[str, str]]:
        return [(scale.items[i], scale.items[j]) for i, j in pairs]

    return Indices(
        own.select("row").hstack(screened.frame.select(by)).hstack(own.drop("row")),
        named(found["synonym_pairs"]),
        named(found["antonym_pairs"]),
        len(subscales),
        found["basis"],
    )


def _in_data_order(screened: Screened, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return what is in order of groups in the order of the data."""
    placed = np.empty_like(values)
    placed[screened.order] = values
    return placed

"""A simulated survey: congeneric items, sites, clusters, reversed items, missing answers."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Real

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from compassion_psy.errors import OptionError
from compassion_psy.options import SEED_MAXIMUM, whole_number
from compassion_psy.scales import Scale
from compassion_psy.simulate.population import Population

_Array = NDArray[np.float64]

# Largest answer that still leaves a free code for "missing" in a byte.
_LARGEST_ANSWER = 254


@dataclass(frozen=True, eq=False)
class SimulatedSurvey:
    """A simulated survey and the truth behind it.

    Attributes
    ----------
    frame : polars.DataFrame
        Columns person, site, ward, and one UInt8 column for each item (null where missing),
        reversed items as a respondent would have answered them.
    scale : Scale
        Its items, range and reversed items.
    population : Population
        What the answers were drawn from.
    """

    frame: pl.DataFrame
    scale: Scale
    population: Population

    @cached_property
    def truth(self) -> pl.DataFrame:
        """True coefficients: columns site (null is the whole population), coefficient, value.

        Coefficients are those of the sum of the answers as they are recorded, not of the responses
        behind them: "reliability" is the variance of its true part over its variance; "alpha" and
        "omega_u" (of three or more items) are what these coefficients estimate. They come from the
        covariance of the answers, integrated numerically over the factor and exact to ten digits.
        Site and ward effects count as true differences between persons; the whole population is
        that of these sites, mixed by their sizes.
        """
        sites = self.frame.get_column("site").unique(maintain_order=True).to_list()
        rows: list[tuple[str | None, str, float]] = []
        for number, site in enumerate([None, *sites]):
            covariance, true = self.population.covariances(None if site is None else number - 1)
            rows += [(site, name, value) for name, value in _coefficients(covariance, true)]
        schema = {"site": pl.String, "coefficient": pl.String, "value": pl.Float64}
        return pl.DataFrame(rows, schema=schema, orient="row")


def simulate_survey(
    *,
    persons: int | None = None,
    items: int | None = None,
    sites: int | None = None,
    clusters_per_site: int = 10,
    minimum: int = 1,
    maximum: int = 5,
    loadings: ArrayLike | None = None,
    reversed: int | Sequence[str] = 0,
    site_icc: float = 0.05,
    cluster_icc: float = 0.05,
    missing: float = 0.0,
    sizes: Sequence[int] | None = None,
    seed: int | None = None,
) -> SimulatedSurvey:
    """Simulate a survey whose true reliability is known.

    Answers are made by cutting a congeneric one-factor model at thresholds; sites and wards shift
    the factor of everybody in them.

    Parameters
    ----------
    persons : int, optional
        Number of persons; 1000, or the sum of `sizes` when that is given.
    items : int, optional
        Number of items, named item_1, item_2, ...; 8, or the number of `loadings`.
    sites : int, optional
        Number of sites, of equal size unless `sizes` is given; 1, or the number of `sizes`.
    clusters_per_site : int
        Number of wards at each site, of equal size.
    minimum, maximum : int
        Lowest and highest answer, within 0 to 254.
    loadings : array-like (items,), optional
        Correlation of each response, before it is cut, with the factor; between -1 and 1. Equally
        spaced from 0.5 to 0.8 when not given.
    reversed : int or sequence of str
        Items worded against the scale: so many of the last items, or their names.
    site_icc, cluster_icc : float
        Shares of the factor's variance between sites, and between wards of a site.
    missing : float
        Probability that an answer is missing, the same for each, below 1.
    sizes : sequence of int, optional
        Persons at each site.
    seed : int, optional
        0 to 2**64 - 1; the same seed gives the same survey. None draws a fresh one.

    Returns
    -------
    SimulatedSurvey
        With `frame`, `scale`, `population` and `truth`.

    Raises
    ------
    OptionError
        When an option is outside its limits, or options disagree.

    Examples
    --------
    >>> survey = simulate_survey(sizes=[200, 300], items=6, reversed=2, seed=1)
    >>> survey.frame.shape
    (500, 9)
    >>> survey.scale.reversed
    ('item_5', 'item_6')
    >>> survey.truth.filter(coefficient="alpha").get_column("site").to_list()
    [None, 'S1', 'S2']
    """
    site_sizes = _site_sizes(persons, sites, sizes)
    loading = _loadings(items, loadings)
    scale = _scale(loading.size, minimum, maximum, reversed)
    clusters = whole_number("clusters_per_site", clusters_per_site, minimum=1)
    share("site_icc", site_icc)
    share("cluster_icc", cluster_icc)
    share("missing", missing)
    if site_icc + cluster_icc >= 1:
        raise OptionError(
            f"site_icc {site_icc} and cluster_icc {cluster_icc} leave no variance between persons; "
            "their sum must be below 1: lower one."
        )
    if seed is not None:
        seed = whole_number("seed", seed, minimum=0, maximum=SEED_MAXIMUM)
    random = np.random.default_rng(seed)

    population = Population(
        loadings=loading,
        thresholds=thresholds(loading.size, answers=maximum - minimum + 1),
        minimum=minimum,
        site_effects=math.sqrt(site_icc) * random.standard_normal(site_sizes.size),
        site_shares=site_sizes / site_sizes.sum(),
        within_variance=1 - site_icc,
    )
    site = np.repeat(np.arange(site_sizes.size), site_sizes)
    ward = np.concatenate([_shared_out(size, clusters) for size in site_sizes]) + site * clusters
    factor = (
        population.site_effects[site]
        + math.sqrt(cluster_icc) * random.standard_normal(site_sizes.size * clusters)[ward]
        + math.sqrt(1 - site_icc - cluster_icc) * random.standard_normal(site.size)
    )
    frame = _design(site, ward, clusters, site_sizes.size).with_columns(
        answers(factor, population, scale, number, missing, random)
        for number in range(loading.size)
    )
    return SimulatedSurvey(frame, scale, population)


def answers(
    factor: _Array,
    population: Population,
    scale: Scale,
    number: int,
    missing: float,
    random: np.random.Generator,
) -> pl.Series:
    """Return one item's column: cut responses, turned when reversed, nulls where missing."""
    name = scale.items[number]
    loading = population.loadings[number]
    unique = math.sqrt(1 - loading**2)
    response = loading * factor + unique * random.standard_normal(factor.size)
    answer = population.minimum + np.searchsorted(population.thresholds[number], response)
    if name in scale.reversed:
        answer = int(scale.minimum + scale.maximum) - answer
    column = pl.Series(name, answer.astype(np.uint8))
    if missing == 0:
        return column
    absent = pl.Series(random.random(factor.size) < missing)
    return column.set(absent, None)


def _design(
    site: NDArray[np.intp], ward: NDArray[np.intp], clusters: int, n_sites: int
) -> pl.DataFrame:
    """Return the columns person, site and ward; a ward's name holds its site's."""
    site_width, ward_width = len(str(n_sites)), len(str(clusters))
    site_names = [f"S{number:0{site_width}d}" for number in range(1, n_sites + 1)]
    ward_names = [
        f"{name}-W{number:0{ward_width}d}"
        for name in site_names
        for number in range(1, clusters + 1)
    ]
    return pl.DataFrame(
        {
            "person": np.arange(1, site.size + 1, dtype=np.uint32),
            "site": pl.Series(site_names).gather(site),
            "ward": pl.Series(ward_names).gather(ward),
        }
    )


def _coefficients(covariance: _Array, true: _Array) -> list[tuple[str, float]]:
    # Imported here: only those who ask for the truth need the reference fit.
    from compassion_psy import pure

    items = len(covariance)
    total = covariance.sum()
    found = [
        ("reliability", float(true.sum() / total)),
        ("alpha", float(items / (items - 1) * (1 - np.trace(covariance) / total))),
    ]
    # One factor of two items has more than one solution.
    return [*found, ("omega_u", pure.omega_u(covariance))] if items > 2 else found


def thresholds(items: int, answers: int) -> _Array:
    """Return evenly spaced thresholds, shifted from item to item as easy and hard items are."""
    between = (np.arange(1, answers) / answers - 0.5) * 4
    return np.add.outer(np.linspace(-0.4, 0.4, items), between)


def _shared_out(persons: int, groups: int) -> NDArray[np.intp]:
    """Return the group of each person, groups as equal as can be and in order."""
    return np.arange(persons) * groups // persons


def _site_sizes(
    persons: int | None, sites: int | None, sizes: Sequence[int] | None
) -> NDArray[np.intp]:
    if sizes is None:
        n_sites = 1 if sites is None else whole_number("sites", sites, minimum=1)
        total = 1000 if persons is None else whole_number("persons", persons, minimum=n_sites)
        return np.bincount(_shared_out(total, n_sites))
    if isinstance(sizes, str) or not isinstance(sizes, Iterable):
        raise OptionError(f"sizes is {sizes!r}, but it must be a list of persons at each site.")
    counted = [whole_number("each of sizes", size, minimum=1) for size in sizes]
    for name, given, implied in (
        ("persons", persons, sum(counted)),
        ("sites", sites, len(counted)),
    ):
        if implied == 0 or given not in (None, implied):
            raise OptionError(
                f"sizes gives {implied} {name}, but {name} is {given}; "
                f"leave out {name}, which sizes decides."
            )
    return np.array(counted, dtype=np.intp)


def _loadings(items: int | None, loadings: ArrayLike | None) -> _Array:
    if loadings is None:
        count = 8 if items is None else whole_number("items", items, minimum=2)
        return np.linspace(0.5, 0.8, count)
    try:
        values = np.asarray(loadings, dtype=np.float64)
    except (TypeError, ValueError):
        raise OptionError(
            f"loadings is {loadings!r}, but it must be a list of numbers such as [0.6, 0.7, 0.8]."
        ) from None
    if values.ndim != 1 or values.size < 2:
        raise OptionError(
            f"loadings has shape {values.shape}, but it must be one number for each of at least 2 "
            "items; give a list such as [0.6, 0.7, 0.8]."
        )
    if items not in (None, values.size):
        raise OptionError(
            f"loadings gives {values.size} items, but items is {items}; leave it out."
        )
    if not np.all(np.abs(values) < 1):
        worst = values[~(np.abs(values) < 1)][0]
        raise OptionError(f"loadings holds {worst:g}, but each must lie between -1 and 1.")
    return values


def _scale(items: int, minimum: int, maximum: int, reversed: int | Sequence[str]) -> Scale:
    lowest = whole_number("minimum", minimum, minimum=0, maximum=_LARGEST_ANSWER - 1)
    highest = whole_number("maximum", maximum, minimum=lowest + 1, maximum=_LARGEST_ANSWER)
    width = len(str(items))
    names = [f"item_{number:0{width}d}" for number in range(1, items + 1)]
    if isinstance(reversed, int):
        count = whole_number("reversed", reversed, minimum=0, maximum=items)
        reversed = names[items - count :]
    return Scale("simulated", items=names, minimum=lowest, maximum=highest, reversed=reversed)


def share(name: str, value: object) -> None:
    """Raise OptionError unless the option is a number from 0 to below 1."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise OptionError(f"{name} is {value!r}, but it must be a number such as 0.05.")
    if not 0 <= float(value) < 1:
        raise OptionError(f"{name} is {value}, but it must be at least 0 and below 1.")

"""A simulated pathway: training, self-compassion, empathy, wellbeing or distress, modulated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from compassion_psy.errors import OptionError, nearest
from compassion_psy.options import SEED_MAXIMUM, whole_number
from compassion_psy.simulate.survey import share

# Outcome, label, predictor, true value; a product is written as in lavaan.
_PATHS = (
    ("self_compassion", "a", "training", 0.5),
    ("self_compassion", "support", "support", 0.2),
    ("self_compassion", "a_support", "training:support", 0.25),
    ("empathy", "d", "self_compassion", 0.4),
    ("empathy", "d_training", "training", 0.1),
    ("wellbeing", "b", "empathy", 0.35),
    ("wellbeing", "b_self_compassion", "self_compassion", 0.25),
    ("wellbeing", "c", "training", 0.1),
    ("wellbeing", "demands", "demands", -0.2),
    ("wellbeing", "b_demands", "empathy:demands", -0.15),
    ("distress", "e", "empathy", -0.3),
    ("distress", "e_self_compassion", "self_compassion", -0.3),
    ("distress", "f", "training", -0.05),
    ("distress", "distress_demands", "demands", 0.3),
    ("distress", "e_demands", "empathy:demands", 0.12),
)
_DEFINED = {
    "indirect_wellbeing": ("a", "d", "b"),
    "index_support_wellbeing": ("a_support", "d", "b"),
    "index_demands_wellbeing": ("a", "d", "b_demands"),
    "indirect_distress": ("a", "d", "e"),
    "index_support_distress": ("a_support", "d", "e"),
    "index_demands_distress": ("a", "d", "e_demands"),
}


@dataclass(frozen=True, eq=False)
class SimulatedPathway:
    """A simulated pathway and the truth behind it.

    Attributes
    ----------
    frame : polars.DataFrame
        One row a person: ``person``, ``team``, ``training`` (0 or 1, the same in a team),
        ``support``, ``demands``, ``self_compassion``, ``empathy``, ``wellbeing``, ``distress``.
    model : str
        The true model in lavaan's syntax, with the labels of `truth`.
    truth : polars.DataFrame
        Columns ``lhs``, ``op``, ``rhs``, ``label``, ``value``: each path, and defined effects:
        ``indirect_...`` (where support and demands are 0) and ``index_..._...``, the index of
        moderated mediation: how much the indirect effect moves with one unit of support (where
        demands are 0), or of demands (where support is 0).
    """

    frame: pl.DataFrame
    model: str
    truth: pl.DataFrame


def simulate_pathway(
    *,
    persons: int = 2000,
    teams: int = 100,
    paths: Mapping[str, float] | None = None,
    team_icc: float = 0.1,
    seed: int | None = None,
) -> SimulatedPathway:
    """Simulate a moderated serial mediation in teams, its true paths known.

    Whole teams are trained. Training raises self-compassion, more where there is support; that
    raises empathy; and that raises wellbeing and lowers distress, less where demands are high.

    Parameters
    ----------
    persons, teams : int
        Numbers of persons and of teams, of equal size; every other team is trained.
    paths : mapping of str to float, optional
        True values, by their labels in `truth`, that differ from the usual ones.
    team_icc : float
        Share of a team in the variance of support, of demands and of each residual, which is 1.
    seed : int, optional
        0 to 2**64 - 1; the same seed gives the same pathway. None draws a fresh one.

    Returns
    -------
    SimulatedPathway
        With ``frame``, ``model`` and ``truth``.

    Raises
    ------
    OptionError
        When an option is outside its limits, or `paths` names an unknown label.

    Examples
    --------
    >>> pathway = simulate_pathway(persons=300, teams=20, seed=1)
    >>> print(pathway.model.splitlines()[0])
    self_compassion ~ a*training + support*support + a_support*training:support
    >>> round(pathway.truth.filter(label="index_demands_wellbeing")["value"].item(), 3)
    -0.03
    """
    teams = whole_number("teams", teams, minimum=2)
    persons = whole_number("persons", persons, minimum=teams)
    share("team_icc", team_icc)
    if seed is not None:
        seed = whole_number("seed", seed, minimum=0, maximum=SEED_MAXIMUM)
    values = _checked_paths(paths)
    random = np.random.default_rng(seed)
    team = np.arange(persons) * teams // persons

    def standard() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """One variable of variance 1, alike within teams."""
        between = math.sqrt(team_icc) * random.standard_normal(teams)
        return between[team] + math.sqrt(1 - team_icc) * random.standard_normal(persons)

    columns = {
        "training": (team % 2).astype(np.float64),
        "support": standard(),
        "demands": standard(),
    }
    for outcome in dict.fromkeys(outcome for outcome, *_ in _PATHS):
        total = standard()
        for of, label, predictor, _ in _PATHS:
            if of == outcome:
                product = math.prod((columns[name] for name in predictor.split(":")), start=1.0)
                total = total + values[label] * product
        columns[outcome] = total
    width = len(str(teams))
    names = pl.Series([f"T{number:0{width}d}" for number in range(1, teams + 1)])
    frame = pl.DataFrame(
        {
            "person": np.arange(1, persons + 1, dtype=np.uint32),
            "team": names.gather(team),
            **columns,
        }
    ).with_columns(pl.col("training").cast(pl.UInt8))
    return SimulatedPathway(frame, _model(), _truth(values))


def _checked_paths(paths: Mapping[str, float] | None) -> dict[str, float]:
    values = {label: value for _, label, _, value in _PATHS}
    for label, value in (paths or {}).items():
        if label not in values:
            raise OptionError(f"paths names {label!r}. {nearest(label, values)}")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise OptionError(f"paths[{label!r}] is {value!r}, but it must be a number.")
        if not math.isfinite(value):
            raise OptionError(f"paths[{label!r}] is {value}, but it must be finite.")
        values[label] = float(value)
    return values


def _model() -> str:
    terms: dict[str, list[str]] = {}
    for outcome, label, predictor, _ in _PATHS:
        terms.setdefault(outcome, []).append(f"{label}*{predictor}")
    lines = [f"{outcome} ~ {' + '.join(parts)}" for outcome, parts in terms.items()]
    return "\n".join(lines + [f"{name} := {'*'.join(of)}" for name, of in _DEFINED.items()])


def _truth(values: Mapping[str, float]) -> pl.DataFrame:
    rows = [
        (outcome, "~", predictor, label, values[label]) for outcome, label, predictor, _ in _PATHS
    ]
    rows += [
        (name, ":=", "*".join(of), name, math.prod(values[label] for label in of))
        for name, of in _DEFINED.items()
    ]
    return pl.DataFrame(rows, schema=["lhs", "op", "rhs", "label", "value"], orient="row")

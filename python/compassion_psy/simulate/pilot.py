"""A simulated pilot: a mindfulness course for nurses, with true effects known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real

import numpy as np
import polars as pl
from numpy.typing import NDArray

from compassion_psy.errors import OptionError
from compassion_psy.options import SEED_MAXIMUM, whole_number
from compassion_psy.scales import Scale
from compassion_psy.simulate.pilot_model import PilotModel
from compassion_psy.simulate.pilot_result import SimulatedPilot
from compassion_psy.simulate.population import Population
from compassion_psy.simulate.survey import answers, share, thresholds

_Array = NDArray[np.float64]
_Yes = NDArray[np.bool_]

# Number of items, of these reversed, and highest answer: as long as scales of these outcomes are.
_SHAPES = {"wellbeing": (14, 0, 5), "self_compassion": (12, 6, 5), "clinical_empathy": (20, 10, 7)}
_EFFECTS = {"wellbeing": 0.5, "self_compassion": 0.7, "clinical_empathy": 0.4}
_SATISFACTION = np.array([0.02, 0.05, 0.13, 0.4, 0.4])


def simulate_pilot(
    *,
    nurses: int = 12,
    control: int = 0,
    waves: Sequence[str] = ("pre", "post"),
    effects: Mapping[str, float] | None = None,
    stability: float = 0.8,
    responders: float = 0.75,
    practice_effect: float = 0.0,
    sessions: int = 8,
    starting: float = 0.95,
    dropout: float = 0.1,
    missing: float = 0.0,
    seed: int | None = None,
) -> SimulatedPilot:
    """Simulate a pilot of a mindfulness course whose true effects are known.

    Wellbeing, self-compassion and clinical empathy are answered before and after, in items. Who
    does not start the course, or leaves it, does not answer again.

    Parameters
    ----------
    nurses : int
        Persons in the training arm.
    control : int
        Persons in a control arm, in which nothing changes on average.
    waves : sequence of str
        Names of at least two waves, the first before the course. Effects last.
    effects : mapping of str to float, optional
        Mean change of the factor behind an outcome, in its standard deviations before; 0.5
        for "wellbeing", 0.7 for "self_compassion" and 0.4 for "clinical_empathy" where not given.
    stability : float
        Correlation of a factor between two waves without the course.
    responders : float
        Share of persons on whom the course works; above 0, at most 1.
    practice_effect : float
        Change of each factor for one standard deviation of the logarithm of practice, for those on
        whom the course works.
    sessions : int
        Sessions offered.
    starting, dropout : float
        Probability to start the course, and of those who start (or are controls) not to complete.
    missing : float
        Probability that an answer is missing.
    seed : int, optional
        0 to 2**64 - 1; the same seed gives the same pilot. None draws a fresh one.

    Returns
    -------
    SimulatedPilot
        With ``frame``, ``persons``, ``scales``, ``truth`` and ``true_changes``.

    Raises
    ------
    OptionError
        When an option is outside its limits.

    Examples
    --------
    >>> pilot = simulate_pilot(nurses=12, seed=1)
    >>> list(pilot.scales)
    ['wellbeing', 'self_compassion', 'clinical_empathy']
    >>> pilot.truth.select("outcome", "d_z").rows()[0][0]
    'wellbeing'
    """
    nurses = whole_number("nurses", nurses, minimum=1)
    control = whole_number("control", control, minimum=0)
    sessions = whole_number("sessions", sessions, minimum=1)
    for name, value in (("stability", stability), ("dropout", dropout), ("missing", missing)):
        share(name, value)
    for name, value in (("starting", starting), ("responders", responders)):
        if isinstance(value, bool) or not isinstance(value, Real) or not 0 < value <= 1:
            raise OptionError(f"{name} is {value!r}, but it must be above 0 and at most 1.")
    if seed is not None:
        seed = whole_number("seed", seed, minimum=0, maximum=SEED_MAXIMUM)
    random = np.random.default_rng(seed)
    scales = {outcome: _scale(outcome) for outcome in _SHAPES}
    model = PilotModel(
        waves=_checked_waves(waves),
        effects=_checked_effects(effects),
        stability=stability,
        responders=responders,
        practice_effect=_number("practice_effect", practice_effect),
        outcome_correlation=0.4,
        populations={outcome: _population(scale) for outcome, scale in scales.items()},
    )

    trained = np.arange(nurses + control) < nurses
    factors, responds, practice = model.draw(trained, random)
    started = trained & (random.random(trained.size) < starting)
    stays = (started | ~trained) & (random.random(trained.size) >= dropout)
    person = pl.DataFrame(
        {
            "person": np.arange(1, trained.size + 1, dtype=np.uint32),
            "arm": pl.Series(["control", "training"]).gather(trained.astype(np.uint32)),
        }
    )
    return SimulatedPilot(
        frame=_answered(person, factors, stays, model, scales, missing, random),
        persons=_took_part(person, trained, started, stays, practice, sessions, random),
        scales=scales,
        model=model,
        factors=_true_factors(person, factors, responds, model),
    )


def _answered(
    person: pl.DataFrame,
    factors: _Array,
    stays: _Yes,
    model: PilotModel,
    scales: Mapping[str, Scale],
    missing: float,
    random: np.random.Generator,
) -> pl.DataFrame:
    """Return one row a person and wave answered, persons in order and their waves together."""
    waves = [
        person.with_columns(
            pl.lit(name).alias("wave"),
            *(
                answers(
                    factors[place, wave], model.populations[outcome], scale, item, missing, random
                )
                for place, (outcome, scale) in enumerate(scales.items())
                for item in range(scale.n_items)
            ),
        ).filter(pl.Series(stays | (wave == 0)))
        for wave, name in enumerate(model.waves)
    ]
    return pl.concat(waves).sort("person", maintain_order=True)


def _took_part(
    person: pl.DataFrame,
    trained: _Yes,
    started: _Yes,
    stays: _Yes,
    practice: _Array,
    sessions: int,
    random: np.random.Generator,
) -> pl.DataFrame:
    """Return one row a person: how far they came, what they did, what they said of it."""
    n = trained.size
    attended = random.binomial(sessions, 0.85, n)
    left_after = random.integers(1, max(2, sessions // 2 + 1), n)
    attended = np.where(stays, np.maximum(attended, 1), left_after) * started

    def known(name: str, values: NDArray[np.generic], to: _Yes) -> pl.Series:
        return pl.Series(name, values).set(pl.Series(~to), None)

    completed = started & stays
    satisfied = [
        known(f"satisfaction_{item}", random.choice(5, n, p=_SATISFACTION) + 1, completed)
        for item in (1, 2, 3)
    ]
    return person.with_columns(
        known("started", started, trained),
        pl.Series("completed", stays),
        known("sessions", attended, trained),
        known("practice", np.round(practice), started),
        *satisfied,
    )


def _true_factors(
    person: pl.DataFrame, factors: _Array, responds: _Yes, model: PilotModel
) -> pl.DataFrame:
    rows = person.with_columns(pl.Series("responds", responds))
    return pl.concat(
        rows.with_columns(
            pl.lit(outcome).alias("outcome"),
            pl.lit(wave).alias("wave"),
            pl.Series("factor", factors[place, number]),
        )
        for place, outcome in enumerate(model.outcomes)
        for number, wave in enumerate(model.waves)
    )


def _scale(outcome: str) -> Scale:
    items, reversed, maximum = _SHAPES[outcome]
    names = [f"{outcome}_{number:02d}" for number in range(1, items + 1)]
    return Scale(
        outcome, items=names, minimum=1, maximum=maximum, reversed=names[items - reversed :]
    )


def _population(scale: Scale) -> Population:
    items, answers = scale.n_items, int(scale.maximum - scale.minimum) + 1
    return Population(
        loadings=np.linspace(0.5, 0.8, items),
        thresholds=thresholds(items, answers),
        minimum=int(scale.minimum),
        site_effects=np.zeros(1),
        site_shares=np.ones(1),
        within_variance=1.0,
    )


def _checked_waves(waves: Sequence[str]) -> tuple[str, ...]:
    listed = isinstance(waves, Sequence) and not isinstance(waves, str)
    names = tuple(waves) if listed else ()
    if len(set(names)) < max(2, len(names)) or not all(isinstance(name, str) for name in names):
        raise OptionError(
            f"waves is {waves!r}, but it must name at least two different waves, such as "
            "['pre', 'post']."
        )
    return names


def _checked_effects(effects: Mapping[str, float] | None) -> dict[str, float]:
    if effects is not None and not isinstance(effects, Mapping):
        raise OptionError(
            f"effects is {effects!r}, but it must be a mapping, such as {{'wellbeing': 0.5}}."
        )
    given = dict(effects or {})
    unknown = [name for name in given if name not in _EFFECTS]
    if unknown:
        raise OptionError(
            f"effects names {unknown[0]!r}, but the outcomes are {', '.join(map(repr, _EFFECTS))}."
        )
    return {name: _number(f"effects[{name!r}]", given.get(name, d)) for name, d in _EFFECTS.items()}


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not np.isfinite(float(value)):
        raise OptionError(f"{name} is {value!r}, but it must be a number such as 0.5.")
    return float(value)

"""Simulated answers, the same for everybody who takes part."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import compassion_psy as cp
import numpy as np
import numpy.typing as npt
import polars as pl


@dataclass(frozen=True, eq=False)
class Answers:
    """A frame of answers, and the shapes in which contenders take them."""

    frame: pl.DataFrame
    scale: cp.Scale

    @cached_property
    def responses(self) -> cp.Responses:
        """Checked answers of everybody, as one group."""
        return cp.Responses.from_frame(self.frame, self.scale)

    @cached_property
    def codes(self) -> npt.NDArray[np.uint8]:
        """Items × persons, counted from the scale's minimum."""
        return np.asarray(self.responses.answers, dtype=np.uint8)

    @cached_property
    def matrix(self) -> npt.NDArray[np.float64]:
        """Persons × items, as NumPy, SciPy and R take them."""
        return np.ascontiguousarray(self.codes.T, dtype=np.float64)

    @property
    def size(self) -> str:
        """Persons and items, in words."""
        return f"{self.frame.height:,} persons × {self.scale.n_items} items"

    def write_codes(self, path: Path) -> None:
        """Write one byte an answer, item by item, for R."""
        path.write_bytes(self.codes.tobytes())


@cache
def survey(persons: int, items: int, sites: int, seed: int) -> Answers:
    """Answers 1 to 5 to congeneric items, persons in order of sites of equal size."""
    simulated = cp.simulate_survey(persons=persons, items=items, sites=sites, seed=seed)
    return Answers(simulated.frame, simulated.scale)


@cache
def clusters_of_items(persons: int, items: int, factors: int, seed: int) -> Answers:
    """Answers 1 to 5 to items of several factors, which correlate at a half."""
    random = np.random.default_rng(seed)
    common = random.standard_normal(persons)
    own = [random.standard_normal(persons) for _ in range(factors)]
    frame = pl.DataFrame(
        {f"item_{j + 1}": _answers(common + own[j % factors], random) for j in range(items)}
    )
    return Answers(frame, cp.Scale("factors", items=frame.columns, minimum=1, maximum=5))


def _answers(factor: npt.NDArray[np.float64], random: np.random.Generator) -> npt.NDArray[np.int64]:
    latent = 0.5 * factor + 0.8 * random.standard_normal(len(factor))
    return np.digitize(latent, [-1.5, -0.5, 0.5, 1.5]) + 1


@cache
def uniform(persons: int, items: int, seed: int) -> Answers:
    """Answers 1 to 5 that know nothing of each other: what the floors were measured on."""
    random = np.random.default_rng(seed)
    names = [f"item_{number}" for number in range(1, items + 1)]
    frame = pl.DataFrame({name: random.integers(1, 6, persons, np.uint8) for name in names})
    return Answers(frame, cp.Scale("uniform", items=names, minimum=1, maximum=5))

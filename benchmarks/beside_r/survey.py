"""Real surveys, what R found in them, and what we find."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import compassion_psy as cp
import numpy as np
import numpy.typing as npt
import polars as pl

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
VALUES = ROOT / "tests" / "reference" / "values" / "beside_r.json"

Floats = npt.NDArray[np.float64]
Missing = Literal["listwise", "pairwise"]

_CONTINUOUS = "holzinger_swineford_1939"
_TAKES_FACTORS = "factors" in inspect.signature(cp.reliability).parameters


@dataclass(frozen=True, eq=False)
class Survey:
    """A scale of a real survey, with the numbers that R found in it."""

    name: str
    r: dict[str, Any]

    @property
    def meta(self) -> dict[str, Any]:
        """What was analysed."""
        found: dict[str, Any] = self.r["meta"]
        return found

    @property
    def missing(self) -> Missing:
        """How R treated missing answers."""
        return "listwise" if self.name.endswith("listwise") else "pairwise"

    @property
    def complete(self) -> bool:
        """Whether what R was given has no missing answer."""
        return self.missing == "listwise" or self.meta["n_missing_cells"] == 0

    @cached_property
    def frame(self) -> pl.DataFrame:
        """The answers."""
        path = SHARED / "data" / f"{self.meta['dataset']}.csv"
        found = path if path.exists() else f"{path}.gz"
        frame = pl.read_csv(found, infer_schema_length=None).select(self.meta["items"])
        labels = self.meta.get("labels")
        if labels:
            codes = {label: code for code, label in enumerate(labels, 1)}
            frame = frame.with_columns(
                pl.all().replace_strict(codes, default=None, return_dtype=pl.Int64)
            )
        return frame

    @cached_property
    def scale(self) -> cp.Scale:
        """The scale."""
        minimum, maximum = self.meta["response_range"]
        return cp.Scale(
            self.meta["scale"],
            items=self.meta["items"],
            minimum=minimum,
            maximum=maximum,
            reversed=self.meta["reversed"],
            continuous=self.meta["dataset"] == _CONTINUOUS,
        )

    @cached_property
    def responses(self) -> cp.Responses:
        """The answers, checked."""
        codes = self.meta["missing_codes_set_to_NA"]
        return cp.Responses.from_frame(self.frame, self.scale, missing_codes=codes)

    @cached_property
    def moments(self) -> cp.Moments:
        """Sums of the answers."""
        return cp.moments(self.responses, missing=self.missing)

    @cached_property
    def standardised(self) -> cp.Responses:
        """Answers whose covariances are the correlations of these."""
        matrix = self.moments.correlation
        k = len(matrix)
        persons = 4 * k
        basis = np.linalg.qr(np.column_stack([np.ones(persons), np.eye(persons, k)]))[0][:, 1:]
        x = np.sqrt(persons - 1) * basis @ np.linalg.cholesky(matrix).T
        items = [f"i{j}" for j in range(k)]
        scale = cp.Scale("standardised", items=items, minimum=-50, maximum=50, continuous=True)
        return cp.Responses.from_frame(pl.DataFrame(x, schema=items), scale)

    @cached_property
    def items(self) -> pl.DataFrame:
        """Our item analysis."""
        return cp.item_analysis(self.responses, missing=self.missing, coefficients="alpha").table

    @cached_property
    def polychoric(self) -> cp.PolychoricResult:
        """Our polychoric correlations."""
        return cp.polychoric(self.responses, missing=self.missing)

    def coefficient(
        self, name: str, *, factors: int = 1, missing: Missing | None = None
    ) -> float | None:
        """Return our coefficient; None where there is none of this name, or of so many factors."""
        if factors > 1 and not _TAKES_FACTORS:
            return None
        return _value(self.responses, name, factors, missing or self.missing)

    def of_correlations(self, name: str) -> float | None:
        """Return our coefficient of standardised items."""
        return _value(self.standardised, name, 1, "listwise")

    def limits(self, interval: Any) -> Floats:
        """Return the ends of an interval of alpha."""
        table = cp.reliability(
            self.responses, coefficients="alpha", interval=interval, missing=self.missing
        ).table
        return table.select("lower", "upper").to_numpy()[0]


def _value(responses: cp.Responses, name: str, factors: int, missing: Missing) -> float | None:
    more: dict[str, Any] = {"factors": factors} if _TAKES_FACTORS else {}
    try:
        table = cp.reliability(
            responses, coefficients=name, interval=None, missing=missing, **more
        ).table
    except cp.OptionError:
        # No such coefficient, or none of so many factors.
        return None
    found: float | None = table["estimate"][0]
    return found


def surveys(folder: str) -> list[Survey]:
    """Return the surveys that R has numbers of in a folder of ../shared/reference."""
    more = json.loads(VALUES.read_text(encoding="utf-8"))
    found = []
    for path in sorted((SHARED / "reference" / folder).glob("*.json")):
        values = json.loads(path.read_text(encoding="utf-8"))
        beyond = more["beyond"].get(path.stem) if folder == "reliability" else None
        found.append(Survey(path.stem, values | {"beyond": beyond}))
    if folder == "reliability":
        found += [Survey(name, values) for name, values in more["scales"].items()]
    return found

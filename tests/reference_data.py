"""Values computed with R, and the data they belong to; see reference/README.md."""

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import compassion_psy as cp
import polars as pl

FOLDER = Path(__file__).parent / "reference"

COEFFICIENTS = ("alpha", "alpha_std", "lambda2", "lambda6", "omega_u", "omega_total")
OMEGAS = ("omega_u", "omega_total")


class Block(NamedTuple):
    """One block of values: a data set and the way it was analysed."""

    data: str
    path: tuple[str, ...]
    options: dict[str, Any]

    def __str__(self) -> str:
        return "-".join([self.data, *self.path])

    @property
    def values(self) -> dict[str, Any]:
        """What R computed."""
        found = values(self.data)
        for key in self.path:
            found = found[key]
        return found

    @property
    def site(self) -> str | None:
        """The site it is about, if it is about one of several."""
        return self.path[-1] if "by" in self.options else None

    def reliability(self, **options: Any) -> pl.DataFrame:
        """Return the rows of this block in the package's table."""
        frame, scale = survey(self.data)
        given = {"coefficients": COEFFICIENTS, "factors": 1, **self.options, **options}
        table = cp.reliability(frame, scale, **given).table
        return table if self.site is None else table.filter(site=self.site)

    def moments(self) -> cp.Moments:
        """Return the package's moments."""
        frame, scale = survey(self.data)
        return cp.moments(frame, scale, **self.options)


BLOCKS = [
    *(
        Block(name, ("listwise",), {})
        for name in ("congeneric", "two_factor", "heywood", "near_heywood", "attitude", "scores")
    ),
    Block("congeneric_missing", ("listwise",), {}),
    Block("congeneric_missing", ("pairwise",), {"missing": "pairwise"}),
    Block("scores", ("weighted",), {"weights": "weight"}),
    Block("sites", ("all",), {}),
    *(
        Block("sites", ("by_site", site), {"by": "site"})
        for site in ("north", "east", "south", "west")
    ),
]


@cache
def values(name: str) -> dict[str, Any]:
    """Return a file of values."""
    found: dict[str, Any] = json.loads((FOLDER / "values" / f"{name}.json").read_text())
    return found


@cache
def survey(name: str) -> tuple[pl.DataFrame, cp.Scale]:
    """Return the data of a file of values, and their scale."""
    about = values(name)["about"]
    scale = cp.Scale(
        name,
        items=about["items"],
        minimum=about["minimum"],
        maximum=about["maximum"],
        reversed=about["reversed"],
        continuous=name == "scores",
    )
    return pl.read_csv(FOLDER / about["data"]), scale

"""From eigenvalues and fits to the tables of what each criterion says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.retention_input import Taken
from compassion_psy.retention_result import NumberOfFactors
from compassion_psy.retention_rules import empirical_references, hull, leading, smallest

Floats = npt.NDArray[np.float64]
Row = tuple[str, int | None, str]

_NO_N = "n is not known"


class Random(TypedDict):
    """Eigenvalues of random data, draws × items."""

    components: Floats
    factors: Floats


@dataclass(frozen=True, eq=False)
class Report:
    """All that was computed, to be put into tables."""

    taken: Taken
    observed: Any
    random: dict[str, Random]
    balance: Any
    draws: int
    percentile: float
    method: str
    seed: int

    def result(self) -> NumberOfFactors:
        """Return the tables with what they are about."""
        taken = self.taken
        hulls = list(self._hulls())
        rows = [*self._parallel(), *self._partials(), *self._kaiser(), *self._hull_rows(hulls)]
        table = pl.DataFrame(
            rows,
            schema={"criterion": pl.String, "factors": pl.Int64, "detail": pl.String},
            orient="row",
        )
        return NumberOfFactors(
            table=table,
            eigenvalues=pl.concat(self._eigenvalues()),
            partials=_partial_frame(self.observed),
            hull=pl.concat([frame for _, frame in hulls]) if hulls else _NO_HULL,
            scale=taken.name,
            correlation=taken.correlation,
            n=taken.n,
            n_excluded=taken.n_excluded,
            missing=taken.missing,
            draws=self.draws,
            percentile=self.percentile,
            seed=self.seed,
            notes=tuple(self._notes()),
        )

    @cached_property
    def _references(self) -> dict[tuple[str, str], tuple[Floats, Floats]]:
        """The mean and the percentile of random eigenvalues, by type and kind of data."""
        found = {}
        for type_ in ("components", "factors"):
            for kind, values in self.random.items():
                usable = _usable(values[type_])
                if len(usable):
                    share = self.percentile / 100
                    found[type_, kind] = usable.mean(axis=0), np.quantile(usable, share, axis=0)
        return found

    def _eigenvalues(self) -> list[pl.DataFrame]:
        frames = []
        for type_ in ("components", "factors"):
            observed = self.observed[type_]
            nothing = np.full(len(observed), np.nan)
            for kind in self.random or (None,):
                mean, percentile = self._references.get((type_, str(kind)), (nothing, nothing))
                columns = {"observed": observed, "mean": mean, "percentile": percentile}
                frames.append(
                    pl.DataFrame(
                        [
                            pl.Series("type", [type_] * len(observed)),
                            pl.Series("random", [kind] * len(observed), dtype=pl.String),
                            pl.Series("number", np.arange(1, len(observed) + 1)),
                            *(pl.Series(k, v, nan_to_null=True) for k, v in columns.items()),
                        ]
                    )
                )
        return frames

    def _parallel(self) -> Iterator[Row]:
        for type_ in ("components", "factors"):
            for kind in ("normal", "permuted"):
                references = self._references.get((type_, kind))
                for at, name in enumerate(("mean", "percentile")):
                    criterion = f"parallel_{type_}_{kind}_{name}"
                    if references is None:
                        yield criterion, None, self._why_not(kind)
                    else:
                        yield _counted(criterion, self.observed[type_], references[at])

    def _why_not(self, kind: str) -> str:
        if kind in self.random:
            return "no random data have eigenvalues"
        if kind == "permuted":
            return "no answers to permute"
        if self.taken.correlation == "polychoric":
            return "polychoric: see permuted"
        return _NO_N

    def _partials(self) -> Iterator[Row]:
        for criterion, name, power in (("map", "squares", 2), ("map_fourth", "fourth_powers", 4)):
            values = self.observed[name]
            found = smallest(values)
            if found is None:
                yield criterion, None, "no partial correlation is left"
            else:
                yield criterion, found, f"least mean partial r^{power}: {values[found]:.4g}"

    def _kaiser(self) -> Iterator[Row]:
        observed = self.observed["components"]
        yield _counted("kaiser", observed, np.ones(len(observed)))
        if self.taken.n is None:
            yield "empirical_kaiser", None, _NO_N
        else:
            references = empirical_references(observed, self.taken.n)
            yield _counted("empirical_kaiser", observed, references)

    def _hulls(self) -> Iterator[tuple[str, pl.DataFrame]]:
        if self.balance is None:
            return
        df = self.balance["df"]
        for fit, name in (("caf", "common_part"), ("cfi", "cfi")):
            values = self.balance[name]
            on_hull, bends = hull(values, df)
            yield (
                fit,
                pl.DataFrame(
                    [
                        pl.Series("fit", [fit] * len(df)),
                        pl.Series("factors", np.arange(len(df))),
                        pl.Series("df", df),
                        pl.Series("value", values, nan_to_null=True),
                        pl.Series("on_hull", on_hull),
                        pl.Series("bend", bends, nan_to_null=True),
                        pl.Series("status", self.balance["status"]),
                    ]
                ),
            )

    def _hull_rows(self, hulls: list[tuple[str, pl.DataFrame]]) -> Iterator[Row]:
        if not hulls:
            few = "the items identify fewer than 2 factors"
            yield from ((f"hull_{fit}", None, few) for fit in ("caf", "cfi"))
        for fit, frame in hulls:
            criterion = f"hull_{fit}"
            bends = frame["bend"].fill_null(float("nan")).to_numpy()
            if frame["value"].null_count() == frame.height:
                why = _NO_N if self.taken.n is None else "the correlations have no inverse"
                yield criterion, None, why
            elif np.isnan(bends).all():
                best = int(np.nanargmax(frame["value"].fill_null(float("nan")).to_numpy()))
                yield criterion, None, f"no bend: best with {best} of 0 to {frame.height - 1}"
            else:
                found = int(np.nanargmax(bends))
                most = frame.height - 1
                yield (
                    criterion,
                    found,
                    f"bend of {bends[found]:.3g} among 0 to {most} ({self.method})",
                )

    def _notes(self) -> Iterator[str]:
        if self.random:
            kinds = " and ".join(self.random)
            yield (
                f"{self.draws:,} sets of {kinds} data each; {self.percentile:g}th percentile; "
                f"seed {self.seed}."
            )
        for kind, values in self.random.items():
            for type_ in ("components", "factors"):
                lost = self.draws - len(_usable(values[type_]))
                if lost:
                    yield f"Sets of {kind} data without eigenvalues of {type_}: {lost:,}."
        if np.isnan(self.observed["factors"]).any():
            yield "No eigenvalues of factors: the one factor they need was not found."
        least = self.observed["components"].min()
        if least < -1e-12:
            yield f"The correlations are not positive definite: least eigenvalue {least:.3g}."
        if self.balance is not None:
            for factors, status in enumerate(self.balance["status"]):
                if status != "ok":
                    yield f"Hull method, {factors} factors: {status}."
        if self.taken.n_excluded:
            yield f"{self.taken.n_excluded:,} persons with missing answers were left out."


_NO_HULL = pl.DataFrame(
    schema={
        "fit": pl.String,
        "factors": pl.Int64,
        "df": pl.Int64,
        "value": pl.Float64,
        "on_hull": pl.Boolean,
        "bend": pl.Float64,
        "status": pl.String,
    }
)


def _usable(values: Floats) -> Floats:
    kept: Floats = values[np.isfinite(values).all(axis=1)]
    return kept


def _counted(criterion: str, observed: Floats, reference: Floats) -> Row:
    if np.isnan(observed).any():
        return criterion, None, "the observed eigenvalues were not found"
    found = leading(observed, reference)
    around = ((found - 1, ">"), (found, "≤"))
    parts = [
        f"{observed[at]:.3f} {sign} {reference[at]:.3f}"
        for at, sign in around
        if 0 <= at < len(observed)
    ]
    return criterion, found, ", then ".join(parts)


def _partial_frame(observed: Any) -> pl.DataFrame:
    squares = pl.Series("squares", observed["squares"], nan_to_null=True)
    fourth = pl.Series("fourth_powers", observed["fourth_powers"], nan_to_null=True)
    return pl.DataFrame([pl.Series("components", np.arange(len(squares))), squares, fourth])

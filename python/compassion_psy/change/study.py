"""One group of persons and one outcome: everything that is asked of them, as rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.change import reliable
from compassion_psy.change.dropout import dropout_row
from compassion_psy.change.limits import Sample
from compassion_psy.change.options import ChangeOptions, OutcomeOptions
from compassion_psy.change.outcomes import Outcome
from compassion_psy.change.reliable import Cutoffs, ErrorOfChange
from compassion_psy.change.rows import difference_rows, effect_rows
from compassion_psy.change.tested import rows_of_comparison, rows_of_tests
from compassion_psy.change.wave_reliability import at_each_wave, tests_of_waves
from compassion_psy.change.waves import Waves
from compassion_psy.distributions import normal_quantile

Reals = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

COMPLETERS, CARRIED = "completers", "locf"
"""The persons with both scores; those, and the others with their last score carried forward."""


@dataclass(frozen=True)
class Frames:
    """The rows and frames that are collected, group by group and outcome by outcome."""

    table: list[dict[str, Any]] = field(default_factory=list)
    tests: list[dict[str, Any]] = field(default_factory=list)
    detectable: list[dict[str, Any]] = field(default_factory=list)
    dropout: list[dict[str, Any]] = field(default_factory=list)
    persons: list[pl.DataFrame] = field(default_factory=list)
    trajectories: list[pl.DataFrame] = field(default_factory=list)
    reliability: list[pl.DataFrame] = field(default_factory=list)
    reliability_tests: list[pl.DataFrame] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Study:
    """One outcome of the persons of one group.

    Attributes
    ----------
    waves : Waves
        Those of the group.
    group : dict
        The values of the `by` columns.
    arms : dict
        Who is of each arm, by its name; empty without arms. The control is the last.
    id, arm : str or None
        The columns of the person and the arm.
    """

    waves: Waves
    outcome: Outcome
    group: dict[str, Any]
    arms: dict[str, Mask]
    id: str
    arm: str | None
    said: OutcomeOptions
    options: ChangeOptions

    @property
    def keys(self) -> dict[str, Any]:
        """What names the rows of this group and outcome."""
        return {**self.group, "outcome": self.outcome.name}

    @property
    def _everybody(self) -> Mask:
        return np.ones(self.waves.persons.height, bool)

    def scores(self, label: str) -> Reals:
        """Return everybody's scores at a wave."""
        return self.waves.scores[label][self.outcome.name]

    def collect(self, frames: Frames) -> None:
        """Add all rows of this group and outcome."""
        error = self._error()
        first = self.scores(self.waves.labels[0])
        present = first[np.isfinite(first)]
        mean = float(present.mean()) if len(present) else np.nan
        cutoffs = Cutoffs.of(
            mean, _sd(present), self.said.norms, self.said.better, self.options.cutoff
        )
        frames.detectable.append(self._detectable(error, cutoffs, mean))
        for place, label in enumerate(self.waves.labels[1:], start=1):
            self._compare(frames, place, label)
            frames.persons.append(self._persons(label, error, cutoffs))
        frames.trajectories.append(self._trajectories())
        self._reliability(frames)

    def _compare(self, frames: Frames, place: int, label: str) -> None:
        pre, post = self.scores(self.waves.labels[0]), self.scores(label)
        carried = post
        for earlier in reversed(self.waves.labels[:place]):
            carried = np.where(np.isfinite(carried), carried, self.scores(earlier))
        for name, mask in self._sides():
            keys = self.keys | {"wave": label} | ({"arm": name} if self.arm else {})
            lost = dropout_row(
                pre[mask], post[mask], self.waves.present[label][mask], self.options.level
            )
            frames.dropout.append(keys | lost)
        for analysis, after in ((COMPLETERS, post), (CARRIED, carried)):
            both = np.isfinite(pre) & np.isfinite(after)
            if analysis == CARRIED and not (both & ~np.isfinite(post)).any():
                continue
            samples = {
                name: Sample(name, pre[mask & both], after[mask & both])
                for name, mask in self._sides()
            }
            self._rows(frames, label, analysis, samples)

    def _rows(self, frames: Frames, label: str, analysis: str, samples: dict[str, Sample]) -> None:
        keys = self.keys | {"wave": label, "analysis": analysis}
        for name, mask in self._sides():
            own = keys | ({"arm": name} if self.arm else {})
            sample = samples[name]
            lost = {"n_excluded": int(mask.sum()) - sample.n}
            frames.table.extend(own | lost | row for row in effect_rows(sample, self.options))
            tests = rows_of_tests(sample, self.options.level, self.options.seed)
            frames.tests.extend(own | lost | {"level": self.options.level} | row for row in tests)
        if not self.arms:
            return
        *treated, control = self.arms
        for name in treated:
            own = keys | {"arm": f"{name} - {control}"}
            sides = samples[name], samples[control]
            total = int((self.arms[name] | self.arms[control]).sum())
            frames.table.extend(
                own | {"n_excluded": total - row["n"]} | row
                for row in difference_rows(*sides, self.options)
            )
            frames.tests.extend(
                own | {"n_excluded": total - row["n"], "level": self.options.level} | row
                for row in rows_of_comparison(*sides, self.options.level, self.options.seed)
            )

    def _sides(self) -> Iterator[tuple[str, Mask]]:
        """Yield the persons of each arm, or everybody under an empty name."""
        yield from self.arms.items() if self.arms else [("", self._everybody)]

    def _error(self) -> ErrorOfChange:
        label = self.waves.labels[0]
        scores = self.scores(label)
        wanted = self.said.reliability
        if isinstance(wanted, float):
            pre = scores[np.isfinite(scores)]
            return reliable.from_number(wanted, pre, self.options.resampling, self.options.seed)
        if wanted is None or self.outcome.scale is None:
            return ErrorOfChange(
                None, np.nan, np.nan, 0,
                note="a column of scores has no reliability of its own; give reliability, a number",
            )  # fmt: skip
        who = self.waves.present[label]
        return reliable.from_answers(
            self._answers(label, who), scores[who], self.outcome.scale, wanted,
            self.options.missing_codes, self.options.resampling, self.options.seed,
        )  # fmt: skip

    def _answers(self, label: str, who: Mask) -> pl.DataFrame:
        """Return the answers of these persons at a wave, in the order of persons."""
        ids = self.waves.persons.select(self.id).filter(pl.Series(who))
        rows = self.waves.answers[label]
        return ids.join(rows, on=self.id, how="left", maintain_order="left")

    def _z(self) -> float:
        return normal_quantile(0.5 + self.options.level / 2)

    def _detectable(self, error: ErrorOfChange, cutoffs: Cutoffs, mean: float) -> dict[str, Any]:
        limits = (np.nan, np.nan)
        failed = None
        if error.replicates is not None:
            usable = error.replicates[np.isfinite(error.replicates)]
            failed = len(error.replicates) - len(usable)
            tail = 0.5 - self.options.level / 2
            if len(usable) > 1:
                low, high = np.quantile(usable, [tail, 1 - tail])
                limits = float(low), float(high)
        z = self._z()
        return self.keys | {
            "coefficient": error.coefficient,
            "reliability": error.reliability,
            "mean_pre": mean,
            "sd": error.sd,
            "n": error.n,
            "sem": error.sem,
            "s_diff": error.s_diff,
            "mdc": z * error.s_diff,
            "mdc_lower": z * limits[0],
            "mdc_upper": z * limits[1],
            "level": self.options.level,
            "cutoff_a": cutoffs.a,
            "cutoff_b": cutoffs.b,
            "cutoff_c": cutoffs.c,
            "cutoff": cutoffs.used,
            "better": "higher" if self.said.better > 0 else "lower",
            "failed": failed,
            "note": error.note,
        }

    def _persons(self, label: str, error: ErrorOfChange, cutoffs: Cutoffs) -> pl.DataFrame:
        pre, post = self.scores(self.waves.labels[0]), self.scores(label)
        both = np.isfinite(pre) & np.isfinite(post)
        pre, post = pre[both], post[both]
        change = post - pre
        z = self._z()
        index = change / error.s_diff if error.s_diff > 0 else np.full(len(change), np.nan)
        words = reliable.classes(pre, post, error, cutoffs, self.said.better, z)
        sure = reliable.probability_reliable(change, error, z)
        return self._named(both).with_columns(
            pl.lit(label).alias("wave"),
            pl.Series("pre", pre),
            pl.Series("post", post),
            pl.Series("change", change),
            pl.Series("rci", index, nan_to_null=True),
            pl.Series("class", words, dtype=pl.String),
            pl.Series("p_reliable", sure, nan_to_null=True),
        )

    def _trajectories(self) -> pl.DataFrame:
        parts = [
            self._named(self._everybody).with_columns(
                pl.lit(label).alias("wave"),
                pl.lit(place).alias("occasion"),
                pl.Series("score", self.scores(label), nan_to_null=True),
            )
            for place, label in enumerate(self.waves.labels)
        ]
        return pl.concat(parts)

    def _named(self, who: Mask) -> pl.DataFrame:
        arm = [pl.col(self.arm).cast(pl.String).alias("arm")] if self.arm else []
        rows = self.waves.persons.select(*self.group, self.id, *arm).filter(pl.Series(who))
        return rows.with_columns(pl.lit(self.outcome.name).alias("outcome"))

    def _reliability(self, frames: Frames) -> None:
        scale = self.outcome.scale
        if scale is None:
            return
        wanted = self.said.reliability
        coefficient = wanted if isinstance(wanted, str) else "alpha"
        answers = {
            label: self._answers(label, self.waves.present[label]) for label in self.waves.labels
        }
        bootstrap = self.options.resampling
        bootstrap = bootstrap and replace(bootstrap, seed=self.options.seed)
        codes = self.options.missing_codes
        found = at_each_wave(answers, scale, coefficient, codes, bootstrap, self.options.level)
        tests = tests_of_waves(answers, self.id, scale, coefficient, codes, self.options.level)
        frames.reliability.append(self._beside_keys(found))
        frames.reliability_tests.append(self._beside_keys(tests))

    def _beside_keys(self, frame: pl.DataFrame) -> pl.DataFrame:
        names = self.waves.persons.select(list(self.group)).schema
        keys = [pl.lit(value, dtype=names.get(name, pl.String())).alias(name)
                for name, value in self.keys.items()]  # fmt: skip
        return frame.select(*keys, pl.all())


def _sd(scores: Reals) -> float:
    return float(scores.std(ddof=1)) if len(scores) > 1 else np.nan

"""Given the same counts, does everybody compute the same replicate? On the data that are timed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import compassion_psy as cp
import numpy as np
import numpy.typing as npt
from compassion_psy import _core, pure

from benchmarks import contenders, r
from benchmarks.check import EXACT, STOPS_EARLY, Check
from benchmarks.contenders import Array
from benchmarks.datasets import Answers

Counts = npt.NDArray[np.int64]
Found = tuple[pure.Coefficient, str, Array, float]

# Replicates that are compared, beside the sample itself.
SETS = 2

SIMD_VARIABLE = "COMPASSION_PSY_SIMD"


class GivenDraws:
    """Stands in for a NumPy generator, and draws each row as often as counts say."""

    def __init__(self, counts: Counts) -> None:
        self._rows = iter([np.repeat(np.arange(row.size), row) for row in counts])

    def integers(self, low: int, high: int, size: int) -> Counts:
        """Return the next draw."""
        return next(self._rows)

    @classmethod
    def generator(cls, counts: Counts) -> np.random.Generator:
        """Return one as the type that contenders ask for."""
        return cast(np.random.Generator, cls(counts))


@contextmanager
def forced_simd(level: str) -> Iterator[None]:
    """Force the instruction set of the core, which looks at the variable at each call."""
    before = os.environ.get(SIMD_VARIABLE, "")
    os.environ[SIMD_VARIABLE] = level
    try:
        yield
    finally:
        os.environ[SIMD_VARIABLE] = before


def rows(answers: Answers, seed: int) -> Iterator[Check]:
    """Rows drawn: the sample and replicates."""
    coefficients: tuple[pure.Coefficient, ...] = ("alpha", "omega_u", "lambda2")
    result = contenders.ours(answers.responses, coefficients, SETS, threads=2, seed=seed)
    mine = dict(zip(coefficients, _values(result), strict=True))
    counts = _counts(answers.responses, seed)
    found = [*_in_python(answers.matrix, counts), *_in_r(answers, counts)]
    for name, contender, theirs, limit in found:
        difference = np.abs(theirs - mine[name])
        yield Check(f"{name} of the sample", contender, float(difference[0]), limit)
        what = f"{name} of {SETS} replicates, given their counts"
        yield Check(what, contender, float(difference[1:].max()), limit)


def _in_python(x: Array, counts: Counts) -> Iterator[Found]:
    for name in ("alpha", "omega_u", "lambda2"):
        yield name, "pure twin", pure.replicates(x, name, counts).values, EXACT

    def draws() -> tuple[Array, int, np.random.Generator]:
        return x, len(counts), GivenDraws.generator(counts)

    copying, features = "NumPy, copies rows", "NumPy, counts × features"
    yield "alpha", copying, pure.bootstrap_alpha_by_copying(*draws()), EXACT
    yield "alpha", features, pure.bootstrap_alpha_by_features(*draws()), EXACT
    yield "omega_u", copying, pure.bootstrap_omega_u_by_copying(*draws()), EXACT
    yield "omega_u", features, pure.bootstrap_omega_u_by_features(*draws()), EXACT
    theirs = contenders.omega_u_by_factor_analyzer(*draws())
    yield "omega_u", "factor_analyzer", theirs, STOPS_EARLY

    def given(statistic: contenders.Statistic) -> Array:
        return np.array([statistic(np.repeat(x, row, axis=0)) for row in counts])

    yield "alpha", "SciPy's statistic", given(contenders.alpha_of_rows), EXACT
    yield "omega_u", "SciPy's statistic", given(contenders.omega_u_statistic(x)), EXACT


def _in_r(answers: Answers, counts: Counts) -> Iterator[Found]:
    if not r.versions():
        return
    with tempfile.TemporaryDirectory() as folder:
        answers_file, counts_file = Path(folder, "answers"), Path(folder, "counts")
        answers.write_codes(answers_file)
        counts_file.write_bytes(counts.astype(np.uint8).tobytes())
        sizes = (*answers.matrix.shape, len(counts))
        told = r.numbers("given_counts.R", answers_file, counts_file, *sizes)

    def of(name: str) -> Array:
        return np.array([told[f"{name} {number}"] for number in range(len(counts))])

    yield "alpha", "R cov", of("alpha_cov"), EXACT
    yield "alpha", "R psych::alpha", of("alpha_psych"), EXACT
    yield "omega_u", "R factanal", of("omega_u_factanal"), STOPS_EARLY


def sites(answers: Answers, seed: int) -> Iterator[Check]:
    """The first and the last site, each alone."""
    coefficients = ("alpha", "omega_u")
    responses = cp.Responses.from_frame(answers.frame, answers.scale, by="site")
    result = contenders.ours(responses, coefficients, SETS, threads=2, seed=seed)
    alone = (pure.bootstrap_alpha_by_copying, pure.bootstrap_omega_u_by_copying)
    for site in (0, len(responses.group_rows) - 1):
        counts = _counts(responses, seed, site)
        start, end = responses.group_starts[site : site + 2]
        x = np.ascontiguousarray(responses.answers[:, start:end].T, dtype=np.float64)
        for name, mine, bootstrap in zip(coefficients, _values(result, site), alone, strict=True):
            theirs = bootstrap(x, len(counts), GivenDraws.generator(counts))
            what = f"{name} of site {site + 1} and its replicates"
            yield Check(what, "NumPy, copies rows", _apart(mine, theirs), EXACT)


def clusters(answers: Answers, seed: int) -> Iterator[Check]:
    """Clusters drawn with all their rows."""
    responses = cp.Responses.from_frame(answers.frame, answers.scale, cluster="site")
    result = contenders.ours(responses, ["alpha"], SETS, threads=2, seed=seed)
    x, starts = contenders.clustered_rows(responses)
    theirs = contenders.alpha_by_clusters(x, starts, _counts(responses, seed))
    apart = _apart(_values(result)[0], theirs)
    yield Check("alpha, clusters drawn", "NumPy, sums of clusters", apart, EXACT)


def same_bits(answers: Answers, seed: int) -> Iterator[Check]:
    """One and two threads, and every instruction set: no difference at all."""

    def replicates(threads: int) -> Array:
        coefficients = ("alpha", "omega_u", "lambda2")
        result = contenders.ours(answers.responses, coefficients, 200, threads=threads, seed=seed)
        return result.replicate_sets[0].values

    what, mine = "200 replicates, bit by bit", replicates(2)
    yield Check(what, "compassion_psy, one thread", _apart(mine, replicates(1)), 0)
    for level in _core.simd_levels():
        with forced_simd(level):
            theirs = replicates(2)
        yield Check(what, f"compassion_psy, {level} forced", _apart(mine, theirs), 0)


def _counts(responses: cp.Responses, seed: int, group: int = 0) -> Counts:
    """Return how often the first replicates drew each unit of a group; before them, each once."""
    drawn = [
        _core.unit_weights(
            responses.answers,
            responses.design,
            group=group,
            replicate=replicate,
            seed=seed,
            weights="multinomial",
        )
        for replicate in range(SETS)
    ]
    return np.array([np.ones_like(drawn[0]), *drawn]).astype(np.int64)


def _values(result: cp.ReliabilityResult, group: int = 0) -> Array:
    """Return a row for each coefficient of a group: its estimate and first replicates."""
    [found] = result.replicate_sets
    width = len(found.coefficients)
    estimates = result.table["estimate"].to_numpy()[group * width : (group + 1) * width]
    return np.column_stack([estimates, found.values[group][:, :SETS]])


def _apart(mine: Array, theirs: Array) -> float:
    return float(np.abs(mine - theirs).max())

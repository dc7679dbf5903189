"""Whole studies: a pathway of staff in teams, and a programme of hospitals from file to table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import compassion_psy as cp
import numpy as np
import polars as pl

from benchmarks import contenders, r
from benchmarks.chance import monte_carlo_error
from benchmarks.check import CHANCE, STOPS_EARLY, Check
from benchmarks.contenders import Array, Starts
from benchmarks.entries import OURS
from benchmarks.sizes import Sizes
from benchmarks.timing import Entry, clocked, race
from benchmarks.workload import Target, Workload

TEAMS = 2000
REPLICATES = 5000
# Two mediators; support strengthens the steps to them, demands weaken those from them.
MODEL = """
    self_compassion ~ a1*training + support + a1_support*training:support
    empathy ~ a2*training + support + a2_support*training:support
    wellbeing ~ b1*self_compassion + b2*empathy + c*training + demands \
        + b1_demands*self_compassion:demands + b2_demands*empathy:demands
    self_compassion ~~ empathy
    through_self_compassion := a1*b1
    through_empathy := a2*b2
    index_support := a1_support*b1
    index_demands := a1*b1_demands
"""
HOSPITALS = 150


def pathway(sizes: Sizes, seed: int) -> Iterator[Workload]:
    """Time the cluster bootstrap of a moderated mediation."""
    persons = sizes.persons
    frame = _staff(persons, seed)
    columns, starts = _columns(frame)

    def ours(threads: int) -> Entry:
        def call(replicates: int) -> None:
            bootstrap = cp.Bootstrap(replicates, method="percentile", seed=seed)
            cp.pathway(frame, MODEL, cluster="team", interval=bootstrap, threads=threads)

        return Entry(OURS, clocked(call), REPLICATES, threads=threads, rounds=sizes.rounds)

    def numpy(replicates: int) -> None:
        paths_by_clusters(columns, starts, replicates, np.random.default_rng(seed))

    field = [
        *(ours(threads) for threads in (2, 1)),
        Entry(
            "NumPy, sums of teams", clocked(numpy), REPLICATES, threads=2, rounds=sizes.slow_rounds
        ),
    ]
    if r.versions():
        persons_drawn = "lavaan, bootstrap of persons"
        field.append(Entry(persons_drawn, lambda few: _by_r(frame, few)["seconds"], REPLICATES, 6))
    figures = race(field)
    title = f"Two mediators, two modulators: {persons:,} persons in {TEAMS:,} teams"
    title = f"{title}, {REPLICATES:,} replicates that draw teams, from the frame"
    target = Target("pathway, 5,000 replicates of teams, seconds", figures[0].median, 1.0)
    yield Workload("pathway", title, persons, REPLICATES, figures, (target,))


def programme(sizes: Sizes, seed: int) -> Iterator[Workload]:
    """Time a programme from its file to pooled reliabilities and intraclass correlations."""
    staff = 60_000 if sizes.persons >= 100_000 else 10_000
    simulated = cp.simulate_programme(
        hospitals=HOSPITALS, teams=8 * HOSPITALS, staff=staff, seed=seed
    )
    scale = simulated.scale
    with TemporaryDirectory() as folder:
        file = Path(folder, "programme.csv")
        simulated.frame.write_csv(file)

        def entry(threads: int) -> Entry:
            def call(replicates: int) -> None:
                _programme(file, scale, replicates, seed, threads)

            return Entry(
                OURS, clocked(call), sizes.replicates, threads=threads, rounds=sizes.slow_rounds
            )

        figures = race([entry(threads) for threads in (2, 1)])
    title = f"A programme: {staff:,} staff of {HOSPITALS} hospitals, {8 * HOSPITALS:,} teams. CSV "
    title += "file, audit, scores, alpha and omega_u of each hospital (BCa), pooling, ICC"
    target = Target("programme from file to tables, seconds", figures[0].median, 15.0)
    yield Workload("programme", title, staff, sizes.replicates, figures, (target,))


def checks(persons: int, replicates: int, seed: int) -> Iterator[Check]:
    """Compare paths with lavaan's, and limits with those of NumPy, whose draws are its own."""
    frame = _staff(persons, seed)
    bootstrap = cp.Bootstrap(replicates, method="percentile", seed=seed)
    table = cp.pathway(frame, MODEL, cluster="team", interval=bootstrap).table
    table = table.filter(pl.col("label") != "")
    drawn = paths_by_clusters(*_columns(frame), replicates, np.random.default_rng(seed + 1))
    for row in table.filter(pl.col("label").is_in(list(drawn))).iter_rows(named=True):
        values = drawn[row["label"]]
        se = float(values.std(ddof=1))
        for end, level in (("lower", 0.025), ("upper", 0.975)):
            apart = abs(float(np.quantile(values, level, method="weibull")) - row[end])
            apart /= monte_carlo_error("percentile", se, replicates)
            what = f"{row['label']}, {end} limit, in Monte-Carlo errors"
            yield Check(what, "NumPy, sums of teams", apart, CHANCE)
    if r.versions():
        told = _by_r(frame, 2)
        mine = dict(table.select("label", "estimate").iter_rows())
        apart = max(abs(told[name] - value) for name, value in mine.items() if name in told)
        yield Check("paths and indirect effects", "lavaan", apart, STOPS_EARLY)


def paths_by_clusters(
    columns: Array, starts: Starts, n_replicates: int, rng: np.random.Generator
) -> dict[str, Array]:
    """Return replicates of the defined effects by drawing teams: the best that NumPy can do.

    `columns` are persons × (1, training, support, training:support, self_compassion, empathy,
    demands, self_compassion:demands, empathy:demands, wellbeing), in order of teams, which begin at
    `starts`. Each team is reduced once to its sums of products.
    """
    teams = len(starts) - 1
    rows, size = np.repeat(np.arange(teams), np.diff(starts)), columns.shape[1]
    sums = np.empty((teams, size, size))
    for j in range(size):
        for k in range(j, size):
            both = np.bincount(rows, columns[:, j] * columns[:, k], minlength=teams)
            sums[:, j, k] = sums[:, k, j] = both
    draws = rng.multinomial(teams, np.full(teams, 1 / teams), n_replicates).astype(float)
    moments = (draws @ sums.reshape(teams, -1)).reshape(-1, size, size)

    def regress(y: int, x: list[int]) -> Array:
        solved = np.linalg.solve(moments[:, x][:, :, x], moments[:, x, y][..., None])
        return np.asarray(solved[..., 0])

    first, second = (regress(y, [0, 1, 2, 3]) for y in (4, 5))
    last = regress(9, [0, 4, 5, 1, 6, 7, 8])
    return {
        "through_self_compassion": first[:, 1] * last[:, 1],
        "through_empathy": second[:, 1] * last[:, 2],
        "index_support": first[:, 3] * last[:, 1],
        "index_demands": first[:, 1] * last[:, 5],
    }


def _staff(persons: int, seed: int) -> pl.DataFrame:
    teams = min(TEAMS, persons // 10)
    return cp.simulate_pathway(persons=persons, teams=teams, seed=seed).frame


def _columns(frame: pl.DataFrame) -> tuple[Array, Starts]:
    frame = frame.sort("team")
    one, x, w, m1, m2, z, y = (
        np.ones(frame.height),
        *(
            frame[name].to_numpy().astype(float)
            for name in (
                "training", "support", "self_compassion", "empathy", "demands", "wellbeing"
            )
        ),
    )  # fmt: skip
    changes = (frame["team"] != frame["team"].shift()).fill_null(value=True).to_numpy()
    starts = np.append(np.flatnonzero(changes), frame.height)
    return np.column_stack([one, x, w, x * w, m1, m2, z, m1 * z, m2 * z, y]), starts


def _by_r(frame: pl.DataFrame, replicates: int) -> dict[str, float]:
    with TemporaryDirectory() as folder:
        file, model = Path(folder, "staff.csv"), Path(folder, "model.txt")
        frame.write_csv(file)
        model.write_text(MODEL)
        return r.numbers("pathway.R", file, model, replicates)


def _programme(file: Path, scale: cp.Scale, replicates: int, seed: int, threads: int) -> None:
    """Do what a night's job does, without the hospitals whose keys or ranges are wrong."""
    frame = cp.read_survey(file)
    cp.audit(frame, scale, by="hospital")
    bootstrap = cp.Bootstrap(replicates, method="bca", seed=seed)
    means = cp.compare_sites(
        frame, scale, site="hospital", team="team", bootstrap=bootstrap, threads=threads
    )
    sound = means.sites.filter(status="ok").get_column("hospital")
    frame = frame.filter(pl.col("hospital").is_in(sound.implode()))
    cp.score(frame, scale)
    coefficients = ("alpha", "omega_u")
    found = contenders.ours(
        frame, coefficients, replicates, threads=threads, seed=seed, method="bca", scale=scale,
        by="hospital",
    )  # fmt: skip
    for name in coefficients:
        cp.pool(found.table.filter(coefficient=name), scale="logit")

"""What an analyst does with a whole survey: from its frame or file to the table."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import compassion_psy as cp
import numpy as np
import polars as pl
from compassion_psy import pure

from benchmarks import contenders, entries
from benchmarks.contenders import Array
from benchmarks.datasets import survey
from benchmarks.entries import OURS
from benchmarks.memory import peak_beyond_frame
from benchmarks.sizes import Sizes
from benchmarks.timing import Entry, clocked, race
from benchmarks.workload import Target, Workload, two_over_one

BOTH = ("alpha", "omega_u")


def million(sizes: Sizes, seed: int) -> Iterator[Workload]:
    """Time everybody at once, and look at the memory it takes."""
    answers = survey(sizes.many_persons, sizes.many_items, sizes.clusters, seed)
    whole, some, scale = sizes.replicates, sizes.slow_rounds, answers.scale
    copying = entries.numpy(pure.bootstrap_omega_u_by_copying, answers.matrix, seed, blas_threads=1)
    both = entries.two_and_one(answers.frame, BOTH, seed, whole, some, scale=scale, method="bca")
    figures = race([*both, Entry("NumPy, copies rows, omega_u alone", copying, whole, few=5)])
    what = "1M × 26, alpha and omega_u, BCa"
    peak, matrix = peak_beyond_frame(answers, whole, seed=seed, threads=2), answers.codes.nbytes
    note = "This system does not tell the peak memory beyond the frame."
    targets = [
        Target(f"{what}: seconds on two threads", figures[0].median, 4),
        two_over_one(what, *figures[:2]),
    ]
    if peak is not None:
        note = f"Peak memory beyond the frame: {peak / 1e6:.1f} MB; codes: {matrix / 1e6:.1f} MB."
        targets.append(Target(f"{what}: peak memory over the matrix of codes", peak / matrix, 2.5))
    title = f"Alpha and omega_u: {answers.size}, {whole:,} replicates, BCa, from the frame"
    yield Workload("million", title, sizes.many_persons, whole, figures, tuple(targets), note)


def sites(sizes: Sizes, seed: int) -> Iterator[Workload]:
    """Time many small sites, each with an interval of its own."""
    persons, whole = sizes.sites * sizes.site_persons, sizes.replicates
    answers = survey(persons, sizes.site_items, sizes.sites, seed)
    by_site = answers.matrix.reshape(sizes.sites, sizes.site_persons, sizes.site_items)

    def rival(name: str, bootstrap: entries.Bootstrap, few: int) -> Entry:
        def call(number: int) -> None:
            with contenders.blas_threads(1):
                for x in by_site[:number]:
                    bootstrap(x, whole, np.random.default_rng(seed))

        return Entry(name, clocked(call), sizes.sites, few, "sites")

    def against(
        coefficients: Sequence[str], limit: float, rounds: int, rivals: Sequence[Entry]
    ) -> Workload:
        us = entries.two_and_one(
            answers.frame, coefficients, seed, whole, rounds, scale=answers.scale, by="site"
        )
        figures = race([*us, *rivals])
        name = " and ".join(coefficients)
        title = f"{name.capitalize()} of {sizes.sites:,} sites: {answers.size}"
        title = f"{title}, {whole:,} replicates, percentile intervals, from the frame"
        targets = (
            Target(f"1000 sites, {name}: seconds on two threads", figures[0].median, limit),
            two_over_one(f"1000 sites, {name}", *figures[:2]),
        )
        return Workload("sites", title, persons, whole, figures, targets)

    features = rival("NumPy, counts × features", pure.bootstrap_alpha_by_features, 22)
    copying = rival("NumPy, copies rows", pure.bootstrap_alpha_by_copying, 12)
    yield against(["alpha"], 1, sizes.rounds, [features, copying])
    copying = rival("NumPy, copies rows, omega_u alone", pure.bootstrap_omega_u_by_copying, 4)
    yield against(BOTH, 15, sizes.slow_rounds, [copying])


def clusters(sizes: Sizes, seed: int) -> Iterator[Workload]:
    """Time clusters drawn with all their persons."""
    answers = survey(sizes.many_persons, sizes.many_items, sizes.clusters, seed)
    whole, some = sizes.cluster_replicates, sizes.slow_rounds
    responses = cp.Responses.from_frame(answers.frame, answers.scale, cluster="site")
    x, starts = contenders.clustered_rows(responses)

    def sums(replicates: int) -> Array:
        rng = np.random.default_rng(seed)
        return contenders.bootstrap_alpha_by_clusters(x, starts, replicates, rng)

    us = entries.two_and_one(responses, ["alpha"], seed, whole, sizes.rounds)
    how = {"scale": answers.scale, "cluster": "site"}
    frame = entries.ours(answers.frame, ["alpha"], seed, 2, **how)
    both = entries.ours(responses, BOTH, seed, 2)
    figures = race(
        [
            *us,
            Entry(f"{OURS}, from the frame", frame, whole, threads=2, rounds=some),
            Entry(f"{OURS}, alpha and omega_u", both, whole, threads=2, rounds=some),
            Entry("NumPy, sums of clusters", clocked(sums), whole, threads=2, rounds=some),
        ]
    )
    title = f"Alpha of {sizes.clusters} clusters: {answers.size}"
    title = f"{title}, {whole:,} replicates that draw clusters, percentile interval"
    yield Workload("clusters", title, sizes.many_persons, whole, figures)


def file(sizes: Sizes, seed: int) -> Iterator[Workload]:
    """Time the way from a Parquet file of answers to a file with the table."""
    answers = survey(sizes.many_persons, sizes.many_items, sizes.clusters, seed)
    whole, scale = sizes.replicates, answers.scale
    with TemporaryDirectory() as folder:
        data, table = Path(folder, "survey.parquet"), Path(folder, "table.parquet")
        answers.frame.write_parquet(data)

        def in_python(replicates: int) -> None:
            frame = pl.scan_parquet(data)
            result = contenders.ours(
                frame, BOTH, replicates, threads=2, seed=seed, method="bca", scale=scale
            )
            result.table.write_parquet(table)

        command = Path(sys.executable).with_name("compassion-psy")
        described = Path(folder, "scale.toml")
        described.write_text(
            f'name = "{scale.name}"\nitems = {list(scale.items)}\n'
            f"minimum = {scale.minimum}\nmaximum = {scale.maximum}\n"
        )

        def by_command(replicates: int) -> None:
            options = {"--scale": described, "--out": table, "--threads": 2, "--interval": "bca"}
            options |= {"--replicates": replicates, "--seed": seed}
            words = [str(word) for pair in options.items() for word in pair]
            words = [str(command), "reliability", str(data), *words]
            subprocess.run(words, check=True, stderr=subprocess.DEVNULL)

        some = sizes.slow_rounds
        figures = race(
            [
                Entry(f"{OURS} in Python", clocked(in_python), whole, threads=2, rounds=some),
                Entry(f"{OURS}, command line", clocked(by_command), whole, threads=2, rounds=some),
            ]
        )
        size = f"{data.stat().st_size / 1e6:.0f} MB, {answers.size}"
    title = f"Parquet file ({size}) to table: alpha and omega_u, {whole:,} replicates, BCa"
    yield Workload("file", title, sizes.many_persons, whole, figures)

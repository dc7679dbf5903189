"""compassion-psy demo: the main job on a simulated survey whose true reliability is known."""

import json
import shlex
import time
from pathlib import Path

import click
import polars as pl

from compassion_psy.data.writing import write_table
from compassion_psy.options import Bootstrap
from compassion_psy.reliability import reliability
from compassion_psy.scales import Scale
from compassion_psy.simulate import simulate_survey
from compassion_psy.tables import to_text

SITE_SIZES = [180, 240, 300, 360, 420, 480, 540, 600, 660, 720, 720, 780]


@click.command(
    short_help="Try the main job on a simulated survey of 12 sites.",
    epilog="Example:  compassion-psy demo --out demo --seed 2",
)
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("compassion-psy-demo"),
    show_default=True, help="Folder for the survey and the results.",
)  # fmt: skip
@click.option("--replicates", type=int, default=2000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
def demo(out: Path, replicates: int, seed: int) -> None:
    """Simulate a survey of 6000 nurses at 12 sites and estimate its reliability by site.

    Wards are resampled, so the intervals allow for nurses of one ward being alike. The true values
    stand beside the estimates. Survey, scale and results are written to a folder.
    """
    if out.exists() and not out.is_dir():
        raise click.UsageError(f"--out {out} is a file; name a folder.")
    interval = Bootstrap(replicates, seed=seed)
    survey = simulate_survey(
        sizes=SITE_SIZES, items=10, clusters_per_site=20, reversed=3, missing=0.01, seed=seed
    )
    start = time.perf_counter()
    result = reliability(
        survey.frame,
        survey.scale,
        by="site",
        cluster="ward",
        coefficients=("alpha", "omega_u"),
        interval=interval,
    )
    seconds = time.perf_counter() - start

    out.mkdir(parents=True, exist_ok=True)
    (out / "scale.toml").write_text(_toml(survey.scale), encoding="utf-8")
    files = {
        "survey.parquet": survey.frame,
        "truth.parquet": survey.truth,
        "results.parquet": result.table,
    }
    for name, frame in files.items():
        write_table(frame, out / name)

    survey_file, scale_file = (shlex.quote(str(out / n)) for n in ("survey.parquet", "scale.toml"))
    click.echo(_table(result.table, survey.truth))
    click.echo(
        f"\n{replicates:,} cluster bootstrap replicates of {len(SITE_SIZES)} sites took "
        f"{seconds:.2f} s.\nWrote {', '.join(files)} and scale.toml to {out}. "
        "The same table again:\n\n"
        f"  compassion-psy reliability {survey_file} --scale {scale_file} \\\n"
        f"    --by site --cluster ward --replicates {replicates} --seed {seed}"
    )


def _table(estimates: pl.DataFrame, truth: pl.DataFrame) -> str:
    """Return the table by site with the true values, and how many intervals hold them."""
    both = estimates.join(
        truth.rename({"value": "true"}), on=["site", "coefficient"], maintain_order="left"
    )
    inside = both.filter(pl.col("true").is_between("lower", "upper")).height
    columns = [
        "site",
        "coefficient",
        "true",
        "estimate",
        "se",
        "lower",
        "upper",
        "n",
        "n_excluded",
        "note",
    ]
    return to_text(
        both.select(*columns, "scale", "level", "interval", "n_items", "replicates"),
        title="Reliability of a simulated compassion scale, by site",
        notes=[f"{inside} of {both.height} intervals hold the true value."],
    )


def _toml(scale: Scale) -> str:
    # Texts and lists of texts are written alike in JSON and TOML.
    return (
        f"name = {json.dumps(scale.name)}\n"
        f"items = {json.dumps(scale.items)}\n"
        f"minimum = {scale.minimum:g}\n"
        f"maximum = {scale.maximum:g}\n"
        f"reversed = {json.dumps(scale.reversed)}\n"
    )

"""compassion-psy reliability: from a file of answers to a table of reliability by site."""

from pathlib import Path
from typing import Any, cast, get_args

import click

from compassion_psy.cli._outputs import refuse_overwriting, survey_inputs
from compassion_psy.cli._reading import given_to_reading, reading_options
from compassion_psy.cli._scales import COLUMNS_HELP, SCALE_HELP, named_scales
from compassion_psy.cli._survey import factor_options
from compassion_psy.cli._values import Number
from compassion_psy.data.writing import write_tables
from compassion_psy.options import BOOTSTRAP_METHODS, Bootstrap, BootstrapMethod
from compassion_psy.reading import read_survey
from compassion_psy.reliability import Analytic
from compassion_psy.reliability import reliability as estimate_reliability

ANALYTIC: tuple[Analytic, ...] = get_args(Analytic)
_FILE = click.Path(path_type=Path)
# A line with \b keeps click from filling the paragraph.
_EXAMPLE = """\b
Example:
  compassion-psy reliability survey.parquet --scale empathy.toml \\
    --by site --cluster ward --interval bca --seed 1 --out results.csv

\b
where empathy.toml is:
  name = "empathy"
  items = ["E1", "E2", "E3", "E4"]
  minimum = 1
  maximum = 5
  reversed = ["E3"]
"""


@click.command(
    short_help="Reliability of one or more scales, by site where asked.", epilog=_EXAMPLE
)
@click.argument("data", type=_FILE)
@click.option("--scale", "scales", multiple=True, required=True, help=SCALE_HELP)
@click.option("--columns", help=COLUMNS_HELP)
@click.option("--subscales", is_flag=True, help="Also of each subscale.")
@click.option("--by", multiple=True, help="Column of sites or groups. Repeatable.")
@click.option("--cluster", multiple=True, help="Column of clusters to resample. Repeatable.")
@click.option("--strata", multiple=True, help="Column of strata to keep fixed. Repeatable.")
@click.option("--weights", help="Column of survey weights.")
@click.option(
    "--missing-code", "missing_codes", type=Number(), multiple=True,
    help="An answer that means no answer, such as 0 or 99. Repeatable.",
)  # fmt: skip
@click.option("--missing", default="listwise", show_default=True, help="listwise, pairwise or em.")
@click.option(
    "--coefficients", default="alpha,omega_u", show_default=True,
    help="Separated by commas: alpha, alpha_std, lambda1 to lambda6, lambda5_plus, mu0 to mu3, "
    "split_half_max, split_half_min, split_half_mean, omega_u, omega_u_observed, omega_total, "
    "omega_h, omega_limit, omega_groups, omega_groups_total, ecv, puc, glb, glb_factor, "
    "alpha_stratified, h, ave, average_r, signal_to_noise, sem, alpha_ordinal, omega_ordinal, "
    "omega_categorical; or all.",
)  # fmt: skip
@factor_options
@click.option(
    "--interval", type=click.Choice([*BOOTSTRAP_METHODS, *ANALYTIC, "none"]), default="bca",
    show_default=True, help="The first four are bootstrap intervals; feldt to normal_theory are "
    "for alpha alone.",
)  # fmt: skip
@click.option("--replicates", type=int, help="Bootstrap replicates.  [default: 2000]")
@click.option("--seed", type=int, help="Seed of the bootstrap; the same seed, the same table.")
@click.option("--bayesian", is_flag=True, help="Bayesian bootstrap: Dirichlet weights.")
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@click.option("--threads", type=int, help="Threads to use; all when not given.")
@click.option("--out", type=_FILE, help="Write the table to this .csv, .parquet or .json file.")
@click.option("--replicates-out", type=_FILE, help="Write all bootstrap replicates to this file.")
@reading_options
def reliability(
    data: Path,
    scales: tuple[str, ...],
    columns: str | None,
    subscales: bool,
    coefficients: str,
    interval: str,
    replicates: int | None,
    seed: int | None,
    bayesian: bool,
    out: Path | None,
    replicates_out: Path | None,
    by: tuple[str, ...],
    cluster: tuple[str, ...],
    strata: tuple[str, ...],
    **options: Any,
) -> None:
    """Estimate the reliability of scales from the answers in DATA.

    DATA has one row a person: a .csv, .tsv, .parquet, .arrow, .xlsx, .sav, .dta or .jsonl file, or
    a folder of them. The table is printed, or written to the file that --out names.
    """
    if interval not in BOOTSTRAP_METHODS:
        _refuse_bootstrap_options(interval, replicates, seed, bayesian, replicates_out)
    if bayesian and strata:
        raise click.UsageError(
            "--bayesian weights do not keep the shares of --strata; leave one of them out."
        )
    refuse_overwriting(
        survey_inputs(data, scales), {"--out": out, "--replicates-out": replicates_out}
    )
    described = [
        score
        for scale in named_scales(scales, columns)
        for score in (scale.scores if subscales or scale.total is None else (scale,))
    ]
    reading = given_to_reading(options)
    answers = list(dict.fromkeys(item for scale in described for item in scale.items))
    result = estimate_reliability(
        read_survey(data, answers=answers, texts=[*by, *cluster, *strata], **reading),
        described,
        by=list(by) or None,
        cluster=list(cluster) or None,
        strata=list(strata) or None,
        coefficients=coefficients
        if coefficients == "all"
        else tuple(name.strip() for name in coefficients.split(",")),
        interval=_interval(interval, replicates, seed, bayesian),
        **options,
    )
    tables = {}
    if replicates_out is not None:
        tables[replicates_out] = result.replicates
    if out is not None:
        tables[out] = result.table
    write_tables(tables)
    if replicates_out is not None:
        click.echo(f"Wrote {result.replicates.height:,} replicates to {replicates_out}", err=True)
    if out is None:
        click.echo(str(result))
    else:
        click.echo(f"Wrote {result.table.height:,} rows to {out}", err=True)
        if seed is None and result.seed is not None:
            # The printed table says it; a file has no place for it.
            click.echo(f"Seed {result.seed}; give --seed {result.seed} to repeat.", err=True)


def _interval(
    interval: str, replicates: int | None, seed: int | None, bayesian: bool
) -> Bootstrap | Analytic | None:
    if interval not in BOOTSTRAP_METHODS:
        return None if interval == "none" else cast(Analytic, interval)
    return Bootstrap(
        2000 if replicates is None else replicates,
        method=cast(BootstrapMethod, interval),
        seed=seed,
        weights="bayesian" if bayesian else "multinomial",
    )


def _refuse_bootstrap_options(
    interval: str,
    replicates: int | None,
    seed: int | None,
    bayesian: bool,
    replicates_out: Path | None,
) -> None:
    given = {
        "--replicates": replicates is not None,
        "--seed": seed is not None,
        "--bayesian": bayesian,
        "--replicates-out": replicates_out is not None,
    }
    for option, is_given in given.items():
        if is_given:
            raise click.UsageError(
                f"{option} belongs to a bootstrap interval, but --interval is {interval}; leave "
                f"{option} out, or choose --interval {', '.join(BOOTSTRAP_METHODS)}."
            )

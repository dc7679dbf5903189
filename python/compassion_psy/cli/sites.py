"""compassion-psy sites: how do sites differ, and how alike are persons within them?"""

from pathlib import Path
from typing import Any

import click

from compassion_psy.cli._outputs import refuse_overwriting, survey_inputs
from compassion_psy.cli._reading import given_to_reading, reading_options
from compassion_psy.cli._scales import COLUMNS_HELP, SCALE_HELP, named_scales
from compassion_psy.cli._study import required, with_study
from compassion_psy.cli._survey import one_scale
from compassion_psy.cli._values import Number
from compassion_psy.data.writing import write_tables
from compassion_psy.options import Bootstrap
from compassion_psy.reading import read_survey
from compassion_psy.sites.compare import compare_sites

_FILE = click.Path(path_type=Path)
# A line with \b keeps click from filling the paragraph.
_EXAMPLE = """\b
Examples:
  compassion-psy sites survey.csv --scale scs --columns scs_{} --site hospital --team ward
  compassion-psy sites survey.csv --study study.toml
"""


@click.command(short_help="How do sites differ, and how alike are teams?", epilog=_EXAMPLE)
@click.argument("data", type=_FILE)
@click.option("--study", type=_FILE, help="A TOML file with any of the options below.")
@click.option("--scale", "scales", multiple=True, help=SCALE_HELP.removesuffix(" Repeatable."))
@click.option("--columns", help=COLUMNS_HELP)
@click.option("--site", help="Column of the site.")
@click.option("--team", help="Column of the team within the site.")
@click.option(
    "--statistic", default="mean", show_default=True,
    help="mean, or a coefficient of the command reliability.",
)  # fmt: skip
@click.option(
    "--missing-code", "missing_codes", type=Number(), multiple=True,
    help="An answer that means no answer, such as 0 or 99. Repeatable.",
)  # fmt: skip
@click.option(
    "--turned", type=click.Choice(["exclude", "keep"]), default="exclude", show_default=True,
    help="What becomes of sites whose keys or ranges the audit finds wrong.",
)  # fmt: skip
@click.option(
    "--minimum-cell", type=int, default=10, show_default=True,
    help="Figures of fewer persons are withheld.",
)  # fmt: skip
@click.option("--pool-scale", help="raw, logit, bonett or hakstian_whalen.")
@click.option(
    "--control", type=click.Choice(["holm", "benjamini_hochberg"]), default="holm",
    show_default=True, help="How tests of many sites are adjusted.",
)  # fmt: skip
@click.option(
    "--expected-answers", multiple=True, default=("uniform",), show_default="uniform",
    help="What agreement is compared with: uniform, slight_skew, moderate_skew, heavy_skew, or "
    "the share of a category, repeated from the lowest on.",
)  # fmt: skip
@click.option("--replicates", type=int, default=2000, show_default=True, help="Of the bootstrap.")
@click.option("--seed", type=int, help="The same seed gives the same numbers.")
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@click.option("--threads", type=int, help="Threads to use; all cores when not given.")
@click.option("--out", type=_FILE, help="Write the sites to this .csv, .parquet or .json file.")
@click.option("--pooled-out", type=_FILE, help="Write what holds over all sites to this file.")
@click.option("--funnel-out", type=_FILE, help="Write the limits of a funnel plot to this file.")
@reading_options
@click.pass_context
def sites(context: click.Context, /, study: Path | None, **given: Any) -> None:
    """Compare the sites in DATA, which has one row a person, and show how alike teams are.

    Keys and ranges of each site are audited first; sites with faults are not compared.
    """
    options = with_study(context, given, study)
    required(options, "scales", "site")
    data, names = options.pop("data"), options.pop("scales")
    outputs = {f"--{name}": options.pop(name.replace("-", "_"))
               for name in ("out", "pooled-out", "funnel-out")}  # fmt: skip
    inputs = survey_inputs(data, names) + ([study] if study else [])
    refuse_overwriting(inputs, outputs)
    scale = one_scale(named_scales(names, options.pop("columns")))
    texts = [options["site"], *([options["team"]] if options["team"] else [])]
    reading = given_to_reading(options)
    answers = read_survey(data, answers=list(scale.items), texts=texts, **reading)
    expected = options.pop("expected_answers")
    options["expected_answers"] = expected[0] if len(expected) == 1 else expected
    bootstrap = Bootstrap(options.pop("replicates"), seed=options.pop("seed"))
    result = compare_sites(answers, scale, bootstrap=bootstrap, **options)
    tables = dict(zip(outputs, (result.sites, result.pooled, result.funnel), strict=True))
    if outputs["--out"] is None:
        click.echo(str(result))
    written = {path: tables[option] for option, path in outputs.items() if path is not None}
    write_tables(written)
    for path, table in written.items():
        click.echo(f"Wrote {table.height:,} rows to {path}", err=True)

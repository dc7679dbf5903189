"""compassion-psy change: did persons change between waves, and whose change is reliable?"""

from pathlib import Path
from typing import Any

import click

from compassion_psy.change.change import change as changed
from compassion_psy.cli._outputs import refuse_overwriting, survey_inputs
from compassion_psy.cli._reading import given_to_reading, reading_options
from compassion_psy.cli._scales import COLUMNS_HELP, SCALE_HELP, named_scales
from compassion_psy.cli._study import required, with_study
from compassion_psy.cli._survey import BY_HELP
from compassion_psy.cli._values import Number
from compassion_psy.data.writing import write_tables
from compassion_psy.options import BOOTSTRAP_METHODS, Bootstrap
from compassion_psy.reading import read_survey

_FILE = click.Path(path_type=Path)
_OUTPUTS = {"--out": "table", "--tests-out": "tests", "--persons-out": "persons",
            "--dropout-out": "dropout"}  # fmt: skip
# A line with \b keeps click from filling the paragraph.
_EXAMPLE = """\b
Examples:
  compassion-psy change long.csv --scale who-5 --columns "w{}" --id nurse --wave wave \\
    --pre before --post after
  compassion-psy change wide.csv --score stress --id nurse --pre "{}_t1" --post "{}_t2" \\
    --reliability stress=0.85 --lower stress
  compassion-psy change long.csv --study study.toml
"""


@click.command(short_help="Did persons change, and whose change is reliable?", epilog=_EXAMPLE)
@click.argument("data", type=_FILE)
@click.option("--study", type=_FILE, help="A TOML file with any of the options below.")
@click.option("--scale", "scales", multiple=True, help=SCALE_HELP)
@click.option("--columns", help=COLUMNS_HELP)
@click.option("--score", "scores", multiple=True, help="Column of scores. Repeatable.")
@click.option("--id", help="Column that names the person.")
@click.option("--wave", help="Column of the wave; without it each wave has columns of its own.")
@click.option("--pre", help='The first wave, or the pattern of its columns, such as "t1_{}".')
@click.option("--post", multiple=True, help="The later wave, or its pattern. Repeatable.")
@click.option("--arm", help="Column of the arm (training, control).")
@click.option(
    "--control",
    help="The control arm; when not given, the one called control or waitlist, else the first.",
)
@click.option("--by", multiple=True, help=BY_HELP)
@click.option(
    "--missing-code", "missing_codes", type=Number(), multiple=True,
    help="An answer that means no answer, such as 0 or 99. Repeatable.",
)  # fmt: skip
@click.option(
    "--reliability", multiple=True,
    help="A coefficient or a number, for all outcomes or as OUTCOME=0.85. Repeatable.",
)  # fmt: skip
@click.option(
    "--norms", multiple=True, help="Mean and SD of the norms, as OUTCOME=MEAN,SD. Repeatable."
)
@click.option(
    "--cutoff",
    type=click.Choice(["a", "b", "c"]),
    help="The cut-off that makes an improved person recovered; c with norms, else a.",
)
@click.option("--lower", multiple=True, help="Outcome of which lower is better. Repeatable.")
@click.option(
    "--interval", type=click.Choice([*BOOTSTRAP_METHODS, "analytic"]), default="bca",
    show_default=True, help="How intervals are made that have no exact form.",
)  # fmt: skip
@click.option(
    "--replicates", type=int, default=2000, show_default=True, help="Bootstrap replicates."
)
@click.option("--seed", type=int, help="The same seed gives the same numbers.")
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@click.option("--out", type=_FILE, help="Write all effects to this .csv, .parquet or .json file.")
@click.option("--tests-out", type=_FILE, help="Write the tests to this file.")
@click.option("--persons-out", type=_FILE, help="Write the change of each person to this file.")
@click.option("--dropout-out", type=_FILE, help="Write the counts of dropout to this file.")
@reading_options
@click.pass_context
def change(context: click.Context, /, study: Path | None, **given: Any) -> None:
    """Show how much the persons in DATA changed, how sure that is, and whose change is reliable.

    DATA has one row for each person and wave, or one row for each person.
    """
    options = with_study(context, given, study)
    required(options, "id", "pre", "post")
    data, names, scores = (options.pop(name) for name in ("data", "scales", "scores"))
    if not names and not scores:
        raise click.UsageError("Give --scale or --score, or name them in the file of --study.")
    outputs = {option: options.pop(option[2:].replace("-", "_")) for option in _OUTPUTS}
    refuse_overwriting(survey_inputs(data, names) + ([study] if study else []), outputs)
    outcomes = [*named_scales(names, options.pop("columns")), *scores]
    reading = given_to_reading(options)
    columns = [
        name for each in outcomes for name in ([each] if isinstance(each, str) else each.items)
    ]
    wave, arm, by = options["wave"], options["arm"], list(options.pop("by"))
    patterns = ["{}"] if wave else [options["pre"], *options["post"]]
    numbers = [pattern.replace("{}", name) for pattern in patterns for name in columns]
    texts = [options["id"], *by, *(name for name in (wave, arm) if name)]
    options["post"] = list(options["post"])
    options["reliability"] = _of_outcomes(options["reliability"])
    options["norms"] = _norms(options["norms"])
    options["better"] = dict.fromkeys(options.pop("lower"), "lower")
    result = changed(
        read_survey(data, answers=numbers, texts=texts, **reading),
        outcomes,
        by=by or None,
        **_resampling(options),
        **options,
    )
    click.echo(str(result))
    written = {path: getattr(result, _OUTPUTS[option])
               for option, path in outputs.items() if path is not None}  # fmt: skip
    write_tables(written)
    for path, table in written.items():
        click.echo(f"Wrote {table.height:,} rows to {path}", err=True)


def _resampling(options: dict[str, Any]) -> dict[str, Any]:
    """Take what is said of the interval out of the options; analytic limits are not resampled."""
    replicates, seed = options.pop("replicates"), options.pop("seed")
    method = options.pop("interval")
    if method == "analytic":
        return {"interval": method, "bootstrap": Bootstrap(replicates, seed=seed)}
    return {"interval": Bootstrap(replicates, method=method, seed=seed)}


def _of_outcomes(given: tuple[str, ...]) -> Any:
    """Return a reliability for all outcomes, or a mapping from outcome to reliability."""
    plain = [each for each in given if "=" not in each]
    if plain and len(given) > 1:
        raise click.UsageError(
            f"--reliability {plain[0]} is for all outcomes, but there are others; name outcomes."
        )
    if plain:
        return _number_or_name(plain[0])
    named = [each.rpartition("=") for each in given]
    return {name: _number_or_name(value) for name, _, value in named} or None


def _number_or_name(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _norms(given: tuple[str, ...]) -> dict[str, tuple[float, float]] | None:
    found = {}
    for each in given:
        name, _, pair = each.rpartition("=")
        try:
            if not name:
                raise ValueError
            mean, sd = (float(number) for number in pair.split(","))
        except ValueError:
            raise click.UsageError(
                f"--norms {each} is not such as calm=18,3 (outcome, mean and SD)."
            ) from None
        found[name] = (mean, sd)
    return found or None

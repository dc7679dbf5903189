"""compassion-psy pathway: what leads to what, by which steps, and what changes them?"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from compassion_psy.cli._outputs import refuse_overwriting, survey_inputs
from compassion_psy.cli._reading import given_to_reading, reading_options
from compassion_psy.cli._scales import named_scales
from compassion_psy.cli._study import with_study
from compassion_psy.cli._values import NamedNumber, Number
from compassion_psy.data.writing import check_place, write_table
from compassion_psy.errors import OptionError
from compassion_psy.options import BOOTSTRAP_METHODS, Bootstrap
from compassion_psy.pathway.mediation import mediation
from compassion_psy.pathway.mediation_result import MediationResult
from compassion_psy.pathway.pathway import pathway as estimated
from compassion_psy.pathway.result import PathwayResult
from compassion_psy.pathway.syntax import named_variables, parse
from compassion_psy.pathway.uncertainty import MonteCarlo
from compassion_psy.reading import read_survey
from compassion_psy.scales import Scale

Value = TypeVar("Value")

_FILE = click.Path(path_type=Path)
_INTERVALS = [*BOOTSTRAP_METHODS, "monte_carlo", "wald", "none"]
# A line with \b keeps click from filling the paragraph.
_EXAMPLE = """\b
Examples:
  compassion-psy pathway staff.csv --model pathway.txt --cluster team
  compassion-psy pathway staff.csv --x training --m compassion --y wellbeing \\
    --scale compassion=scs-sf --columns "compassion=scs_{}" --modulator a=support
  compassion-psy pathway staff.csv --study study.toml
"""


@click.command(short_help="What leads to what, and what modulates it?", epilog=_EXAMPLE)
@click.argument("data", type=_FILE)
@click.option("--study", type=_FILE, help="A TOML file with any of the options below.")
@click.option("--model", help="A model in lavaan's syntax, or the file that holds it.")
@click.option("--x", help="In place of a model: the cause.")
@click.option("--m", multiple=True, help="A mediator. Repeatable.")
@click.option("--y", help="The outcome.")
@click.option(
    "--modulator", "modulators", multiple=True,
    help="What changes a path, as PATH=COLUMN, such as a=support. Repeatable.",
)  # fmt: skip
@click.option(
    "--at", "levels", type=NamedNumber("support=3"), multiple=True,
    help="A value of a modulator at which effects are looked at, as COLUMN=NUMBER. Repeatable.",
)  # fmt: skip
@click.option("--covariate", "covariates", multiple=True, help="A covariate. Repeatable.")
@click.option("--serial", is_flag=True, help="Each mediator also works on the later ones.")
@click.option(
    "--scale", "scales", multiple=True,
    help="A variable that is a scale's score, as NAME=ID or NAME=FILE.toml. Repeatable.",
)  # fmt: skip
@click.option(
    "--columns", multiple=True, help='Its columns, as NAME=PATTERN, such as "care=scs_{}".'
)
@click.option("--cluster", multiple=True, help="Column of the team. Repeatable.")
@click.option("--strata", multiple=True, help="Column of strata. Repeatable.")
@click.option(
    "--center",
    multiple=True,
    help="Variable to divide into its parts within and between teams, which the model names with "
    "_within and _between. Repeatable.",
)
@click.option(
    "--reliability", multiple=True,
    help="Correct for unreliability: a coefficient, or VARIABLE=NUMBER. Repeatable.",
)  # fmt: skip
@click.option(
    "--missing-code", "missing_codes", type=Number(), multiple=True,
    help="An answer that means no answer, such as 0 or 99. Repeatable.",
)  # fmt: skip
@click.option(
    "--interval", type=click.Choice(_INTERVALS), default="percentile", show_default=True,
    help="How limits are made.",
)  # fmt: skip
@click.option(
    "--replicates",
    type=int,
    default=2000,
    show_default=True,
    help="Bootstrap replicates, or Monte Carlo draws.",
)
@click.option("--seed", type=int, help="The same seed gives the same numbers.")
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@click.option("--threads", type=int, help="Threads to use; all cores when not given.")
@click.option("--out", type=_FILE, help="Write the table to this .csv, .parquet or .json file.")
@click.option("--graphviz", type=_FILE, help="Write the path diagram as Graphviz text here.")
@reading_options
@click.pass_context
def pathway(context: click.Context, /, study: Path | None, **given: Any) -> None:
    """Estimate a path model or a mediation of DATA, which has one row for each person.

    Give --model for a model of your own, or --x, --m and --y for a mediation.
    """
    options = with_study(context, given, study)
    data, out, graphviz = (options.pop(name) for name in ("data", "out", "graphviz"))
    model, names = options.pop("model"), dict(map(_pair, options.pop("scales")))
    inputs = survey_inputs(data, list(names.values())) + ([study] if study else [])
    refuse_overwriting(inputs, {"--out": out})
    _refuse_diagram(graphviz, [*inputs, *([out] if out else [])])
    options["scales"] = _scales(names, dict(map(_pair, options.pop("columns"))))
    options["interval"] = _interval(options)
    options["reliability"] = _reliability(options["reliability"])
    asked = {name: options.pop(name) for name in ("x", "m", "y", "covariates", "serial")}
    asked["modulators"] = _gathered(map(_pair, options.pop("modulators")))
    asked["levels"] = _gathered(options.pop("levels"))
    if "" in asked["levels"]:
        raise click.UsageError("--at has a number without its modulator; write COLUMN=NUMBER.")
    texts = [*options["cluster"], *options["strata"]]
    options["cluster"], options["strata"] = options["cluster"] or None, options["strata"] or None
    reading = given_to_reading(options)
    by_model = model is not None
    complete = bool(asked["x"] and asked["m"] and asked["y"])
    # What belongs to a mediation would be left aside beside a model.
    if any(asked.values()) if by_model else not complete:
        raise click.UsageError("Give --model, or else --x, --m and --y.")
    if by_model:
        text = _text(model)
        numbers = sorted(named_variables(parse(text)))
    else:
        changing = [name for each in asked["modulators"].values() for name in each]
        numbers = [asked["x"], *asked["m"], asked["y"], *asked["covariates"], *changing]
    numbers = [_plain(name, options["center"]) for name in numbers if name not in names]
    items = [item for scale in options["scales"].values() for item in scale.items]
    wanted = [name for name in dict.fromkeys([*numbers, *items]) if name not in texts]
    answers = read_survey(data, answers=wanted, texts=texts, **reading)
    result: PathwayResult | MediationResult
    if by_model:
        result = fitted = estimated(answers, text, **options)
    else:
        result = mediation(answers, **asked, **options)
        fitted = result.pathway
    if graphviz is not None:
        graphviz.write_text(fitted.to_graphviz(), encoding="utf-8")
        click.echo(f"Wrote the diagram to {graphviz}", err=True)
    if out is None:
        click.echo(str(result))
    else:
        write_table(result.to_frame(), out)
        click.echo(f"Wrote {result.to_frame().height:,} rows to {out}", err=True)


def _refuse_diagram(path: Path | None, taken: list[Path]) -> None:
    if path is None:
        return
    if path.exists() and path.suffix not in (".dot", ".gv"):
        raise click.UsageError(f"--graphviz {path} exists and is no .dot or .gv file.")
    check_place(path)
    if path.resolve() in [each.resolve() for each in taken]:
        raise click.UsageError(f"--graphviz {path} is another file of this command; name another.")


def _text(model: str) -> str:
    """Return a model, or what its file holds."""
    if any(sign in model for sign in "~\n") or not model.strip():
        return model
    try:
        return Path(model).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(
            f"--model {model} is neither a model nor a file that can be read "
            f"({getattr(error, 'strerror', None) or error})."
        ) from error


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        raise click.UsageError(f"{text!r} is not such as NAME=VALUE.")
    return name, value


def _gathered(pairs: Iterable[tuple[str, Value]]) -> dict[str, list[Value]]:
    found: dict[str, list[Value]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _scales(names: dict[str, str], columns: dict[str, str]) -> dict[str, Scale]:
    for name in columns:
        if name not in names:
            raise click.UsageError(f"--columns names {name!r}, which --scale does not.")
    found = {}
    for name, source in names.items():
        scales = named_scales([source], columns.get(name))
        if len(scales) != 1:
            raise click.UsageError(f"--scale {name}={source} stands for {len(scales)} scales.")
        found[name] = scales[0]
    return found


def _reliability(given: tuple[str, ...]) -> str | dict[str, float] | None:
    if not given:
        return None
    if len(given) == 1 and "=" not in given[0]:
        return given[0]
    found = {}
    for name, value in map(_pair, given):
        try:
            found[name] = float(value)
        except ValueError:
            raise click.UsageError(f"--reliability {name}={value}: not a number.") from None
    return found


def _interval(options: dict[str, Any]) -> Bootstrap | MonteCarlo | str | None:
    """Take what is said of the interval out of the options."""
    replicates, seed, method = (options.pop(each) for each in ("replicates", "seed", "interval"))
    if method in BOOTSTRAP_METHODS:
        return Bootstrap(replicates, method=method, seed=seed)
    if method == "monte_carlo":
        return MonteCarlo(replicates, seed=seed)
    return None if method == "none" else str(method)


def _plain(name: str, centred: tuple[str, ...]) -> str:
    """Return the column behind a part within or between teams."""
    parts = {f"{each}_{part}": each for each in centred for part in ("within", "between")}
    return parts.get(name, name)

"""compassion-psy harmonise: from a recipe and raw exports to one file and a log."""

from pathlib import Path

import click

from compassion_psy.cli._outputs import refuse_overwriting
from compassion_psy.data.writing import write_tables
from compassion_psy.harmonise import Recipe
from compassion_psy.harmonise import harmonise as run_recipe
from compassion_psy.harmonise.reading import input_files

_FILE = click.Path(path_type=Path)


@click.command(
    short_help="One frame from raw exports, by a recipe.",
    epilog="Example:  compassion-psy harmonise recipe.toml --out harmonised.parquet",
)
@click.argument("recipe", type=_FILE)
@click.option("--out", type=_FILE, help="Write the frame to this .csv, .parquet or .json file.")
@click.option("--log-out", type=_FILE, help="Write the log of all steps to this file.")
def harmonise(recipe: Path, out: Path | None, log_out: Path | None) -> None:
    """Bring the exports that RECIPE names to one frame, and say what every step changed.

    RECIPE is a TOML file; its paths are relative to its own folder. What the steps did is printed;
    nothing is written unless the whole recipe could be carried out.
    """
    declared = Recipe.read(recipe)
    refuse_overwriting([recipe, *input_files(declared)], {"--out": out, "--log-out": log_out})
    result = run_recipe(declared)
    click.echo(str(result))
    tables = ((out, result.frame), (log_out, result.log))
    written = {path: table for path, table in tables if path is not None}
    write_tables(written)
    for path, table in written.items():
        click.echo(f"Wrote {table.height:,} rows to {path}", err=True)

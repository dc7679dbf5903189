"""compassion-psy harmonise: from a recipe and raw exports to one file and a log."""

from pathlib import Path

import click

from compassion_psy.data.writing import check_writable, write_table
from compassion_psy.harmonise import harmonise as run_recipe

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
    for path in (out, log_out):
        if path is not None:
            check_writable(path)
    result = run_recipe(recipe)
    click.echo(str(result))
    for frame, path in ((result.frame, out), (result.log, log_out)):
        if path is not None:
            write_table(frame, path)
            click.echo(f"Wrote {frame.height:,} rows to {path}", err=True)

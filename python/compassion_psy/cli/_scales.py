"""The scales that a command line names."""

from collections.abc import Sequence
from pathlib import Path

import click

from compassion_psy.scales import Scale, get

SCALE_HELP = "Id of a published scale, or a TOML file that describes scales. Repeatable."
COLUMNS_HELP = 'How the columns of the one scale are called, such as "scs_{}".'


def named_scales(names: Sequence[str], columns: str | None) -> list[Scale]:
    """Return the scales that ids and files stand for.

    Raises
    ------
    ScaleError
        When there is no such scale, or a file cannot be used.
    """
    scales = [scale for name in names for scale in _scales(name)]
    if columns is None:
        return scales
    if len(scales) > 1:
        raise click.UsageError(
            f"--columns names the columns of one scale, but there are {len(scales)}; give each a "
            "file that names its own."
        )
    return [scales[0].with_columns(columns)]


def _scales(name: str) -> tuple[Scale, ...]:
    is_file = name.lower().endswith(".toml") or Path(name).is_file()
    return Scale.read(name) if is_file else (get(name),)

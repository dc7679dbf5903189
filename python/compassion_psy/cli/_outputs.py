"""The files that a command writes: none of them may be one it reads, or another one it writes."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click

from compassion_psy.data.writing import check_writable
from compassion_psy.reading import survey_files


def refuse_overwriting(inputs: Iterable[Path], outputs: Mapping[str, Path | None]) -> None:
    """Raise where an output could not be written, or would replace what is not to be replaced.

    Parameters
    ----------
    inputs : iterable of Path
        The files that are read.
    outputs : mapping
        The files to write, by option; None where the option was not given.

    Raises
    ------
    click.UsageError
        When an output is an input, by whatever path, or is named twice.
    DataError
        When an output could not be written.
    """
    taken = {path.resolve(): "is also an input" for path in inputs}
    for option, path in outputs.items():
        if path is None:
            continue
        check_writable(path)
        place = path.resolve()
        same = [known for known in taken if known == place or _is_one_file(known, place)]
        if same:
            raise click.UsageError(f"{option} {path} {taken[same[0]]}; name another file.")
        taken[place] = f"is also {option}"


def survey_inputs(data: Path, scales: Sequence[str]) -> list[Path]:
    """Return the files that a survey (a file, a folder or a pattern) and named scales stand for.

    Raises
    ------
    DataError
        When there is no such survey.
    """
    return [*survey_files(data)[0], *map(Path, scales)]


def _is_one_file(path: Path, other: Path) -> bool:
    # A hard link, or another spelling where the file system does not tell a from A.
    return path.exists() and other.exists() and path.samefile(other)

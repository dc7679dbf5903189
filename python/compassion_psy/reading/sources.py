"""Which files a path, a folder or a pattern stands for, and the format each ending stands for."""

from __future__ import annotations

import glob
import os
from pathlib import Path

from compassion_psy.errors import DataError

FORMATS = {
    ".csv": "delimited",
    ".csv.gz": "delimited",
    ".tsv": "delimited",
    ".tsv.gz": "delimited",
    ".txt": "delimited",
    ".parquet": "parquet",
    ".arrow": "ipc",
    ".feather": "ipc",
    ".xlsx": "spreadsheet",
    ".xls": "spreadsheet",
    ".sav": "labelled",
    ".zsav": "labelled",
    ".dta": "labelled",
    ".jsonl": "json_lines",
    ".ndjson": "json_lines",
}
"""Ending of a file name → its format."""


def ending_of(path: Path) -> str:
    """Return the ending that tells the format, or raise DataError."""
    for ending in sorted(FORMATS, key=len, reverse=True):
        if path.name.lower().endswith(ending):
            return ending
    raise DataError(
        f"{path} has an ending that is not known; name a file that ends in {', '.join(FORMATS)}."
    )


def survey_files(source: str | os.PathLike[str]) -> tuple[list[Path], bool]:
    """Return the files that `source` stands for, in order of their names.

    The second value is whether it stands for many: a folder, or a pattern with ``*``, ``?`` or
    ``[...]``. A file whose own name has such signs is one file.

    Raises
    ------
    DataError
        Where there is no such file, or the folder holds something that is no survey file.
    """
    path = Path(source)
    hint = " To send a query to a database, give connection=." if " " in path.name else ""
    if path.is_file():
        return [path], False
    if path.is_dir():
        return _folder(path), True
    if glob.has_magic(os.fspath(source)):
        found = [Path(name) for name in glob.glob(os.fspath(source), recursive=True)]  # noqa: PTH207
        files = sorted(each for each in found if each.is_file() and not _is_hidden(each))
        if not files:
            raise DataError(f"{source} matches no file; check the pattern.{hint}")
        return files, True
    raise DataError(f"{path} cannot be read: there is no such file; check the path.{hint}")


def site_names(files: list[Path]) -> list[str]:
    """Return what tells files apart: their names without ending, with folders where they differ.

    Raises
    ------
    DataError
        When two files differ in their endings only.
    """
    folder = Path(os.path.commonpath([file.absolute().parent for file in files]))
    names = [
        file.absolute().relative_to(folder).as_posix()[: -len(ending_of(file))] for file in files
    ]
    first: dict[str, Path] = {}
    for name, file in zip(names, files, strict=True):
        if name in first:
            raise DataError(
                f"{first[name]} and {file} have one name, so their rows could not be told apart; "
                "rename one, or choose with a pattern such as '*.csv'."
            )
        first[name] = file
    return names


def _folder(folder: Path) -> list[Path]:
    files = sorted(each for each in folder.iterdir() if not _is_hidden(each))
    if not files:
        raise DataError(f"{folder} holds no files; give a folder of survey files.")
    for file in files:
        if file.is_dir() or not file.name.lower().endswith(tuple(FORMATS)):
            what = "is a folder" if file.is_dir() else "is no survey file by its ending"
            raise DataError(
                f"{folder} cannot be read as a folder of survey files: {file.name} {what}; choose "
                f"the files with a pattern, such as {folder / '*.csv'}."
            )
    return files


def _is_hidden(path: Path) -> bool:
    # What starts with ~$ is the lock of a workbook that is open in a spreadsheet.
    return path.name.startswith((".", "~$"))

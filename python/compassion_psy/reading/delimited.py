"""Delimited text: CSV and TSV of any separator, also compressed, every column as written."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars.exceptions import NoDataError, PolarsError

from compassion_psy.errors import DataError, OptionError
from compassion_psy.reading import qualtrics, redcap
from compassion_psy.reading.number_texts import number_kinds
from compassion_psy.reading.row_widths import refuse_other_widths
from compassion_psy.reading.tables import (
    ReadOptions,
    SourceTable,
    no_rows,
    refuse_repeated,
    unreadable,
    wanted,
)

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_HEADER_BYTES = 1 << 20
_GZIP = b"\x1f\x8b"
_SEPARATOR_LINE = re.compile(rb"(?:\xef\xbb\xbf)?sep=([^\r\n])\r?\n")
_BLANK_LINE = re.compile(rb"(?:\xef\xbb\xbf)?[ ]*\r?\n")
_QUOTED = r'"[^"]*"'


@dataclass(frozen=True)
class DelimitedFile:
    """A file of delimited text whose heading was looked at.

    Attributes
    ----------
    path : Path
        The file, for messages.
    source : Path or bytes
        What to read: the file, or its content as UTF-8.
    separator : str
        What stands between fields.
    first_rows : list of tuple
        The fields of its first three rows, the names among them.
    """

    path: Path
    source: Path | bytes
    separator: str
    first_rows: list[tuple[str | None, ...]]

    @property
    def heading(self) -> int:
        """Number of rows above the answers."""
        return 3 if qualtrics.is_export(self.first_rows) else 1

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return redcap.distinct_names([name or "" for name in self.first_rows[0]])

    def texts(self) -> pl.LazyFrame:
        """Return all columns as texts, an empty field as null."""
        return pl.scan_csv(
            self.source,
            separator=self.separator,
            has_header=False,
            skip_rows=self.heading,
            schema=dict.fromkeys(self.names, pl.String),
            # Also one in quotes, as REDCap and R write it: else "" would be a ward of its own.
            null_values=[""],
            glob=False,
        )


def read_delimited(path: Path, options: ReadOptions) -> SourceTable:
    """Return the columns that are wanted of a file of delimited text.

    Raises
    ------
    DataError
        When the encoding, the separator, a name or the number of fields in a row is wrong.
    """
    file = open_delimited(path, encoding=options.encoding, separator=options.separator)
    refuse_repeated(path, file.names)
    _refuse_patterns(path, file.names)
    columns = wanted(path, file.names, options)
    with _explained(path):
        refuse_other_widths(
            path, file.source, file.separator, width=len(file.names), heading=file.heading
        )
        frame = file.texts().select(columns)
        if frame.head(1).collect().is_empty():
            raise no_rows(path)
        # This looks at every field once, so that what cannot be read is told now.
        comma = file.separator == ";"
        kinds = number_kinds(frame, columns, decimal_comma=comma)
    return SourceTable(path, frame, kinds, decimal_comma=comma)


def open_delimited(path: Path, *, encoding: str, separator: str | None) -> DelimitedFile:
    """Return a file of delimited text with its separator and its first rows.

    Raises
    ------
    DataError
        When it is empty, of another encoding, or its separator is not clear.
    OptionError
        When there is no such encoding, or the separator is not one sign.
    """
    if separator is not None and len(separator.encode()) != 1:
        raise OptionError(f"separator is {separator!r}, but it must be one sign, such as ';'.")
    with _explained(path):
        start = _start(path)
        source: Path | bytes = path
        if encoding.lower().replace("_", "-") not in ("utf-8", "utf8", "utf-8-sig"):
            source = _decoded(path, encoding).encode()
            start = source[:_HEADER_BYTES]
        elif start.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise DataError(f'{path} is UTF-16 text; read it with encoding="utf-16".')
        declared = _SEPARATOR_LINE.match(start)
        if declared:
            # What follows is the file; this first line is for Excel.
            separator = separator or declared[1].decode()
            source = source if isinstance(source, bytes) else _content(path)
            source = source[declared.end() :]
            start = source[:_HEADER_BYTES]
        if not _is_compressed(path) and start.startswith(_GZIP):
            raise DataError(
                f"{path} is compressed (gzip), which its ending does not say; add .gz to its name."
            )
        if not start.strip():
            raise DataError(f"{path} is empty; give a file with a header row and answers.")
        if _BLANK_LINE.match(start):
            raise DataError(f"{path} begins with an empty line; remove what is above the header.")
        separator = separator or _separator(path, start.decode("utf-8", errors="replace"))
        rows = pl.scan_csv(
            source,
            separator=separator,
            has_header=False,
            n_rows=3,
            infer_schema=False,
            truncate_ragged_lines=True,
            glob=False,
        ).collect()
    return DelimitedFile(path, source, separator, rows.rows())


def _refuse_patterns(path: Path, names: list[str]) -> None:
    for name in names:
        # Polars takes such a name for a regular expression of names.
        if name.startswith("^") and name.endswith("$"):
            raise DataError(
                f"{path} has a column named {name!r}, which begins with ^ and ends with $ as a "
                "pattern does; rename it."
            )


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except NoDataError:
        raise DataError(f"{path} is empty; give a file with a header row and answers.") from None
    except (PolarsError, OSError, EOFError, zlib.error) as error:
        if "utf-8" in str(error).lower():
            raise DataError(
                f"{path} is not UTF-8 text; say which encoding it has, for example "
                'encoding="latin-1" or, from Excel, encoding="windows-1252".'
            ) from error
        if isinstance(error, PolarsError) and _content(path).count(b'"') % 2:
            raise DataError(
                f"{path} has an odd number of quotation marks, so a text begins that does not end, "
                "or the file is cut off; correct the mark that has no other."
            ) from error
        raise unreadable(path, "delimited text", error) from error


def _start(path: Path) -> bytes:
    with gzip.open(path) if _is_compressed(path) else path.open("rb") as file:
        return file.read(_HEADER_BYTES)


def _is_compressed(path: Path) -> bool:
    return path.name.lower().endswith(".gz")


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    return gzip.decompress(content) if _is_compressed(path) else content


def _decoded(path: Path, encoding: str) -> str:
    try:
        return _content(path).decode(encoding)
    except LookupError:
        raise OptionError(
            f"encoding is {encoding!r}, which is not known; give one such as 'latin-1'."
        ) from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not {encoding} text (byte {error.start + 1}); give its true encoding."
        ) from error


def _separator(path: Path, start: str) -> str:
    header = re.sub(_QUOTED, "", start).lstrip("\ufeff\r\n").splitlines()[0]
    present = [separator for separator in _SEPARATORS if separator in header]
    if len(present) > 1:
        words = " and ".join(_SEPARATORS[each] for each in present)
        raise DataError(
            f"{path} has {words} in its header, so it is not clear which of them separate the "
            f"columns; say it, for example with separator={present[0]!r}."
        )
    return present[0] if present else ","

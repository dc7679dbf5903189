"""Files put together: one type a column, or an error that names the file and the column."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from compassion_psy.errors import DataError, OptionError, nearest
from compassion_psy.reading.number_texts import (
    NUMBERS,
    as_number,
    declared_kind,
    first_not_number,
    number_kinds,
)
from compassion_psy.reading.tables import SourceTable

Kinds = dict[str, str]


def put_together(
    tables: Sequence[SourceTable],
    *,
    sites: Sequence[str] | None,
    site_column: str,
    answers: Collection[str],
    texts: Collection[str],
) -> pl.LazyFrame:
    """Return the rows of all tables, in their order.

    Parameters
    ----------
    tables : sequence of SourceTable
        One or more, each with the same columns in any order.
    sites : sequence of str, optional
        What to write for each table into `site_column`, which comes first.
    site_column : str
        Name of that column.
    answers, texts : collection of str
        Columns that are declared to hold numbers, or texts.

    Raises
    ------
    DataError
        Where columns or their types differ, or a declared column holds something else.
    """
    names = tables[0].frame.collect_schema().names()
    if sites is not None and site_column not in names:
        # It is added below, as texts.
        texts = [name for name in texts if name != site_column]
    for name in (*answers, *texts):
        if name not in names:
            raise DataError(
                f"{tables[0].path} has no column {name!r}, which is declared. "
                f"{nearest(name, names)}"
            )
        if name in answers and name in texts:
            raise OptionError(f"Column {name!r} is in answers and in texts; leave it in one.")
    for table in tables[1:]:
        _refuse_other_columns(tables[0], table)
    kinds = [_kinds(table, answers, texts) for table in tables]
    common = {name: _common_kind(name, tables, kinds) for name in names}
    frames = [
        table.frame.select(_typed(name, schema[name], own[name], common[name]) for name in names)
        for table, own in zip(tables, kinds, strict=True)
        for schema in [table.frame.collect_schema()]
    ]
    if sites is not None:
        if site_column in names:
            raise DataError(
                f"{tables[0].path} has a column {site_column!r} already; give the column of file "
                "names another name with site_column=."
            )
        frames = [
            frame.select(pl.lit(site).alias(site_column), pl.all())
            for frame, site in zip(frames, sites, strict=True)
        ]
    return frames[0] if len(frames) == 1 else pl.concat(frames, how="vertical_relaxed")


def _refuse_other_columns(first: SourceTable, table: SourceTable) -> None:
    here, there = (each.frame.collect_schema().names() for each in (table, first))
    for name in there:
        if name not in here:
            raise _other_columns(table, name, first)
    for name in here:
        if name not in there:
            raise _other_columns(first, name, table)


def _other_columns(lacks: SourceTable, name: str, has: SourceTable) -> DataError:
    return DataError(
        f"{lacks.path} has no column {name!r}, which {has.path} has; name the columns that all "
        "files have with columns=[...], or correct the file."
    )


def _kinds(table: SourceTable, answers: Collection[str], texts: Collection[str]) -> Kinds:
    schema = table.frame.collect_schema()
    declared = [name for name in schema if name in answers]
    found = table.kinds
    if found is None:
        written = [name for name in declared if schema[name] == pl.String]
        found = number_kinds(table.frame, written)
    kinds = {
        name: "text" if name in texts and dtype == pl.String else found.get(name, _kind(dtype))
        for name, dtype in schema.items()
    }
    for name in declared:
        kind = declared_kind(table.frame, name, kinds[name], decimal_comma=table.decimal_comma)
        if kind not in (*NUMBERS, "truth"):
            raise _not_number(table, name, kind)
        kinds[name] = kind
    for name in texts:
        if name in schema and kinds[name] not in ("text", "whole", "empty"):
            raise DataError(
                f"{table.path}: column {name!r} is declared as text but holds {schema[name]}, "
                "which can be written as text in many ways; leave it out of texts."
            )
    return {name: "text" if name in texts and k == "whole" else k for name, k in kinds.items()}


def _kind(dtype: pl.DataType) -> str:
    if dtype.is_integer():
        return "whole"
    if dtype.is_float() or dtype.is_decimal():
        return "decimal"
    named = {pl.String: "text", pl.Null: "empty", pl.Boolean: "truth"}
    return named.get(dtype.base_type(), str(dtype))


def _not_number(table: SourceTable, name: str, kind: str) -> DataError:
    if kind != "text":
        return DataError(
            f"{table.path}: column {name!r} holds {kind}, but its answers must be numbers; leave "
            "it out of answers."
        )
    row, value = first_not_number(table.frame, name, decimal_comma=table.decimal_comma)
    shown = repr(value if len(value) <= 40 else f"{value[:40]}...")
    return DataError(
        f"{table.path}: column {name!r} has the text {shown} in row {row} (rows counted from 1), "
        "but its answers must be numbers; correct it, leave the field empty where an answer is "
        "missing, or recode the column."
    )


def _common_kind(name: str, tables: Sequence[SourceTable], kinds: Sequence[Kinds]) -> str:
    first: dict[str, SourceTable] = {}
    for table, own in zip(tables, kinds, strict=True):
        if own[name] != "empty":
            first.setdefault(own[name], table)
    found = set(first)
    if len(found) <= 1:
        return next(iter(found), "empty")
    if found <= set(NUMBERS):
        return "decimal"
    # As written, a number is a text that nothing was taken from: wards 01 and 12.
    written = all(table.kinds is not None for table in first.values())
    if found <= {"code", "text"} or ("code" in found and "text" not in found and written):
        return "text"
    (kind, table), (other_kind, other) = list(first.items())[:2]
    raise DataError(
        f"Column {name!r} holds {_word(kind)} in {table.path} but {_word(other_kind)} in "
        f"{other.path}; correct the file, or declare the column with answers=[{name!r}] where it "
        f"holds numbers, or with texts=[{name!r}] where it holds names."
    )


def _word(kind: str) -> str:
    if kind in NUMBERS:
        return "numbers"
    words = {"text": "text", "code": "codes such as 01", "truth": "true and false"}
    return words.get(kind, kind)


def _typed(name: str, dtype: pl.DataType, own: str, common: str) -> pl.Expr:
    if dtype == pl.String and common in NUMBERS:
        # "decimal" may be what files agree on, while this one has a decimal comma.
        return as_number(name, own if own == "decimal_comma" else common)
    if common == "text" and dtype != pl.String:
        return pl.col(name).cast(pl.String)
    return pl.col(name)

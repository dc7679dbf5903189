"""Labels: what a source has instead of codes, compared in any case and with stray blanks."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from compassion_psy.errors import DataError, nearest

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_NAMED = 3
_LONGEST = 60


def normalised(text: str) -> str:
    r"""Return a text in one case, without stray blanks and in one Unicode form.

    Examples
    --------
    >>> normalised("  Strongly\u00a0 AGREE ")
    'strongly agree'
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def text_of(value: object) -> str:
    """Return a value of a column as a label: 3 and 3.0 are "3"."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def as_number(code: float | str) -> float | None:
    """Return a number, or the number that a text writes; None where it writes none."""
    if isinstance(code, str):
        return float(code) if _NUMBER.fullmatch(code.strip()) else None
    return code


def shown(text: str) -> str:
    """Return a text of the data for a message, not longer than a line."""
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")


@dataclass
class Lookup:
    """The values of a column, each with what it becomes.

    Attributes
    ----------
    becomes : dict
        What each value becomes; None where it means no answer.
    labels : Counter
        How often each known label occurs.
    missing : Counter
        How often each missing code occurs.
    """

    becomes: dict[object, object] = field(default_factory=dict)
    labels: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)

    def expression(self, column: pl.Series, dtype: pl.DataType | type[pl.DataType]) -> pl.Expr:
        """Return what the column becomes."""
        values = pl.Series(list(self.becomes), dtype=column.dtype)
        new = pl.Series(list(self.becomes.values()), dtype=dtype)
        return pl.col(column.name).replace_strict(values, new, default=None, return_dtype=dtype)


def look_up(
    column: pl.Series,
    meaning: Callable[[str], object | None],
    missing: Mapping[str, str],
    *,
    place: str,
    known: Mapping[str, object],
    remedy: str,
) -> Lookup:
    """Return what each value of a column means.

    Parameters
    ----------
    column : polars.Series
        Texts, numbers or truths.
    meaning : callable
        From a normalised label to what it becomes; None where the label fits no rule.
    missing : mapping
        Normalised codes that mean no answer, as they are shown.
    place : str
        Source and column, for messages.
    known : mapping
        The labels as declared, of which near ones are named.
    remedy : str
        What to do about a label that fits no rule.

    Raises
    ------
    DataError
        When a value fits no rule; the message names it and how often it occurs. When the column
        holds no single values.
    """
    if column.dtype.is_nested() or column.dtype in (pl.Binary, pl.Object):
        kind = column.dtype.base_type()
        raise DataError(f"{place} holds {kind}, but texts, numbers or truths are needed; cast it.")
    found = Lookup()
    strangers: dict[str, int] = {}
    for value, count in column.drop_nulls().value_counts(sort=True).iter_rows():
        text = normalised(text_of(value))
        if not text or text in missing:
            found.becomes[value] = None
            found.missing[missing.get(text, "blank")] += count
            continue
        code = meaning(text)
        if code is None:
            strangers[text_of(value)] = count
        else:
            found.becomes[value] = code
            found.labels[text] += count
    if strangers:
        first = next(iter(strangers))
        listed = [f"{shown(text)} ({_times(strangers[text])})" for text in list(strangers)[:_NAMED]]
        more = f" and {len(strangers) - _NAMED} more" if len(strangers) > _NAMED else ""
        hint = f" {nearest(first[:_LONGEST], known)}" if known else ""
        what = "fits" if len(strangers) == 1 else "fit"
        raise DataError(f"{place}: {', '.join(listed)}{more} {what} no rule.{hint} {remedy}")
    return found


def shown_counts(counts: Mapping[str, int]) -> str:
    """Return counts for the log: "99 (2 times)"."""
    return ", ".join(f"{name} ({_times(count)})" for name, count in counts.items())


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"

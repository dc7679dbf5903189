"""One source of answers, and what is to be done with its rows and other columns."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from compassion_psy.errors import OptionError
from compassion_psy.harmonise.answers import Answers
from compassion_psy.harmonise.declared import by_label, check_number, codes, one_of, texts
from compassion_psy.records import record

READING = ("encoding", "separator", "sheet")
"""The keys of a source that say how its files are read."""

_PARTS_OF_A_DAY = ("Y", "mbBh", "de")
_WHOLE_DAYS = ("F", "v")


@dataclass(frozen=True)
class Kept:
    """A column besides the answers that goes into the harmonised frame.

    Parameters
    ----------
    column : str
        Its name in the source.
    values : mapping
        What each of its values becomes, as text, number or truth; every value must be there. Left
        out, values stay as they are. Keys are texts: "1" stands for the number 1 as well.
    missing_codes : sequence of float or str
        What means that nothing is known.

    Examples
    --------
    >>> Kept("gender", values={"1": "woman", "2": "man"}, missing_codes=[0]).column
    'gender'
    """

    column: str
    _: KW_ONLY
    values: Mapping[str, str | float | bool] = field(default_factory=dict)
    missing_codes: Sequence[float | str] = ()

    def __post_init__(self) -> None:
        texts(self.column, "column")
        missing = codes(self.missing_codes, "missing_codes")
        values = by_label(self.values, missing, "values")
        for label, value in values.items():
            if not isinstance(value, (str, bool)):
                check_number(value, f"values, {label!r},")
        kinds = {_kind(value) for value in values.values()}
        if len(kinds) > 1:
            raise OptionError(
                f"values mixes {' and '.join(sorted(kinds))}; a column holds one kind of value."
            )
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "missing_codes", missing)


@dataclass(frozen=True)
class DateWindow:
    """The days between which a row must lie, both included.

    Parameters
    ----------
    column : str
        A column of dates or of times; of a time, the day on its own clock counts.
    from_, until : datetime.date, optional
        The first and the last day.
    format : str
        How texts are written, such as "%d.%m.%Y"; ISO 8601 when empty.
    undated : {"error", "drop", "keep"}
        What becomes of a row without a date.

    Examples
    --------
    >>> import datetime
    >>> DateWindow("date", until=datetime.date(2024, 6, 30)).until.year
    2024
    """

    column: str
    _: KW_ONLY
    from_: datetime.date | None = None
    until: datetime.date | None = None
    format: str = ""
    undated: Literal["error", "drop", "keep"] = "error"

    def __post_init__(self) -> None:
        texts(self.column, "column")
        one_of(self.undated, ("error", "drop", "keep"), "undated")
        for key, day in (("from", self.from_), ("until", self.until)):
            if day is not None and type(day) is not datetime.date:
                raise OptionError(f"{key} is {day!r}, but it must be a date such as 2024-03-31.")
        if not isinstance(self.format, str) or (self.format and not _tells_the_day(self.format)):
            raise OptionError(
                f"format is {self.format!r}, but it must tell day, month and the four digits of "
                "the year, such as '%d.%m.%Y'."
            )
        if self.from_ is None and self.until is None:
            raise OptionError("a window of dates needs from, until or both.")
        if self.from_ and self.until and self.from_ > self.until:
            raise OptionError(f"from is {self.from_}, which is after until, {self.until}.")


@dataclass(frozen=True)
class Duplicates:
    """What becomes of the rows of a person who is there more than once.

    Parameters
    ----------
    by : str or sequence of str
        The columns that tell persons apart. Rows in which one is empty are kept and counted;
        texts of blanks and NaN are empty too.
    keep : {"error", "first", "last"}
        The row to keep; an error names the person.
    order : str or sequence of str
        The columns that say what is first: numbers, dates, or texts as in ISO 8601. The order of
        the rows counts when not given. Rows that tie are an error.
    missing_codes : sequence of float or str, optional
        What stands in `by` where nobody knows who it is, in any case. An id NA that occurs more
        than once is an error until ["NA"] says that it is no id, or [] that it is one.

    Examples
    --------
    >>> Duplicates("person", keep="first", order=["date", "time"]).by
    ('person',)
    """

    by: str | Sequence[str]
    _: KW_ONLY
    keep: Literal["error", "first", "last"] = "error"
    order: str | Sequence[str] = ()
    missing_codes: Sequence[float | str] | None = None

    def __post_init__(self) -> None:
        one_of(self.keep, ("error", "first", "last"), "keep")
        by, order = texts(self.by, "by"), texts(self.order, "order")
        if not by:
            raise OptionError("by is empty; name the columns that tell persons apart.")
        if order and self.keep == "error":
            raise OptionError('order belongs to keep = "first" or "last", but keep is "error".')
        if self.missing_codes is not None:
            missing = codes(self.missing_codes, "missing_codes")
            object.__setattr__(self, "missing_codes", missing)
        object.__setattr__(self, "by", by)
        object.__setattr__(self, "order", order)


@dataclass(frozen=True)
class Source:
    """One source: a year, a site, an export.

    Its rows go through the window of dates first, then the duplicates; then its answers are coded.

    Parameters
    ----------
    name : str
        What the harmonised frame calls it.
    files : str or sequence of str
        One file or several with the same columns, relative to the recipe.
    encoding, separator, sheet : str
        How the files are to be read, as :func:`compassion_psy.read_survey` says it; told from the
        files when empty.
    frame : frame
        In Python, the data themselves in place of files. Recipes are compared without them.
    answers : sequence of Answers
        One for each scale that the source has.
    keep : mapping
        Other columns to keep: new name → name in the source, or → :class:`Kept`.
    dates : DateWindow, optional
        The days that count.
    duplicates : Duplicates, optional
        What becomes of persons who are there twice; without it nobody looks.

    Raises
    ------
    OptionError
        When it has neither files nor a frame, or both.

    Examples
    --------
    >>> Source("2024", files="iri_2024.csv", answers=[Answers("E??{}", minimum=1)]).files
    ('iri_2024.csv',)
    """

    name: str
    _: KW_ONLY
    files: str | Sequence[str] = ()
    encoding: str = ""
    separator: str = ""
    sheet: str = ""
    frame: Any = field(default=None, compare=False, repr=False, metadata={"in_files": False})
    answers: Sequence[Answers] = ()
    keep: Mapping[str, str | Kept] = field(default_factory=dict)
    dates: DateWindow | None = None
    duplicates: Duplicates | None = None

    def __post_init__(self) -> None:
        texts(self.name, "name")
        files = texts(self.files, "files")
        if (self.frame is None) != bool(files):
            what = "neither files nor a frame" if not files else "both files and a frame"
            raise OptionError(f"source {self.name!r} has {what}; give it one of them.")
        for key in READING:
            value = getattr(self, key)
            if not isinstance(value, str):
                raise OptionError(f"source {self.name!r}: {key} is {value!r}; give it a text.")
            if value and self.frame is not None:
                raise OptionError(f"source {self.name!r}: {key} belongs to files, not to a frame.")
        answers = (self.answers,) if isinstance(self.answers, Answers) else tuple(self.answers)
        for each in answers:
            if not isinstance(each, Answers):
                raise OptionError(f"source {self.name!r}: answers holds {each!r}; give Answers.")
        if not isinstance(self.keep, Mapping):
            raise OptionError(f"source {self.name!r}: keep must be a table from new name to old.")
        keep = {name: _kept(name, value) for name, value in self.keep.items()}
        for key, value in {"files": files, "answers": answers}.items():
            object.__setattr__(self, key, value)
        object.__setattr__(self, "keep", MappingProxyType(keep))


def _kept(name: object, value: object) -> Kept:
    texts(name, "keep")
    if isinstance(value, Kept):
        return value
    table = {"column": value} if isinstance(value, str) else value
    return record(Kept, table, f"keep, {name}", OptionError)


def _tells_the_day(form: str) -> bool:
    """Whether a format of strptime leaves nothing of the day to be guessed."""
    signs = set(re.findall(r"%[-_0]?(.)", form))
    parts = all(signs & set(part) for part in _PARTS_OF_A_DAY)
    return parts or {"Y", "j"} <= signs or bool(signs & set(_WHOLE_DAYS))


def _kind(value: object) -> str:
    if isinstance(value, str):
        return "texts"
    return "truths" if isinstance(value, bool) else "numbers"

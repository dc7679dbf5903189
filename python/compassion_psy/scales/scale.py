"""A scale as it is used: which columns are items, the range of an answer, what is scored how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from os import PathLike
from typing import Any

from compassion_psy.errors import ScaleError, nearest
from compassion_psy.scales.checks import (
    check_parts,
    column_list,
    finite_number,
    refuse_strangers,
    total_rule,
)
from compassion_psy.scales.facts import FactSheet
from compassion_psy.scales.numbering import Columns, column_names
from compassion_psy.scales.rules import (
    Composite,
    Conversion,
    MissingRule,
    Subscale,
    Total,
)


@dataclass(frozen=True)
class Scale:
    """A set of items answered on one range, some of them reversed, and how they are scored.

    Range and reversed items are declared and never guessed from answers: a reversed answer x
    counts as ``minimum + maximum - x``, whether or not anybody chose an end of the range.

    Published scales come from :func:`compassion_psy.scales.get`, with everything below.

    Parameters
    ----------
    name : str
        Name shown in results.
    items : sequence of str
        Column names of the items that count, each once, as they stand in the data.
    minimum, maximum : float
        Lowest and highest answer the response format allows.
    reversed : sequence of str
        Those of `items` that are worded against the scale, turned for the total.
    continuous : bool
        Whether answers may have decimals, as test scores and sliders do. Otherwise a decimal is
        an error, and for ranges of at most 255 answers all sums are exact.
    values : sequence of float, optional
        The possible answers, where these are not all whole numbers of the range.
    total : Total, optional
        How items make the total, or the name of its rule; a sum when not given. None for a scale
        without a total.
    subscales : sequence of Subscale
        Sets of items with scores of their own.
    composites : sequence of Composite
        Sums of subscales.
    missing : MissingRule, optional
        What is published about missing answers; None where nothing is.
    conversion : Conversion, optional
        A table from the total to a metric score.
    numbers : sequence of int, optional
        The number of each item on the form; 1, 2, 3, ... when not given.
    sheet : FactSheet, optional
        What is known of a published scale: citation, licence, alphas, and how surely.

    Raises
    ------
    ScaleError
        When an item is named twice, a reversed item is not an item, the range is not a range, or
        a subscale does not fit.

    Examples
    --------
    >>> scale = Scale("bfi-agreeableness", items=["A1", "A2", "A3", "A4", "A5"],
    ...               minimum=1, maximum=6, reversed=["A1"])
    >>> scale.n_items
    5
    """

    name: str
    _: KW_ONLY
    items: Sequence[str]
    minimum: float
    maximum: float
    reversed: Sequence[str] = ()
    continuous: bool = False
    values: Sequence[float] | None = None
    total: Total | None = Total()  # noqa: RUF009 (it is frozen)
    subscales: Sequence[Subscale] = ()
    composites: Sequence[Composite] = ()
    missing: MissingRule | None = None
    conversion: Conversion | None = None
    numbers: Sequence[int] = ()
    sheet: FactSheet | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise ScaleError(f"The name of a scale is {self.name!r}; give it a text, not empty.")
        items = column_list(self.name, "items", self.items)
        if not items:
            raise ScaleError(
                f"Scale {self.name!r} has no items; name the columns that are its items."
            )
        reverse = column_list(self.name, "reversed", self.reversed)
        refuse_strangers(f"Scale {self.name!r}: reversed item", reverse, items)
        minimum, maximum = self._checked_range()
        values = None if self.values is None else self._checked_values(minimum, maximum)
        numbers = tuple(self.numbers) or tuple(range(1, len(items) + 1))
        if len(numbers) != len(items):
            raise ScaleError(f"Scale {self.name!r}: numbers must name each of its items.")
        total = total_rule(self.name, self.total)
        check_parts(self.name, items, self.subscales, self.composites, total)
        checked = {
            "items": items,
            "reversed": reverse,
            "minimum": minimum,
            "maximum": maximum,
            "values": values,
            "numbers": numbers,
            "total": total,
            "subscales": tuple(self.subscales),
            "composites": tuple(self.composites),
        }
        for key, value in checked.items():
            object.__setattr__(self, key, value)

    @property
    def n_items(self) -> int:
        """Number of items that count."""
        return len(self.items)

    @property
    def scores(self) -> tuple[Scale, ...]:
        """The total, where there is one, then each subscale, as scales of their own.

        For one table of reliabilities: ``cp.reliability(frame, scale.scores)``.

        Examples
        --------
        >>> from compassion_psy import scales
        >>> [score.name for score in scales.get("iri").scores][:2]
        ['iri_fantasy', 'iri_empathic_concern']
        """
        parts = tuple(self.subscale(each.key) for each in self.subscales)
        return parts if self.total is None else (self, *parts)

    def subscale(self, key: str) -> Scale:
        """Return a subscale as a scale of its own, with its own reversed items.

        Raises
        ------
        ScaleError
            When there is no such subscale.
        """
        by_key = {each.key: each for each in self.subscales}
        if key not in by_key:
            hint = nearest(key, by_key) if by_key else "It has no subscales."
            raise ScaleError(f"Scale {self.name!r} has no subscale {key!r}. {hint}")
        part = by_key[key]
        number = dict(zip(self.items, self.numbers, strict=True))
        return Scale(
            f"{snake_case(self.name)}_{part.key}",
            items=part.items,
            minimum=self.minimum,
            maximum=self.maximum,
            reversed=part.reversed,
            continuous=self.continuous,
            values=self.values,
            total=Total(part.rule),
            numbers=tuple(number[item] for item in part.items),
        )

    def with_columns(self, columns: Columns) -> Scale:
        """Return the scale with other column names.

        Parameters
        ----------
        columns : str, sequence or mapping
            A pattern such as "scs_{}" or "Q{:02d}", in which the braces are the item's number on
            the form; the names of the items in the order of the form; or item number → name.

        Raises
        ------
        ScaleError
            When the pattern does not tell items apart, or a name is missing.

        Examples
        --------
        >>> scale = Scale("calm", items=["a", "b"], minimum=1, maximum=5, reversed=["b"])
        >>> scale.with_columns("calm{}").reversed
        ('calm2',)
        """
        # A subscale has the numbers of the whole form.
        n_items = self.sheet.n_items if self.sheet else max(self.numbers)
        names = column_names(columns, self.numbers, n_items, self.name)
        new = {item: names[number] for item, number in zip(self.items, self.numbers, strict=True)}

        def renamed(items: Sequence[str]) -> tuple[str, ...]:
            return tuple(new[item] for item in items)

        subscales = tuple(
            replace(part, items=renamed(part.items), reversed=renamed(part.reversed))
            for part in self.subscales
        )
        return replace(
            self, items=renamed(self.items), reversed=renamed(self.reversed), subscales=subscales
        )

    @classmethod
    def read(cls, path: str | PathLike[str]) -> tuple[Scale, ...]:
        """Read the scales described in a TOML file.

        Two forms are known. The short one names columns: one scale at the top level of the file,
        or several under ``[[scales]]``. A fact sheet, told by its ``schema_version``, numbers
        items and can say everything that the published scales say; its columns are
        ``<id>_1, <id>_2, ...`` until :meth:`with_columns` names others.

        Parameters
        ----------
        path : path-like
            A TOML file with the keys name, items, minimum, maximum and, where needed, reversed
            and continuous; or a fact sheet.

        Returns
        -------
        tuple of Scale
            In the order of the file, at least one.

        Raises
        ------
        ScaleError
            When the file cannot be read, a key is unknown or absent, or a scale is not valid; the
            message names file, key and rule.

        Examples
        --------
        A file for :meth:`read`::

            name = "bfi-agreeableness"
            items = ["A1", "A2", "A3", "A4", "A5"]
            minimum = 1
            maximum = 6
            reversed = ["A1"]
        """
        from compassion_psy.scales.files import read_scales

        return read_scales(path)

    @classmethod
    def from_psych_keys(
        cls, keys: Sequence[str], *, name: str, minimum: float, maximum: float, **options: Any
    ) -> Scale:
        """Return the scale of a keys list as R's psych writes them: "-A1" is a reversed item.

        Parameters
        ----------
        keys : sequence of str
            Column names, those of reversed items behind a minus sign.
        name : str
            Name shown in results.
        minimum, maximum : float
            Lowest and highest answer the response format allows.
        **options
            What else :class:`Scale` takes.

        Examples
        --------
        >>> Scale.from_psych_keys(["-A1", "A2"], name="agree", minimum=1, maximum=6).reversed
        ('A1',)
        """
        for option in ("items", "reversed"):
            if option in options:
                raise ScaleError(f"Scale {name!r}: {option} are told by keys; leave it out.")
        listed = column_list(name, "keys", keys)
        items = tuple(key.removeprefix("-") for key in listed)
        reverse = tuple(key[1:] for key in listed if key.startswith("-"))
        return cls(name, items=items, minimum=minimum, maximum=maximum, reversed=reverse, **options)

    @classmethod
    def from_codebook(cls, codebook: Any) -> tuple[Scale, ...]:
        """Return the scales of a codebook: a frame with one row an item.

        Parameters
        ----------
        codebook : polars.DataFrame
            Columns ``scale``, ``item`` (the column in the data), ``minimum``, ``maximum``, and
            where needed ``reversed`` (true, 1 or -1 for a reversed item; false, 0, 1 in a column
            with -1, or null for others; a column of nothing but 1 is refused) and ``subscale``
            (its key).

        Raises
        ------
        ScaleError
            When a column is absent, or the items of a scale differ in range.

        Examples
        --------
        >>> import polars as pl
        >>> book = pl.DataFrame({"scale": ["calm"] * 2, "item": ["q1", "q2"], "minimum": [1, 1],
        ...                      "maximum": [5, 5], "reversed": [False, True]})
        >>> Scale.from_codebook(book)[0].reversed
        ('q2',)
        """
        from compassion_psy.scales.codebook import scales_of_codebook

        return scales_of_codebook(codebook)

    def __str__(self) -> str:
        from compassion_psy.scales.description import describe

        return describe(self)

    def _checked_range(self) -> tuple[float, float]:
        minimum = finite_number(self.name, "minimum", self.minimum)
        maximum = finite_number(self.name, "maximum", self.maximum)
        if not minimum < maximum:
            raise ScaleError(
                f"Scale {self.name!r}: minimum is {minimum:g} and maximum is {maximum:g}, but the "
                "minimum must be below the maximum; give the lowest and the highest answer that "
                "the response format allows."
            )
        if not isinstance(self.continuous, bool):
            raise ScaleError(
                f"Scale {self.name!r}: continuous is {self.continuous!r}, but it must be true or "
                "false."
            )
        if not self.continuous and not (minimum.is_integer() and maximum.is_integer()):
            raise ScaleError(
                f"Scale {self.name!r}: the range {minimum:g} to {maximum:g} has decimals; give "
                "whole numbers, or continuous=True for answers with decimals."
            )
        return minimum, maximum

    def _checked_values(self, minimum: float, maximum: float) -> tuple[float, ...]:
        values = tuple(finite_number(self.name, "values", value) for value in self.values or ())
        if (
            values != tuple(sorted(set(values)))
            or not values
            or ((values[0], values[-1]) != (minimum, maximum))
        ):
            raise ScaleError(
                f"Scale {self.name!r}: values must rise from the minimum {minimum:g} to the "
                f"maximum {maximum:g}."
            )
        return values


def snake_case(name: str) -> str:
    """Return a name as it stands in columns: ``scs-sf`` is ``scs_sf``.

    Examples
    --------
    >>> snake_case("BFI - Agreeableness")
    'bfi_agreeableness'
    """
    words = "".join(c.lower() if c.isalnum() else " " for c in name).split()
    return "_".join(words)

"""Exports of REDCap: names that repeat in exports with labels, choices in its data dictionary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import polars as pl

_COMPLETE = "Complete?"
_FIELD = "Variable / Field Name"
_TYPE = "Field Type"
_CHOICES = "Choices, Calculations, OR Slider Labels"
_CODED = ("radio", "dropdown", "checkbox")


def distinct_names(names: Sequence[str]) -> list[str]:
    """Return the names with the status columns of an export with labels told apart.

    REDCap gives every instrument a last column "Complete?"; they become "Complete?",
    "Complete? 2", and so on, in the order of the instruments.
    """
    seen: Counter[str] = Counter()
    distinct = []
    for name in names:
        seen[name] += 1
        again = name == _COMPLETE and seen[name] > 1
        distinct.append(f"{name} {seen[name]}" if again else name)
    return distinct


def is_dictionary(names: Sequence[str]) -> bool:
    """Whether these are the columns of a data dictionary."""
    return {_FIELD, _TYPE, _CHOICES} <= set(names)


def dictionary_labels(dictionary: pl.DataFrame) -> Iterator[tuple[str, str, str, bool]]:
    """Yield column, code, label and False for each choice in a data dictionary.

    Choices are written "1, Never | 2, Often". A checkbox has a column a choice, x___1, in which
    1 is ticked.
    """
    for field, kind, choices in dictionary.select(_FIELD, _TYPE, _CHOICES).iter_rows():
        if kind not in _CODED or not choices:
            continue
        for choice in choices.split("|"):
            code, _, label = (part.strip() for part in choice.partition(","))
            if kind == "checkbox":
                # REDCap writes the minus of a code as an underscore in the name of its column.
                yield f"{field}___{code.lower().replace('-', '_')}", "1", label, False
            else:
                yield field, code, label, False

"""Which items have the answers of another: their matrix is singular."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt


def repeated_items(answers: npt.NDArray[Any], items: Sequence[str]) -> list[str]:
    """Return each item that has exactly the answers of one before it, and that one, in words.

    Parameters
    ----------
    answers : array (items, persons)
        As they were checked.
    items : sequence of str
        Their names.

    Examples
    --------
    >>> import numpy as np
    >>> repeated_items(np.array([[1, 2, 5], [3, 2, 1], [1, 2, 5]]), ["a", "b", "c"])
    ["'c' has the answers of 'a'"]
    """
    first: dict[bytes, str] = {}
    found = []
    for row, item in zip(answers, items, strict=True):
        original = first.setdefault(row.tobytes(), item)
        if original != item:
            found.append(f"{item!r} has the answers of {original!r}")
    return found

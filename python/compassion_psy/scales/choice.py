"""Which scale is meant: a Scale, or the id of a published one and the columns of its items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from compassion_psy.errors import OptionError
from compassion_psy.scales.numbering import Columns
from compassion_psy.scales.registry import get
from compassion_psy.scales.scale import Scale


@overload
def chosen(scale: Scale | str, columns: Columns | None) -> Scale: ...


@overload
def chosen(scale: None, columns: Columns | None) -> None: ...


@overload
def chosen(scale: Sequence[Scale | str], columns: Columns | None) -> Scale | Sequence[Scale]: ...


def chosen(
    scale: Scale | str | Sequence[Scale | str] | None, columns: Columns | None
) -> Scale | Sequence[Scale] | None:
    """Return the scale, or the scales, that a question names.

    Parameters
    ----------
    scale : Scale, str, sequence of them, or None
        A scale, or the id of a published one such as "scs-sf". What is neither is returned as it
        is: each question says what it takes.
    columns : str, sequence or mapping, optional
        With one id, where its items are; see :func:`compassion_psy.scales.get`.

    Raises
    ------
    OptionError
        Where `columns` is given, but not with one id.
    ScaleError
        Where there is no such scale, or `columns` does not name its items.

    Examples
    --------
    >>> chosen("who-5", "w{}").items
    ('w1', 'w2', 'w3', 'w4', 'w5')
    """
    if isinstance(scale, str):
        return get(scale, columns)
    if columns is not None:
        raise OptionError(_refusal(scale, columns))
    if isinstance(scale, Sequence):
        return tuple(get(each) if isinstance(each, str) else each for each in scale)
    return scale


def _refusal(scale: object, columns: Columns) -> str:
    if isinstance(scale, Scale):
        return (
            f"columns is {columns!r}, but scale is a Scale, which names its own columns; give "
            "scale.with_columns(columns), or the id of a published scale with columns."
        )
    if isinstance(scale, Sequence) and scale:
        return (
            f"columns is {columns!r}, but there are {len(scale)} scales; give each its own, for "
            "example scales.get('scs-sf', columns=...)."
        )
    return (
        f"columns is {columns!r}, but no scale is named; give the id of a published scale with "
        "columns, or leave columns out."
    )

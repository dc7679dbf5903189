"""Exceptions and warnings of the package, and the wording they share."""

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

_LISTED = 8


class CompassionError(Exception):
    """Base of every error this package raises on purpose."""


class ScaleError(CompassionError, ValueError):
    """A scale, or a file that describes one, is not usable."""


class DataError(CompassionError, ValueError):
    """The answers, a file of answers or the columns around them are not usable."""


class OptionError(CompassionError, ValueError):
    """An option of a call is outside its limits."""


class MissingExtraError(CompassionError, ImportError):
    """An optional dependency is not installed."""


class CompassionWarning(UserWarning):
    """Something the reader of a result should know; nothing was changed because of it."""


def missing_extra(package: str, extra: str) -> MissingExtraError:
    """Return the error to raise when `package`, which belongs to the extra `extra`, is absent."""
    return MissingExtraError(
        f'{package} is not installed; install it with: pip install "compassion_psy[{extra}]"'
    )


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def nearest(name: object, candidates: Iterable[str]) -> str:
    """Return a sentence that helps a reader who wrote `name` where one of `candidates` belongs.

    Near names are suggested; where none is near, the first candidates are listed.
    """
    known = list(candidates)
    for candidate in known:
        if candidate != name and _composed(candidate) == _composed(str(name)):
            return (
                f"{candidate!r} looks the same and differs in its Unicode form: a letter and its "
                "accent are one sign in one of them and two in the other; copy the name."
            )
    by_lower = {candidate.lower(): candidate for candidate in reversed(known)}
    close = get_close_matches(str(name).lower(), by_lower, n=3, cutoff=0.6)
    if close:
        return f"Did you mean {' or '.join(repr(by_lower[match]) for match in close)}?"
    if not known:
        return "There is nothing to choose from."
    listed = ", ".join(map(repr, known[:_LISTED]))
    left_out = f", ... ({len(known)} in all)" if len(known) > _LISTED else ""
    return f"Choose from {listed}{left_out}."

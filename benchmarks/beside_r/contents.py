"""What the page says, in order."""

from __future__ import annotations

from benchmarks.beside_r.factor_lines import AGREEMENT, FACTORS, POLYCHORIC
from benchmarks.beside_r.line import Line, pairs
from benchmarks.beside_r.page import summary, tables
from benchmarks.beside_r.proofs import proofs
from benchmarks.beside_r.reliability_lines import ITEMS, RELIABILITY
from benchmarks.beside_r.survey import surveys

_HEAD = """\
# Our numbers beside R's

Made by `make beside-r` (`benchmarks/beside_r`), never by hand; a test makes it again and compares.
The surveys are real and are no part of this repository. R 4.2.2 with psych 2.2.9, lavaan 0.6-14,
semTools 0.5-6, GPArotation 2022.10-2 and Rcsdp computed the numbers beside ours
(`tests/reference/generate_beside_r.R`, and a folder of values made in the same way). Reversed items
were turned first, by the range of the scale.

`< 1e-12` is what the order of operations may change. Where R's default ends its search early, R was
also run until it stands still: what is left then is a few last digits.

"""

_SECTIONS: list[tuple[str, str, list[Line]]] = [
    ("Coefficients of reliability", "reliability", RELIABILITY),
    ("Items", "reliability", ITEMS),
    ("Factors", "fa", FACTORS),
    ("Polychoric correlations and what is made of them", "polychoric", POLYCHORIC),
    ("Intraclass correlations", "icc", AGREEMENT),
]


def contents() -> str:
    """Return the page."""
    top, below = ["## Largest differences"], []
    for title, folder, lines in _SECTIONS:
        found = pairs(lines, surveys(folder))
        top += ["", f"### {title}, all scales", "", *summary(lines, found)]
        below += ["", f"## {title}", *tables(found)]
    return _HEAD + "\n".join([*top, "", *proofs(), *below]) + "\n"

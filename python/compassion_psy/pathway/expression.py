"""Defined effects: arithmetic of labels, on numbers or whole arrays of replicates."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compassion_psy.errors import OptionError, nearest
from compassion_psy.pathway.tokens import END, Tokens

_ADDING = {"+": operator.add, "-": operator.sub}
_MULTIPLYING = {"*": operator.mul, "/": operator.truediv}


@dataclass(frozen=True)
class Expression:
    """A number, a label, or an operation on expressions."""

    value: float | str | Callable[..., Any]
    parts: tuple[Expression, ...] = ()

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Return the value, given those of the labels: numbers, or arrays of one shape."""
        if isinstance(self.value, str):
            return values[self.value]
        if not callable(self.value):
            return self.value
        return self.value(*(part.evaluate(values) for part in self.parts))

    def labels(self) -> Iterator[str]:
        """Give the labels in it."""
        if isinstance(self.value, str):
            yield self.value
        for part in self.parts:
            yield from part.labels()

    def check(self, known: set[str], line: int) -> None:
        """Raise OptionError for the first label that is not known."""
        for label in self.labels():
            if label not in known:
                raise OptionError(
                    f"Model line {line}, at {label!r}: no parameter has this label. "
                    f"{nearest(label, sorted(known))}"
                )


def parse_expression(tokens: Tokens) -> Expression:
    """Read arithmetic up to the end of a statement: ``+ - * / ^``, parentheses.

    Examples
    --------
    >>> from compassion_psy.pathway.tokens import statements
    >>> expression = parse_expression(next(statements("-a^2 + 2*(b - 1)")))
    >>> expression.evaluate({"a": 3.0, "b": 5.0})
    -1.0
    """
    found = _sum(tokens)
    tokens.expect(END)
    return found


def _sum(tokens: Tokens) -> Expression:
    left = _product(tokens)
    while tokens.peek().text in _ADDING:
        sign = tokens.next().text
        left = Expression(_ADDING[sign], (left, _product(tokens)))
    return left


def _product(tokens: Tokens) -> Expression:
    left = _signed(tokens)
    while tokens.peek().text in _MULTIPLYING:
        sign = tokens.next().text
        left = Expression(_MULTIPLYING[sign], (left, _signed(tokens)))
    return left


def _signed(tokens: Tokens) -> Expression:
    if tokens.take("-"):
        return Expression(operator.neg, (_signed(tokens),))
    if tokens.take("+"):
        return _signed(tokens)
    base = _atom(tokens)
    # To the right: a^b^c is a^(b^c), and -a^2 is -(a^2), as in R.
    return Expression(operator.pow, (base, _signed(tokens))) if tokens.take("^") else base


def _atom(tokens: Tokens) -> Expression:
    token = tokens.next()
    if token.kind == "number":
        return Expression(float(token.text))
    if token.kind == "name":
        if tokens.peek().text == "(":
            raise token.error("functions are not supported; use + - * / ^ and parentheses")
        return Expression(token.text)
    if token.text == "(":
        inner = _sum(tokens)
        tokens.expect(")")
        return inner
    raise token.error("a label, a number or '(' is expected here")

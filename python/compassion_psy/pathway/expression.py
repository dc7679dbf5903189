"""Defined effects: arithmetic of labels, on numbers or whole arrays of replicates."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from compassion_psy.errors import OptionError, nearest
from compassion_psy.pathway.tokens import END, Tokens

_ADDING = {"+": operator.add, "-": operator.sub}
_MULTIPLYING = {"*": operator.mul, "/": operator.truediv}
_DEEPEST = 100


@dataclass(frozen=True)
class Expression:
    """A number, a label, or an operation on expressions."""

    value: float | str | Callable[..., Any]
    parts: tuple[Expression, ...] = ()

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Return the value, given those of the labels: numbers, or arrays of one shape."""
        found: list[Any] = []
        for each in self._in_order():
            if isinstance(each.value, str):
                found.append(values[each.value])
            elif callable(each.value):
                count = len(each.parts)
                found[-count:] = [each.value(*found[-count:])]
            else:
                # NumPy's division by zero is infinity, and no exception.
                found.append(np.float64(each.value))
        return found[0]

    def labels(self) -> Iterator[str]:
        """Give the labels in it."""
        return (each.value for each in self._in_order() if isinstance(each.value, str))

    def _in_order(self) -> Iterator[Expression]:
        """Give all expressions in it, each after its parts; a long sum is too deep to recurse."""
        waiting, seen = [self], []
        while waiting:
            seen.append(waiting.pop())
            waiting.extend(seen[-1].parts)
        return reversed(seen)

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
    >>> float(expression.evaluate({"a": 3.0, "b": 5.0}))
    -1.0
    """
    found = _sum(tokens, 0)
    tokens.expect(END)
    return found


def _sum(tokens: Tokens, depth: int) -> Expression:
    left = _product(tokens, depth)
    while tokens.peek().text in _ADDING:
        sign = tokens.next().text
        left = Expression(_ADDING[sign], (left, _product(tokens, depth)))
    return left


def _product(tokens: Tokens, depth: int) -> Expression:
    left = _signed(tokens, depth)
    while tokens.peek().text in _MULTIPLYING:
        sign = tokens.next().text
        left = Expression(_MULTIPLYING[sign], (left, _signed(tokens, depth)))
    return left


def _signed(tokens: Tokens, depth: int) -> Expression:
    if depth > _DEEPEST:
        raise tokens.peek().error(
            f"more than {_DEEPEST} signs, powers or parentheses stand inside each other; define "
            "parts of it first"
        )
    if tokens.take("-"):
        return Expression(operator.neg, (_signed(tokens, depth + 1),))
    if tokens.take("+"):
        return _signed(tokens, depth + 1)
    base = _atom(tokens, depth)
    # To the right: a^b^c is a^(b^c), and -a^2 is -(a^2), as in R.
    return (
        Expression(operator.pow, (base, _signed(tokens, depth + 1))) if tokens.take("^") else base
    )


def _atom(tokens: Tokens, depth: int) -> Expression:
    token = tokens.next()
    if token.kind == "number":
        return Expression(float(token.text))
    if token.kind == "name":
        if tokens.peek().text == "(":
            raise token.error("functions are not supported; use + - * / ^ and parentheses")
        return Expression(token.text)
    if token.text == "(":
        inner = _sum(tokens, depth + 1)
        tokens.expect(")")
        return inner
    raise token.error("a label, a number or '(' is expected here")

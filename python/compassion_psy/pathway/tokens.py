"""The text of a model as signs, each with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from compassion_psy.errors import OptionError

END = "end of the statement"
_OPERATORS = ("~~", "~", ":=", "=~", "==", "<", ">", "|")
_SIGN = re.compile(
    r"(?P<space>[ \t\r\f\v\u00a0]+)"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[^\W\d][\w.]*|\.[^\W\d][\w.]*)"
    r"|(?P<sign>:=|=~|==|~~|[~<>|+\-*/^():])"
)
_GOES_ON = frozenset("+-*/^:(") | {"~", "~~", ":="}
_CONTINUES = frozenset("+*/^:)") | {"~", "~~", ":="}


@dataclass(frozen=True)
class Token:
    """A sign of the model text: a name, a number, an operator."""

    text: str
    kind: str
    line: int

    def error(self, why: str) -> OptionError:
        """Return the error that this sign does not belong here."""
        return OptionError(f"Model line {self.line}, at {self.text!r}: {why}.")


class Tokens:
    """The signs of one statement, read from left to right."""

    def __init__(self, signs: list[Token]) -> None:
        self._signs = [*signs, Token(END, "end", signs[-1].line)]
        self._at = 0

    def operator(self) -> Token:
        """Return the first operator that says what kind of statement this is."""
        for sign in self._signs:
            if sign.text in _OPERATORS:
                return sign
        raise self._signs[0].error("the statement has no operator; write '~', '~~' or ':='")

    def peek(self) -> Token:
        """Return the next sign and stay before it."""
        return self._signs[self._at]

    def follows(self, text: str) -> bool:
        """Whether this sign comes after the next one."""
        return self._at + 1 < len(self._signs) and self._signs[self._at + 1].text == text

    def next(self) -> Token:
        """Return the next sign and go beyond it."""
        token = self._signs[self._at]
        self._at = min(self._at + 1, len(self._signs) - 1)
        return token

    def take(self, text: str) -> bool:
        """Go beyond the next sign if it is this one; whether it was."""
        found = self.peek().text == text
        if found:
            self.next()
        return found

    def expect(self, text: str) -> None:
        """Go beyond the next sign, or raise where it is another."""
        token = self.next()
        if token.text != text:
            wanted = text if text == END else repr(text)
            raise token.error(
                f"the {END} is expected here" if text == END else f"{wanted} is expected here"
            )

    def fixed_zero(self) -> bool:
        """Go beyond ``0*`` if it comes next; whether it did."""
        token = self.peek()
        zero = token.kind == "number" and float(token.text) == 0 and self.follows("*")
        if zero:
            self.next()
            self.next()
        return zero

    def rest_text(self, after: str) -> str:
        """Return what stands after a sign, as text."""
        texts = [sign.text for sign in self._signs[:-1]]
        return "".join(texts[texts.index(after) + 1 :])


def statements(text: str) -> Iterator[Tokens]:
    """Give the statements of a text one by one; blank ones and comments are left out."""
    kept: list[Token] = []
    for number, line in enumerate(text.split("\n"), start=1):
        bare = re.split(r"[#!]", line, maxsplit=1)[0]
        for place, part in enumerate(bare.split(";")):
            signs = list(_signs(part, number))
            ended = place > 0 or (
                kept and signs and kept[-1].text not in _GOES_ON and signs[0].text not in _CONTINUES
            )
            if ended and kept:
                yield Tokens(kept)
                kept = []
            kept += signs
    if kept:
        yield Tokens(kept)


def _signs(part: str, line: int) -> Iterator[Token]:
    at = 0
    while at < len(part):
        found = _SIGN.match(part, at)
        if found is None:
            raise Token(part[at], "unknown", line).error(
                "this sign is not understood; names have letters, digits, '_' and '.' only, and "
                "other columns must be renamed"
            )
        if found.lastgroup != "space":
            yield Token(found.group(), str(found.lastgroup), line)
        at = found.end()

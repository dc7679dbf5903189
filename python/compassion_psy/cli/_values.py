"""Values of options that are more than a text."""

from typing import Any

import click


class Number(click.ParamType[int | float]):
    """A number, an int where it is whole."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | float:
        """Return the number that `value` writes."""
        try:
            number = float(value)
        except ValueError:
            self.fail(f"{value!r} is not a number.", param, ctx)
        return int(number) if number.is_integer() else number


class NamedNumber(click.ParamType[tuple[str, float]]):
    """A number with a name in front, as NAME=NUMBER; true and false are numbers too."""

    name = "name=number"

    def __init__(self, example: str) -> None:
        self.example = example

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, float]:
        """Return the name, empty where there is none, and the number."""
        name, _, number = str(value).rpartition("=")
        if number.lower() in ("true", "false"):
            return name, number.lower() == "true"
        try:
            return name, float(number)
        except ValueError:
            self.fail(f"{value!r} is not such as {self.example}.", param, ctx)

"""The options that say how DATA is read, where the file does not tell."""

from collections.abc import Callable
from typing import Any

import click

_OPTIONS = {
    "encoding": "Encoding of delimited text, such as windows-1252.  [default: utf-8]",
    "separator": 'What separates the columns of delimited text, such as ";".',
    "sheet": "Sheet of a workbook that has several.",
}


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command."""
    for name, text in reversed(_OPTIONS.items()):
        command = click.option(f"--{name}", help=text)(command)
    return command


def given_to_reading(options: dict[str, Any]) -> dict[str, Any]:
    """Take what was given for reading out of the options of a command, and return it."""
    given = {name: options.pop(name) for name in _OPTIONS}
    return {name: value for name, value in given.items() if value is not None}

"""A study file: the options of a command in TOML, so that an analysis can be kept and repeated."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from compassion_psy.errors import OptionError, nearest


def with_study(context: click.Context, given: dict[str, Any], study: Path | None) -> dict[str, Any]:
    """Return the options of a command, those not given on the command line from the study file.

    Keys are the names of the options, with underscores or hyphens; paths are as on the command
    line. What is NAME=VALUE there may be a table: ``modulator = {a = "support"}``.

    Raises
    ------
    OptionError
        When the file cannot be read, or holds a key that is no option or a value of another type.
    """
    if study is None:
        return given
    by_name = {
        option.removeprefix("--"): parameter
        for parameter in context.command.params
        for option in parameter.opts
        if option.startswith("--") and parameter.name != "study"
    }
    found = dict(given)
    for key, value in _read(study).items():
        parameter = by_name.get(key.replace("_", "-"))
        if parameter is None or parameter.name is None:
            raise OptionError(f"{study}: {key!r} is no option. {nearest(key, by_name)}")
        source = context.get_parameter_source(parameter.name)
        if source is not None and source.name == "COMMANDLINE":
            continue
        found[parameter.name] = _converted(context, parameter, value, f"{study}: {key}")
    return found


def _read(study: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(study.read_text(encoding="utf-8"))
    except OSError as error:
        raise OptionError(f"{study}: the study file cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OptionError(f"{study} is not a TOML file: {error}.") from error


def _converted(context: click.Context, parameter: click.Parameter, value: Any, where: str) -> Any:
    if isinstance(value, Mapping):
        if not parameter.multiple:
            raise OptionError(f"{where} is a table, but it must be one value.")
        lists = {name: own if isinstance(own, list) else [own] for name, own in value.items()}
        value = [f"{name}={each}" for name, own in lists.items() for each in own]
    elif not parameter.multiple and isinstance(value, list):
        raise OptionError(f"{where} is a list, but it must be one value.")
    if parameter.multiple and (isinstance(value, str) or not isinstance(value, Sequence)):
        value = [value]
    _refuse_inexact(parameter, value, where)
    try:
        return parameter.type_cast_value(context, value)
    except click.BadParameter as error:
        raise OptionError(f"{where}: {error.message}") from error


def _refuse_inexact(parameter: click.Parameter, value: Any, where: str) -> None:
    """Raise OptionError for a number that click would cut, or a truth that it would count."""
    kind = parameter.type
    if isinstance(kind, (click.types.IntParamType, click.types.FloatParamType)):
        inexact = isinstance(kind, click.types.IntParamType) and isinstance(value, float)
        if inexact or isinstance(value, bool):
            wanted = "a whole number" if isinstance(kind, click.types.IntParamType) else "a number"
            raise OptionError(f"{where} is {str(value).lower()}, but it must be {wanted}.")


def required(found: dict[str, Any], *names: str) -> None:
    """Raise click.UsageError for the first option that neither line nor file gives."""
    for name in names:
        if not found[name]:
            option = name.removesuffix("s").replace("_", "-")
            raise click.UsageError(f"Give --{option}, or name it in the file of --study.")

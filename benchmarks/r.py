"""R as a contender: the scripts in R/, where Rscript, psych, boot and lavaan exist."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

SCRIPTS = Path(__file__).parent / "R"


@cache
def versions() -> dict[str, str]:
    """Return the versions of R, psych, boot and lavaan; empty where one of them is absent."""
    if shutil.which("Rscript") is None:
        return {}
    done = subprocess.run(["Rscript", str(SCRIPTS / "versions.R")], capture_output=True, text=True)
    return dict(_fields(done.stdout)) if done.returncode == 0 else {}


def numbers(script: str, *arguments: object) -> dict[str, float]:
    """Run a script and return the numbers it prints, by name."""
    done = subprocess.run(
        ["Rscript", script, *map(str, arguments)],
        cwd=SCRIPTS,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return {name: float(value) for name, value in _fields(done.stdout)}


def _fields(text: str) -> list[tuple[str, str]]:
    # Lines without a tab are remarks of R's packages.
    parts = (line.partition("\t") for line in text.splitlines())
    return [(name, value) for name, tab, value in parts if tab]

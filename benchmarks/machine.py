"""What the figures were measured with: machine and versions."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from compassion_psy import _core

from benchmarks import r


def machine() -> dict[str, object]:
    """Return processor, cores, instruction sets, system, and how busy the machine was before."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "instruction_sets": _core.simd_levels(),
        "system": _system(),
        "load_before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def versions() -> dict[str, str]:
    """Return the versions of everybody who takes part."""
    packages = ("compassion_psy", "numpy", "polars", "scipy", "factor_analyzer")
    found = {"Python": platform.python_version()}
    return found | {name: version(name) for name in packages} | r.versions()


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _system() -> str:
    try:
        release = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        release = platform.release()
    return f"{platform.system()} ({release}), {platform.machine()}"

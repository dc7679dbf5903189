"""Forked processes, in which the threads of Polars are gone and its calls would wait for ever."""

import os
import re
from pathlib import Path

from compassion_psy.errors import CompassionError

_THREADS = Path("/proc/self/task")
_WORKER = re.compile(r"polars-\d+")


class _Fork:
    """What is known of the threads of Polars: here before a fork, and in the process forked."""

    seen_before = False
    lost = False


def refuse_forked_polars() -> None:
    """Raise CompassionError in a process that was forked after Polars had started its threads."""
    if _Fork.lost:
        raise CompassionError(
            "This process was forked after Polars had been used, and Polars does not work in it; "
            "start processes with multiprocessing.get_context('spawn') or 'forkserver', or make "
            "Responses before the fork and pass them."
        )


def _before_fork() -> None:
    # Only Linux names threads here, and only Linux forks by habit.
    if _THREADS.is_dir():
        _Fork.seen_before = _polars_has_started()


def _polars_has_started() -> bool:
    for task in _THREADS.iterdir():
        try:
            if _WORKER.match((task / "comm").read_text()):
                return True
        except OSError:  # a thread that has ended meanwhile
            continue
    return False


def _in_child() -> None:
    _Fork.lost |= _Fork.seen_before


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_in_child)

"""Progress of a long call: from the option of an analyst to a callback for the core."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from compassion_psy.errors import OptionError

# Shorter jobs are over before a bar is read.
DELAY = 1.0
# Between two lines of the plain counter.
PAUSE = 0.2

Callback = Callable[[int, int], object]
Progress = bool | Callback | None


@contextmanager
def reporter(progress: Progress, description: str) -> Iterator[Callback | None]:
    """Give a callback ``callback(done, total)`` that shows progress as an analyst asked for it.

    Parameters
    ----------
    progress : bool, callable or None
        None shows a bar on the standard error stream when somebody looks at it (a terminal, a
        notebook) and the job takes more than a second. True shows it always and at once, False
        never. A callable is called with (done, total); what it raises ends the job.
    description : str
        What is being done, shown beside the bar.

    Yields
    ------
    callable or None
        None when nothing is to be reported.

    Raises
    ------
    OptionError
        When `progress` is none of these.

    Examples
    --------
    >>> with reporter(print, "Resampling") as callback:
    ...     callback(1, 2)
    1 2
    """
    if callable(progress):
        yield progress
        return
    if progress is not None and not isinstance(progress, bool):
        raise OptionError(
            f"progress is {progress!r}, but it must be None, True, False or a function of "
            "(done, total)."
        )
    if progress is False or (progress is None and not (_on_terminal() or _in_notebook())):
        yield None
        return
    display = _Display(description, delay=0.0 if progress else DELAY)
    try:
        yield display.show
    finally:
        display.close()


class _Display:
    """A bar or counter that appears once the job has taken longer than `delay` seconds."""

    def __init__(self, description: str, delay: float) -> None:
        self._description = description
        self._visible_from = time.monotonic() + delay
        self._bar: _RichBar | _Counter | None = None

    def show(self, done: int, total: int) -> None:
        if self._bar is None:
            if time.monotonic() < self._visible_from:
                return
            use_rich = _on_terminal() and find_spec("rich") is not None
            self._bar = (_RichBar if use_rich else _Counter)(self._description)
        self._bar.show(done, total)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class _RichBar:
    def __init__(self, description: str) -> None:
        from rich import progress
        from rich.console import Console

        self._bar = progress.Progress(
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(),
            progress.TaskProgressColumn(),
            progress.TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task(description, total=None)
        self._bar.start()

    def show(self, done: int, total: int) -> None:
        self._bar.update(self._task, completed=done, total=total)

    def close(self) -> None:
        self._bar.stop()


class _Counter:
    """One line on the standard error stream, written over; enough for notebooks and logs."""

    def __init__(self, description: str) -> None:
        self._description = description
        self._next = 0.0

    def show(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now >= self._next or done == total:
            self._next = now + PAUSE
            sys.stderr.write(f"\r{self._description}: {done:,} of {total:,}")
            sys.stderr.flush()

    def close(self) -> None:
        sys.stderr.write("\n")


def _on_terminal() -> bool:
    # A program without a console has no standard error stream.
    return sys.stderr is not None and sys.stderr.isatty()


def _in_notebook() -> bool:
    # Whoever runs in IPython has imported it; nobody else should pay for it.
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None

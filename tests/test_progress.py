"""Progress: shown to those who look, silent otherwise, and the caller's function is obeyed."""

import io
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr

import pytest
from compassion_psy import progress
from compassion_psy.errors import OptionError
from compassion_psy.progress import reporter


class Stream(io.StringIO):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@contextmanager
def standard_error(*, terminal: bool) -> Iterator[Stream]:
    # Not a fixture: pytest puts its own stream in place again before the test itself begins.
    with redirect_stderr(Stream(terminal=terminal)) as stream:
        yield stream


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_function_is_passed_through_and_may_raise() -> None:
    def stop(done: int, total: int) -> None:
        raise ZeroDivisionError(f"{done}/{total}")

    def run() -> None:
        with reporter(stop, "Resampling") as callback:
            assert callback is stop
            callback(3, 7)

    with pytest.raises(ZeroDivisionError, match="3/7"):
        run()


@pytest.mark.parametrize(("wish", "terminal"), [(False, False), (False, True), (None, False)])
def test_nobody_is_told(wish: bool | None, terminal: bool) -> None:
    with standard_error(terminal=terminal) as stream, reporter(wish, "Resampling") as callback:
        assert callback is None
    assert stream.getvalue() == ""


def test_true_counts_on_a_pipe_at_once_and_ends_its_line(clock: list[float]) -> None:
    with standard_error(terminal=False) as stream, reporter(True, "Resampling") as callback:
        callback(1000, 2500)
        callback(1500, 2500)  # too soon after the last
        clock[0] += 1
        callback(2000, 2500)
        callback(2500, 2500)  # the end is always shown
    assert stream.getvalue() == (
        "\rResampling: 1,000 of 2,500\rResampling: 2,000 of 2,500\rResampling: 2,500 of 2,500\n"
    )


def test_a_terminal_sees_a_bar_after_a_second(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    with standard_error(terminal=True) as stream, reporter(None, "Resampling [bold]") as callback:
        callback(1, 4)
        clock[0] += 0.99
        callback(2, 4)
        assert stream.getvalue() == ""
        clock[0] += 0.02
        callback(3, 4)
    assert "Resampling [bold]" in stream.getvalue()  # not read as markup
    assert "75%" in stream.getvalue()


def test_a_short_job_leaves_a_terminal_alone(clock: list[float]) -> None:
    with standard_error(terminal=True) as stream, reporter(None, "Resampling") as callback:
        callback(4, 4)
    assert stream.getvalue() == ""


def test_without_rich_a_terminal_gets_the_counter(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "find_spec", lambda name: None)
    with standard_error(terminal=True) as stream, reporter(True, "Resampling") as callback:
        callback(1, 4)
    assert stream.getvalue() == "\rResampling: 1 of 4\n"


def test_a_notebook_gets_the_counter(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    ipython = types.SimpleNamespace(get_ipython=lambda: object())
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    with standard_error(terminal=False) as stream, reporter(None, "Resampling") as callback:
        clock[0] += 1.5
        callback(1, 4)
    assert stream.getvalue() == "\rResampling: 1 of 4\n"


def test_the_line_is_ended_when_the_job_is_interrupted(clock: list[float]) -> None:
    def interrupted() -> None:
        with reporter(True, "Resampling") as callback:
            callback(1, 4)
            raise KeyboardInterrupt

    with standard_error(terminal=False) as stream, pytest.raises(KeyboardInterrupt):
        interrupted()
    assert stream.getvalue().endswith("1 of 4\n")


def test_no_standard_error_stream_at_all() -> None:
    with redirect_stderr(None), reporter(None, "Resampling") as callback:
        assert callback is None


@pytest.mark.parametrize("wish", ["yes", 1, 0])
def test_other_wishes_are_refused(wish: object) -> None:
    with pytest.raises(OptionError, match="progress is"), reporter(wish, "Resampling"):
        pass

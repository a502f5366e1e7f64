"""Runs tests that pytest has collected, again and again, in a child.

The child begins in milliseconds, with TensorFlow and all modules imported, and
goes on until a change ends it or leaves traces; then the next child begins.
TensorFlow must not have computed anything in the parent: a child would lack
its threads.
"""

import functools
import gc
import json
import os
import pathlib
import signal
import sys
import time
import types
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import NamedTuple

import pytest

PASSED, UNREACHED = "passed", "reached by no test"
AT_IMPORT = "at import"
_CPU_SECONDS = 60  # a change whose tests take longer is noticed

# Name of a test: its seconds, and the functions it calls as "path:qualname".
Reach = dict[str, tuple[float, list[str]]]


class Trial(NamedTuple):
    """A change, and the tests that may notice it.

    Attributes:
        items: The tests, in the order in which they run.
        begin: Makes the change.
        end: Takes it back.
    """

    items: list[pytest.Item]
    begin: Callable[[], object]
    end: Callable[[], object]

    def verdict(self) -> str:
        """Returns the name of the first test that fails, or `PASSED`."""
        try:
            self.begin()
            failed = (item.nodeid for item in self.items if _fails(item))
            return next(failed, PASSED)
        except Exception:
            return AT_IMPORT
        finally:
            self.end()

    def has_left_traces(self, verdict: str) -> bool:
        """Whether the test that failed goes on to fail without the change."""
        return any(_fails(i) for i in self.items if i.nodeid == verdict)


def verdicts(trials: Sequence[Trial]) -> Iterator[str]:
    """Yields how each change ends: `PASSED`, or what noticed it."""
    left = list(trials)
    while left:
        with _Child(functools.partial(_try_all, list(left))) as child:
            for verdict in child.lines():
                del left[0]
                yield verdict
        if child.failure and left:
            del left[0]
            yield child.failure


def _try_all(trials: Sequence[Trial], tell: Callable[[str], None]) -> None:
    for trial in trials:
        if not trial.items:
            tell(UNREACHED)
            continue
        signal.setitimer(signal.ITIMER_PROF, _CPU_SECONDS)
        verdict = trial.verdict()
        has_left_traces = trial.has_left_traces(verdict)
        signal.setitimer(signal.ITIMER_PROF, 0)
        if not has_left_traces or trial is trials[0]:
            tell(verdict)
        if has_left_traces:  # the next child begins with this one, or after it
            return


def reach(items: list[pytest.Item], files: Iterable[str]) -> Reach:
    """Runs all tests in a child and says what each of them calls.

    Args:
        items: The tests.
        files: Paths of the files whose functions are of interest.

    Raises:
        SystemExit: If a test fails.
    """
    wanted = {os.path.abspath(path): path for path in files}
    found: Reach = {}
    with _Child(functools.partial(_trace, items, wanted)) as child:
        for line in child.lines():
            name, seconds, called = json.loads(line)
            found[name] = seconds, called
    if missing := [i.nodeid for i in items if i.nodeid not in found]:
        raise SystemExit(f"All tests must pass without a change: {missing}")
    return found


def _trace(
    items: list[pytest.Item],
    wanted: dict[str, str],
    tell: Callable[[str], None],
) -> None:
    for item in items:
        start, called = time.process_time(), set[str]()
        sys.settrace(_noting(called, wanted))
        has_failed = _fails(item)
        sys.settrace(None)
        seconds = time.process_time() - start
        if not has_failed:
            tell(json.dumps([item.nodeid, seconds, sorted(called)]))


def _noting(called: set[str], wanted: dict[str, str]) -> Callable[..., None]:
    """Returns a trace function that notes the calls of wanted files."""

    def note(frame: types.FrameType, event: str, value: object) -> None:
        code = frame.f_code
        if code.co_filename in wanted:
            name = code.co_qualname.partition(".<locals>")[0]
            called.add(f"{wanted[code.co_filename]}:{name}")

    return note


def _fails(item: pytest.Item) -> bool:
    before = item.session.testsfailed
    example = getattr(item, "dtest", None)  # of a docstring
    names = dict(example.globs) if example else {}
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
    if example:  # which has forgotten its module's names
        example.globs.update(names)
    return item.session.testsfailed > before


def collect(
    paths: list[str], work: Callable[[list[pytest.Item]], None]
) -> None:
    """Collects the tests of some paths and hands them to a function.

    Raises:
        SystemExit: If they can not be collected.
    """
    os.environ["OPENBLAS_NUM_THREADS"] = "1"

    class Plugin:
        def pytest_runtestloop(self, session: pytest.Session) -> bool:
            tasks = pathlib.Path("/proc/self/task")
            if tasks.exists() and len([*tasks.iterdir()]) > 1:
                raise SystemExit("The process must have one thread only.")
            work(session.items)
            return True

    options = ["-s", "-p", "no:cacheprovider", "--tb=native"]
    if code := pytest.main([*options, *paths], [Plugin()]):
        raise SystemExit(f"pytest must end well. Received: {code}")


class _Child:
    """A process that does some work and tells of it, line by line."""

    def __init__(self, work: Callable[[Callable[[str], None]], None]):
        gc.freeze()  # else a child copies all pages of TensorFlow's objects
        source, target = os.pipe()
        self.pid, self.failure = os.fork(), ""
        if not self.pid:
            os.close(source)
            _end_after(work, target)
        os.close(target)
        self._file = os.fdopen(source)

    def __enter__(self) -> "_Child":
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        if code:
            name = signal.Signals(-code).name if code < 0 else f"exit {code}"
            self.failure = name

    def lines(self) -> Iterator[str]:
        """Yields what the child tells, until it ends."""
        for line in self._file:
            yield line.removesuffix("\n")


def _end_after(
    work: Callable[[Callable[[str], None]], None], target: int
) -> None:
    """Works as the child, and ends the process."""
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    code = 1
    try:
        work(lambda line: _write(target, line))
        code = 0
    finally:
        os._exit(code)


def _write(target: int, line: str) -> None:
    os.write(target, f"{line}\n".encode())

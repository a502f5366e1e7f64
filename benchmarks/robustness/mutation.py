"""Changes the losses, schedules, averages and feedback, and runs their tests.

    pip install -e '.[mutation]'
    python -m benchmarks.robustness.mutation
    python -m benchmarks.robustness.mutation --only keras_mpl/schedules.py

For each small change of a file (`mutants.py`) the tests that reach the changed
function run, the quickest first, until one fails. A change that no test
notices is a survivor, and has its name in the record. Verdicts are kept in
`--memory`: killed mutants are not tried again, survivors are. It adds to
`benchmarks/results/mutation.jsonl`; `survivors.json` says of survivors why
they are no fault, and `render.py` shows both.
"""

import hashlib
import importlib
import json
import os
import pathlib
import tempfile
import time
from collections.abc import Iterator

import pytest
from absl import app
from absl import flags

from benchmarks.common import folders
from benchmarks.common.records import Record
from benchmarks.common.records import append
from benchmarks.robustness import forks
from benchmarks.robustness import patching
from benchmarks.robustness.mutants import Mutant
from benchmarks.robustness.mutants import mutants

NAME = "mutation"
TARGETS = ("losses/*.py", "schedules.py", "ema.py", "feedback/*.py")
TESTS = (
    "keras_mpl/losses",
    "keras_mpl/schedules.py",
    "keras_mpl/ema.py",
    "keras_mpl/feedback",
    "tests/losses",
    "tests/test_schedules.py",
    "tests/test_ema.py",
    "tests/feedback/test_credit.py",
    "tests/feedback/test_scalar.py",
    "tests/feedback/test_settings.py",
)

_ONLY = flags.DEFINE_multi_string(
    "only", None, "A file, as a path from the root; all of `TARGETS` if none."
)
_TESTS = flags.DEFINE_multi_string(
    "tests", list(TESTS), "Files or folders of tests, as paths from the root."
)
_MEMORY = flags.DEFINE_string(
    "memory",
    str(pathlib.Path(tempfile.gettempdir()) / "keras_mpl_mutants.jsonl"),
    "File of the verdicts so far; delete it to begin anew.",
)


class Memory:
    """Verdicts on the mutants of a file, kept until the file changes."""

    def __init__(self, path: pathlib.Path, module: str, source: str):
        self.path = path
        digest = hashlib.sha256(source.encode()).hexdigest()[:16]
        self.key = {"module": module, "source": digest}
        self.killed: dict[str, str] = {}
        if path.exists():
            for line in path.read_text().splitlines():
                row = json.loads(line)
                if self.key.items() <= row.items() and row["killed_by"]:
                    self.killed[row["change"]] = row["killed_by"]

    def add(self, change: str, verdict: str) -> None:
        """Keeps a verdict: `PASSED`, `UNREACHED`, or what failed."""
        by = None
        if verdict not in (forks.PASSED, forks.UNREACHED):
            by = self.killed[change] = verdict
        row = {**self.key, "change": change, "killed_by": by}
        with self.path.open("a") as file:
            file.write(json.dumps(row) + "\n")


def modules() -> list[str]:
    """Returns the paths of all targets from the root."""
    package = folders.ROOT / "keras_mpl"
    found = [path for glob in TARGETS for path in sorted(package.glob(glob))]
    return [str(path.relative_to(folders.ROOT)) for path in found]


def near(
    items: list[pytest.Item], reach: forks.Reach, module: str, mutant: Mutant
) -> list[pytest.Item]:
    """Returns the tests that reach a change, the quickest first.

    A value of a class or of the module may be read by any test.
    """
    function = f"{module}:{mutant.scope}"
    found = [
        item
        for item in items
        if not mutant.is_in_function or function in reach[item.nodeid][1]
    ]
    return sorted(found, key=lambda item: reach[item.nodeid][0])


def try_all(
    items: list[pytest.Item],
    reach: forks.Reach,
    module: str,
    tried: list[Mutant],
) -> Iterator[tuple[Mutant, str]]:
    """Yields mutants of a file and how the tests end with each of them."""
    source = (folders.ROOT / module).read_text()
    target = importlib.import_module(module[:-3].replace("/", "."))

    def trial(mutant: Mutant) -> forks.Trial:
        return forks.Trial(
            near(items, reach, module, mutant),
            lambda: patching.apply(target, mutant.source),
            lambda: patching.apply(target, source),
        )

    verdicts = forks.verdicts([trial(mutant) for mutant in tried])
    yield from zip(tried, verdicts, strict=True)


def measure(
    items: list[pytest.Item],
    reach: forks.Reach,
    module: str,
    memory: pathlib.Path,
) -> Record:
    """Tries all mutants of a file.

    Args:
        items: The tests that may notice them.
        reach: What each of them calls.
        module: Path of the file from the root.
        memory: File of the verdicts so far.

    Returns:
        The record: how many, and the names of the survivors.
    """
    start = time.perf_counter()
    source = (folders.ROOT / module).read_text()
    known, every = Memory(memory, module, source), list(mutants(source))
    left = [m for m in every if m.name not in known.killed]
    for mutant, verdict in try_all(items, reach, module, left):
        known.add(mutant.name, verdict)
        if mutant.name not in known.killed:
            print(f"{module}:{mutant.line} {mutant.name}", flush=True)
    survivors = [m for m in every if m.name not in known.killed]
    return {
        "module": module,
        "source": known.key["source"],
        "mutants": len(every),
        "killed": len(every) - len(survivors),
        "survivors": [{"line": m.line, "change": m.name} for m in survivors],
        "seconds": round(time.perf_counter() - start, 1),
        "load": round(os.getloadavg()[0], 1),
    }


def main(argv: list[str]) -> None:
    """Measures, and records it, file by file."""
    del argv
    wanted, memory = _ONLY.value or modules(), pathlib.Path(_MEMORY.value)

    def work(items: list[pytest.Item]) -> None:
        import keras_mpl
        from keras_mpl import report

        environment = report.environment(keras_mpl.__version__)
        reach = forks.reach(items, wanted)
        for module in wanted:
            row = measure(items, reach, module, memory)
            append(NAME, [{**environment, **row, "tests": _TESTS.value}])
            print(module, row["killed"], "of", row["mutants"], flush=True)

    forks.collect(_TESTS.value, work)


if __name__ == "__main__":
    app.run(main)

"""Fuzzes the readers, guided by coverage, for a given time.

    pip install atheris
    python -m benchmarks.robustness.fuzz --minutes 60 --folder fuzz

`fuzz_targets.py` has what is called. Atheris chooses bytes that reach new
lines of keras_mpl. Each finding is kept with its bytes in `findings.jsonl`,
once per place in the code, and the fuzzing goes on. The counts go to
`counts.json` in the folder every few seconds; `--record` adds them to
`benchmarks/results/fuzz.jsonl`, which `render.py` reads.
"""

import collections
import json
import os
import pathlib
import sys
import time
import traceback
from collections.abc import Callable
from collections.abc import Iterable

from absl import app
from absl import flags

from benchmarks.common.long_flags import FOLDER
from benchmarks.common.long_flags import MINUTES
from benchmarks.common.records import append

NAME = "fuzz"
_SECONDS_BETWEEN_COUNTS = 10

_RECORD = flags.DEFINE_bool("record", False, "Add the counts, and no more.")


class Fuzzing:
    """Calls targets, counts what they say, and keeps what they should not.

    Args:
        folder: Where counts and findings go.
        call: Calls one target, as `fuzz_targets.call`.
        targets: Names of the targets.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        call: Callable[[str, bytes, pathlib.Path], str],
        targets: Iterable[str],
    ):
        self._folder, self._call, self._targets = folder, call, [*targets]
        self._place = pathlib.Path("/dev/shm", f"fuzz-{os.getpid()}")
        self._counts: collections.Counter[str] = collections.Counter()
        self._start = self._counted = time.perf_counter()
        self._seen: set[tuple[str, str, str]] = set()

    def one(self, content: bytes) -> None:
        """Gives one input to the target that its first byte names."""
        name = self._targets[
            (content[0] if content else 0) % len(self._targets)
        ]
        try:
            said = self._call(name, content[1:], self._place)
        except Exception as error:
            said = "finding"
            self._keep(name, content, error)
        self._counts[f"{name} {said}"] += 1
        if time.perf_counter() - self._counted > _SECONDS_BETWEEN_COUNTS:
            self._write()

    def _keep(self, name: str, content: bytes, error: Exception) -> None:
        refusal = error.__cause__ or error  # of several lines, if it has any
        frames = traceback.extract_tb(refusal.__traceback__)
        ours = [f for f in frames if "/keras_mpl/" in f.filename] or frames
        place = f"{pathlib.Path(ours[-1].filename).name}:{ours[-1].lineno}"
        key = (name, type(error).__name__, place)
        if key in self._seen:
            return
        self._seen.add(key)
        found = {
            "target": name,
            "error": f"{type(error).__name__}: {str(error)[:300]}",
            "place": place,
            "bytes": content.hex(),
        }
        with (self._folder / "findings.jsonl").open("a") as file:
            file.write(json.dumps(found) + "\n")

    def _write(self) -> None:
        self._counted = time.perf_counter()
        counts = {
            "minutes": round((self._counted - self._start) / 60, 1),
            "cpu_minutes": round(time.process_time() / 60, 1),
            "executions": sum(self._counts.values()),
            "findings": len(self._seen),
            "by_target": dict(sorted(self._counts.items())),
        }
        (self._folder / "counts.json").write_text(json.dumps(counts))


def record(folder: pathlib.Path) -> None:
    """Adds the counts of a fuzzing to the records."""
    import keras_mpl
    from keras_mpl import report

    counts = json.loads((folder / "counts.json").read_text())
    path = folder / "findings.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    kept = [json.loads(line) for line in lines]
    shown = [{k: f[k] for k in ("target", "error", "place")} for f in kept]
    about = report.environment(keras_mpl.__version__)
    append(NAME, [{**about, **counts, "found": shown}])


def main(argv: list[str]) -> None:
    """Fuzzes, or adds the counts of a fuzzing."""
    del argv
    folder = pathlib.Path(FOLDER.value).absolute()
    if _RECORD.value:
        record(folder)
        return
    import atheris

    with atheris.instrument_imports(include=["keras_mpl"]):
        from benchmarks.robustness import fuzz_targets
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(fuzz_targets.TARGETS):
        for seed in range(8):
            start = bytes([number]) + bytes(
                (seed * 37 * i) % 256 for i in range(64)
            )
            (corpus / f"seed-{number}-{seed}").write_bytes(start)
        seed_bytes = bytes([number]) + fuzz_targets.SEEDS.get(name, b"")
        (corpus / f"seed-{number}").write_bytes(seed_bytes)
    fuzzing = Fuzzing(folder, fuzz_targets.call, fuzz_targets.TARGETS)
    seconds = int(60 * MINUTES.value)
    options = [f"-max_total_time={seconds}", "-max_len=4000", "-timeout=600"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], fuzzing.one)
    atheris.Fuzz()


if __name__ == "__main__":
    flags.mark_flag_as_required("folder")
    app.run(main)

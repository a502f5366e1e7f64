"""Mutants are small, are put in place and taken back, and are counted."""

import json
import os
import pathlib
import subprocess
import sys
import types

import pytest

from benchmarks.robustness import patching

ROOT = pathlib.Path(__file__).parents[3]
SOURCE = '''
"""A module."""
from typing import Literal

__all__ = ["half"]
Kind = Literal["a", "b"]
LIMIT = 3


def half(x, by=2):
    """Returns x / 2."""
    return x / by


class Box:
    size = 1

    @property
    def double(self):
        return self.size * 2

    @classmethod
    def limit(cls):
        return LIMIT
'''


def module(source=SOURCE):
    made = types.ModuleType("keras_mpl.of_a_test")
    made.__file__ = "of_a_test.py"
    exec(source, vars(made))
    return made


def test_mutants_are_other_programs_of_one_small_change():
    pytest.importorskip("mutmut")
    from benchmarks.robustness.mutants import mutants

    made = list(mutants(SOURCE))
    names = [mutant.name for mutant in made]
    assert len({*names}) == len(names)
    assert {
        "half: x / by -> x * by",
        "half: 2 -> 3",
        "Box.double: self.size * 2 -> self.size / 2",
        "module: 3 -> 4",
    } < {*names}
    lines = SOURCE.splitlines()
    for mutant in made:
        changed = mutant.source.splitlines()
        pairs = enumerate(zip(lines, changed, strict=True))
        differ = [number for number, (a, b) in pairs if a != b]
        assert differ == [mutant.line - 1]
        assert "__all__" not in lines[differ[0]]
        assert "Literal[" not in lines[differ[0]]


def test_a_change_reaches_what_was_imported_before_and_is_taken_back():
    target = module()
    half, box = target.half, target.Box()
    changed = SOURCE.replace("x / by", "x * by").replace("= 1", "= 5")
    changed = changed.replace("by=2", "by=3").replace("size * 2", "size * 4")
    patching.apply(target, changed.replace("LIMIT = 3", "LIMIT = 9"))
    assert (half(4), box.size, box.double, box.limit()) == (12, 5, 20, 9)
    patching.apply(target, SOURCE)
    assert (half(4), box.size, box.double, box.limit()) == (2, 1, 2, 3)


def test_a_constant_changes_for_those_who_imported_it(monkeypatch):
    target, user = module(), types.ModuleType("keras_mpl.user_of_a_test")
    user.LIMIT, user.OTHER = target.LIMIT, target.LIMIT
    monkeypatch.setitem(sys.modules, target.__name__, target)
    monkeypatch.setitem(sys.modules, user.__name__, user)
    patching.apply(target, SOURCE.replace("LIMIT = 3", "LIMIT = 9"))
    assert (target.LIMIT, user.LIMIT, user.OTHER) == (9, 9, 3)


@pytest.mark.slow
def test_survivors_are_named_and_killed_mutants_remembered(tmp_path):
    pytest.importorskip("mutmut")
    command = [sys.executable, "-m", "benchmarks.robustness.mutation"]
    command += ["--only", "keras_mpl/losses/precision.py"]
    command += ["--tests", "tests/losses/test_precision.py"]
    command += ["--results", str(tmp_path), "--memory", str(tmp_path / "seen")]
    where = {**os.environ, "PYTHONPATH": str(ROOT)}
    counts = []
    for _ in range(2):
        subprocess.run(command, check=True, cwd=ROOT, env=where)
        lines = (tmp_path / "mutation.jsonl").read_text().splitlines()
        found = json.loads(lines[-1])
        assert found["mutants"] == found["killed"] + len(found["survivors"])
        counts.append(len((tmp_path / "seen").read_text().splitlines()))
    assert found["killed"] >= 11
    survivors = len(found["survivors"])
    assert counts == [found["mutants"], found["mutants"] + survivors]

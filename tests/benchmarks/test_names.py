"""What pages and sources say of the benchmarks' names is true."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]
FOLDERS = (
    "common",
    "accuracy",
    "speed",
    "robustness",
    "replication",
    "tables",
)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
for _folder, _ending in (
    ("docs", "md"),
    ("colab", "ipynb"),
    ("benchmarks", "md"),
    ("benchmarks", "py"),
    ("keras_mpl", "py"),
):
    PAGES += sorted((ROOT / _folder).rglob(f"*.{_ending}"))


def scripts(folder):
    found = (ROOT / "benchmarks" / folder).glob("*.py")
    return {path.stem for path in found} - {"__init__"}


def test_every_script_that_is_named_is_there():
    named = set()
    for page in PAGES:
        text = page.read_text()
        named |= set(re.findall(r"\bbenchmarks/(\w+/\w+)\.py", text))
        called = re.findall(r"-m benchmarks\.([a-z_]+)\.([a-z_]+)", text)
        named |= {"/".join(parts) for parts in called}
    assert len(named) > 10
    there = {f"{f}/{name}" for f in FOLDERS for name in scripts(f)}
    assert named <= there


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_map_names_every_file(folder):
    text = (ROOT / "benchmarks/README.md").read_text()
    [line] = re.findall(rf"^\| `{folder}/` .*$", text, re.M)
    assert set(re.findall(r"`(\w+)`", line)) == scripts(folder)

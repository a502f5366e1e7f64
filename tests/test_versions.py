"""The versions that setup.cfg admits: floors that CI runs, and Colab's."""

import configparser
import pathlib
import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = pathlib.Path(__file__).parents[1]
SETUP = configparser.ConfigParser()
SETUP.read(ROOT / "setup.cfg")
LISTS = [
    SETUP["options"]["install_requires"],
    SETUP["options.extras_require"]["select"],
]
NEEDED = {
    canonicalize_name(one.name): one.specifier
    for one in map(Requirement, "\n".join(LISTS).split())
}
PYTHONS = re.findall(r":: (3\.\d+)$", SETUP["metadata"]["classifiers"], re.M)


def constraints(name):
    lines = (ROOT / "tests/constraints" / name).read_text().splitlines()
    pins = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(one): version for one, version in pins}


def test_the_lowest_constraints_are_the_floors():
    pins = constraints("lowest.txt").items()
    floors = {one: Version(version) for one, version in pins}
    needed = {
        one: [(s.operator, Version(s.version)) for s in ranges]
        for one, ranges in NEEDED.items()
    }
    assert needed == {one: [(">=", floor)] for one, floor in floors.items()}


@pytest.mark.parametrize(("name", "version"), constraints("colab.txt").items())
def test_what_colab_has_is_admitted(name, version):
    assert Version(version) in NEEDED[name]


def test_the_page_of_versions_has_each_requirement_with_its_floor():
    page = (ROOT / "docs/versions.md").read_text()
    table = dict(re.findall(r"^\| ([\w-]+) \| ([\d.]+) \|", page, re.M))
    lowest = constraints("lowest.txt")
    floors = {one: Version(version) for one, version in lowest.items()}
    found = {canonicalize_name(n): Version(v) for n, v in table.items()}
    assert found.pop("python") == Version(PYTHONS[0])
    assert found == floors


def test_each_python_of_the_workflow_is_a_classifier():
    text = (ROOT / ".github/workflows/ci.yml").read_text()
    [matrix] = re.findall(r"python: \[(.*)\]", text)
    used = re.findall(r"3\.\d+", matrix)
    assert (used[0], used[-1]) == (PYTHONS[0], PYTHONS[-1])
    assert SETUP["options"]["python_requires"] == f">={PYTHONS[0]}"

"""The package runs no code that it reads, and what CI installs is pinned."""

import ast
import configparser
import functools
import pathlib
import re

import pytest

import keras_mpl

PACKAGE = pathlib.Path(keras_mpl.__file__).parent
ROOT = PACKAGE.parent
PINS = ROOT / ".ci" / "constraints.txt"
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve"}
MODULES |= {"joblib", "yaml", "tarfile", "ctypes", "runpy", "code"}
CALLS = {"eval", "exec", "compile", "__import__", "input", "breakpoint"}
ATTRIBUTES = {"system", "popen", "extractall", "extract", "unpack_archive"}
ATTRIBUTES |= {"enable_unsafe_deserialization", "mktemp", "spawnl", "execv"}

# Rebuilds a model that is in memory, with the user's own layers in it.
IN_MEMORY = {"models/export.py"}


@functools.cache
def nodes():
    return [
        (path.relative_to(PACKAGE).as_posix(), node)
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
    ]


def calls():
    for path, node in nodes():
        if isinstance(node, ast.Call):
            owner = ast.unparse(node.func)
            words = {k.arg: ast.unparse(k.value) for k in node.keywords}
            yield f"{path}:{node.lineno}", owner, words


def test_no_module_that_runs_what_it_reads_is_imported():
    found = set()
    for path, node in nodes():
        if isinstance(node, ast.Import):
            found |= {(path, alias.name.split(".")[0]) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((path, str(node.module).split(".")[0]))
    assert not [entry for entry in found if entry[1] in MODULES]


def test_nothing_is_evaluated_and_no_archive_unpacked():
    assert not [
        (place, owner)
        for place, owner, _ in calls()
        if owner in CALLS or owner.rpartition(".")[2] in ATTRIBUTES
    ]


def test_no_shell_is_started():
    started = [
        (place, words)
        for place, owner, words in calls()
        if owner.startswith("subprocess.") or "shell" in words
    ]
    assert [place.partition(":")[0] for place, _ in started] == [
        "report/folder.py"  # asks git for the commit
    ]
    assert all("shell" not in words for _, words in started)


def test_arrays_are_read_without_pickle():
    loads = [
        (place, words)
        for place, owner, words in calls()
        if owner in ("np.load", "numpy.load", "np.save")
    ]
    assert loads
    for place, words in loads:
        assert words.get("allow_pickle", "False") == "False", place


def test_models_are_loaded_in_safe_mode():
    loads = [
        (place, words)
        for place, owner, words in calls()
        if owner.endswith(".load_model")
    ]
    assert loads
    for place, words in loads:
        assert words.get("safe_mode") == "True", place


def test_objects_are_made_of_their_configuration_in_safe_mode():
    unsafe = [
        place
        for place, _, words in calls()
        if words.get("safe_mode", "True") != "True"
    ]
    assert {place.partition(":")[0] for place in unsafe} == IN_MEMORY


def pins():
    if not PINS.exists():
        pytest.skip("an archive has no .ci folder")
    return dict(
        re.findall(r"^([\w.-]+)==(\S+)", PINS.read_text(), re.MULTILINE)
    )


def test_every_pin_has_hashes():
    assert pins()
    blocks = re.split(r"\n(?=\S)", PINS.read_text().strip())
    for block in blocks:
        if not block.startswith("#"):
            assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block


def test_every_requirement_is_pinned_at_its_floor_or_above():
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg")
    wanted = config["options"]["install_requires"].splitlines()
    for extra in ("test", "select", "export"):
        wanted += config["options.extras_require"][extra].splitlines()
    pinned = {name.lower().replace("_", "-"): v for name, v in pins().items()}
    for line in wanted:
        if not line.strip() or line.startswith(("%", "#")):
            continue
        name, _, floor = line.strip().partition(">=")
        found = pinned[name.lower().replace("_", "-")]
        assert version(found) >= version(floor), (name, found, floor)


def version(text):
    return [int(part) for part in re.findall(r"\d+", text)[:3]]

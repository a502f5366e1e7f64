"""Notebooks run from top to bottom, and are committed without outputs."""

import os
import re
import sys
import types
import zipfile
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "colab").glob("*.ipynb"))
ALL = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


BADGE = re.compile(
    r"\[!\[Open in Colab\]\(\S+/colab-badge\.svg\)\]"
    r"\(https://colab\.research\.google\.com/github/([\w.-]+/[\w.-]+)"
    r"/blob/main/(\S+)\)"
)
INSTALL = re.compile(
    r"^    %pip install -q git\+https://github\.com/(\S+)$", re.M
)


def test_there_are_notebooks():
    assert NOTEBOOKS


def _sources(path, kind):
    cells = nbformat.read(path, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == kind]


@ALL
def test_the_badge_opens_the_notebook_it_stands_in(path):
    [(_, opened)] = BADGE.findall(_sources(path, "markdown")[0])
    assert ROOT / opened == path


@ALL
def test_the_first_cell_installs_the_package_and_changes_no_version(path):
    install, *rest = _sources(path, "code")
    assert 'find_spec("keras_mpl") is None:\n    %pip' in install
    assert len(INSTALL.findall(install)) == 1
    assert not re.search(r"--upgrade|-U\b|--force|[=<>]=\d", install)
    assert not any("%pip" in source for source in rest)


def test_all_notebooks_have_one_address_which_releasing_replaces():
    first = [_sources(path, "markdown")[0] for path in NOTEBOOKS]
    found = {address for text in first for address, _ in BADGE.findall(text)}
    installs = [_sources(path, "code")[0] for path in NOTEBOOKS]
    found |= {INSTALL.findall(text)[0] for text in installs}
    [address] = found
    citation = (ROOT / "CITATION.cff").read_text()
    public = re.search(
        r"^repository-code: \S*github\.com/(\S+?)\"?$", citation, re.M
    )
    if public:
        assert address == public[1]
    else:
        assert f"`{address}`" in (ROOT / "docs/releasing.md").read_text()


@ALL
def test_minutes_are_stated_and_a_gpu_is_looked_for(path):
    assert re.search(
        r"\*\*Time\*\*: .*\b(minutes|hour)\b", _sources(path, "markdown")[0]
    )
    code = "\n".join(_sources(path, "code"))
    assert 'list_physical_devices("GPU")' in code


@ALL
def test_no_outputs_are_committed(path):
    for cell in nbformat.read(path, as_version=4).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


EVIDENCE = {  # the rows of its table, by the names in the notebook
    "samples, no feedback": "no feedback, student learns from samples",
    "Meta Pseudo Labels": "`soft`, cosine, centred (the default kind)",
    "credit of another example": (
        "control: credit of another example, cosine, centred"
    ),
    "sign flipped": "control: sign flipped, cosine, centred",
}


@pytest.mark.parametrize("name", EVIDENCE)
def test_what_a_notebook_quotes_of_the_ablation_is_in_its_table(name):
    path = ROOT / "colab" / "05_is_the_feedback_real.ipynb"
    quoted = re.search(
        rf'"{name}": (-?[\d.]+),', "\n".join(_sources(path, "code"))
    )
    _, _, table = (
        (ROOT / "docs/evidence.md")
        .read_text()
        .partition("| digits, 20 labels, teacher learns from labels and")
    )
    head, *rows = [line.split(" | ") for line in table.splitlines()]
    column = head.index("student minus `none`")
    row = next(row for row in rows if row[0] == f"| {EVIDENCE[name]}")
    assert row[column].startswith(f"{float(quoted[1]):+.1f} (SE")


@pytest.mark.slow
@ALL
@pytest.mark.filterwarnings("default")  # the kernel's client is not ours
def test_notebook_runs_from_top_to_bottom(path, tmp_path, monkeypatch):
    from nbclient import NotebookClient

    if "cifar10" in path.stem and not os.environ.get("KERAS_MPL_TFDS"):
        pytest.skip("no prepared CIFAR-10: KERAS_MPL_TFDS names its folder")
    monkeypatch.setenv("KERAS_MPL_SMOKE", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=600,
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.execute()
    warned = [
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.get("name") == "stderr" and "Warning" in output.text
    ]
    assert warned == []
    if "student.keras" in "".join(_sources(path, "code")):
        assert (tmp_path / "student.keras").is_file()


@pytest.mark.parametrize("source", ["upload", "drive"])
def test_own_images_come_as_a_zip_file_on_colab(source, tmp_path, monkeypatch):
    load, settings, *rest = _on_colab(tmp_path, monkeypatch, downloaded := [])
    for place in ("labeled/cat/a.jpg", "unlabeled/b.jpg", "new/c.jpg"):
        with zipfile.ZipFile("photos.zip", "a") as file:
            file.writestr(f"mine/{place}", "")
            file.writestr(f"__MACOSX/{place}", "")
    variables = {}
    exec(load, variables)
    exec(settings, variables)
    assert variables["SOURCE"] == "upload"
    variables |= {"SOURCE": source, "DRIVE_ZIP": "photos.zip"}
    for code in rest:
        exec(code, variables)
        if "NEW" in variables:
            break
    photos = Path("photos/mine")
    assert variables["LABELED"] == photos / "labeled"
    assert variables["UNLABELED"] == photos / "unlabeled"
    assert variables["NEW"] == photos / "new"
    variables["result"] = types.SimpleNamespace(folder="photos")
    exec(rest[-1], variables)
    assert [Path(path).name for path in downloaded] == ["classifier.zip"]


def _on_colab(tmp_path, monkeypatch, downloaded):
    """The code of the notebook, in a folder where Colab seems to be."""
    colab = types.ModuleType("google.colab")
    colab.drive = types.SimpleNamespace(mount=lambda path: None)
    colab.files = types.SimpleNamespace(
        upload=lambda: {"photos.zip": b""}, download=downloaded.append
    )
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    for name in ("TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))
    monkeypatch.chdir(tmp_path)
    path = ROOT / "colab" / "04_your_own_images.ipynb"
    return [code for code in _sources(path, "code") if "%pip" not in code]

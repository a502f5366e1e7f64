"""Notebooks run from top to bottom, and are committed without outputs."""

import os
import sys
import types
import zipfile
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "colab").glob("*.ipynb"))
ALL = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_there_are_notebooks():
    assert NOTEBOOKS


@ALL
def test_no_outputs_are_committed(path):
    for cell in nbformat.read(path, as_version=4).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


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
        timeout=300,
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
    cells = nbformat.read(path, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]

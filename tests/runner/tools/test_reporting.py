"""The pages of finished runs are made of their folders alone."""

import shutil

import pytest

from keras_mpl import cli
from keras_mpl import report
from keras_mpl import runner
from keras_mpl.runner.building import assembly


@pytest.fixture(name="copy")
def fixture_copy(result, tmp_path):
    return shutil.copytree(result.folder, tmp_path / "run")


def test_the_page_is_made_again_without_the_data(copy, monkeypatch):
    before = (copy / "report.html").read_text()
    (copy / "report.html").unlink()
    monkeypatch.setattr(assembly, "load", None)
    assert runner.write_report(copy) == copy / "report.html"
    assert (copy / "report.html").read_text() == before
    for title in ("Confusion matrix", "Worst mistakes", "Pseudo labels"):
        assert f">{title}</h2>" in before


def test_a_run_keeps_what_the_page_needs(result):
    found = report.read_pseudo_labels(result.folder)
    recipes = {record["recipe"] for record in found}
    assert recipes == {"digits_20", "digits_20_none"}
    assert list((result.folder / "examples").glob("test-*.png"))
    assert report.read_temperature(result.folder) > 0


def test_a_run_of_before_gets_a_page_with_the_reasons(copy):
    for name in ("predictions", "examples"):
        shutil.rmtree(copy / name)
    for name in ("calibration.json", "pseudo_labels.jsonl"):
        (copy / name).unlink()
    page = runner.write_report(copy).read_text()
    assert "which this run has not kept" in page
    assert "has no pseudo_labels.jsonl" in page
    assert "Confusion matrix" not in page


@pytest.mark.parametrize(
    "content", ['{"recipe": "a"}', '{"recipe": "a", "temperature": 0}', "x"]
)
def test_a_damaged_calibration_is_one_line(copy, content, capsys):
    (copy / "calibration.json").write_text(content)
    assert cli.main(["report", str(copy)]) == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "readable calibration.json" in line


def test_several_runs_are_put_side_by_side(copy, result, tmp_path, capsys):
    page = tmp_path / "both.html"
    words = ["report", str(result.folder), str(copy), "--compare"]
    assert cli.main([*words, "--output", str(page)]) == 0
    assert capsys.readouterr().out == f"{page}\n"
    assert "All settings are the same." in page.read_text()


def test_each_run_gets_its_page(copy, capsys):
    (copy / "report.html").unlink()
    assert cli.main(["report", str(copy)]) == 0
    assert capsys.readouterr().out == f"{copy / 'report.html'}\n"
    assert (copy / "report.html").exists()


def test_what_cannot_be_reported_is_refused(result, tmp_path, capsys):
    run = str(result.folder)
    nowhere = str(tmp_path / "no" / "page.html")
    for words, expected in (
        ([str(tmp_path)], "finished run"),
        ([run, "--compare"], "two run folders or more"),
        ([run, "--output", "x.html"], "must go with `--compare`"),
        ([run, run, "--compare", "--output", nowhere], "folder that exists"),
    ):
        assert cli.main(["report", *words]) == 2
        assert expected in capsys.readouterr().err

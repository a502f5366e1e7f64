"""Any name is shown as it is in reports and figures, and does nothing there."""

import os
import subprocess

import numpy as np
import pytest

from keras_mpl import report
from keras_mpl.report import escapes
from tests.report.test_page import CONFIG
from tests.report.test_page import RECIPE
from tests.report.test_page import RESULT
from tests.report.test_page import ROW

NAMES = (
    "$\\frac{$",
    "$x^2$",
    "a$b",
    "_under_",
    "\\",
    "{}%#&",
    "<script>",
    "[a](b)",
    "a|b",
    "``` a",
    "*",
    "a\n\n# b",
    "\x1b[31m",
)
RECORDS = [
    {"recipe": "a", "stage": "train", "step": 1, "seconds": 1.0}
    | {"val_accuracy": 0.5}
]


@pytest.mark.parametrize("name", NAMES[:6])
def test_figures_draw_any_name(tmp_path, name):
    images = np.zeros((2, 4, 4, 1))
    for figure in (
        report.contact_sheet(
            images, [name, name], {"weak": images}, title=name
        ),
        report.samples(
            images, np.zeros(2, int), {name: np.zeros(2, int)}, title=name
        ),
        report.plane(
            {name: np.zeros((3, 3))},
            np.eye(2),
            np.array([0, 1]),
            np.array([0]),
            title=name,
        ),
        report.curves([{**RECORDS[0], "recipe": name}], name, num_classes=2),
    ):
        figure.savefig(tmp_path / "a.svg")


@pytest.mark.parametrize("name", NAMES)
def test_a_report_shows_any_name_and_obeys_none(name):
    recipe = {**RECIPE, "name": name, "summary": name, "expected": name}
    recipe |= {"model": {"network": name}, "method": {"name": name}}
    config = {**CONFIG, "recipe": recipe, "baselines": [recipe]}
    config |= {"split": {**CONFIG["split"], "name": name}, "device": name}
    row = {**ROW, "recipe": name}
    page = report.page(config, {**RESULT, "rows": [row]})
    plain = report.page(CONFIG, RESULT)
    assert "<script>" not in page.replace("`<script>`", "").replace(
        "run '<script>'", ""
    )
    assert "\x1b" not in page
    for mark in ("\n# ", "\n|", "\n```"):
        assert page.count(mark) == plain.count(mark), mark
    table = [line for line in page.splitlines() if line.startswith("|")]
    columns = {line.replace("\\|", "").count("|") for line in table}
    assert len(columns) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_table_for_the_terminal_keeps_its_lines(name):
    shown = report.summary({**RESULT, "rows": [{**ROW, "recipe": name}]})
    assert len(shown.splitlines()) == 2
    assert "\x1b" not in shown


def test_a_command_with_line_breaks_stays_one_line_and_one_word():
    line = escapes.shell(["keras-mpl", "a\n'b'\\", "c d"])
    assert line == "keras-mpl $'a\\n\\'b\\'\\\\' 'c d'"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Mes\xa0photos", "$'Mes\\u00a0photos'"),
        ("a\u200bb", "$'a\\u200bb'"),
        ("\U000e0001", "$'\\U000e0001'"),
        ("\x1b\xad", "$'\\x1b\\u00ad'"),
        ("caf\udce9", "$'caf\\xe9'"),  # a byte that is no UTF-8
    ],
)
def test_a_shell_reads_back_what_cannot_be_printed(word, expected):
    assert escapes.shell([word]) == expected
    told = subprocess.run(
        ["bash", "-c", f"printf %s {expected}"],
        capture_output=True,
        check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert os.fsdecode(told.stdout) == word

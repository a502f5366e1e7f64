"""The command line: quick where it can be, one line where it fails."""

import gc
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import keras_mpl
from keras_mpl import cli
from keras_mpl import recipes
from keras_mpl.commands import shared
from keras_mpl.recipes import PAPER
from keras_mpl.recipes import RECIPES


def _main(capsys, *words):
    code = cli.main(words)
    out, err = capsys.readouterr()
    return code, out, err


def test_help_takes_under_a_second():
    seconds = []
    for _ in range(3):  # the best of three: others use the machine, too
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "keras_mpl", "--help"],
            capture_output=True,
            text=True,
            check=True,
        )
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 1
    assert all(name in done.stdout for name in cli.COMMANDS)


def test_list_and_show_load_no_tensorflow():
    code = (
        "import sys\n"
        "from keras_mpl.cli import main\n"
        "assert main(['list']) == main(['show', 'digits_20']) == 0\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_reader_that_stops_early_is_no_error():
    command = [sys.executable, "-m", "keras_mpl", "list"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_list_names_every_recipe_with_what_to_expect(capsys):
    code, out, _ = _main(capsys, "list", "--all")
    assert code == 0
    for recipe in RECIPES.values():
        assert recipe.name in out
        assert f"({recipe.method.name})" in out
        assert recipe.summary in out
        assert recipe.expected in out


def test_list_names_the_papers_recipes_and_leaves_it_at_that(capsys):
    code, out, _ = _main(capsys, "list")
    assert code == 0
    lines = out.splitlines()
    for name, recipe in RECIPES.items():
        assert (f"    {name}" in lines) == (name in PAPER)
        assert (f"{name}  ({recipe.method.name})" in lines) == (
            name not in PAPER
        )


def test_show_says_where_every_setting_of_the_paper_is_from(capsys):
    _, out, _ = _main(capsys, "show", "cifar10_4k_mpl_paper")
    origins = out.partition("has its settings from:\n")[2]
    assert "App. C.4" in origins
    for line in out.splitlines():
        if line.startswith("  "):
            key = line.strip().partition("=")[0]
            assert re.search(rf"[ ,]{re.escape(key)}(,|$)", origins, re.M), key


def test_show_prints_settings_that_set_takes_back(capsys):
    code, out, _ = _main(
        capsys,
        *("show", "digits_20", "--set", "student.peak_lr=0.5"),
        *("--set", "data.dir=/Some/Dir"),
    )
    assert code == 0
    assert "  student.peak_lr=0.5\n" in out
    lines = [line.strip() for line in out.splitlines() if line[0] == " "]
    words = [word for line in lines for word in ("--set", line)]
    assert _main(capsys, "show", "digits_20", *words) == (0, out, "")


def test_show_says_what_was_changed_and_that_no_result_is_expected_of_it(
    capsys,
):
    words = ("--set", "data=cifar100", "--set", "data.num_labeled=10000")
    _, out, _ = _main(capsys, "show", "digits_20", *words)
    assert "changed: data.dataset=cifar100, data.num_labeled=10000\n" in out
    assert "expected, without the changes: 93.8 %" in out
    _, out, _ = _main(capsys, "show", "digits_20")
    assert "\nexpected: 93.8 %" in out
    assert "chang" not in out


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help(capsys, name):
    code, out, err = _main(capsys, name, "--help")
    assert (code, err) == (0, "")
    assert f"keras-mpl {name}" in out
    assert "--help" in out


def test_models_lists_networks_with_their_sizes(capsys):
    code, out, err = _main(capsys, "models", "--match", "wrn_28_2")
    assert (code, err) == (0, "")
    assert "1,467,610" in out
    assert "efficientnet" not in out
    code, out, err = _main(capsys, "models", "--match", "vgg")
    assert (code, out) == (2, "")
    assert "`match` must be part of one of wrn_10_1" in err


def test_version(capsys):
    code, out, _ = _main(capsys, "--version")
    assert (code, out) == (0, f"keras-mpl {keras_mpl.__version__}\n")


def test_a_process_of_its_own_ends_without_a_last_search_for_garbage(
    monkeypatch, capsys
):
    at_the_end = []
    monkeypatch.setattr("atexit.register", at_the_end.append)
    _main(capsys, "--version")
    assert at_the_end == []  # the program that called goes on
    monkeypatch.setattr(sys, "argv", ["keras-mpl", "--version"])
    assert cli.main() == 0
    assert at_the_end == [gc.freeze]


def test_no_command_prints_help_and_fails(capsys):
    code, out, err = _main(capsys)
    assert (code, out) == (2, "")
    assert "usage" in err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("rum digits_20", "Did you mean 'run'? Received: 'rum'"),
        (
            "run digits_20 --sed 3",
            "--output, --seed, --strategy, --deterministic, --budget, "
            "--config, --callback, --set",
        ),
        ("run digits_20 --seed x", "--seed=x"),
        ("run digits_20 --seed -1", "-1"),
        ("run digits_20 --set a=1", "train_steps"),
        ("run digits_20 --set train_steps=x", "a whole number"),
        ("run digits_21", "must be one of: digits_20"),
        ("run", "either RECIPE or `--config` must be given. Received: none"),
        ("run digits_20 --config a.json", "must be given. Received: both"),
        ("run --config setup.cfg", "Received: setup.cfg (`text` must be JSON"),
        ("run --config no/such.json", "be a file with a recipe, as"),
        ("run --config no/such.json", "no/such.json (No such file"),
        ("run --config keras_mpl", "Received: keras_mpl (Is a directory)"),
        ("run digits_20 two", "run [RECIPE]"),
        ("list me", "Received: me"),
        ("show", "show RECIPE"),
        ("predict runs/1", "predict RUN IMAGES..."),
        ("evaluate no/such/run", "Received: no/such/run"),
        ("predict no/such/run a.png", "Received: no/such/run"),
        ("verify --teacher no.keras", "must both be given"),
        ("verify --teacher no.keras --student no.keras", "no.keras"),
    ],
)
def test_error_is_one_line_and_exit_code_2(capsys, words, expected):
    code, out, err = _main(capsys, *words.split())
    assert (code, out) == (2, "")
    assert err.startswith("keras-mpl: error: ")
    assert err.count("\n") == 1
    assert expected in err


def test_another_backend_is_one_line(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "keras_mpl", "run", "digits_20"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={
            **os.environ,
            "KERAS_BACKEND": "jax",
            "PYTHONPATH": str(Path(keras_mpl.__file__).parents[1]),
        },
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("keras-mpl: error: keras_mpl needs Keras")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_run_hands_over_what_the_flags_say(monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(
        keras_mpl.runner, "run", lambda *args, **kwargs: calls.append(kwargs)
    )
    words = "run digits_20 --seed=3 --set model.dropout=0.1 --output here "
    words += "--strategy mirrored --set batch_size=10 --deterministic "
    words += "--callback keras.callbacks:History --callback a:B={}"
    assert cli.main(words.split()) == 0
    assert calls == [
        {
            "output": "here",
            "seed": 3,
            "overrides": ["model.dropout=0.1", "batch_size=10"],
            "strategy": "mirrored",
            "budget": None,
            "callbacks": ["keras.callbacks:History", "a:B={}"],
            "deterministic": True,
            "is_complete": False,
        }
    ]


@pytest.mark.parametrize(
    "items",
    [
        *([], ["student.peak_lr=0.5", "data.dir=/Some/Dir", "baselines="]),
        *(["method=uda"], ["method.class_weights=1,2,3"]),
    ],
    ids=str,
)
def test_a_run_of_the_json_that_show_prints_is_the_same(
    monkeypatch, capsys, tmp_path, items
):
    calls = []
    monkeypatch.setattr(
        keras_mpl.runner, "run", lambda recipe, **_: calls.append(recipe)
    )
    words = [word for item in items for word in ("--set", item)]
    code, out, err = _main(capsys, "show", "digits_20", *words, "--json")
    assert (code, err) == (0, "")
    file = tmp_path / "recipe.json"
    file.write_text(out)
    assert _main(capsys, "run", "--config", str(file)) == (0, "", "")
    [recipe] = calls
    start = recipes.find("digits_20")
    assert recipe == recipes.override(start, items)
    assert recipes.known(recipe) == start
    assert recipes.resolve(
        start, recipes.changes(recipe, start)
    ) == recipes.resolve(start, items)


@pytest.mark.parametrize("name", RECIPES)
def test_the_json_of_every_recipe_is_read_again(capsys, tmp_path, name):
    file = tmp_path / "recipe.json"
    file.write_text(_main(capsys, "show", name, "--json")[1])
    assert shared.read(str(file)) == RECIPES[name]


@pytest.mark.parametrize(
    ("flag", "expected"),
    [("", None), ("--deterministic", True), ("--nodeterministic", False)],
)
def test_resume_goes_on_as_before_unless_a_flag_says_otherwise(
    monkeypatch, flag, expected
):
    calls = []
    monkeypatch.setattr(
        keras_mpl.runner, "resume", lambda run, **kwargs: calls.append(kwargs)
    )
    assert cli.main(f"resume here {flag}".split()) == 0
    [given] = calls
    assert given["strategy"] is None
    assert given["deterministic"] is expected


def test_an_old_key_works_and_is_said_in_one_line(capsys):
    words = ("--set", "feedback_weight=0.5", "--set", "num_labeled=50")
    code, out, err = _main(capsys, "show", "digits_20", *words)
    assert code == 0
    assert "  method.feedback_weight=0.5\n" in out
    assert "  data.num_labeled=50\n" in out
    first, second = err.splitlines()
    assert first.startswith("keras-mpl: `--set feedback_weight=` is now ")
    assert "`--set method.feedback_weight=`" in first
    assert "data.num_labeled" in second
    assert _main(capsys, "show", "digits_20", "--set", "model=x")[2] == ""


def test_show_prints_what_counts_for_the_method(capsys):
    _, out, _ = _main(capsys, "show", "digits_20_uda")
    lines = [line.strip() for line in out.splitlines() if line[0] == " "]
    keys = [line.partition("=")[0] for line in lines]
    assert "method.temperature" in keys
    assert not [k for k in keys if "feedback" in k or "teacher" in k]
    assert "data.labeled" not in keys
    assert "at their defaults: " in out.splitlines()[-1]
    assert "data.labeled" in out.splitlines()[-1]


@pytest.mark.parametrize(("passed", "code"), [(True, 0), (False, 1)])
def test_verify_says_by_its_exit_code_whether_it_passed(
    monkeypatch, capsys, passed, code
):
    class Found:
        def __str__(self):
            return "the table"

    Found.passed = passed
    monkeypatch.setattr(keras_mpl.runner, "verify", lambda *_, **__: Found())
    assert _main(capsys, "verify") == (code, "the table\n", "")

"""The table of bad inputs: each gets one line and exit code 2, no traceback.

The rows are the command line and the files of a run folder. Nothing is written
outside the run folder, no folder is left, and no command hangs.
"""

import json
import os
import zipfile

import keras
import pytest
from PIL import Image

from keras_mpl import cli
from tests.runner import forged

LONG = "(" * 30_000
SETTINGS = {
    "no equals sign": ("train_steps", "must be key=value"),
    "unknown key": ("colour=red", "`--set` key must be one of"),
    "key with an escape code": ("\x1b[31m=1", "`--set` key must be one of"),
    "a key of 30,000 characters": (f"{LONG}=1", "`--set` key must be one of"),
    "a value of 30,000 brackets": (f"model.dropout={LONG}", "a finite number"),
    "a program": ("train_steps=__import__('os').getpid()", "a whole number"),
    "a float for a number": ("train_steps=1.5", "a whole number"),
    "no number": ("train_steps=", "a whole number"),
    "infinity": ("student.peak_lr=inf", "a finite number"),
    "NaN": ("student.peak_lr=nan", "a finite number"),
    "too many digits": ("train_steps=" + "9" * 30_000, "must be"),
    "a number over 2**63": (f"batch_size={2**63}", "at most"),
    "zero": ("batch_size=0", "at least 1"),
    "negative": ("train_steps=-4", "at least 1"),
    "over 1": ("model.dropout=1.5", "from 0 to 1"),
    "no choice": ("method.feedback=loud", "must be one of"),
    "unknown method": ("method=mixmatch", "must be one of"),
    "unknown precision": ("model.precision=int8", "must be one of"),
    "one baseline twice": (
        "baselines=digits_20_none,digits_20_none",
        "must be different recipes",
    ),
    "itself as baseline": ("baselines=digits_20", "and not this one"),
    "a setting of another method": ("method.annealing=x", "method=mpl"),
    "steps that do not divide": ("eval_every_steps=7", "multiple of"),
}
RUN_ONLY = {
    "unknown baseline": ("baselines=../../victim", "must be one of"),
    "unknown network": ("model=wrn_1", "must be one of"),
    "unknown data": ("data=digit", "must be one of"),
    "unknown view": ("views.weak=\x1b[2J", "must be one of"),
    "a selection that is not there": ("data.selection=no.json", "no.json"),
    "a selection that is a folder": ("data.selection=.", "data.selection"),
    "more labels than there are": ("data.num_labeled=20000", "num_labeled"),
}
COMMANDS = {
    "unknown command": ("rum digits_20", "Did you mean 'run'"),
    "command with an escape code": ("\x1b[31m digits_20", "must be one of"),
    "unknown recipe": ("run digits_21", "must be one of"),
    "a recipe that is a path": ("run ../../victim", "must be one of"),
    "no recipe": ("run", "either RECIPE or `--config`"),
    "too many words": ("show a b", "show RECIPE"),
    "unknown flag": ("run digits_20 --sed 3", "--seed"),
    "negative seed": ("run digits_20 --seed -1", "-1"),
    "seed over 2**32": ("data digits_20 --seed 4294967296", "4294967296"),
    "seed that is no number": ("preview digits_20 --seed x", "--seed=x"),
    "unknown strategy": ("run digits_20 --strategy cluster", "strategy"),
    "preview without an ending": ("preview digits_20 --output {}/a", "end in"),
    "preview of another kind": ("preview digits_20 --output {}/a.exe", "end"),
    "preview into no folder": ("preview digits_20 --output {}/b/a.png", "fold"),
    "preview onto a folder": ("preview digits_20 --output {}", "end in"),
    "run into a file": ("run digits_20 --output {}/file", "can be written"),
    "run below a file": ("run digits_20 --output {}/file/a", "can be written"),
    "run into what is not empty": ("run digits_20 --output {}", "new or empty"),
    "no run to resume": ("resume {}/none", "config.json"),
    "a file to resume": ("resume {}/file", "config.json"),
    "no run to evaluate": ("evaluate {}/none", "config.json"),
    "no run to predict": ("predict {}/none {}/file", "student.keras"),
    "no run to precompute": ("precompute {}/none", "config.json"),
    "no run to select": ("select {}/none --per_class 1", "config.json"),
    "no per_class": ("select {}/none", "must be given"),
    "per_class of 0": ("select {}/none --per_class 0", "per_class"),
    "a shard of no examples": ("precompute {}/none --shard_size 0", "shard"),
    "one network to verify": ("verify --teacher a.keras", "both be given"),
    "no networks to verify": (
        "verify --teacher {}/a.keras --student {}/b.keras",
        "no such file",
    ),
    "text to verify": ("verify --teacher {}/file --student {}/file", "file"),
    "a folder to verify": ("verify --teacher {} --student {}", "no file"),
    "a pipe to verify": ("verify --teacher {}/p --student {}/p", "no file"),
    "no such network to list": ("models --match vgg", "`match` must be"),
}
BYTES = {
    "list": b"[]",
    "null": b"null",
    "object": b"{}",
    "number": b"5",
    "nothing": b"",
    "half": b'{"recipe": ',
    "deep": b"[" * 100_000,
    "no UTF-8": b"\xff\xfe",
    "NaN": b'{"recipe": NaN}',
}
READERS = ("resume", "evaluate", "precompute", "select", "predict")
CHANGES = {
    "no recipe": {"recipe": None},
    "a recipe of text": {"recipe": "digits_20"},
    "a recipe that is empty": {"recipe": {}},
    "seed of text": {"seed": "0"},
    "seed of 0.5": {"seed": 0.5},
    "negative seed": {"seed": -1},
    "split of text": {"split": "x"},
    "another split": {"split": {"name": "x", "fingerprint": "y"}},
}
NAMES = ("../../victim", "/victim", "..", "", "a/b", "a\nb", "\x1b[31m", 5)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = forged.write(tmp_path_factory.mktemp("forged") / "run")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def run(whole, tmp_path, monkeypatch):
    """A finished run in a folder of its own, beside somebody's files."""
    folder = tmp_path / "deep" / "runs" / "run"
    folder.mkdir(parents=True)
    for name, content in whole.items():
        (folder / name).write_bytes(content)
    victim = tmp_path / "deep" / "victim"
    victim.mkdir()
    for name in ("a.zip", "b.zip", "c.zip", "x.partial", "000000001.zip"):
        (victim / name).write_text("precious")
    monkeypatch.chdir(tmp_path)
    return folder


def state(folder):
    return {
        path: path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def refused(capsys, *words):
    """Calls the command line and returns its one line."""
    assert cli.main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("keras-mpl: error: ")
    assert err.count("\n") == 1
    assert err[:-1].isprintable()
    assert len(err) < 3000
    return err


def call(capsys, command, run):
    """Calls a command on a run folder that it must refuse."""
    more = {"select": ["--per_class", "1"], "predict": [str(picture(run))]}
    if command == "resume":
        (run / "result.json").unlink(missing_ok=True)
    before = state(run.parents[1])
    line = refused(capsys, command, str(run), *more.get(command, ()))
    after = state(run.parents[1])
    for name in ("checkpoints", "checkpoints/lock"):  # of a resume that looked
        after.pop(run / name, None)
        before.pop(run / name, None)
    assert after == before
    return line


def picture(run):
    path = run.parents[2] / "picture.png"
    Image.new("L", (8, 8)).save(path)
    return path


@pytest.mark.parametrize("row", SETTINGS)
@pytest.mark.parametrize("command", ["show", "run", "data"])
def test_a_setting(capsys, tmp_path, monkeypatch, command, row):
    monkeypatch.chdir(tmp_path)
    item, expected = SETTINGS[row]
    assert expected in refused(capsys, command, "digits_20", "--set", item)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("row", RUN_ONLY)
def test_a_setting_that_names_what_is_not_there(
    capsys, tmp_path, monkeypatch, row
):
    monkeypatch.chdir(tmp_path)
    item, expected = RUN_ONLY[row]
    words = ["run", "digits_20", "--set", "baselines=", "--set", item]
    assert expected in refused(capsys, *words)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("row", COMMANDS)
def test_a_command(capsys, tmp_path, monkeypatch, row):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("no picture")
    os.mkfifo(tmp_path / "p")
    before = {path.name for path in tmp_path.iterdir()}
    words, expected = COMMANDS[row]
    words = words.replace("{}", str(tmp_path)).split()
    if words[0] == "run" and len(words) > 1:
        words += ["--set", "model=mlp_64_64", "--set", "baselines="]
    assert expected in refused(capsys, *words)
    assert {path.name for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("row", BYTES)
@pytest.mark.parametrize("command", READERS)
def test_a_config_of_any_bytes(capsys, run, command, row):
    (run / "config.json").write_bytes(BYTES[row])
    assert str(run / "config.json") in call(capsys, command, run)


@pytest.mark.parametrize("kind", ["folder", "pipe"])
@pytest.mark.parametrize("command", READERS)
def test_a_config_that_is_no_file(capsys, run, command, kind):
    (run / "config.json").unlink()
    make = {"folder": os.mkdir, "pipe": os.mkfifo}[kind]
    make(run / "config.json")
    assert str(run / "config.json") in call(capsys, command, run)


@pytest.mark.parametrize("row", CHANGES)
@pytest.mark.parametrize("command", ["resume", "evaluate"])
def test_a_config_of_wrong_types(capsys, run, command, row):
    config = json.loads((run / "config.json").read_text()) | CHANGES[row]
    (run / "config.json").write_text(json.dumps(config))
    call(capsys, command, run)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("command", READERS)
def test_a_recipe_whose_name_leads_elsewhere(capsys, run, command, name):
    config = json.loads((run / "config.json").read_text())
    config["recipe"]["name"] = name
    (run / "config.json").write_text(json.dumps(config))
    assert "`name` must be" in call(capsys, command, run)


@pytest.mark.parametrize("name", NAMES)
def test_a_baseline_whose_name_leads_elsewhere(capsys, run, name):
    config = json.loads((run / "config.json").read_text())
    config["baselines"] = [config["recipe"] | {"name": name}]
    config["recipe"]["baselines"] = [name]
    (run / "config.json").write_text(json.dumps(config))
    call(capsys, "resume", run)


@pytest.mark.parametrize("names", [["digits_20"], ["b", "b"], ["b"]])
def test_baselines_that_share_a_folder_or_are_not_named(capsys, run, names):
    config = json.loads((run / "config.json").read_text())
    config["baselines"] = [config["recipe"] | {"name": n} for n in names]
    (run / "config.json").write_text(json.dumps(config))
    assert "baselines of its recipe" in call(capsys, "resume", run)


@pytest.mark.parametrize("row", BYTES)
def test_a_result_of_any_bytes(capsys, run, row):
    (run / "result.json").write_bytes(BYTES[row])
    assert str(run / "result.json") in call(capsys, "evaluate", run)


@pytest.mark.parametrize("rows", [[], {}, [5], [{}], [{"test_accuracy": "x"}]])
def test_a_result_without_rows(capsys, run, rows):
    (run / "result.json").write_text(json.dumps(forged.RESULT | {"rows": rows}))
    assert str(run / "result.json") in call(capsys, "evaluate", run)


@pytest.mark.parametrize("row", sorted({*BYTES} - {"nothing"}))
def test_records_of_any_bytes(capsys, run, row):
    (run / "metrics.jsonl").write_bytes(BYTES[row] + b"\n")
    assert str(run / "metrics.jsonl") in call(capsys, "resume", run)


@pytest.mark.parametrize("row", sorted({*BYTES} - {"nothing"}))
def test_predictions_of_any_bytes_are_no_missing_ones(capsys, run, row):
    (run / "predictions").mkdir()
    path = run / "predictions" / "digits_20.npz"
    path.write_bytes(BYTES[row])
    assert str(path) in call(capsys, "report", run)


@pytest.mark.parametrize("names", ["a\n", "\n" * 11, "[]\n"])
def test_names_of_fewer_or_more_classes(capsys, run, names):
    (run / "labels.txt").write_text(names)
    assert "the names of its 10 classes" in call(capsys, "predict", run)


LINKS = ("checkpoints", "metrics.jsonl", "report.md", "tensorboard")


@pytest.mark.parametrize("name", [*LINKS, "checkpoints/digits_20-0"])
def test_a_link_in_a_run_folder(capsys, run, name):
    (run / name).parent.mkdir(exist_ok=True)
    (run / name).unlink(missing_ok=True)
    (run / name).symlink_to(run.parents[1] / "victim")
    for command in ("resume", "precompute", "select"):
        assert "files and folders alone" in call(capsys, command, run)


def test_a_pipe_and_a_file_in_the_place_of_the_checkpoints(capsys, run):
    os.mkfifo(run / "pipe")
    assert "files and folders alone" in call(capsys, "resume", run)
    (run / "pipe").unlink()
    (run / "checkpoints").write_text("")
    assert "must have a folder `checkpoints`" in call(capsys, "resume", run)


def turned(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def with_code(path):
    harm = lambda x: (__import__("os").system("touch harmed"), x)[1]
    inputs = keras.Input((8, 8, 1))
    keras.Sequential([inputs, keras.layers.Lambda(harm)]).save(path)
    if os.path.exists("harmed"):  # by the model that was just made
        os.remove("harmed")


def of_points(path):
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)]).save(path)


def of_no_config(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other.txt", "x")


def as_folder(path):
    path.unlink()
    path.mkdir()


STUDENTS = {
    "half": lambda path: path.write_bytes(path.read_bytes()[:500]),
    "a byte turned": turned,
    "no zip": lambda path: path.write_bytes(b"no zip"),
    "nothing": lambda path: path.write_bytes(b""),
    "another zip": of_no_config,
    "code": with_code,
    "not there": lambda path: path.unlink(),
    "a folder": as_folder,
}


@pytest.mark.parametrize("row", STUDENTS)
@pytest.mark.parametrize("command", ["evaluate", "predict", "precompute"])
def test_a_student_that_is_no_network(capsys, run, command, row):
    STUDENTS[row](run / "student.keras")
    line = call(capsys, command, run)
    assert str(run) in line
    assert "student.keras" in line
    assert not os.path.exists("harmed")


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_a_student_of_other_inputs(capsys, run, command):
    of_points(run / "student.keras")
    assert str(run) in call(capsys, command, run)


def bomb(path):
    """A picture of 900 million pixels, in a file of 110 kB."""
    Image.MAX_IMAGE_PIXELS, limit = None, Image.MAX_IMAGE_PIXELS
    Image.new("1", (30_000, 30_000)).save(path)
    Image.MAX_IMAGE_PIXELS = limit


PICTURES = {
    "a pipe": os.mkfifo,
    "a folder": os.mkdir,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a link to itself": lambda path: path.symlink_to(path),
    "nothing": lambda path: None,
    "an empty file": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("no picture"),
    "a bomb": bomb,
}


@pytest.mark.parametrize("row", PICTURES)
def test_a_picture_that_is_none(capsys, run, tmp_path, row):
    path = tmp_path / "pic\n\x1b[31m.png"
    PICTURES[row](path)
    line = refused(capsys, "predict", str(run), str(path))
    assert "pic\\n\\x1b[31m.png" in line
    good = picture(run)
    assert cli.main(["predict", str(run), str(path), str(good)]) == 1
    out, err = capsys.readouterr()
    assert out.startswith(f"{good}  class ")
    assert (out.count("\n"), err.count("\n")) == (1, 1)
    assert "pic\\n\\x1b[31m.png" in err

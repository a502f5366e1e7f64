"""A run that can not go on says where it stands and how to go on."""

import errno
import itertools
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from keras_mpl import cli
from keras_mpl import models
from keras_mpl import report
from keras_mpl import runner
from keras_mpl.runner.execution import endings
from keras_mpl.runner.execution import fitting
from tests.marks import slow_but
from tests.runner.execution.places import PLACES
from tests.runner.execution.places import SETTINGS
from tests.runner.execution.places import command


def full(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


def read_only(*_, **__):
    raise OSError(errno.EROFS, "Read-only file system", "somewhere")


def interrupted(*_, **__):
    raise KeyboardInterrupt


# How to let it fail.
FAULTS = {
    "full disk": (full, 2, "No space left on device"),
    "read-only folder": (read_only, 2, "Read-only file system"),
    "Ctrl-C": (interrupted, 130, "interrupted"),
}


QUICK = {("a record", "Ctrl-C")}


def rows(pairs, quick):
    """Marks all rows slow but a few, as each trains a run."""
    return [
        pytest.param(*row, marks=[] if row in quick else pytest.mark.slow)
        for row in pairs
    ]


@pytest.mark.parametrize(
    ("place", "fault"), rows(itertools.product(PLACES, FAULTS), QUICK)
)
def test_a_run_that_stops_names_the_command_that_goes_on(
    tmp_path, monkeypatch, capsys, place, fault
):
    folder = tmp_path / "a run"
    fail, code, words = FAULTS[fault]
    with monkeypatch.context() as patch:
        patch.setattr(*PLACES[place], fail)
        assert command(folder) == code
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert words in err
    assert f"`keras-mpl resume '{folder}'` goes on" in err
    assert not (folder / "result.json").exists()
    assert not [*folder.rglob("*.partial"), *folder.rglob("snapshot-*")]
    assert cli.main(["resume", str(folder)]) == 0
    steps = [line["step"] for line in report.read_records(folder)]
    assert steps == [2, 4]
    assert runner.evaluate(folder).recorded >= 0


@pytest.mark.parametrize(
    "place", rows(zip(PLACES, strict=True), {("a snapshot",)})
)
def test_a_removed_run_folder_is_not_made_anew(
    tmp_path, monkeypatch, capsys, place
):
    folder = tmp_path / "run"
    owner, name = PLACES[place]
    real = getattr(owner, name)

    def remove(*arguments, **options):
        shutil.rmtree(folder, ignore_errors=True)
        return real(*arguments, **options)

    monkeypatch.setattr(owner, name, remove)
    assert command(folder) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert f"{folder}, which was removed or emptied" in err
    assert not folder.exists()


@pytest.mark.parametrize("is_there", [False, True])
def test_what_is_refused_before_training_leaves_nothing(
    tmp_path, monkeypatch, capsys, is_there
):
    folder = tmp_path / "run"
    if is_there:
        folder.mkdir()

    def refuse(*_, **__):
        raise ValueError("`x` must be y. Received: z")

    monkeypatch.setattr(fitting, "train", refuse)
    assert command(folder) == 2
    assert capsys.readouterr().err.endswith("`x` must be y. Received: z\n")
    assert folder.exists() == is_there
    assert not is_there or not [*folder.iterdir()]


@pytest.mark.slow
def test_a_refusal_after_an_evaluation_keeps_what_was_trained(
    tmp_path, monkeypatch
):
    folder = tmp_path / "run"

    def refuse(*_, **__):
        raise ValueError("late")

    with monkeypatch.context() as patch:
        patch.setattr(fitting, "finish", refuse)
        assert command(folder) == 2
    assert cli.main(["resume", str(folder)]) == 0


ERRORS = [
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EIO,
    errno.ESTALE,
]


@pytest.mark.parametrize("code", ERRORS, ids=errno.errorcode.get)
def test_the_first_file_that_can_not_be_written_is_named_with_the_reason(
    tmp_path, monkeypatch, code
):
    def fail(_):
        raise OSError(code, os.strerror(code))

    folder = tmp_path / "run"
    folder.mkdir()
    monkeypatch.setattr(os, "fsync", fail)
    with (
        pytest.raises(OSError, match=os.strerror(code)) as found,
        endings.cleared_if_refused(folder, is_new=True),
        endings.explained(folder),
    ):
        report.write_json(folder / "config.json", {})
    assert str(folder / "config.json") in str(found.value)
    assert "goes on" not in str(found.value)  # there is nothing to go on with
    assert not folder.exists()


@pytest.mark.parametrize("code", ERRORS, ids=errno.errorcode.get)
def test_a_run_that_has_begun_keeps_the_reason_without_its_lock(tmp_path, code):
    (tmp_path / "config.json").write_text("{}")
    with (
        pytest.raises(OSError, match=os.strerror(code)) as found,
        endings.cleared_if_refused(tmp_path, is_new=True),
        endings.explained(tmp_path),
    ):
        raise OSError(code, os.strerror(code))
    assert str(found.value).endswith(f"keras-mpl resume {tmp_path}` goes on")
    assert (tmp_path / "config.json").exists()


def test_a_disk_that_is_full_at_the_start_is_one_line(
    tmp_path, monkeypatch, capsys
):
    folder = tmp_path / "run"
    monkeypatch.setattr(os, "fsync", full)
    assert command(folder) == 2
    assert capsys.readouterr().err == (
        "keras-mpl: error: [Errno 28] No space left on device: "
        f"'{folder / 'config.json'}'\n"
    )
    assert not folder.exists()


def test_foreign_files_survive_a_refusal(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")

    @endings.cleared_if_refused(tmp_path, is_new=True)
    def begin():
        (tmp_path / "config.json").write_text("{}")
        raise ValueError("late")

    with pytest.raises(ValueError, match="late"):
        begin()
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    "missing", slow_but(("metrics.jsonl",), ("metrics.jsonl", "its lines"))
)
def test_lost_records_of_a_finished_stage_are_said_before_training(
    tmp_path, monkeypatch, capsys, missing
):
    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(models, "export", full)
        command(folder)
    if missing == "its lines":
        (folder / "metrics.jsonl").write_text("")
    else:
        (folder / "metrics.jsonl").unlink()
    capsys.readouterr()
    assert cli.main(["resume", str(folder)]) == 2
    err = capsys.readouterr().err
    assert "without those of digits_20, train" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("kind", ["pickle", "nothing", "a foreign array"])
def test_stored_probabilities_that_are_none_are_refused_without_a_folder(
    tmp_path, capsys, kind
):
    stored = tmp_path / "stored"
    stored.mkdir()
    if kind != "nothing":
        sizes = {"num_examples": 1797, "num_classes": 10, "shard_size": 5000}
        (stored / "index.json").write_text(json.dumps(sizes | {"source": "x"}))
        values = {"pickle": np.array([Trap()])}.get(kind, np.zeros(3))
        np.save(stored / "probs-00000.npy", values, allow_pickle=True)
    folder = tmp_path / "run"
    words = [word for item in SETTINGS for word in ("--set", item)]
    words += ["--set", "stages.use_reduced_teacher=true"]
    words += ["--set", f"data.stored_probs={stored}"]
    assert cli.main(["run", "digits_20", "--output", str(folder), *words]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert str(stored) in err
    assert not folder.exists()
    assert not Trap.place.exists()


class Trap:
    """What a pickle would do if it were read."""

    place = Path(os.devnull).parent / "shm" / "keras_mpl_trap"

    def __reduce__(self):
        return (Path.touch, (self.place,))

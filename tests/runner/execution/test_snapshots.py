"""A snapshot holds all that a step changes, and only a few are kept."""

import errno
import os
import zipfile

import keras
import numpy as np
import pytest

from keras_mpl import trainers
from keras_mpl.runner.execution import snapshots
from tests import helpers


def test_a_bounded_number_is_kept(tmp_path):
    model = tiny()
    for step in range(5):
        model.step.assign(step)
        snapshots.write(tmp_path, model, {})
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["000000003.zip", "000000004.zip"]


def test_weights_that_were_put_back_are_what_goes_on(tmp_path):
    model = tiny()
    for step in (3, 6, 9, 3):
        model.step.assign(step)
        snapshots.write(tmp_path, model, {})
    assert snapshots.latest(tmp_path).step == 3


def tiny(feedback="hard_batch"):
    return helpers.mpl(
        helpers.tiny_net(seed=1),
        helpers.tiny_net(seed=5),
        ema_decay=0.9,
        student_optimizer=keras.optimizers.SGD(0.1, momentum=0.9),
        feedback=feedback,
    )


def test_a_snapshot_holds_all_that_a_step_changes(tmp_path):
    model, other = tiny(), tiny()
    batches = helpers.repeated(helpers.fake_batch(), 3)
    model.fit(batches, verbose=0)
    snapshots.write(tmp_path, model, {"kept": 1})
    found = snapshots.latest(tmp_path)
    assert (found.step, found.extra) == (3, {"kept": 1})
    snapshots.restore(other, found)
    for ours, theirs in zip(
        snapshots.variables(other), snapshots.variables(model), strict=True
    ):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    assert float(other.feedback.baseline.value) != 0
    for one in (model, other):
        one.fit(batches, verbose=0)
    for ours, theirs in zip(other.weights, model.weights, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_a_snapshot_of_another_model_is_refused(tmp_path):
    snapshots.write(tmp_path, tiny(), {})
    other = trainers.Supervised(helpers.tiny_net(seed=1))
    other.compile()
    with pytest.raises(ValueError, match="have other shapes"):
        snapshots.restore(other, snapshots.latest(tmp_path))


def two_snapshots(folder):
    """An older whole snapshot, and a newer one to spoil."""
    model = tiny()
    for step in (3, 6):
        model.step.assign(step)
        snapshots.write(folder, model, {"seconds": 1.5})
    return folder / "000000006.zip"


def members_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def changed(name, content):
    def spoil(path):
        members = members_of(path)
        members[name] = content
        with zipfile.ZipFile(path, "w") as archive:
            for member, kept in members.items():
                if kept is not None:
                    archive.writestr(member, kept)

    return spoil


SPOILS = {
    "a garbage tensor": changed("00000.float32", b"garbage"),
    "an empty tensor": changed("00000.float32", b""),
    "a missing tensor": changed("00001.float32", None),
    "an unknown kind": changed("99999.txt", b"x"),
    "no kind": changed("README", b"x"),
    "a tensor too many": changed("99999.float32", b"x"),
    "no record": changed("extra.json", None),
    "a record that is a list": changed("extra.json", b"[]"),
    "a record that is deep": changed("extra.json", b"[" * 100_000),
    "a record of no JSON": changed("extra.json", b"\xff"),
    "another step": changed("extra.json", b'{"step": 5, "seconds": 1}'),
    "a step of text": changed("extra.json", b'{"step": "6", "seconds": 1}'),
    "seconds of text": changed("extra.json", b'{"step": 6, "seconds": "x"}'),
    "odd answers": changed("extra.json", b'{"step": 6, "answers": [1]}'),
    "no answers": changed("extra.json", b'{"step": 6, "answers": {"": "x"}}'),
    "no bytes": lambda path: path.write_bytes(b""),
    "no zip": lambda path: path.write_bytes(bytes(1000)),
    "half": lambda path: path.write_bytes(path.read_bytes()[:-300]),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS)
def test_what_is_no_snapshot_is_passed_over_for_the_older_one(tmp_path, spoil):
    said = []
    spoil(two_snapshots(tmp_path))
    found = snapshots.latest(tmp_path, said.append)
    assert (found.step, found.extra) == (3, {"seconds": 1.5})
    [line] = said
    assert line.startswith(f"passed over {tmp_path / '000000006.zip'}: ")
    assert "\n" not in line


def test_a_snapshot_removes_no_file_but_its_own(tmp_path):
    foreign = ("a.zip", "zzz.zip", "a.partial", "1.zip", "notes.txt")
    for name in foreign:
        (tmp_path / name).write_text("precious")
    (tmp_path / "snapshot-torn").write_text("")
    two_snapshots(tmp_path)
    two_snapshots(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {*foreign, "000000003.zip", "000000006.zip"}


def test_a_full_disk_keeps_the_older_snapshots_and_no_torn_one(
    tmp_path, monkeypatch
):
    two_snapshots(tmp_path)
    model, before = tiny(), members_of(tmp_path / "000000006.zip")
    model.step.assign(9)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space .*000000009\.zip"):
        snapshots.write(tmp_path, model, {})
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"000000003.zip", "000000006.zip"}
    assert members_of(tmp_path / "000000006.zip") == before


def test_a_snapshot_does_not_make_a_removed_run_anew(tmp_path):
    with pytest.raises(FileNotFoundError):
        snapshots.write(tmp_path / "gone" / "a-0", tiny(), {})
    assert not (tmp_path / "gone").exists()

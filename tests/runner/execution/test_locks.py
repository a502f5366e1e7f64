"""One process at a time works on a run folder."""

import os

import pytest

from keras_mpl.runner.execution import locks


def test_a_folder_is_locked_once_and_free_afterwards(tmp_path):
    with locks.locked(tmp_path):
        with (
            pytest.raises(ValueError, match=f"which process {os.getpid()} on"),
            locks.locked(tmp_path),
        ):
            pass
    with locks.locked(tmp_path):
        assert (tmp_path / "checkpoints" / "lock").exists()


def test_where_there_are_no_locks_a_run_is_not_kept_from_work(
    tmp_path, monkeypatch
):
    def refuse(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(locks.fcntl, "flock", refuse)
    with locks.locked(tmp_path):
        pass

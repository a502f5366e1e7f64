"""Real faults of a disk, in the middle of a run: it names them and goes on."""

import contextlib
import os
import subprocess

import pytest

from keras_mpl import cli
from keras_mpl import report
from tests.runner.execution.places import PLACES
from tests.runner.execution.places import command

pytestmark = pytest.mark.slow


def mount(*words):
    try:
        done = subprocess.run(["mount", *map(str, words)], capture_output=True)
    except OSError:
        return False
    return done.returncode == 0


@pytest.fixture
def disk(tmp_path):
    """A disk of 8 MB of its own."""
    path = tmp_path / "disk"
    path.mkdir()
    if not mount("-t", "tmpfs", "-o", "size=8m", "tmpfs", path):
        pytest.skip("only root can mount a small disk")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


def fill(disk):
    """Leaves no byte on a disk."""
    with contextlib.suppress(OSError), (disk / "filler").open("wb", 0) as file:
        while True:
            file.write(bytes(4096))


@contextlib.contextmanager
def read_only(folder):
    """Lets nobody make a file in a folder, root neither."""
    folders = [folder, *(p for p in folder.rglob("*") if p.is_dir())]
    is_root = os.geteuid() == 0
    for one in folders:
        if is_root:
            subprocess.run(["chattr", "+i", str(one)], capture_output=True)
        else:
            one.chmod(0o555)
    try:
        yield
    finally:
        for one in folders:
            if is_root:
                subprocess.run(["chattr", "-i", str(one)], capture_output=True)
            else:
                one.chmod(0o755)


def first(place, monkeypatch, fault):
    """Lets a fault happen just before something is first written."""
    owner, name = PLACES[place]
    real = getattr(owner, name)

    def faulty(*arguments, **options):
        fault()
        return real(*arguments, **options)

    monkeypatch.setattr(owner, name, faulty)


def check_line(capsys, folder, words):
    err = capsys.readouterr().err
    line = err.splitlines()[-1]  # TensorFlow may say something before
    assert "Traceback" not in err
    assert line.startswith("keras-mpl: error: ")
    assert words in line
    assert line.endswith(f"`keras-mpl resume {folder}` goes on")
    assert not (folder / "result.json").exists()


def check_resumed(folder):
    assert cli.main(["resume", str(folder)]) == 0
    assert [line["step"] for line in report.read_records(folder)] == [2, 4]


@pytest.mark.parametrize("place", PLACES)
def test_a_disk_that_is_full(disk, monkeypatch, capsys, place):
    folder = disk / "run"
    with monkeypatch.context() as patch:
        first(place, patch, lambda: fill(disk))
        assert command(folder) == 2
    check_line(capsys, folder, "No space left on device")
    (disk / "filler").unlink()
    check_resumed(folder)


@pytest.mark.parametrize("place", PLACES)
def test_a_folder_that_is_made_read_only(tmp_path, monkeypatch, capsys, place):
    folder = tmp_path / "run"
    with contextlib.ExitStack() as stack, monkeypatch.context() as patch:
        first(place, patch, lambda: stack.enter_context(read_only(folder)))
        code = command(folder)
        if code == 0:
            pytest.skip("this file system keeps root from nothing")
        assert code == 2
        check_line(capsys, folder, "ermi")  # permitted, or permission
    check_resumed(folder)

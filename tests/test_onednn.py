"""oneDNN is on by default, and as the user says where they say something."""

import os
import subprocess
import sys
import warnings

import pytest

from keras_mpl import onednn

PRINTED = "import os, keras_mpl; print(os.environ.get('TF_ENABLE_ONEDNN_OPTS'))"


def printed(given):
    environment = {k: v for k, v in os.environ.items() if k != onednn.VARIABLE}
    if given is not None:
        environment[onednn.VARIABLE] = given
    done = subprocess.run(
        [sys.executable, "-c", PRINTED],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def intel(monkeypatch):
    monkeypatch.delenv(onednn.VARIABLE, raising=False)
    monkeypatch.setattr(onednn.platform, "machine", lambda: "x86_64")


@pytest.mark.skipif(
    onednn.platform.machine().lower() not in ("x86_64", "amd64"),
    reason="another processor",
)
@pytest.mark.parametrize(("given", "found"), [(None, "1"), ("0", "0")])
def test_importing_turns_it_on_unless_told_otherwise(given, found):
    assert printed(given) == found


def test_who_imported_tensorflow_first_is_told(intel, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", object())
    monkeypatch.setattr(onednn, "is_on", lambda: False)
    with pytest.warns(UserWarning, match="Import keras_mpl first"):
        onednn.turn_on()


@pytest.mark.parametrize("found", [True, None])
def test_nothing_is_said_where_it_is_on_or_unknown(intel, monkeypatch, found):
    monkeypatch.setitem(sys.modules, "tensorflow", object())
    monkeypatch.setattr(onednn, "is_on", lambda: found)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        onednn.turn_on()


def test_other_processors_are_left_alone(monkeypatch):
    monkeypatch.delenv(onednn.VARIABLE, raising=False)
    monkeypatch.setattr(onednn.platform, "machine", lambda: "arm64")
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    onednn.turn_on()
    assert onednn.VARIABLE not in os.environ

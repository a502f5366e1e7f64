"""Predictions come back as they were written, and from plain arrays alone."""

import re

import numpy as np
import pytest

from keras_mpl import report

LOGITS = np.array([[0.1, 0.2, 0.7], [3.0, -1.0, 0.0]], np.float32)


def _parts(paths=()):
    one = report.Predictions(np.array([2, 0]), LOGITS, paths)
    return {"validation": one, "test": one}


@pytest.mark.parametrize("paths", [(), ("a/Käse.png", "b/\udcff\n.png")])
def test_what_was_written_is_read_back(tmp_path, paths):
    report.write_predictions(tmp_path, "a", _parts(paths))
    found = report.read_predictions(tmp_path, "a")
    assert [*found] == ["validation", "test"]
    for labels, logits, read in found.values():
        assert (labels.dtype, labels.tolist()) == (np.int32, [2, 0])
        np.testing.assert_array_equal(logits, LOGITS)
        assert read == paths
    files = [path.name for path in (tmp_path / "predictions").iterdir()]
    assert files == ["a.npz"]


def test_a_run_without_predictions_says_so(tmp_path):
    with pytest.raises(ValueError, match=r"without predictions/a\.npz"):
        report.read_predictions(tmp_path, "a")


def test_a_name_leads_nowhere_else(tmp_path):
    with pytest.raises(ValueError, match="`recipe` must be printable text"):
        report.write_predictions(tmp_path, "../a", _parts())


def _with(tmp_path, **changed):
    report.write_predictions(tmp_path, "a", _parts())
    path = tmp_path / "predictions" / "a.npz"
    with np.load(path) as stored:
        values = {**stored, **changed}
    np.savez(path, **{k: v for k, v in values.items() if v is not None})
    return path


@pytest.mark.parametrize(
    "changed",
    [
        {"test_labels": None},
        {"test_labels": np.array([1], np.int32)},
        {"test_labels": np.array([2.0, 0.0])},
        {"test_logits": np.array([object(), 1], object)},
        {"test_paths": np.array(["a"])},
        {"test_paths": np.array([1, 2])},
    ],
)
def test_damage_is_refused_by_name(tmp_path, changed):
    path = _with(tmp_path, **changed)
    with pytest.raises(ValueError, match=re.escape(str(path))):
        report.read_predictions(tmp_path, "a")


def test_garbage_is_refused_by_name(tmp_path):
    path = _with(tmp_path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match=re.escape(str(path))):
        report.read_predictions(tmp_path, "a")

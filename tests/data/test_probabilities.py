"""Stored probabilities: sharded, resumed where they ended, read as one."""

import numpy as np
import pytest

from keras_mpl.data import probabilities

PROBS = np.random.default_rng(0).dirichlet(np.ones(3), 10).astype("float32")


def write(folder, **changed):
    asked = []

    def predict(start, stop):
        asked.append((start, stop))
        return changed.get("probs", PROBS)[start:stop]

    settings = {"source": "a", "num_examples": 10, "num_classes": 3}
    settings |= {k: v for k, v in changed.items() if k != "probs"}
    kept = probabilities.write(folder, predict, shard_size=4, **settings)
    return asked, kept


def test_what_is_read_is_what_was_predicted(tmp_path):
    asked, kept = write(tmp_path)
    assert (asked, kept) == ([(0, 4), (4, 8), (8, 10)], 0)
    np.testing.assert_array_equal(probabilities.read(tmp_path), PROBS)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["index.json", *(f"probs-0000{i}.npy" for i in range(3))]


def test_it_goes_on_where_it_was_interrupted(tmp_path):
    def crash(start, stop):
        if start == 8:
            raise KeyboardInterrupt
        return PROBS[start:stop]

    settings = {"source": "a", "num_examples": 10, "num_classes": 3}
    with pytest.raises(KeyboardInterrupt):
        probabilities.write(tmp_path, crash, shard_size=4, **settings)
    with pytest.raises(ValueError, match=r"without probs-00002\.npy"):
        probabilities.read(tmp_path)
    (tmp_path / "probs-00002.part").write_bytes(b"half of it")
    assert write(tmp_path) == ([(8, 10)], 2)
    np.testing.assert_array_equal(probabilities.read(tmp_path), PROBS)


@pytest.mark.parametrize(
    "changed", [{"source": "b"}, {"num_examples": 9}, {"num_classes": 2}]
)
def test_shards_of_something_else_are_refused(tmp_path, changed):
    write(tmp_path)
    with pytest.raises(ValueError, match="`folder` must be new, or hold"):
        write(tmp_path, **changed)
    np.testing.assert_array_equal(probabilities.read(tmp_path), PROBS)


@pytest.mark.parametrize("probs", [2 * PROBS, PROBS[:, :2]])
def test_what_is_no_probabilities_is_refused(tmp_path, probs):
    with pytest.raises(ValueError, match="`predict` must give rows"):
        write(tmp_path, probs=probs)


def test_the_size_of_the_shards_there_is_kept(tmp_path):
    write(tmp_path)
    settings = {"source": "a", "num_examples": 10, "num_classes": 3}
    assert probabilities.write(tmp_path, lambda a, b: None, **settings) == 3
    with pytest.raises(ValueError, match="`shard_size` must be positive"):
        probabilities.write(tmp_path, None, shard_size=0, **settings)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="must hold stored probabilities"):
        probabilities.read(tmp_path)

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


SPOILED = {
    "rows too few": (PROBS[4:7], "shape \\(3, 3\\)"),
    "rows too many": (np.concatenate([PROBS[4:8], PROBS[:1]]), "shape \\(5, 3"),
    "other classes": (PROBS[4:8, :2], "shape \\(4, 2\\)"),
    "not a number": (np.full((4, 3), np.nan, "float32"), "not all finite"),
    "infinite": (np.full((4, 3), np.inf, "float32"), "not all finite"),
    "logits": (np.log(PROBS[4:8]), "rows that sum to"),
    "negative": (np.array([[2.0, -1, 0]] * 4), "rows that sum to"),
    "integers": (np.eye(3, dtype=int)[[0, 1, 2, 0]], "int64 values"),
    "objects": (np.array([["a"] * 3] * 4, object), "[pP]ickle"),
}


@pytest.mark.parametrize("kind", SPOILED)
def test_a_spoiled_shard_is_named_and_never_read(tmp_path, kind):
    write(tmp_path)
    values, match = SPOILED[kind]
    np.save(tmp_path / "probs-00001.npy", values, allow_pickle=True)
    with pytest.raises(ValueError, match=r"probs-00001\.npy.*" + match):
        probabilities.read(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no array", None])
def test_a_torn_shard_is_named(tmp_path, content):
    write(tmp_path)
    shard = tmp_path / "probs-00002.npy"
    shard.write_bytes(shard.read_bytes()[:90] if content is None else content)
    with pytest.raises(ValueError, match=r"a shard must be.*00002\.npy"):
        probabilities.read(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "null",
        "{}",
        "[" * 9999,
        '{"num_examples": -1, "num_classes": 3, "shard_size": 4}',
        '{"num_examples": 10, "num_classes": 3, "shard_size": 0}',
        '{"num_examples": 10, "num_classes": "3", "shard_size": 4}',
    ],
)
def test_a_spoiled_index_is_named(tmp_path, content):
    write(tmp_path)
    (tmp_path / "index.json").write_text(content)
    with pytest.raises(ValueError, match=r"index\.json"):
        probabilities.read(tmp_path)

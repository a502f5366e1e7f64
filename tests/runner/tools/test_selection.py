"""A student's probabilities are stored, and examples selected by them."""

import json

import keras
import numpy as np
import pytest

from keras_mpl import cli
from keras_mpl import runner
from keras_mpl.data import probabilities
from keras_mpl.runner.building import stored_probs
from keras_mpl.runner.tools import selection
from tests.runner.runs import SHORT


def run(folder, *overrides, seed=5):
    return runner.run(
        "digits_20",
        output=folder,
        seed=seed,
        overrides=(*SHORT, *overrides),
        verbose=0,
    )


def test_precompute_is_resumed_and_read(finetuned, capsys):
    words = ["precompute", str(finetuned.folder), "--shard_size", "1000"]
    assert cli.main(words) == 0
    assert "1797 examples" in capsys.readouterr().out
    folder = finetuned.folder / stored_probs.FOLDER
    assert len(list(folder.glob("probs-*.npy"))) == 2
    (folder / "probs-00001.npy").unlink()
    assert runner.precompute(finetuned.folder, shard_size=1000)[2] == 1
    probs = probabilities.read(folder)
    student = keras.models.load_model(finetuned.folder / "student.keras")
    _, loaded = selection._loaded(finetuned.folder)
    logits = student.predict(255 * loaded.images, verbose=0)
    assert (probs.argmax(-1) == logits.argmax(-1)).mean() > 0.999
    np.testing.assert_allclose(probs.sum(-1), 1, atol=1e-5)


@pytest.mark.slow
def test_select_and_train_on_the_selection(finetuned, tmp_path, capsys):
    folder = str(finetuned.folder)
    assert cli.main(["select", folder, "--per_class", "12"]) == 0
    assert "--set data.selection=" in capsys.readouterr().out
    path = finetuned.folder / selection.SELECTION
    record = json.loads(path.read_text())
    assert max(record["by_class"]) <= 12
    assert record["num_chosen"] == len(record["unlabeled"])
    split = json.loads((finetuned.folder / "split.json").read_text())
    assert set(record["unlabeled"]) <= set(split["unlabeled"])
    overrides = ("method=supervised", "model=mlp_64_64", "batch_size=5")
    result = run(tmp_path, *overrides, f"data.selection={path}")
    config = json.loads((result.folder / "config.json").read_text())
    assert config["split"]["num_unlabeled"] == record["num_chosen"]
    # That run selects anew from all, and its selection can be used, too.
    again = json.loads(runner.select(result.folder, per_class=90).read_text())
    assert again["split"] == record["split"]
    assert not set(again["unlabeled"]) <= set(record["unlabeled"])
    path = result.folder / selection.SELECTION
    assert run(tmp_path / "x", *overrides, f"data.selection={path}")


def test_a_selection_of_another_split_is_refused(finetuned, tmp_path):
    path = runner.select(finetuned.folder, per_class=12)
    words = r"`data\.selection` must be of the split"
    with pytest.raises(ValueError, match=words):
        run(tmp_path / "x", f"data.selection={path}", seed=6)


def test_select_leaves_out_near_duplicates_of_the_test_set(finetuned):
    pytest.importorskip("imagehash")
    path = runner.select(
        finetuned.folder,
        per_class=12,
        confidence_threshold=0.05,
        max_distance=8,
    )
    record = json.loads(path.read_text())
    # Digits of 8 x 8 pixels: some look alike.
    assert 0 < record["num_duplicates"] < 1097
    assert set(record["by_class"]) <= {0, 12}
    assert record["num_different"] <= record["num_chosen"]


def test_select_needs_a_number(finetuned, capsys):
    assert cli.main(["select", str(finetuned.folder)]) == 2
    assert "`--per_class` must be given" in capsys.readouterr().err

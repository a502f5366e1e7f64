"""Runs side by side: what differs, and who is right where the other is not."""

import json

import numpy as np
import pytest

from keras_mpl.report.html import comparison
from tests.report.html import pages


@pytest.fixture(name="folders")
def fixture_folders(tmp_path):
    folders = []
    for name in ("one", "<script>two"):
        folder = tmp_path / name
        folder.mkdir()
        records = [
            {
                "recipe": "a<b>",
                "stage": "train",
                "step": step,
                "seconds": 1.0,
                "val_accuracy": 0.5,
            }
            for step in (4, 8)
        ]
        lines = "".join(json.dumps(record) + "\n" for record in records)
        (folder / "metrics.jsonl").write_text(lines)
        folders.append(folder)
    return folders


def _page(*runs):
    return pages.Reader(comparison.comparison(runs))


def test_the_settings_that_differ_are_listed_and_no_others(folders):
    other = {**pages.CONFIG, "seed": 4, "device": "GPU"}
    one = pages.run(folders[0])
    read = _page(one, pages.run(folders[1], config=other))
    settings = read.words.rpartition("Settings that differ")[2]
    assert "seed 3 4" in settings
    assert "device CPU <x> GPU" in settings
    assert "train_steps" not in settings
    assert "script" not in read.tags


def test_runs_of_equal_settings_say_so(folders):
    one, other = map(pages.run, folders)
    assert "All settings are the same." in _page(one, other).words


def test_the_examples_that_one_run_alone_has_right_are_counted(folders):
    better = pages.said(wrong=2)
    found = {"test": better, "validation": better}
    words = _page(
        pages.run(folders[0]), pages.run(folders[1], predictions=found)
    ).words
    # 10 of 40 are wrong in the first run, and 2 of them in the second one.
    assert "+20.0" in words
    assert "0.0078 better" in words  # 2 / 2**8


def test_other_test_examples_are_not_compared(folders):
    test = pages.said()
    moved = test._replace(labels=np.roll(test.labels, 1))
    found = {"test": moved, "validation": moved}
    words = _page(
        pages.run(folders[0]), pages.run(folders[1], predictions=found)
    ).words
    assert "it has other test examples, or kept none" in words


def _with_names(folder, names, **digests):
    found = pages.said(wrong=2)._replace(paths=names)
    split = {**pages.CONFIG["split"], "digests": digests}
    return pages.run(
        folder,
        predictions={"test": found, "validation": found},
        config={**pages.CONFIG, "split": split},
    )


@pytest.mark.parametrize("folder", ["/home/me/photos/", "../photos/", ""])
def test_a_folder_may_be_named_relative_or_not(folders, folder):
    names = [f"{i % 4}/{i}.png" for i in range(40)]
    one = _with_names(
        folders[0], [f"photos/{name}" for name in names], labeled="a"
    )
    moved = [folder + name for name in names]
    for digest, other in (("a", False), ("b", True)):
        words = _page(one, _with_names(folders[1], moved, labeled=digest)).words
        assert ("it has other test examples" in words) == other


@pytest.mark.parametrize("digests", [{}, {"labeled": "b", "test": "c"}])
def test_another_camera_has_other_images_by_the_same_names(folders, digests):
    names = [f"test/{i % 4}/{i}.png" for i in range(40)]
    one, other = (
        _with_names(folder, [f"{camera}/{name}" for name in names], **own)
        for folder, camera, own in zip(
            folders, "ab", (digests, digests and {"test": "d"}), strict=True
        )
    )
    assert "it has other test examples" in _page(one, other).words


@pytest.mark.parametrize(
    "names",
    [
        [f"/home/me/{i % 4}/{i + 1}.png" for i in range(40)],
        [f"/home/me/{i % 5}/{i}.png" for i in range(40)],
        [f"{'/else' * (i == 7)}/home/me/{i % 4}/{i}.png" for i in range(40)],
        [f"{'/home/' * (i > 7)}photos/{i % 4}/{i}.png" for i in range(40)],
        [],
    ],
    ids=["files", "classes", "one elsewhere", "some absolute", "none"],
)
def test_other_files_of_the_same_labels_are_not_compared(folders, names):
    own = [f"photos/{i % 4}/{i}.png" for i in range(40)]
    words = _page(
        _with_names(folders[0], own, labeled="a"),
        _with_names(folders[1], names, labeled="a"),
    ).words
    assert "it has other test examples" in words


def test_a_run_of_before_is_compared_by_its_accuracy(folders):
    old = pages.run(folders[1], predictions={}, missing="x")
    words = _page(pages.run(folders[0]), old).words
    assert "it has other test examples, or kept none" in words
    assert words.count("59.8 to 85.8 %") == 2

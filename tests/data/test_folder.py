"""Folders and CSV files of images: what is read, skipped and refused."""

import numpy as np
import pytest
from PIL import Image

from keras_mpl.data import find_files
from keras_mpl.data import read_images

COLORS = {"blue": (20, 30, 220), "green": (20, 200, 40), "red": (220, 20, 30)}
MODES = (
    ("RGB", "jpg", {"quality": 95}),
    ("RGB", "png", {}),
    ("RGB", "webp", {"quality": 95}),
    ("L", "jpeg", {}),
    ("L", "png", {}),
    ("RGBA", "png", {}),
    ("P", "png", {}),
    ("P", "gif", {}),
    ("CMYK", "jpg", {}),
    ("I;16", "png", {}),
)


def _save(path, color, index):
    """Writes image `index` of a class: every mode and size in turn."""
    mode, suffix, options = MODES[index % len(MODES)]
    size = (17 + 7 * (index % 5), 20 + 3 * (index % 11))
    image = Image.new("RGB", size, color)
    if mode == "I;16":
        grey = np.asarray(image.convert("L")).astype(np.uint16) * 257
        image = Image.fromarray(grey)
    else:
        image = image.convert(mode)
    path = path.with_suffix(f".{suffix}")
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)
    return path


def make_folder(root, per_class, *, nested=True):
    """Writes a folder per class, some images in sub-folders."""
    for name, color in COLORS.items():
        for index in range(per_class):
            folder = root / name / (f"deep/{index % 3}" if nested else "")
            _save(folder / f"{index:04d}", color, index)


def damage(root, count=5):
    """Spoils some images, each in another way; returns their paths."""
    spoiled = sorted(p for p in root.rglob("*") if p.is_file())[3::17][:count]
    contents = [
        lambda old: b"",
        lambda old: b"no image at all",
        lambda old: old[: len(old) // 2],
        lambda old: old[:10],
        lambda old: b"\x00" * len(old),
    ]
    for i, path in enumerate(spoiled):
        path.write_bytes(contents[i % 5](path.read_bytes()))
    return [str(path) for path in spoiled]


def _by_color(images):
    """Tells which colour each image is, grey ones apart."""
    pixels = images.astype(int).reshape(len(images), -1, 3)
    spread = np.ptp(pixels.mean(axis=1), axis=1)
    order = [2, 1, 0]  # channels in the order of the sorted names
    return np.where(spread > 40, pixels.mean(axis=1)[:, order].argmax(1), -1)


def test_every_mode_size_and_depth_is_read(tmp_path):
    make_folder(tmp_path, 30)
    files = find_files(tmp_path, is_labeled=True)
    assert files.class_names == ("blue", "green", "red")
    read = read_images(files, size=16)
    assert (read.images.shape, read.images.dtype) == ((90, 16, 16, 3), np.uint8)
    assert np.bincount(read.labels).tolist() == [30, 30, 30]
    assert read.skipped == ()
    colors = _by_color(read.images)
    assert (colors >= 0).mean() == 0.7  # three modes of ten are grey
    np.testing.assert_array_equal(colors[colors >= 0], read.labels[colors >= 0])


def test_corrupt_files_are_skipped_and_listed(tmp_path):
    make_folder(tmp_path, 40)
    spoiled = damage(tmp_path)
    read = read_images(find_files(tmp_path, is_labeled=True), size=8)
    assert len(read.images) == len(read.labels) == 115
    assert [path for path, _ in read.skipped] == spoiled
    assert all(reason for _, reason in read.skipped)
    colors = _by_color(read.images)
    np.testing.assert_array_equal(colors[colors >= 0], read.labels[colors >= 0])


def test_too_many_corrupt_files_are_fatal(tmp_path):
    make_folder(tmp_path, 40)
    spoiled = damage(tmp_path)
    files = find_files(tmp_path, is_labeled=True)
    with pytest.raises(ValueError, match="5 of 120, first") as caught:
        read_images(files, size=8, max_corrupt=0.04)
    assert spoiled[0] in str(caught.value)


def test_grey_images_have_one_channel(tmp_path):
    make_folder(tmp_path, 10)
    read = read_images(
        find_files(tmp_path, is_labeled=True), size=8, channels=1
    )
    assert read.images.shape == (30, 8, 8, 1)


def test_the_middle_square_is_taken(tmp_path):
    image = np.zeros((20, 60, 3), np.uint8)
    image[:, 20:40] = 255
    Image.fromarray(image).save(tmp_path / "wide.png")
    read = read_images(find_files(tmp_path, is_labeled=False), size=20)
    assert (read.images == 255).all()


def test_unlabelled_images_may_lie_anywhere(tmp_path):
    make_folder(tmp_path, 3)
    _save(tmp_path / "beside", (1, 2, 3), 0)
    (tmp_path / "notes.txt").write_text("no image")
    files = find_files(tmp_path, is_labeled=False)
    assert (len(files.paths), files.labels) == (10, None)


def test_csv_gives_paths_and_labels(tmp_path):
    paths = [
        _save(tmp_path / "all" / f"{name}{i}", color, i)
        for name, color in COLORS.items()
        for i in range(3)
    ]
    lines = [f"all/{path.name},{path.name[:-5]}x" for path in paths]
    table = tmp_path / "labels.csv"
    table.write_text("path,label\n" + "\n".join(lines[:2] + lines[3:]) + "\n")
    files = find_files(table, is_labeled=True)
    assert len(files.paths) == 8
    assert files.paths[0] == paths[0]
    names = [files.class_names[label] for label in files.labels]
    assert names == [f"{p.name[:-5]}x" for p in paths[:2] + paths[3:]]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("file,label\na.png,x\n", r"must name \['label', 'path'\]"),
        ("path,label\na.png\n", "line 2 of"),
        ("path,label\na.png,x\nb.png,x\n", "two classes or more"),
        ("path,label\n", "must hold images"),
    ],
)
def test_bad_csv_files_are_refused(tmp_path, text, match):
    table = tmp_path / "labels.csv"
    table.write_text(text)
    with pytest.raises(ValueError, match=match):
        find_files(table, is_labeled=True)


def test_missing_files_of_a_csv_count_as_unreadable(tmp_path):
    make_folder(tmp_path, 4, nested=False)
    rows = [
        f"{p.relative_to(tmp_path)},{p.parent.name}"
        for p in sorted(tmp_path.rglob("*.*"))
    ]
    table = tmp_path / "labels.csv"
    table.write_text("\n".join(["path,label", *rows, "none.png,red"]))
    files = find_files(table, is_labeled=True)
    read = read_images(files, size=8, max_corrupt=0.1)
    assert len(read.images) == 12
    assert read.skipped[0][0].endswith("none.png")


def test_folders_that_cannot_be_used_are_refused(tmp_path):
    with pytest.raises(ValueError, match="folder or a CSV file that exists"):
        find_files(tmp_path / "none", is_labeled=True)
    with pytest.raises(ValueError, match="must hold images"):
        find_files(tmp_path, is_labeled=False)
    _save(tmp_path / "red" / "0", (255, 0, 0), 0)
    with pytest.raises(ValueError, match="two classes or more"):
        find_files(tmp_path, is_labeled=True)
    _save(tmp_path / "stray", (255, 0, 0), 0)
    with pytest.raises(ValueError, match=r"1 beside the folders.*stray\.jpg"):
        find_files(tmp_path, is_labeled=True)


def test_what_does_not_fit_into_memory_is_refused(tmp_path):
    make_folder(tmp_path, 1)
    files = find_files(tmp_path, is_labeled=True)
    with pytest.raises(ValueError, match="must fit into 4 GiB"):
        read_images(files, size=30_000)

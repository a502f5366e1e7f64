"""A table of awkward folders: what becomes of each, or how it is refused."""

import os
import unicodedata

import numpy as np
import pytest
from PIL import Image

from keras_mpl.data import find_files
from keras_mpl.data import read_images
from keras_mpl.data.folders.finding import spelled


def put(path, value=90, **options):
    """Writes a small picture of one colour; the ending says which kind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (9, 7), (value, value // 2, 9)).save(path, **options)


def two(root, *names):
    """Writes a class folder with three pictures for each name."""
    for name in names or ("cat", "dog"):
        for i in range(3):
            put(root / name / f"{i}.png", 3 * (sum(map(ord, name)) % 80) + i)


def hidden_and_system(root):
    two(root, "cat", "dog", ".ipynb_checkpoints", "__MACOSX", ".git/objects")
    two(root, "@eaDir", "lost+found", "System Volume Information")
    put(root / "cat" / ".hidden.png")
    put(root / "dog" / ".thumbs" / "0.png")
    for name in ("Thumbs.db", "DESKTOP.INI", ".DS_Store"):
        (root / "cat" / name).write_bytes(b"x")
        (root / name).write_bytes(b"x")


def other_files(root):
    two(root)
    (root / "README.txt").write_text("x")
    (root / "cat" / "notes.TXT").write_text("x")
    (root / "cat" / "Makefile").write_text("x")


def linked_class(root):
    two(root / "store", "cat", "cow", "dog")
    top = root / "mine"
    two(top, "cow", "dog")
    (top / "cat").symlink_to(root / "store" / "cat")
    return top


def linked_files(root):
    two(root / "store", "cat", "dog")
    for name in ("cat", "dog"):
        folder = root / "mine" / name
        folder.mkdir(parents=True)
        for i in range(3):
            (folder / f"{i}.png").symlink_to(root / f"store/{name}/{i}.png")
    return root / "mine"


def circles(root):
    two(root)
    (root / "cat" / "up").symlink_to(root)
    (root / "cat" / "self").symlink_to(root / "cat")
    (root / "dog" / "other").symlink_to(root / "cat")
    (root / "dog" / "loop").symlink_to("loop")
    (root / "dog" / "gone.png").symlink_to("nowhere.png")


def pipe(root):
    two(root)
    os.mkfifo(root / "cat" / "pipe.png")


def mixed_case_endings(root):
    for i, ending in enumerate(("PNG", "Jpg", "JPEG", "TiF", "BMP", "WebP")):
        put(root / "cat" / f"{i}.{ending}", i)
        put(root / "dog" / f"{i}.{ending}", 100 + i)


def only_tiff(root):
    two(root, "cat")
    put(root / "dog" / "a.tif", 1)
    put(root / "dog" / "b.TIFF", 2)


def numbers(root):
    two(root, *map(str, range(12)))


def nested(root):
    two(root, "cat/2024/june", "cat/2025", "dog/a/b/c/d")


def odd_names(root):
    two(root, "пёс", "két macska", "$\\frac{$", "👩‍🔬", "a'b\"c", "-rf")


def empty_class(root):
    two(root)
    (root / "owl").mkdir()


def class_of_other_files(root):
    two(root)
    (root / "owl").mkdir()
    (root / "owl" / "a.psd").write_bytes(b"x")


def unreadable_class(root):
    for i in range(60):
        put(root / "cat" / f"{i}.png", i)
    two(root, "dog")
    (root / "owl").mkdir()
    (root / "owl" / "a.png").write_bytes(b"no image")


def one_class(root):
    two(root, "cat")


def one_folder_deeper(root):
    two(root, "photos/cat", "photos/dog")


def parts_for_classes(root):
    two(root, "Train/cat", "Train/dog", "test/cat", "test/dog")


def stray(root):
    two(root)
    put(root / "stray.png")


def sibling_link(root):
    two(root)
    (root / "kitten").symlink_to(root / "cat")


def parent_link(root):
    two(root)
    (root / "all").symlink_to("..")


def line_break(root):
    two(root, "cat", "do\ng")


def not_text(root):
    two(root, "cat", os.fsdecode(b"d\xffg"))


def almost_the_same(root):
    two(root, "Cat", "cat", "dog")


def other_unicode(root):
    two(root, *(unicodedata.normalize(f, "café") for f in ("NFC", "NFD")))


def two_labels(root):
    two(root)
    (root / "dog" / "twin.png").write_bytes((root / "cat/1.png").read_bytes())


def nothing(root):
    (root / "cat").mkdir()
    (root / "dog").mkdir()
    (root / "dog" / "a.heic").write_bytes(b"x")


# Layout, the classes, the number of images, and what is ignored or noted.
READ = (
    (hidden_and_system, ["cat", "dog"], 6, "14 hidden or system"),
    (other_files, ["cat", "dog"], 6, "2 .txt, 1 no ending"),
    (linked_class, ["cat", "cow", "dog"], 9, ""),
    (linked_files, ["cat", "dog"], 6, ""),
    (
        circles,
        ["cat", "dog"],
        6,
        "2 broken link, 3 link to a folder that is read anyway",
    ),
    (pipe, ["cat", "dog"], 6, "1 no regular file"),
    (mixed_case_endings, ["cat", "dog"], 12, ""),
    (only_tiff, ["cat", "dog"], 5, ""),
    (numbers, list(map(str, range(12))), 36, ""),
    (nested, ["cat", "dog"], 9, ""),
    (
        odd_names,
        sorted(("пёс", "két macska", "$\\frac{$", "👩‍🔬", "a'b\"c", "-rf")),
        18,
        "",
    ),
    (
        almost_the_same,
        ["Cat", "cat", "dog"],
        9,
        "almost the same: 'Cat', 'cat'",
    ),
    (other_unicode, None, 6, r"almost the same: 'cafe\u0301', 'caf\xe9'"),
    (two_labels, ["cat", "dog"], 7, "1 images are in two classes"),
)
REFUSED = (
    (empty_class, r"every folder of a class must hold .*none in owl \(empty\)"),
    (class_of_other_files, r"none in owl \(1 .psd\)"),
    (unreadable_class, r"must have an image that can be read.*owl.*a\.png"),
    (one_class, "two classes or more.*Received: cat in"),
    (one_folder_deeper, "photos has 2 folders: is it meant"),
    (parts_for_classes, "must be classes, not parts.*Train, test"),
    (stray, r"folder of their class.*1 beside the folders.*stray\.png"),
    (sibling_link, "a folder of its own.*kitten, a link to cat"),
    (parent_link, "a folder of its own.*all, a link to the folder it lies in"),
    (line_break, r"text on one line.*do\\\\ng"),
    (not_text, r"text on one line.*d\\\\udcffg"),
    (nothing, "must hold images.*ignored: 1 .heic"),
)


@pytest.mark.parametrize(
    ("layout", "classes", "count", "said"), READ, ids=lambda v: _id(v)
)
def test_awkward_folders_are_read(layout, classes, count, said, tmp_path):
    root = layout(tmp_path) or tmp_path
    files = find_files(root, is_labeled=True)
    read = read_images(files, size=4)
    if classes is not None:
        assert list(read.class_names) == classes
    assert (len(read.images), read.skipped) == (count, ())
    lines = [spelled(dict(read.ignored)), *read.notes]
    assert said in "\n".join(lines)
    if not said:
        assert lines == [""]
    for path, label in zip(read.paths, read.labels, strict=True):
        folder = path.relative_to(root).parts[0]
        assert read.class_names[label] == folder


@pytest.mark.parametrize(("layout", "match"), REFUSED, ids=lambda v: _id(v))
def test_awkward_folders_are_refused_by_name(layout, match, tmp_path):
    layout(tmp_path)
    with pytest.raises(ValueError, match=match) as caught:
        read_images(find_files(tmp_path, is_labeled=True), size=4)
    assert "\n" not in str(caught.value)


def _id(value):
    return value.__name__ if callable(value) else ""


def test_a_folder_without_labels_is_gone_through_once(tmp_path):
    hidden_and_system(tmp_path / "x")
    circles(tmp_path / "y")
    put(tmp_path / "beside.JPG")
    files = find_files(tmp_path, is_labeled=False)
    assert len(files.paths) == len(set(files.paths)) == 13
    assert files.labels is None


def test_a_folder_that_cannot_be_opened_is_named(tmp_path, monkeypatch):
    two(tmp_path)
    if os.geteuid() == 0:  # nothing is closed to the superuser
        import pathlib

        def closed(self):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(pathlib.Path, "iterdir", closed)
    else:
        (tmp_path / "dog").chmod(0)
    with pytest.raises(ValueError, match=r"must be readable.*Permission"):
        find_files(tmp_path, is_labeled=True)
    (tmp_path / "dog").chmod(0o755)


def test_files_come_in_the_order_of_classes_and_paths(tmp_path):
    numbers(tmp_path)
    files = find_files(tmp_path, is_labeled=True)
    read = read_images(files, size=2)
    assert sorted(read.labels.tolist()) == np.repeat(range(12), 3).tolist()
    again = find_files(tmp_path, is_labeled=True)
    assert files.paths == again.paths

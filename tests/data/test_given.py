"""Files, folders, patterns and tables name the images that a person means."""

import os

import pytest

from keras_mpl import data


@pytest.fixture(name="root")
def fixture_root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (
        *("photos/b.JPG", "photos/a.png", "photos/deep/er/c.webp"),
        *("photos/notes.txt", "photos/.git/d.png", "photos/__MACOSX/e.png"),
        *("photos/Thumbs.db", "odd [1].png", "empty/x.md"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    return tmp_path


IN_FOLDER = ("photos/a.png", "photos/b.JPG", "photos/deep/er/c.webp")


def test_a_folder_is_searched_as_one_of_training(root):
    given = data.find_given(["photos"])
    assert given.paths == IN_FOLDER
    assert given.paths == tuple(
        os.path.relpath(path, root)
        for path in data.find_files(root / "photos", is_labeled=False).paths
    )
    assert given.ignored == {".txt": 1, "hidden or system": 3}
    assert given.missing == ()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("photos/*", IN_FOLDER),
        ("photos/*.png", IN_FOLDER[:1]),
        ("photos/[ab].*", IN_FOLDER[:2]),
        ("photos/**/*.webp", IN_FOLDER[2:]),
        ("photos/**", IN_FOLDER),
        ("ph*", IN_FOLDER),
    ],
)
def test_a_pattern_finds_what_it_names(root, pattern, expected):
    given = data.find_given([pattern])
    assert sorted(given.paths) == sorted(expected)
    assert given.missing == ()


def test_a_pattern_begins_with_folders_of_any_name(root, monkeypatch):
    os.rename(root / "photos", root / "photos [1]")
    (root / "elsewhere").mkdir()
    for place, start in ((root, ""), (root / "elsewhere", f"{root}/")):
        monkeypatch.chdir(place)
        given = data.find_given([f"{start}photos [1]/*.png"])
        assert given.paths == (f"{start}photos [1]/{IN_FOLDER[0][7:]}",)
        assert given.missing == ()


@pytest.mark.parametrize("pattern", ["photos/**", "photos/**/*", "p*/**/"])
def test_what_a_pattern_ignores_is_counted_once(root, pattern):
    (root / "photos" / "deep" / "er" / "note.md").write_text("x")
    given = data.find_given([pattern])
    assert sorted(given.paths) == sorted(IN_FOLDER)
    ignored = {".md": 1, ".txt": 1, "hidden or system": 3}
    if pattern == "photos/**/*":  # which names nothing that begins with a dot
        ignored["hidden or system"] = 2
    assert given.ignored == ignored


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("empty", "no image in it, but 1 .md"),
        ("photos/*.gif", "no image has a name of this pattern"),
    ],
)
def test_what_names_no_image_is_missing(root, word, reason):
    assert data.find_given([word]).missing == ((word, reason),)


def test_a_file_is_taken_as_it_is_named_whatever_it_is(root):
    words = ["photos/Thumbs.db", "odd [1].png", "no/such.png", "odd [1].png"]
    given = data.find_given(words)
    assert given.paths == tuple(words)
    assert given.missing == ()


def test_what_is_named_twice_is_taken_once_where_it_was_searched(root):
    given = data.find_given(["photos/a.png", "photos", "photos/*.png"])
    assert given.paths == IN_FOLDER


def test_a_table_names_paths_beside_it_and_elsewhere(root):
    outside = root.parent / "outside.png"
    (root / "photos" / "list.csv").write_text(
        f"path,label\na.png,1\n{outside},2\nmissing.png,3\n"
    )
    given = data.find_given(["photos/list.csv"])
    expected = "photos/a.png", str(outside), "photos/missing.png"
    assert given.paths == expected


def test_a_table_that_is_none_hides_no_other_image(root):
    given = data.find_given(["photos/notes.txt", "photos/a.png"])
    assert given.paths == ("photos/a.png",)
    [(word, reason)] = given.missing
    assert word == "photos/notes.txt"
    assert "the first line of a CSV must name" in reason


def test_a_folder_that_cannot_be_read_hides_no_other_image(root, monkeypatch):
    listed = type(root).iterdir

    def iterdir(path):
        if path.name == "er":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(type(root), "iterdir", iterdir)
    given = data.find_given(["photos"])
    assert given.paths == IN_FOLDER[:2]
    assert given.missing == (("photos/deep/er", "permission denied"),)


def test_a_quoted_pattern_of_the_home_folder_is_found(root, monkeypatch):
    monkeypatch.setenv("HOME", str(root))
    given = data.find_given(["~/photos/*.png"])
    assert given.paths == (str(root / "photos" / "a.png"),)

"""Tables of paths and labels, as programs of all kinds write them."""

import shutil

import numpy as np
import pytest
from PIL import Image

from keras_mpl.data import find_files
from keras_mpl.data import read_images

ROWS = (("0.png", "cat"), ("1.png", "dog"), ("in/2.png", "cat"))


@pytest.fixture(name="root")
def fixture_root(tmp_path):
    (tmp_path / "in").mkdir()
    names = (*(path for path, _ in ROWS), "a, b.png", "é 3.png")
    for i, name in enumerate(names):
        Image.fromarray(np.full((5, 5, 3), i, "uint8")).save(tmp_path / name)
    return tmp_path


def lines(separator=",", end="\n", header="path,label", space=""):
    rows = [header.replace(",", separator)] if header else []
    rows += [separator.join((path, space + label)) for path, label in ROWS]
    return end.join(rows) + end


WRITTEN = {
    "plain": lines().encode(),
    "byte order mark": lines(end="\r\n").encode("utf-8-sig"),
    "UTF-16": lines(end="\r\n").encode("utf-16"),
    "UTF-16, big end first": b"\xfe\xff" + lines().encode("utf-16-be"),
    "UTF-16 without its mark": lines().encode("utf-16-le"),
    "semicolons": lines(";").encode(),
    "tabs": lines("\t", end="\r\n").encode("utf-16"),
    "Excel's own line": b"sep=;\r\n" + lines(";", end="\r\n").encode(),
    "old Mac line ends": lines(end="\r").encode(),
    "spaces": lines(header="path, label", space=" ").encode(),
    "capitals": lines(header="Path,Label").encode(),
    "no header": lines(header="").encode(),
    "no header, tabs": lines("\t", header="").encode(),
    "blank lines": lines(end="\n\n , \n").encode(),
    "no last line end": lines().rstrip().encode(),
    "Windows": lines().replace("in/", "in\\").encode(),
    "quotes": b'"path","label"\n"0.png","cat"\n1.png,"dog"\n"in/2.png",cat\n',
    "dots": lines().replace("0.png", "./in/../0.png").encode(),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_a_table_is_read_however_it_is_written(root, kind):
    table = root / "labels.csv"
    table.write_bytes(WRITTEN[kind])
    files = find_files(table, is_labeled=True)
    read = read_images(files, size=2)
    assert read.class_names == ("cat", "dog")
    assert read.labels.tolist() == [0, 1, 0]
    assert read.images[:, 0, 0, 0].tolist() == [0, 1, 2]
    assert read.notes == ()


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
def test_paths_and_labels_may_have_accents_and_commas(root, encoding):
    table = root / "labels.csv"
    text = 'path;label\n"a, b.png";école\né 3.png;"x; y"\n'
    table.write_bytes(text.encode(encoding))
    files = find_files(table, is_labeled=True)
    assert files.class_names == ("x; y", "école")
    assert [path.name for path in files.paths] == ["a, b.png", "é 3.png"]


def test_a_name_that_a_mac_spelled_is_found(root):
    import unicodedata

    table = root / "t.csv"
    apart = unicodedata.normalize("NFD", "é 3.png")
    table.write_text(f"path,label\n{apart},a\n0.png,b\n", encoding="utf-8")
    assert len(read_images(find_files(table, is_labeled=True), size=2).images)


def test_further_columns_are_passed_over(root):
    table = root / "t.csv"
    table.write_text("id,label,size,path\n7,b,5,0.png\n8,a,5,1.png\n")
    files = find_files(table, is_labeled=True)
    assert [files.class_names[i] for i in files.labels] == ["b", "a"]


def test_a_list_of_paths_needs_no_labels(root):
    for text in ("path\n0.png\n1.png\n", "0.png\n1.png\n"):
        (root / "list.txt").write_text(text)
        files = find_files(root / "list.txt", is_labeled=False)
        assert [path.name for path in files.paths] == ["0.png", "1.png"]


@pytest.mark.parametrize(
    "ordered", [("9", "10"), ("-0.5", "2.0", "10.0"), ("7", "10.25")]
)
def test_labels_that_are_numbers_are_ordered_as_numbers(ordered, root):
    lines = [f"{i}.png,{x}\n" for i, x in enumerate(sorted(ordered))]
    for i in range(1, len(ordered)):
        shutil.copy(root / "0.png", root / f"{i}.png")
    (root / "t.csv").write_text("".join(["path,label\n", *lines]))
    assert find_files(root / "t.csv", is_labeled=True).class_names == ordered


def test_numbers_that_differ_in_zeros_alone_are_said_to_look_alike(root):
    (root / "t.csv").write_text("path,label\n0.png,1\n1.png,1.0\n")
    notes = find_files(root / "t.csv", is_labeled=True).notes
    assert any("1.0" in note for note in notes)


def test_the_same_line_twice_is_taken_once_and_said(root):
    (root / "link.png").symlink_to("1.png")
    text = "path,label\n0.png,a\n1.png,b\n./0.png,a\nlink.png,b\n"
    (root / "t.csv").write_text(text)
    files = find_files(root / "t.csv", is_labeled=True)
    assert len(files.paths) == 2
    assert "2 lines name an image again" in files.notes[0]


LONG = "x" * 200_000
REFUSED = {
    "two labels": (
        "path,label\n0.png,a\n1.png,b\n./0.png,b\n",
        r"one label.*'a' in line 2 of .*t\.csv and 'b' in line 4 of .*t\.csv",
    ),
    "no label": ("path,label\n0.png,a\n1.png,\n", r"line 3 of .*t\.csv"),
    "a short line": ("path,label\n\n0.png\n", r"line 3 of .*t\.csv"),
    "too many fields": (
        "path,label\na, b.png,x\n",
        r"as many fields.*line 2 of .*t\.csv with 3 of 2",
    ),
    "other names": ("file,label\n0.png,x\n", r"must name \['label', 'path'\]"),
    "a huge field": (f"path,label\n{LONG},a\n", r"line 2 of .*t\.csv \(field"),
    "a huge header": (f"path,{LONG}\n0.png,a\n", r"t\.csv"),
    "an open quote": ('path,label\n"0.png,a\n' + LONG, r"t\.csv \(field"),
    "up": ("path,label\n../x.png,a\n", r"stay in its folder.*line 2 of .*csv"),
    "up in Windows": ("path,label\nin\\..\\..\\x.png,a\n", "stay in its"),
    "absolute": ("path,label\n/etc/passwd,a\n", "stay in its folder.*passwd"),
    "number 0": ("path,label\n0\x00.png,a\n1.png,b\n", r"number 0.*line 2 of"),
    "one class": ("path,label\n0.png,x\n1.png,x\n", "two classes or more"),
    "nothing": ("", "must hold images"),
    "a byte": ("x", r"must name .*t\.csv"),
    "only a header": ("path,label\n", "must hold images"),
    "one zero": ("\x00", r"UTF-16 or Latin-1.*t\.csv"),
    "half of UTF-16": ("\ufeffpath,label\n0.png,a", r"UTF-16 or Lat.*t\.csv"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_wrong_with_a_table_is_said_with_its_line(root, kind):
    text, match = REFUSED[kind]
    table = root / "t.csv"
    is_half = kind == "half of UTF-16"
    table.write_bytes(
        text.encode("utf-16-le")[:-1] if is_half else text.encode()
    )
    with pytest.raises(ValueError, match=match) as caught:
        find_files(table, is_labeled=True)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_paths_may_lead_outside_if_that_is_asked_for(root):
    (root / "t").mkdir()
    table = root / "t" / "t.csv"
    table.write_text(f"path,label\n../0.png,a\n{root / '1.png'},b\n")
    with pytest.raises(ValueError, match=r"data\.allow_outside=true"):
        find_files(table, is_labeled=True)
    files = find_files(table, is_labeled=True, allow_outside=True)
    assert len(read_images(files, size=2).images) == 2


def test_an_absolute_path_inside_is_no_way_out(root):
    (root / "t.csv").write_text(f"path,label\n{root / '0.png'},a\n1.png,b\n")
    assert len(find_files(root / "t.csv", is_labeled=True).paths) == 2


def test_a_file_that_is_missing_is_named_with_its_line(root):
    (root / "t.csv").write_text("path,label\n0.png,a\n1.png,b\nno.png,b\nin,a")
    files = find_files(root / "t.csv", is_labeled=True)
    skipped = read_images(files, size=2, max_corrupt=0.5).skipped
    assert [reason.split(",")[0] for _, reason in skipped] == [
        "no such file or directory",
        "no regular file",
    ]
    assert all(
        f"line {line} of {root / 't.csv'}" in reason
        for line, (_, reason) in zip((4, 5), skipped, strict=True)
    )

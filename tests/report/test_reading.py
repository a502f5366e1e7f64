"""The files of a run folder are read as they should be, or refused by name."""

import json
import os

import pytest

from keras_mpl import report

LINE = {"recipe": "a", "stage": "train", "step": 3, "seconds": 1.5}
GARBAGE = {
    "list": b"[]",
    "null": b"null",
    "number": b"5",
    "text": b'"config"',
    "nothing": b"",
    "half": b'{"recipe": ',
    "deep": b"[" * 100_000,
    "deep object": b'{"a":' * 100_000,
    "bytes": b"\xff\xfe{}",
    "NaN": b'{"recipe": NaN}',
    "infinite": b'{"recipe": 1e999}',
    "digits": b"9" * 10_000,
    "NUL": bytes(100),
}


def refusal(read, path):
    with pytest.raises(ValueError, match="`run` must have a readable") as error:
        read()
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("content", GARBAGE.values(), ids=GARBAGE)
def test_json_that_is_no_object_is_refused_by_name(tmp_path, content):
    path = tmp_path / "config.json"
    path.write_bytes(content)
    refusal(lambda: report.read_json(tmp_path, "config.json"), path)


def test_a_key_with_a_line_break_stays_in_the_line(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"versions": {"a\n\x1b[31m": 1}}))
    form = dict[str, dict[str, str]]
    said = refusal(lambda: report.read_json(tmp_path, path.name, form), path)
    assert said.isprintable()


def test_a_link_with_a_line_break_in_its_name_stays_in_the_line(tmp_path):
    (tmp_path / "a\nb").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="which is a link") as error:
        report.check_plain(tmp_path)
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({}, "it has no rows"),
        ({"rows": 5}, "it.rows is no list"),
        ({"rows": [[]]}, "it.rows[0] is no object"),
        ({"rows": [{"test_accuracy": True}]}, "it.rows[0].test_accuracy"),
        ({"rows": [{"test_accuracy": 1e308}]}, "is not from 0 to 1"),
        ({"rows": [{"val_accuracy": -0.5}]}, "is not from 0 to 1"),
        ({"rows": [], "seed": 0.5}, "it.seed is not a whole number"),
        ({"rows": [], "seed": None}, "it.seed is not a whole number"),
    ],
)
def test_a_result_of_another_form_is_refused_with_the_reason(
    tmp_path, values, wrong
):
    row = {"recipe": "a", "method": "mpl", "feedback": None}
    row |= {"test_accuracy": 1, "test_teacher_accuracy": None}
    row |= {"val_accuracy": 0.5, "train_steps_done": 2, "seconds": 1}
    result = {"recipe": "a", "fingerprint": "f", "seed": 0}
    result |= {"wall_clock_seconds": 1.0}
    values = dict(values)
    match values.get("rows"):
        case [dict(changed)]:
            values["rows"] = [row | changed]
    path = tmp_path / "result.json"
    path.write_text(json.dumps(result | values))
    read = lambda: report.read_json(tmp_path, "result.json", report.Result)
    assert wrong in refusal(read, path)
    path.write_text(json.dumps(result | {"rows": [row], "more": 1}))
    assert read()["rows"] == [row]


@pytest.mark.parametrize(
    "line",
    [
        *(GARBAGE[key] for key in ("list", "null", "number", "half", "NUL")),
        b'{"recipe": "a"}',
        json.dumps(LINE | {"step": "3"}).encode(),
        json.dumps(LINE | {"step": True}).encode(),
        json.dumps(LINE | {"val_accuracy": [1]}).encode(),
        b"",
    ],
)
def test_a_line_that_is_no_record_is_named_by_its_number(tmp_path, line):
    path, good = tmp_path / "metrics.jsonl", json.dumps(LINE).encode()
    path.write_bytes(b"\n".join([good, line, good, b""]))
    said = refusal(lambda: report.read_records(tmp_path), path)
    assert "line 2" in said
    drop = lambda: report.drop_records(tmp_path, "a", after_step=0)
    assert "line 2" in refusal(drop, path)


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path):
    path, good = tmp_path / "metrics.jsonl", json.dumps(LINE)
    path.write_text(f"{good}\n{good[:20]}")
    assert report.read_records(tmp_path) == [LINE]
    path.write_text(f"{good}\n{good}")
    assert report.read_records(tmp_path) == [LINE, LINE]


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_file_is_not_read(tmp_path, make):
    make(tmp_path / "config.json")
    read = lambda: report.read_json(tmp_path, "config.json")
    refusal(read, tmp_path / "config.json")


def test_links_and_pipes_are_found_at_any_depth(tmp_path):
    run, deep = tmp_path / "run", tmp_path / "run" / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "file").write_text("")
    (tmp_path / "link").symlink_to(run)
    report.check_plain(tmp_path / "link")
    (tmp_path / "foreign").mkdir()
    for make in (
        lambda path: path.symlink_to(tmp_path / "foreign"),
        lambda path: path.symlink_to(tmp_path / "nowhere"),
        os.mkfifo,
    ):
        make(deep / "odd")
        with pytest.raises(ValueError, match="files and folders alone"):
            report.check_plain(run)
        (deep / "odd").unlink()


def test_nothing_is_written_through_a_link(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    for name in ("x.json", "x.json.partial"):
        (tmp_path / name).symlink_to(victim)
    report.write_json(tmp_path / "x.json", {"a": 1})
    assert victim.read_text() == "precious"
    assert report.read_json(tmp_path, "x.json") == {"a": 1}
    assert not (tmp_path / "x.json").is_symlink()

"""What README.md shows works as it stands there."""

import pathlib
import re
import subprocess
import sys

import keras

README = pathlib.Path(__file__).parents[1] / "README.md"


def test_the_example_runs_and_leaves_a_student(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    [example] = re.findall(r"```python\n(.*?)```", README.read_text(), re.S)
    exec(compile(example, "README.md", "exec"), {})
    student = keras.models.load_model("student.keras", compile=False)
    assert student.output_shape == (None, 10)


def test_each_command_is_one_line():
    text = README.read_text()
    for name in ("main", "test"):
        block = re.search(rf"<!-- ci:{name} -->\n```sh\n(.*?)```", text, re.S)
        assert block[1].count("\n") == 1


def test_the_tables_are_those_of_the_records():
    subprocess.run(
        [sys.executable, "-m", "benchmarks.tables.render", "--check"],
        cwd=README.parent,
        check=True,
    )


def test_the_house_map_names_what_is_there():
    text = README.read_text()
    house = text[text.index("## House map") :]
    for name in re.findall(r"^  .*", house, re.M):
        for word in re.findall(r"(\w+)(?:/|\.py)", name.split("   ")[0]):
            package = README.parent / "keras_mpl"
            assert (package / word).exists() or (
                package / f"{word}.py"
            ).exists(), word

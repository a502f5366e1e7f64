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
    made: dict = {}
    exec(compile(example, "README.md", "exec"), made)
    found = made["model"].history.history["val_accuracy"][-1]
    assert found > 0.5  # about 0.8; chance has 0.1
    student = keras.models.load_model("student.keras", compile=False)
    assert student.output_shape == (None, 10)


def test_it_is_short_and_its_first_code_comes_early():
    text = README.read_text()
    assert len(text.split()) < 900
    first = text[: text.index("```python")]
    assert first.count("\n") < 40


def test_what_it_links_to_is_there():
    links = re.findall(r"\]\((?!\w+:|#)([^)#]+)", README.read_text())
    assert len(links) > 10
    assert all((README.parent / link).is_file() for link in links)


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


def test_the_house_map_names_every_package_and_module_and_no_other():
    text = README.read_text()
    [house] = re.findall(r"## House map\n\n```\n(.*?)```", text, re.S)
    own = house.partition("\nbenchmarks/")[0]
    named = [
        cell
        for line in re.findall(r"^  (\S.*)", own, re.M)
        for cell in re.split(r" {2,}", line)
        if re.fullmatch(r"\w+(/|\.py)", cell)
    ]
    package = README.parent / "keras_mpl"
    there = {
        path.name + ("/" if path.is_dir() else "")
        for path in package.iterdir()
        if not path.name.startswith("_") and path.name != "py.typed"
    }
    assert sorted(named) == sorted(there)

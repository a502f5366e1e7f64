"""What importing the package costs and offers, and who may import whom."""

import ast
import os
import pathlib
import re
import subprocess
import sys
from importlib import resources

import pytest

import keras_mpl


def _python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


def test_import_loads_neither_tensorflow_nor_keras():
    done = _python(
        "import sys, keras_mpl, keras_mpl.recipes, keras_mpl.cli; "
        "print([m for m in ('tensorflow', 'keras', 'numpy', 'matplotlib') "
        "if m in sys.modules])"
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_batch_and_recipes_need_no_tensorflow():
    done = _python(
        "import sys, keras_mpl; keras_mpl.Batch; keras_mpl.recipes.RECIPES; "
        "print('tensorflow' in sys.modules)"
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", keras_mpl.__all__)
def test_every_public_name_is_there(name):
    value = getattr(keras_mpl, name)
    assert value is not None
    assert getattr(keras_mpl, name) is value
    assert name in dir(keras_mpl)


def test_checkers_and_editors_see_the_names_that_are_loaded_lazily():
    tree = ast.parse(pathlib.Path(keras_mpl.__file__).read_text())
    [block] = [
        node
        for node in tree.body
        if isinstance(node, ast.If)
        and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    seen = {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    modules = dict.fromkeys(keras_mpl._MODULES, "keras_mpl")
    assert seen == {**modules, **keras_mpl._HOME}


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'MetaPseudo'"):
        keras_mpl.MetaPseudo  # noqa: B018


def test_another_backend_is_one_clear_line_at_first_use():
    done = _python(
        "import keras_mpl\n"
        "print(keras_mpl.recipes.find('digits_20').name)\n"
        "try:\n"
        "    keras_mpl.MetaPseudoLabels\n"
        "except ValueError as error:\n"
        "    print(error)\n",
        KERAS_BACKEND="jax",
    )
    name, line = done.stdout.splitlines()
    assert name == "digits_20"
    assert "must be 'tensorflow'" in line
    assert "Received: KERAS_BACKEND='jax'" in line


def test_types_are_shipped():
    assert resources.files("keras_mpl").joinpath("py.typed").is_file()


def test_the_citation_names_this_version():
    path = pathlib.Path(keras_mpl.__file__).parents[1] / "CITATION.cff"
    [version] = re.findall(r"^version: (\S+)$", path.read_text(), re.M)
    assert version == keras_mpl.__version__

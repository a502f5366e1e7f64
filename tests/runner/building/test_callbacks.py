"""Callbacks of a run: objects that see all, names that each training gets."""

import keras
import pytest

from keras_mpl.runner.building import callbacks

TRAIN, FINETUNE = (
    callbacks.Training("digits_20", stage, "runs/1")
    for stage in ("train", "finetune")
)


def made(given, *trainings):
    make = callbacks.maker(given)
    return [callbacks.made_for(make, one) for one in trainings or (TRAIN,)]


def test_an_object_sees_all_trainings_and_a_name_makes_one_for_each():
    own = keras.callbacks.History()
    first, second = made(
        [own, "keras.callbacks:TerminateOnNaN"], TRAIN, FINETUNE
    )
    assert first[0] is second[0] is own
    assert type(first[1]) is keras.callbacks.TerminateOnNaN
    assert first[1] is not second[1]


@pytest.mark.parametrize("given", [[], (), "keras.callbacks:History"], ids=str)
def test_none_and_one_alone_are_fine(given):
    [found] = made(given)
    assert len(found) == bool(given)


def test_arguments_are_json_and_name_the_training():
    text = (
        'keras.callbacks:ModelCheckpoint={"filepath": '
        '"{folder}/{recipe}-{stage}-{epoch:02d}.keras", "save_best_only": true}'
    )
    [[one], [other]] = made([text], TRAIN, FINETUNE)
    assert one.filepath == "runs/1/digits_20-train-{epoch:02d}.keras"
    assert "-finetune-" in other.filepath
    assert one.save_best_only is True


def test_a_function_makes_those_of_a_training():
    csv = keras.callbacks.CSVLogger
    [[one]] = made(lambda training: [csv(f"{training.stage}.csv")])
    assert one.filename == "train.csv"


def test_a_module_of_the_working_folder_is_found(tmp_path, monkeypatch):
    (tmp_path / "my_own_callbacks.py").write_text(
        "import keras\nONE = keras.callbacks.History()\n"
        "def make(times):\n    return keras.callbacks.EarlyStopping("
        "patience=times)\n"
    )
    monkeypatch.chdir(tmp_path)
    names = ["my_own_callbacks:ONE", 'my_own_callbacks:make={"times": 3}']
    [[one, other], [same, _]] = made(names, TRAIN, FINETUNE)
    assert one is same
    assert other.patience == 3


REFUSED = {
    "History": "must name a callback as module:Name",
    ":History": "must name a callback as module:Name",
    "keras.callbacks:": "must name a callback as module:Name",
    "no_such_module:A": "can not be imported: No module named",
    "keras.callbacks:Historie": "can not be imported: module",
    "keras.callbacks:CSVLogger": "which fails: .*'filename'",
    "keras.callbacks:CSVLogger={": r"Received: .*\(Expecting property name",
    "keras.callbacks:CSVLogger=[1]": "with arguments as a JSON object",
    'keras.callbacks:CSVLogger={"file": "a"}': "which fails: .*'file'",
    'keras.layers:Dropout={"rate": 0.5}': "callbacks. Received: Dropout",
    **{one: f"callbacks. Received: {type(one).__name__}" for one in (3, print)},
}


@pytest.mark.parametrize("given", REFUSED, ids=str)
def test_what_is_no_callback_is_one_line(given):
    with pytest.raises(ValueError, match=REFUSED[given]) as error:
        made([given])
    assert "\n" not in str(error.value)
    assert "Received: " in str(error.value)


def test_what_a_function_makes_is_looked_at():
    with pytest.raises(ValueError, match=r"Keras callbacks\. Received: str"):
        made(lambda training: ["keras.callbacks:History"])

"""What a run adds to its record once training is over."""

import json
import types

from keras_mpl import messages
from keras_mpl.runner.execution import closing


def test_records_that_were_skipped_while_training_are_listed(tmp_path, capsys):
    loaded = types.SimpleNamespace(skipped=(("record 3 of a", "truncated"),))
    config = {"seed": 0, "skipped_files": []}
    with messages.shown(True):
        closing.list_skipped(loaded, tmp_path, config)
    written = json.loads((tmp_path / "config.json").read_text())
    assert written["skipped_files"] == [["record 3 of a", "truncated"]]
    assert "skipped 1 records, listed in config.json" in capsys.readouterr().out


def test_a_record_of_a_run_that_skipped_nothing_more_stays(tmp_path, capsys):
    loaded = types.SimpleNamespace(skipped=(("a.png", "empty"),))
    config = {"skipped_files": [["a.png", "empty"]]}
    with messages.shown(True):
        closing.list_skipped(loaded, tmp_path, config)
    assert not list(tmp_path.iterdir())
    assert capsys.readouterr().out == ""

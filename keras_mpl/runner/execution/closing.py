"""What a run writes and says when all of its trainings are done."""

from pathlib import Path
from typing import Any
from typing import cast

from keras_mpl import messages
from keras_mpl import report
from keras_mpl.runner.building import assembly


def list_skipped(
    loaded: assembly.Loaded, folder: Path, config: dict[str, Any]
) -> None:
    """Adds the records that could not be read to `config.json`."""
    skipped = [list(entry) for entry in loaded.skipped]
    if skipped == config["skipped_files"]:
        return
    config["skipped_files"] = skipped
    report.write_json(folder / "config.json", config)
    messages.say(f"skipped {len(skipped)} records, listed in config.json")


def write_up(
    folder: Path,
    config: dict[str, Any],
    found: dict[str, Any],
    seconds: float,
) -> None:
    """Writes the report and the result of a run, and says the verdict.

    Args:
        folder: The run folder.
        config: What is in its `config.json`.
        found: Rows, verdict and what was exported, as in `result.json`.
        seconds: How long it took.
    """
    values = {
        "recipe": config["recipe"]["name"],
        "fingerprint": config["fingerprint"],
        "seed": config["seed"],
        **found,
        "wall_clock_seconds": seconds,
    }
    result = cast(report.Result, values)
    report.replace(folder / "report.md", report.page(config, result))
    report.write_json(folder / "result.json", result)  # the run is finished
    report.write_page(folder, config, result)
    table = f"Test accuracy, last step:\n\n{report.summary(result)}\n"
    messages.say(table, is_apart=True)
    messages.say("\n".join(report.verdict_lines(found["verdict"])))
    messages.say(f"{found['exported']['reason']}\n")
    messages.say(f"{seconds:.0f} s; report.html and all else is in {folder}")

"""Writes the pages of finished runs: one run, or several side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_mpl import report
from keras_mpl.runner.building import recorded


def write_report(run: str | Path) -> Path:
    """Writes `report.html` of a finished run anew.

    It is made of the files of the run folder alone. What a run of an earlier
    version has not kept is left out, and the page says so.

    Args:
        run: A run folder.

    Returns:
        Path of the page.

    Raises:
        ValueError: If it is no finished run, or a file cannot be read.
    """
    report.check_plain(run)  # something will be written there
    return report.write_page(*_read(run))


def compare(runs: Sequence[str | Path], output: str | Path) -> Path:
    """Writes a page that puts finished runs side by side.

    Args:
        runs: Run folders, two or more. Each is compared with the first one.
        output: The file to write, such as `comparison.html`.

    Returns:
        Path of the page.

    Raises:
        ValueError: If one is no finished run, or a file cannot be read, or
            there is one run only.
    """
    if len(runs) < 2:
        raise ValueError(
            "`runs` must be two run folders or more, to compare them. "
            f"Received: {', '.join(map(str, runs)) or 'none'}"
        )
    path = Path(output)
    if not path.parent.is_dir() or path.is_dir():
        raise ValueError(
            "`output` must be a file in a folder that exists. "
            f"Received: {output}"
        )
    report.write_comparison(path, [_read(run) for run in runs])
    return path


def _read(run: str | Path) -> tuple[Path, dict[str, Any], Any]:
    """Returns a run's folder and its two records, in present form."""
    folder = Path(run)
    result = report.read_json(folder, "result.json", report.Result)
    config = report.read_json(folder, "config.json", report.Config)
    if not result["rows"]:
        raise ValueError(
            "`run` must have a result.json with rows. Received: "
            f"{folder / 'result.json'}, which has none"
        )
    family = recorded.family(folder, config)
    *config["baselines"], config["recipe"] = [one.to_dict() for one in family]
    return folder, config, result

"""What one process is at is left to it."""

from benchmarks.common.claims import claimed


def test_a_run_that_another_process_is_at_is_left_to_it(tmp_path):
    folder = tmp_path / "runs" / "one"
    with claimed(folder) as is_ours:
        assert is_ours
        with claimed(folder) as is_theirs:
            assert not is_theirs
    with claimed(folder) as is_free:
        assert is_free


def test_names_that_differ_behind_a_point_are_two_runs(tmp_path):
    with claimed(tmp_path / "weight-0.1") as one:
        with claimed(tmp_path / "weight-0.3") as other:
            assert one
            assert other

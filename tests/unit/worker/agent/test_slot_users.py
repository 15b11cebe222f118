"""What a worker does to folders of all users before runs are users of their own."""

from pathlib import Path

import pytest

from punctual_worker.agent.slot_users import _keep_owners_apart


@pytest.mark.parametrize(
    ("before", "after"), [(0o777, 0o1777), (0o1777, 0o1777), (0o755, 0o755), (0o2777, 0o3777)]
)
def test_a_folder_that_is_open_to_all_gets_the_sticky_bit(
    tmp_path: Path, before: int, after: int
) -> None:
    tmp_path.chmod(before)
    _keep_owners_apart(tmp_path)
    assert tmp_path.stat().st_mode & 0o7777 == after


def test_a_folder_that_is_missing_is_left_out(tmp_path: Path) -> None:
    _keep_owners_apart(tmp_path / "missing")
    assert not (tmp_path / "missing").exists()

"""A backup under a role that may not read everything."""

from pathlib import Path

import pytest

from punctual_devstack.backup import BackupFailed, backup
from tests.support.database import process_number
from tests.support.servers import SharedServers, as_service

OWNER = r"must be that of the role which owns the tables$"


def test_a_role_of_a_service_cannot_back_up_and_the_owner_is_asked_for(
    shared_servers: SharedServers, tmp_path: Path
) -> None:
    url = shared_servers.new_database(f"punctual_backup_role_{process_number()}")
    with pytest.raises(BackupFailed, match=OWNER):
        backup(as_service(url, "api"), tmp_path / "dump")
    assert list(tmp_path.iterdir()) == []
    backup(url, tmp_path / "dump")
    assert (tmp_path / "dump").stat().st_size > 0

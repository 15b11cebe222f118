"""Secrets in files of the worker, as Kubernetes and Vault agents provide them."""

import os
import uuid
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runs import ended, output_of
from tests.integration.worker.secrets import MASK, VALUE, Secrets
from tests.support.rows import new_team


@pytest.fixture
def secrets(engine: Engine) -> Secrets:
    return Secrets(engine, new_team(engine))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that Kubernetes has mounted: each file is a link into a folder behind `..data`."""
    made = tmp_path / "secret-files"
    (made / "..2026_01_01").mkdir(parents=True)
    (made / "..2026_01_01" / "pg").write_text(f"{VALUE}\n")
    (made / "..data").symlink_to("..2026_01_01")
    (made / "pg").symlink_to("..data/pg")
    return made


def use(secrets: Secrets, name: str = "pg", **values: Any) -> uuid.UUID:
    return secrets.run('printf "%s|%s" "${#A}" "$A"', {"A": {"secret_file": name}}, **values)


def test_a_command_gets_a_file_and_its_output_masks_it(
    secrets: Secrets, engine: Engine, start_worker: StartWorker, folder: Path
) -> None:
    start_worker(heartbeat_seconds=0.5, secret_files=folder)
    run = use(secrets)
    assert ended(engine, run).state == "succeeded"
    assert output_of(engine, run).decode() == f"{len(VALUE)}|{MASK}"
    (folder / "..2026_01_02").mkdir()
    (folder / "..2026_01_02" / "pg").write_text("rotated-value")
    (folder / "..new").symlink_to("..2026_01_02")
    (folder / "..new").rename(folder / "..data")
    run = use(secrets)
    assert ended(engine, run).state == "succeeded"
    assert output_of(engine, run).decode() == f"13|{MASK}"


def test_nothing_outside_the_folder_is_read(
    secrets: Secrets, engine: Engine, start_worker: StartWorker, folder: Path
) -> None:
    outside = folder.parent / "outside"
    outside.write_text("outside-of-it")
    (folder.parent / "secret-files-2").mkdir()
    (folder.parent / "secret-files-2" / "x").write_text("next-to-it")
    (folder / "link").symlink_to(outside)
    (folder / "relative").symlink_to("../outside")
    (folder / "next").symlink_to(folder.parent / "secret-files-2")
    (folder / "sub").mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "empty").write_text("\n")
    (folder / "binary").write_bytes(b"\xff\xfe\0")
    (folder / "long").write_text("x" * 65537)
    worker = start_worker(heartbeat_seconds=0.5, secret_files=folder)
    for name, why in {
        "link": "a link leads out of the folder of secret files",
        "relative": "a link leads out of the folder of secret files",
        "next/x": "a link leads out of the folder of secret files",
        "sub": "not a file",
        "pipe": "not a file",
        "empty": "A secret must not be empty",
        "binary": "not UTF-8",
        "long": "A secret must be at most 64 KiB long",
        "missing": "No such file or directory in the folder of secret files",
        "pg/x": "Not a directory in the folder of secret files",
    }.items():
        row = ended(engine, use(secrets, name))
        assert (row.state, row.reason_code) == ("failed", "secret_unusable")
        assert row.reason == f"secret file {name}: {why}"
    assert "outside-of-it" not in worker.log.read_text()


def test_without_a_folder_the_run_fails_and_says_what_to_set(
    secrets: Secrets, engine: Engine, start_worker: StartWorker
) -> None:
    start_worker(heartbeat_seconds=0.5)
    row = ended(engine, use(secrets))
    assert row.reason == (
        "secret file pg: this worker has no folder of secret files (PUNCTUAL_SECRET_FILES)"
    )

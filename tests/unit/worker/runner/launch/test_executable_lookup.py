"""A program is found as a shell finds it, and nothing remote is touched on the way."""

from collections.abc import Callable
from pathlib import Path

import pytest

from punctual_worker.runner.launch.executable_lookup import ExecutableLookup

NEAR = "/dev/sda1 / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n"
Mounted = Callable[[str], ExecutableLookup]


@pytest.fixture
def mounted(tmp_path: Path) -> Mounted:
    """Programs of a machine on which these things are mounted too."""

    def at(lines: str) -> ExecutableLookup:
        table = tmp_path / "mounts"
        table.write_text(NEAR + lines)
        return ExecutableLookup(str(table))

    return at


def program(file: Path, content: bytes = b"\x7fELF and more", mode: int = 0o755) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    file.chmod(mode)
    return str(file)


def test_a_path_is_searched_in_its_order(mounted: Mounted, tmp_path: Path) -> None:
    second = program(tmp_path / "b" / "tool")
    path = f"{tmp_path}/nowhere:{tmp_path}/a:{tmp_path}/b"
    programs = mounted("")
    assert programs.find("tool", path) == second
    assert programs.find("tool", path) != program(tmp_path / "a" / "tool")
    assert programs.find("tool", path) == str(tmp_path / "a" / "tool")
    assert programs.find("other", path) is None


def test_what_only_a_shell_can_judge_is_left_to_it(mounted: Mounted, tmp_path: Path) -> None:
    program(tmp_path / "b" / "tool")
    programs = mounted("")
    assert programs.find("tool", f"here:{tmp_path}/b") is None
    assert programs.find("tool", f":{tmp_path}/b") is None
    assert programs.find("tool", f"{tmp_path}/b:%func") is None
    program(tmp_path / "a" / "tool", mode=0o644)
    assert programs.find("tool", f"{tmp_path}/a:{tmp_path}/b") is None
    (tmp_path / "c" / "tool").mkdir(parents=True)
    assert programs.find("tool", f"{tmp_path}/c:{tmp_path}/b") is None


def test_a_path_is_taken_as_it_is(mounted: Mounted, tmp_path: Path) -> None:
    assert mounted("").find("/no/such/program", "") == "/no/such/program"
    assert mounted("").find("./program", "") == "./program"


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "autofs", "9p"])
def test_nothing_remote_is_started_or_searched(mounted: Mounted, tmp_path: Path, kind: str) -> None:
    far = tmp_path / "far away"
    tool, near = program(far / "bin" / "tool"), program(tmp_path / "near" / "tool")
    mount = str(far).replace(" ", "\\040")
    programs = mounted(f"server:/x {mount} {kind} rw 0 0\n")
    assert programs.find(tool, "") is None
    assert programs.find("tool", f"{far}/bin:{tmp_path}/near") is None
    assert programs.find(near, "") == near
    assert programs.find("tool", f"{tmp_path}/near:{far}/bin") == near


def test_links_are_followed_with_care(mounted: Mounted, tmp_path: Path) -> None:
    far, near = tmp_path / "far", tmp_path / "near"
    program(far / "tool")
    program(near / "tool")
    (near / "abroad").symlink_to("../far/tool")
    (near / "home").symlink_to(near / "abroad" / ".." / "tool")
    (near / "round").symlink_to(near / "round")
    (near / "fine").symlink_to("./tool")
    programs = mounted(f"server:/x {far} nfs rw 0 0\n")
    assert programs.find(f"{near}/abroad", "") is None
    assert programs.find(f"{near}/home", "") is None
    assert programs.find(f"{near}/round", "") is None
    assert programs.find(f"{near}/fine", "") == f"{near}/fine"
    assert programs.find(f"{far}/../near/tool", "") is None


def test_with_a_remote_mount_a_script_has_its_shell(mounted: Mounted, tmp_path: Path) -> None:
    script = program(tmp_path / "script", b"#!/far/away/python\n")
    assert mounted("").find(script, "") == script
    assert mounted("server:/x /far nfs rw 0 0\n").find(script, "") is None
    assert mounted("server:/x /far nfs rw 0 0\n").find("script", str(tmp_path)) is None


def test_what_is_mounted_later_is_seen(mounted: Mounted, tmp_path: Path) -> None:
    tool = program(tmp_path / "far" / "tool")
    programs = mounted("")
    assert programs.find(tool, "") == tool
    (tmp_path / "mounts").write_text(f"{NEAR}server:/x {tmp_path}/far nfs rw 0 0\n")
    programs.refresh()
    assert programs.find(tool, "") is None


def test_without_a_table_of_mounts_everything_may_be_remote(tmp_path: Path) -> None:
    assert ExecutableLookup(str(tmp_path / "missing")).find("/bin/ls", "") is None

"""Name servers are read as resolv.conf(5) says."""

from pathlib import Path

from punctual_worker.agent.networks.resolvers import name_servers

TEXT = """\
# nameserver 10.0.0.1
; nameserver 10.0.0.2
search example.com
nameserver 127.0.0.11
nameserver\t fe80::1%eth0
nameserver
nameserver not-an-address
options ndots:0
"""


def test_each_server_that_is_named_is_found(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text(TEXT)
    assert [str(each) for each in name_servers(file)] == ["127.0.0.11", "fe80::1"]


def test_without_any_it_is_this_machine(tmp_path: Path) -> None:
    assert [str(each) for each in name_servers(tmp_path / "none")] == ["127.0.0.1", "::1"]

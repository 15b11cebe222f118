"""Write the rules of the packet filter that keep commands to what they may reach.

A packet is judged by the user that made its socket, so the rules are about the users of commands
alone. They see each packet before an address is translated (as Docker does for its name server),
with the address that the command named.

Servers on this machine are out of reach, but for those of the run itself: the first packet of a
connection over the loopback device is let through and marks the connection with the command's user;
the server's answer is let through if that is of the same user. When the command repeats its first
packet, after a second, it is refused.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from punctual.domain.commands.reach import Reach, closed_networks

REFUSED_MARK = 0x7FFFFFFF
"""Of a connection that is refused: larger than every number of a user."""
DNS_PORT = 53
V4 = 4

RULES = """\
table inet {table} {{}}
delete table inet {table}
table inet {table} {{
  {sets}
  map mark_of {{ type uid : mark; elements = {{ {marks} }}; }}
  set same_user {{ type uid . mark; elements = {{ {pairs} }}; }}
  chain output {{
    type filter hook output priority mangle; policy accept;
    oifname "lo" ct mark {users} tcp flags & (syn | ack) == syn | ack goto answer
    meta skuid {users} jump command
  }}
  chain answer {{
    meta skuid . ct mark @same_user accept
    ct mark set {refused} drop
  }}
  chain command {{
    {name_servers}
    ip daddr @named_4 accept
    ip6 daddr @named_6 accept
    oifname "lo" goto local
    ip daddr @closed_4 goto refuse
    ip6 daddr @closed_6 goto refuse
  }}
  chain local {{
    meta l4proto != tcp goto refuse
    ct mark {refused} goto refuse
    ct direction original ct mark set meta skuid map @mark_of
    accept
  }}
  chain refuse {{
    reject with icmpx admin-prohibited
  }}
}}
"""


def table_of(users: range) -> str:
    """Return the name of the table for these users: workers of one machine have different ones."""
    return f"punctual_{users.start}"


def ruleset(users: range, reach: Reach, servers: Iterable[IPv4Address | IPv6Address]) -> str:
    """Return the commands of `nft -f` that replace the table for these users, in one step."""
    closed_4, closed_6 = closed_networks(reach)
    sets = (
        _set("named_4", "ipv4_addr", [each for each in reach.networks if each.version == V4]),
        _set("named_6", "ipv6_addr", [each for each in reach.networks if each.version != V4]),
        _set("closed_4", "ipv4_addr", closed_4),
        _set("closed_6", "ipv6_addr", closed_6),
    )
    return RULES.format(
        table=table_of(users),
        sets="\n  ".join(sets),
        marks=", ".join(f"{uid} : {uid}" for uid in users),
        pairs=", ".join(f"{uid} . {uid}" for uid in users),
        users=f"{users.start}-{users[-1]}",
        refused=REFUSED_MARK,
        name_servers="\n    ".join(_name_server(each) for each in servers),
    )


def removal(users: range) -> str:
    """Return the commands that remove the table, whether it is there or not."""
    table = table_of(users)
    return f"table inet {table} {{}}\ndelete table inet {table}\n"


def _set(name: str, kind: str, networks: Sequence[IPv4Network | IPv6Network]) -> str:
    elements = f" elements = {{ {', '.join(map(str, networks))} }};" if networks else ""
    return f"set {name} {{ type {kind}; flags interval; auto-merge;{elements} }}"


def _name_server(address: IPv4Address | IPv6Address) -> str:
    family = "ip" if address.version == V4 else "ip6"
    return f"meta l4proto {{ tcp, udp }} {family} daddr {address} th dport {DNS_PORT} accept"

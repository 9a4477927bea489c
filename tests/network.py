"""What a command, and all that it starts, asks of the network: native code included.

The command runs in a network namespace of its own, where every address in the world is this
machine. Nothing gets out; each name that is looked up and each foreign address that is written to
is recorded, by the packets themselves.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FAKE = "203.0.113.7"  # what every name is (RFC 5737: nobody's), so that a connection follows
DNS = 53
EVERY_PACKET = 3  # linux/if_ether.h: ETH_P_ALL
IPV4, IPV6 = 0x0800, 0x86DD
PACKET, STATISTICS = 263, 6  # linux/if_packet.h: SOL_PACKET, PACKET_STATISTICS
RECEIVE_BUFFER = 33  # asm/socket.h: SO_RCVBUFFORCE
HEADER = 14  # bytes of Ethernet's
NAMESPACE = """
set -e
ip link set lo up
ip route add local 0.0.0.0/0 dev lo
ip -6 route add local ::/0 dev lo 2>/dev/null || true
mount --bind "$1" /etc/resolv.conf
"""


@dataclass(frozen=True)
class Seen:
    """What a command asked of the network, and how it ended."""

    code: int
    output: str
    names: frozenset[str]
    addresses: frozenset[str]


def watched(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Seen:
    """Run a command in ``folder``; skip where this user may not make namespaces."""
    enter = _enter()
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1\n")
        inner = ["sh", "-c", NAMESPACE + 'shift; exec "$@"', "sh", f"{scratch}/resolv.conf"]
        done = subprocess.run(
            [*enter, *inner, sys.executable, __file__, scratch, *words],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        found = json.loads((Path(scratch) / "seen.json").read_text())
    assert found["lost"] == 0, "packets came faster than they were read"
    own = {"localhost", socket.gethostname().lower(), socket.getfqdn().lower()}
    names = frozenset(found["names"]) - own
    return Seen(done.returncode, done.stdout, names, frozenset(found["addresses"]))


def _enter() -> list[str]:
    """Return the words that start a command in namespaces of its own."""
    if absent := [name for name in ("unshare", "ip", "mount") if shutil.which(name) is None]:
        pytest.skip(f"no namespace without {', '.join(absent)}")
    own = [] if os.geteuid() == 0 else ["--map-root-user"]
    enter = ["unshare", *own, "--net", "--mount", "--"]
    probe = NAMESPACE.replace('"$1"', "/etc/resolv.conf")
    answer = subprocess.run(
        [*enter, "sh", "-c", probe], capture_output=True, text=True, check=False
    )
    if answer.returncode:
        pytest.skip(f"this user may not make a network namespace: {answer.stderr.strip()}")
    return enter


def _watch(scratch: Path, words: Sequence[str]) -> int:
    """Run a command within the namespace; leave what was seen in ``seen.json``."""
    names: set[str] = set()
    addresses: set[str] = set()
    sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERY_PACKET))
    sniffer.setsockopt(socket.SOL_SOCKET, RECEIVE_BUFFER, 256 * 2**20)
    sniffer.bind(("lo", 0))
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("0.0.0.0", DNS))  # noqa: S104 - of this namespace alone
    for act, end in ((_sniff, sniffer), (_serve, server)):
        found = addresses if end is sniffer else names
        threading.Thread(target=act, args=(end, found), daemon=True).start()
    code = subprocess.run(words, check=False).returncode
    # What libraries keep for later is sent within seconds, by processes that live on; these ended.
    _, lost = struct.unpack("II", sniffer.getsockopt(PACKET, STATISTICS, 8))
    content = {"names": sorted(names), "addresses": sorted(addresses), "lost": lost}
    (scratch / "seen.json").write_text(json.dumps(content))
    return code


def _sniff(sniffer: socket.socket, found: set[str]) -> None:
    """Record the address that each packet goes to, other than those of the loopback."""
    frame = bytearray(2**17)
    while True:
        sniffer.recv_into(frame)
        (kind,) = struct.unpack_from("!H", frame, HEADER - 2)
        if kind == IPV4 and frame[HEADER + 16] != 127:
            found.add(socket.inet_ntoa(frame[HEADER + 16 : HEADER + 20]))
        elif kind == IPV6:
            address = ip_address(bytes(frame[HEADER + 24 : HEADER + 40]))
            if not (address.is_loopback or address.is_multicast):
                found.add(str(address))


def _serve(server: socket.socket, found: set[str]) -> None:
    """Answer every question for an IPv4 address with :data:`FAKE`; record all names."""
    while True:
        question, sender = server.recvfrom(2**16)
        end, labels = 12, []
        while length := question[end]:
            labels.append(question[end + 1 : end + 1 + length].decode("ascii", "replace"))
            end += length + 1
        found.add(".".join(labels).lower())
        (kind,) = struct.unpack_from("!H", question, end + 1)
        answered = kind == 1
        head = question[:2] + struct.pack("!HHHHH", 0x8180, 1, int(answered), 0, 0)
        answer = struct.pack("!HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(FAKE)
        server.sendto(head + question[12 : end + 5] + (answer if answered else b""), sender)


if __name__ == "__main__":
    sys.exit(_watch(Path(sys.argv[1]), sys.argv[2:]))

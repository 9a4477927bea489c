"""Look for known faults of what is locked, and list it: ``make audit``.

Reads ``requirements.lock``, those of ``-cuda`` and ``-services``, and ``pyproject.toml``; asks the
package index, through pip-audit, about each release. Writes ``sbom.cdx.json`` (CycloneDX, checked
against its schema, the same bytes for the same locks). Installs nothing.

Exit codes: 0 nothing is known against any release; 1 something is; 2 it could not be seen.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKS = tuple(ROOT / f"requirements{name}.lock" for name in ("", "-cuda", "-services"))
SBOM = ROOT / "sbom.cdx.json"
FOUND, UNSEEN = 1, 2


@dataclass(frozen=True)
class Audit:
    """What pip-audit knows: releases that it saw, those it could not look up, and their faults."""

    seen: int
    unseen: tuple[str, ...]
    faults: tuple[str, ...]


def main() -> int:
    """Write the SBOM, then audit; return the exit code."""
    write_sbom()
    found = audit()
    for line in verdict(found):
        print(line)
    return code(found)


def write_sbom() -> None:
    """Write ``sbom.cdx.json``; cyclonedx-py refuses to write what its schema does not allow."""
    command = (
        *(sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements"),
        *("--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible", "--validate"),
        *("--of", "JSON", "--output-file", str(SBOM), "-"),
    )
    locked = "".join(lock.read_text(encoding="utf-8") for lock in LOCKS)
    subprocess.run(command, input=locked, check=True, text=True)
    print(f"{SBOM.name}: {len(json.loads(SBOM.read_bytes())['components'])} components")


def audit() -> Audit:
    """Ask pip-audit. Raises SystemExit with its own words where it could not finish."""
    files = [option for lock in LOCKS for option in ("--requirement", str(lock))]
    options = ("--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json")
    command = (sys.executable, "-m", "pip_audit", *options, *files)
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if not done.stdout.strip():
        raise SystemExit(f"the audit did not finish, so nothing is known:\n{done.stderr.strip()}")
    return read(done.stdout)


def read(answer: str) -> Audit:
    """Take pip-audit's JSON apart. A release that it skipped is unseen, not free of faults."""
    releases = json.loads(answer)["dependencies"]
    unseen = tuple(r["name"] for r in releases if "skip_reason" in r)
    faults = tuple(
        f"{r['name']} {r['version']}: {v['id']}, mended in {', '.join(v['fix_versions']) or 'none'}"
        for r in releases
        for v in r.get("vulns", ())
    )
    return Audit(len(releases) - len(unseen), unseen, faults)


def code(audit: Audit) -> int:
    """Return the exit code."""
    if audit.faults:
        return FOUND
    return UNSEEN if audit.unseen or not audit.seen else 0


def verdict(audit: Audit) -> list[str]:
    """Say what is known and what is not, in lines."""
    lines = list(audit.faults)
    if audit.unseen or not audit.seen:
        names = ", ".join(audit.unseen[:3]) + (", ..." if len(audit.unseen) > 3 else "")
        lines.append(
            f"NOT SEEN: {len(audit.unseen)} of {audit.seen + len(audit.unseen)} releases ({names}) "
            "could not be looked up, so nothing is known about them. Run this where pypi.org "
            "answers itself: mirrors often leave out the pages that name faults."
        )
    lines.append(f"{audit.seen} releases seen, {len(audit.faults)} known faults")
    return lines


if __name__ == "__main__":
    sys.exit(main())

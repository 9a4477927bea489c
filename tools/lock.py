"""Resolve ``pyproject.toml`` into locks with hashes: ``make lock``.

Reads ``pyproject.toml``, ``tools/{audit,mutants,services,serving}.in``, the present locks (whose
versions are kept unless ``--upgrade`` is given) and ``requirements-cpu.lock``; asks the package
index through uv. Writes ``requirements.lock``, and of the same name with ``-cuda``, ``-audit``,
``-mutants``, ``-services`` and ``-serving``. Installs nothing.

CUDA has a lock of its own, for torch's build for the processor alone does not want it. That build
and the package index's are one release, so that ``requirements.lock`` lists the hashes of both.

What serves has a lock that is a part of ``requirements.lock``: a release answers by the versions
that it was measured with. Only onnxruntime is another build there, on x86-64: the one without CUDA.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
CPU = ROOT / "requirements-cpu.lock"
CUDA = ROOT / "requirements-cuda.lock"
AUDIT = ROOT / "requirements-audit.lock"
MUTANTS = ROOT / "requirements-mutants.lock"
SERVICES = ROOT / "requirements-services.lock"
SERVING = ROOT / "requirements-serving.lock"

RESOLVE = (
    *("uv", "pip", "compile", "--universal", "--quiet"),
    *("--generate-hashes", "--no-header", "--no-annotate"),
)
CUDA_NAMES = re.compile(r"nvidia-|cuda-|triton==")
ONNXRUNTIME = re.compile(r"^(onnxruntime==\S+) ;[^\n]*(?= \\\n)")
ENTRY = re.compile(r"^(?=\S)", re.MULTILINE)
HASH = re.compile(r"--hash=(\S+)")


def main() -> None:
    """Write the locks; where one can't be resolved, none."""
    options = sys.argv[1:]
    lock = resolve(ROOT / "pyproject.toml", (LOCK, CUDA), "--extra", "dev", *options)
    packages, cuda = split(lock)
    packages = with_cpu_builds(packages, CPU.read_text(encoding="utf-8"))
    audit = resolve(ROOT / "tools/audit.in", (AUDIT,), "--python-version", "3.11", *options)
    mutants = missing(_within("mutants", MUTANTS, packages, *options), packages)
    services = missing(_within("services", SERVICES, packages, *options), packages)
    serving = among(_within("serving", SERVING, packages, *options), packages)
    LOCK.write_text("".join(packages), encoding="utf-8")
    CUDA.write_text("".join(cuda), encoding="utf-8")
    AUDIT.write_text(audit, encoding="utf-8")
    MUTANTS.write_text("".join(mutants), encoding="utf-8")
    SERVICES.write_text("".join(services), encoding="utf-8")
    SERVING.write_text("".join(serving), encoding="utf-8")


def resolve(wanted: Path, present: tuple[Path, ...], *options: str) -> str:
    """Return the lock of ``wanted``. uv keeps the versions that it finds in its output file."""
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder, "requirements.lock")
        lock.write_text("".join(p.read_text(encoding="utf-8") for p in present if p.is_file()))
        command = [*RESOLVE, *options, "--output-file", str(lock), str(wanted)]
        if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode != 0:
            raise SystemExit("no lock was changed: uv says above what it lacks")
        return lock.read_text(encoding="utf-8")


def _within(name: str, present: Path, packages: list[str], *options: str) -> str:
    """Return the lock of ``tools/<name>.in`` in the versions that the project's entries have."""
    with tempfile.TemporaryDirectory() as folder:
        theirs = Path(folder, "constraints.txt")
        theirs.write_text("".join(packages), encoding="utf-8")
        wanted = ROOT / f"tools/{name}.in"
        return resolve(wanted, (present,), "--constraint", str(theirs), *options)


def missing(lock: str, packages: list[str]) -> list[str]:
    """Return the entries of a lock whose package is not among others."""
    there = {_name(entry) for entry in packages}
    return [entry for entry in ENTRY.split(lock) if entry and _name(entry) not in there]


def among(lock: str, packages: list[str]) -> list[str]:
    """Return those of the project's entries whose package a lock has, onnxruntime's everywhere."""
    wanted = {_name(entry) for entry in ENTRY.split(lock)}
    return [ONNXRUNTIME.sub(r"\1", entry) for entry in packages if _name(entry) in wanted]


def _name(entry: str) -> str:
    return entry.partition("==")[0]


def split(lock: str) -> tuple[list[str], list[str]]:
    """Return the entries (a requirement and its hashes) of all machines, and those of CUDA."""
    entries = [entry for entry in ENTRY.split(lock) if entry]
    cuda = [entry for entry in entries if CUDA_NAMES.match(entry)]
    return [entry for entry in entries if entry not in cuda], cuda


def with_cpu_builds(entries: list[str], cpu: str) -> list[str]:
    """Add the hashes of torch's builds for the processor alone, as ``requirements-cpu.lock`` has.

    Raises SystemExit where that lock is of another release than the one that was resolved.
    """
    return [_with_cpu_builds(e, cpu) if e.startswith("torch==") else e for e in entries]


def _with_cpu_builds(entry: str, cpu: str) -> str:
    requirement = entry.split(" \\\n")[0].strip()
    if f"\n{requirement}+cpu " not in f"\n{cpu}":
        raise SystemExit(
            f"no lock was changed: {CPU.name} is not of {requirement}. Write that version and its "
            "wheels' SHA-256 there, as https://download.pytorch.org/whl/cpu/torch/ lists them"
        )
    hashes = sorted({*HASH.findall(entry), *HASH.findall(cpu)})
    return " \\\n".join((requirement, *(f"    --hash={digest}" for digest in hashes))) + "\n"


if __name__ == "__main__":
    main()

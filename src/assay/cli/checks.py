"""What ``assay doctor`` checks: versions, disk, processor, checkpoints, outputs, servers.

Reads ``requirements.lock``, ``params.yaml``, ``dvc.lock``, the outputs it names, and asks the
servers whose addresses are set. Writes nothing, repairs nothing: each finding names its cure.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlparse

from packaging.requirements import Requirement

from assay import cores, processor
from assay.errors import OLD_VERSIONS, AssayError
from assay.gateways import signing, versioning
from assay.paths import ModelPaths, require_project
from assay.tasks import registry
from assay.tasks.bundles import open_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assay.settings.schema import Model

LOCK = Path("requirements.lock")
ENOUGH_DISK = 5 * 2**30
SERVERS = {"PREFECT_API_URL": "Prefect server", "MLFLOW_TRACKING_URI": "MLflow server"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    state: Literal["ok", "note", "wrong"]
    found: str
    cure: str = ""


def check() -> list[Finding]:
    """Run every check; one that fails by itself is a finding too."""
    return [finding for one in CHECKS for finding in _guarded(one)]


def _guarded(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except AssayError as problem:
        yield Finding(check.__name__.strip("_"), "wrong", problem.found, problem.cure)


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    fits = (3, 11) <= sys.version_info[:2] < (3, 13)
    yield Finding("python", "ok" if fits else "wrong", version, "make PYTHON=python3.11 run")


def _packages() -> Iterator[Finding]:
    if not LOCK.is_file():
        yield Finding("packages", "wrong", f"{LOCK} is missing", f"git checkout {LOCK}")
        return
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    entries = [line.rstrip("\\ ") for line in lines if line.strip() and line[0] not in "#- "]
    pinned = [Requirement(entry) for entry in entries]
    wanted = [r for r in pinned if r.marker is None or r.marker.evaluate()]
    differing = [text for r in wanted if (text := _difference(r))]
    if differing:
        shown = "; ".join(differing[:5]) + ("; ..." if len(differing) > 5 else "")
        cure = "rm .venv/ready && make run"
        yield Finding("packages", "wrong", f"{len(differing)} differ from {LOCK}: {shown}", cure)
    else:
        yield Finding("packages", "ok", f"all {len(wanted)} as in {LOCK}")


def _difference(wanted: Requirement) -> str:
    try:
        found = importlib.metadata.version(wanted.name)
    except importlib.metadata.PackageNotFoundError:
        return f"{wanted.name} is missing"
    # A build's local mark (2.13.0+cpu) is the same release.
    fits = wanted.specifier.contains(found.partition("+")[0], prereleases=True)
    return "" if fits else f"{wanted.name} is {found}, not {wanted.specifier}"


def _machine() -> Iterator[Finding]:
    yield Finding("processor", "ok", f"{cores.usable()} x {processor.processor_class()}")
    yield _bf16(supported=processor.has_instructions(processor.BF16_INSTRUCTIONS))
    free = shutil.disk_usage(".").free
    state: Literal["ok", "wrong"] = "ok" if free >= ENOUGH_DISK else "wrong"
    cure = f"free some space: {OLD_VERSIONS}"
    yield Finding("disk", state, f"{free / 2**30:.0f} GiB free", cure)


def _bf16(*, supported: bool) -> Finding:
    without = "training uses fp32: this processor has no bf16 instructions"
    return Finding("bf16", "ok", "training uses bf16" if supported else without)


def _project() -> Iterator[Finding]:
    require_project()
    models = registry.load()
    yield Finding("settings", "ok", f"models: {', '.join(models)}")
    commit = versioning.commit()
    if commit is None:
        cure = "git init && git add . && git commit: proof needs a commit to name"
        yield Finding("git", "wrong", "this folder is under no commit", cure)
    else:
        found = f"{commit[:12]}" + (" with changes" if versioning.dirty() else "")
        yield Finding("git", "ok", found)
    for name, model in models.items():
        yield from _model(name, model)


def _model(name: str, model: Model) -> Iterator[Finding]:
    try:
        found = registry.task_of(model).starting_point(model)
        yield Finding(f"{name}: starts from", "ok", found)
    except AssayError as problem:
        yield Finding(f"{name}: starts from", "wrong", problem.found, problem.cure)
    if not versioning.lock_entries(name):
        yield Finding(f"{name}: outputs", "note", "not built yet", f"assay run {name}")
        return
    if not versioning.has_outputs(name):
        cure = f"assay run {name} builds it; dvc pull fetches it, if a colleague pushed it"
        yield Finding(f"{name}: outputs", "note", "not built here", cure)
        return
    if altered := versioning.verify_outputs(name):
        cure = f"assay run {name} restores them or makes them again"
        yield Finding(f"{name}: outputs", "wrong", f"not as in dvc.lock: {altered}", cure)
    elif mixed := versioning.verify_chain(name):
        yield Finding(f"{name}: outputs", "wrong", "; ".join(mixed), f"assay run {name}")
    else:
        yield Finding(f"{name}: outputs", "ok", "every byte as in dvc.lock")
        yield _bundle(name)


def _bundle(name: str) -> Finding:
    folder = ModelPaths(name).bundle
    if not folder.is_dir():
        return Finding(f"{name}: bundle", "note", "not built yet", f"assay run {name}")
    try:
        served = open_bundle(folder)
    except AssayError as problem:
        return Finding(f"{name}: bundle", "wrong", problem.found, problem.cure)
    return Finding(f"{name}: bundle", "ok", f"{served.precision} on {served.provider}")


def _servers() -> Iterator[Finding]:
    for variable, subject in SERVERS.items():
        address = os.environ.get(variable, "")
        where = urlparse(address)
        if not where.scheme.startswith("http") or not where.hostname:
            yield Finding(subject, "ok", f"none asked for ({variable} is not set)")
            continue
        port = where.port or (443 if where.scheme == "https" else 80)
        try:
            socket.create_connection((where.hostname, port), timeout=2).close()
            yield Finding(subject, "ok", f"answers at {where.hostname}:{port}")
        except OSError as problem:
            found = f"{where.hostname}:{port} does not answer ({problem})"
            yield Finding(subject, "wrong", found, f"make up, or unset {variable}")


def _releases() -> Iterator[Finding]:
    """Hold the ledger and each champion against their signatures, here and in MLflow."""
    from assay.release import aliases, champion, ledger

    known = ledger.read()
    lines = ledger.verify_all()
    if lines:
        yield Finding("ledger", "ok", f"{lines:,} lines, each signed and in its place")
    if lines and not signing.has_key():
        cure = "assay doctor --fix makes one"
        yield Finding("key", "note", "none to sign with, or not among releases/keys/", cure)
    for name in registry.load():
        version = champion.version_of(known, name)
        if version is None:
            continue
        champion.require_intact(name, version)
        yield Finding(f"{name}: champion", "ok", f"release {version}, every byte as signed")
        if aliases.missing(name, known):
            found, cure = f"MLflow has lost release {version}", f"assay track {name}"
            yield Finding(f"{name}: champion in MLflow", "wrong", found, cure)


CHECKS = (_python, _packages, _machine, _project, _releases, _servers)

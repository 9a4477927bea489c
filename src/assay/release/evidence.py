"""What a release can be rebuilt from, gathered before it is one; and what speaks against it.

Reads ``dvc.lock``, git, the model's outputs and its trace. Writes nothing.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from assay import processor, records
from assay.bundle import manifest
from assay.errors import AssayError
from assay.files import sha256, sha256_of_folder
from assay.gateways import signing, versioning
from assay.gateways.versioning.inbox import listed
from assay.paths import INBOX, PIPELINE_LOCK, RELEASES, ModelPaths
from assay.records import Trace
from assay.release.certificate import Certificate, Machine, Material
from assay.release.soundness import require_sound
from assay.tasks import registry
from assay.verdicts import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assay.settings.schema import Model
    from assay.verdicts import Verdict

LOCK = Path("requirements.lock")
# What a run of the pipeline itself changes: a certificate holds these by their content.
OUTSIDE = (PIPELINE_LOCK.as_posix(), f"{RELEASES.as_posix()}/", f"{INBOX.as_posix()}/")


@dataclass(frozen=True)
class Evidence:
    """A challenger's digests, and the findings that keep it from being certified.

    Attributes:
        files: SHA-256 of each file of its bundle.
        weights: SHA-256 of its checkpoint.
        tested: DVC's MD5 of the test split.
        commit: that is checked out; None outside git.
        findings: in sentences, each with what to do.

    """

    files: Mapping[str, str]
    weights: str
    tested: str
    commit: str | None
    findings: tuple[str, ...]

    @property
    def bundle(self) -> str:
        """SHA-256 of the bundle, a folder."""
        return sha256_of_folder(self.files)


def gather(files: ModelPaths) -> Evidence:
    """Look at a built model.

    Raises:
        InputRefused, BundleRefused: an output is not what its stage wrote.

    """
    require_sound(files)
    return Evidence(
        files=digests_of(files.bundle),
        weights=sha256(files.checkpoint),
        tested=versioning.md5_of(files.split("test")),
        commit=versioning.commit(),
        findings=tuple(_findings(files)),
    )


def digests_of(bundle: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a bundle."""
    return {path.name: sha256(path) for path in sorted(bundle.iterdir())}


def rule(evidence: Evidence) -> Rule:
    """Return the gate's rule on the certificate."""
    shown = "; ".join(evidence.findings)
    held = f"commit {str(evidence.commit)[:12]}, every output as recorded, a key to sign with"
    return Rule(
        name="certificate",
        title="certificate",
        passed=not evidence.findings,
        found=shown or held,
        required="what it was made from is in git and DVC, and can be signed for",
    )


def certificate(
    files: ModelPaths, settings: Model, number: int, evidence: Evidence, verdict: Verdict
) -> Certificate:
    """Return all that vouches for a release, as number ``number``."""
    stated = manifest.read(files.bundle)
    return Certificate(
        model=files.model,
        version=number,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        files=dict(evidence.files),
        commit=evidence.commit or "",
        dirty=bool(versioning.changed(*OUTSIDE)),
        settings=settings.model_dump(mode="json", by_alias=True),
        materials=tuple(_materials(files, settings)),
        lock=versioning.locked(files.model, _learned_from(settings)),
        inbox=versioning.inbox_entries(files.model),
        machine=Machine(
            processor=stated.processor,
            threads=settings.train.threads,
            torch=version("torch"),
            python=platform.python_version(),
        ),
        trace=records.read(files.trace, Trace),
        verdict=verdict,
    )


def _findings(files: ModelPaths) -> list[str]:
    found = []
    if versioning.commit() is None:
        found.append("this folder is under no commit: git init, git add, git commit")
    if changed := versioning.changed(*OUTSIDE):
        found.append(f"not committed: {listed(changed)} (git add, git commit)")
    if stale := versioning.verify_sources(files.model):
        found.append(f"changed since it was built: {listed(stale)} (assay run {files.model})")
    if untracked := versioning.inbox_untracked(files.model):
        found.append(f"not versioned: {listed(untracked)} (assay run {files.model})")
    if not files.trace.is_file():
        found.append(f"no {files.trace} (assay run {files.model})")
    made = manifest.read(files.bundle).processor
    if made != processor.processor_class():
        found.append(f"built on {made}, and this is {processor.processor_class()}")
    found += _of_others(registry.load_model(files.model))
    try:
        usable = signing.has_key()
    except AssayError as problem:
        return [*found, problem.found]
    return found if usable else [*found, "no trusted key to sign with (assay doctor --fix)"]


def _materials(files: ModelPaths, settings: Model) -> list[Material]:
    tables = [files.raw, *sorted(path for path in files.splits.iterdir() if path.is_file())]
    outputs = versioning.lock_entries(files.model)
    found = [
        Material(name=path.as_posix(), digest={"sha256": sha256(path), **_md5(outputs, path)})
        for path in tables
    ]
    found.append(Material(name=LOCK.as_posix(), digest={"sha256": sha256(LOCK)}))
    start = registry.task_of(settings).pretrained(settings)
    if start is not None:
        name = f"pretrained checkpoint {settings.train.checkpoint}"
        found.append(Material(name=name, digest={"sha256": sha256(start)}))
    found += [
        Material(name=path, digest={"dvcMd5": md5})
        for path, md5 in _learned_from(settings).items()
        if md5
    ]
    inbox = versioning.inbox_entries(files.model)
    return [*found, *(Material(name=name, digest={"dvcMd5": md5}) for name, md5 in inbox.items())]


def _of_others(settings: Model) -> list[str]:
    """Return what speaks against the models that this one learned from."""
    try:
        registry.task_of(settings).require_teachers(settings)
    except AssayError as problem:
        return [f"{problem.found} ({problem.cure})"]
    return [
        f"not as dvc.lock records it: {path} (assay run {' '.join(settings.learns_from)})"
        for path, md5 in _learned_from(settings).items()
        if md5 is None or versioning.md5_now(path) not in (md5, None)
    ]


def _learned_from(settings: Model) -> dict[str, str | None]:
    """Return DVC's MD5 of what training read of other models, by path; None if it has none."""
    found: dict[str, str | None] = {}
    for name in settings.learns_from:
        outputs = versioning.lock_entries(name)
        for path in (ModelPaths(name).checkpoint, ModelPaths(name).splits):
            found[path.as_posix()] = outputs.get(path.as_posix())
    return found


def _md5(outputs: dict[str, str], path: Path) -> dict[str, str]:
    md5 = outputs.get(path.as_posix())
    return {"md5": md5} if md5 else {}

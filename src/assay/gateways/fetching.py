"""Fetch a file once, and refuse it unless its bytes are those that are written down.

Looks into the mirror first, then into ``data/downloads``, then asks the network (pip's own client,
HTTP, apt). Writes ``data/downloads`` only.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from assay.errors import SourceRefused
from assay.files import replacing, sha256
from assay.paths import DOWNLOADS
from assay.progress import say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MIRROR = "ASSAY_MIRROR"
# Seconds without a byte; a name that can't be reached must not hold a run for minutes.
PATIENCE = 15


def mirrored(relative: str) -> Path | None:
    """Return a file of the folder that ``ASSAY_MIRROR`` names, if it is there."""
    mirror = os.environ.get(MIRROR)
    file = Path(mirror) / relative if mirror else None
    return file if file is not None and file.is_file() else None


def find(relative: str, fetched: Path, fetch: Callable[[Path], None]) -> Path:
    """Return a file of the mirror, else the fetched one, which is fetched where it is not there.

    Args:
        relative: its place in the mirror.
        fetched: its place below ``data/downloads``.
        fetch: writes that file.

    Raises:
        SourceRefused: it can't be fetched.

    """
    if file := mirrored(relative):
        return file
    if not fetched.is_file():
        fetch(fetched)
    return fetched


def find_text(name: str, url: str, sha256: str | None = None) -> Path:
    """Return a file of texts, which stands under ``name`` below ``text/`` of the mirror.

    Args:
        name: its place there, and below ``data/downloads``.
        url: where it is fetched from.
        sha256: of what the address gives, where that is known. A mirror's copy is not compared: it
            may be a part of the file.

    Raises:
        SourceRefused: it can't be fetched, or what was fetched is another file.

    """
    fetched = DOWNLOADS / name
    file = find(f"text/{name}", fetched, partial(http_download, url))
    if sha256 is not None and file == fetched:
        check_digest(file, sha256)
    return file


def find_mirrored(name: str, expected: str) -> Path:
    """Return a file of texts that the mirror alone has, ``name`` below ``text/``.

    Raises:
        SourceRefused: ``ASSAY_MIRROR`` is not set, or names a folder without it.

    """
    if file := mirrored(f"text/{name}"):
        return file
    folder = os.environ.get(MIRROR)
    raise SourceRefused(
        f"the mirror {folder}/ has no text/{name}" if folder else f"{MIRROR} is not set",
        expected=f"a folder with text/{name}: {expected}; there is no address to fetch it from",
        cure=f"put the file there, and set {MIRROR} to the folder",
    )


def installed(relative: str) -> Path | None:
    """Return a file or folder inside an installed package, ``PACKAGE/PATH``, if it is there.

    Nothing of the package runs.
    """
    name, _, inner = relative.partition("/")
    spec = importlib.util.find_spec(name) if name.isidentifier() else None
    for folder in (spec and spec.submodule_search_locations) or ():
        if Path(folder, inner).exists():
            return Path(folder, inner)
    return None


def check_digest(path: Path, expected: str) -> None:
    """Refuse a file whose SHA-256 is not the one that is written down.

    Raises:
        SourceRefused: it differs.

    """
    found = sha256(path)
    if found != expected:
        raise wrong_checksum(str(path), found, expected)


def check_content(name: str, content: bytes, expected: str) -> None:
    """Refuse bytes whose SHA-256 is not the one that is written down.

    Raises:
        SourceRefused: it differs.

    """
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise wrong_checksum(name, found, expected)


def wrong_checksum(name: str, found: str, expected: str) -> SourceRefused:
    """Return the refusal of bytes that are not those that are written down."""
    return SourceRefused(
        f"{name} has SHA-256 {found}",
        expected=expected,
        cure="remove the file and run again to fetch it anew; if it stays so, someone changed it: "
        "do not use it",
    )


def http_download(url: str, target: Path) -> None:
    """Fetch ``url`` to ``target``, whole or not at all.

    Raises:
        SourceRefused: it can't be reached.

    """
    say(f"fetching {url}")
    try:
        # The addresses are ours, and what they give is compared with a digest.
        with (
            urllib.request.urlopen(url, timeout=PATIENCE) as answer,  # noqa: S310
            replacing(target) as beside,
            beside.open("wb") as stream,
        ):
            shutil.copyfileobj(answer, stream)
    except (OSError, ValueError) as problem:
        raise SourceRefused(
            f"{url} could not be fetched: {problem}",
            expected=f"{target.name}",
            cure=f"check the network, or put the file into {target.parent}/ by hand",
        ) from problem


# The options with which pip fetches a source archive, and runs its set-up with what is installed.
ARCHIVE = ("--no-binary", ":all:", "--no-build-isolation")


def pip_download(
    requirement: str, sha256: str, target: Path, options: Sequence[str] = ARCHIVE
) -> None:
    """Fetch a source archive; pip compares the digest before it runs the archive's set-up.

    With other ``options``, a wheel, of which nothing runs.

    Raises:
        SourceRefused: pip can't reach it, or its digest is another.

    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        pinned = Path(folder) / "pinned.txt"
        pinned.write_text(f"{requirement} --hash=sha256:{sha256}\n", encoding="utf-8")
        command = [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--require-hashes", *options),
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
                f"{DOWNLOADS}/ (or {MIRROR}/text/) by hand",
            )
        found.replace(target)


def apt_download(package: str, inner: str, target: Path) -> None:
    """Fetch a Debian package, unpack it without installing it, keep its folder ``inner``.

    Raises:
        SourceRefused: this is no Debian, or apt can't reach the package.

    """
    say(f"fetching Debian's {package}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        _checked(["apt-get", "download", "-qq", package], scratch, package)
        found = next(iter(Path(scratch).glob("*.deb")), None)
        if found is None:
            raise _no_package(package, "apt-get left no file")
        unpacked = Path(scratch) / "unpacked"
        _checked(["dpkg-deb", "-x", found.name, unpacked.name], scratch, package)
        if not (unpacked / inner).is_dir():
            raise _no_package(package, f"it holds no {inner}")
        with replacing(target) as beside:
            shutil.copytree(unpacked / inner, beside)


def _checked(command: list[str], folder: str, package: str) -> None:
    try:
        answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError as problem:
        raise _no_package(package, f"there is no {command[0]} here") from problem
    if answer.returncode:
        raise _no_package(package, " ".join(answer.stderr.split())[-300:])


def _no_package(package: str, why: str) -> SourceRefused:
    return SourceRefused(
        f"Debian's package {package} could not be taken: {why}",
        expected=f"apt-get download {package} to work",
        cure="on Debian or Ubuntu: apt-get update, then run the same command again",
    )

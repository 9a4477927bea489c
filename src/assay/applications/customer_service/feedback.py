"""What agents correct becomes labelled rows that the intent model is trained on next time.

Writes ``data/inbox/<intent model>/service-<day>.jsonl``, which ``assay run`` and the nightly flow
ingest: one JSON object a line, with ``text`` and ``label``, which every model of texts reads, also
where its settings give its columns other names. Each file is replaced whole, never appended to: DVC
may have made it a link into its cache. A row's text is the masked one of the conversation, never
one that comes with the correction.

Only agents' judgements come here. Anybody may be a customer, and a few visitors who press a button
could move a class; their thumbs are kept in the conversation alone (``sessions``). An agent judges
a message once, so many of one conversation (``sessions.MOST_CORRECTIONS``), and so many a day.
"""

from __future__ import annotations

import fcntl
import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from assay.files import write_text
from assay.paths import SCRATCH, ModelPaths
from assay.personal import masked
from assay.serving.refusals import BadRequest, TooMany
from assay.settings.labels import cleaned

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_ROWS = 1000  # of one day
DAY_S = 24 * 3600.0


@dataclass(frozen=True)
class Inbox:
    """Where corrected rows go.

    Attributes:
        model: that learns from them.
        labels: its classes; no other one is taken.

    """

    model: str
    labels: tuple[str, ...]

    def require(self, label: str) -> str:
        """Return a label as the model spells it.

        Raises:
            BadRequest: the model has no such class.

        """
        spelt = cleaned(label)
        if spelt not in self.labels:
            raise BadRequest(
                f"{self.model} has no such label; GET /service/about lists the {len(self.labels)} "
                "that it has"
            )
        return spelt

    def add(self, text: str, label: str, at: float) -> Path:
        """Add one row to the file of its day; return that file.

        Args:
            text: is masked once more.
            label: one of the model's.
            at: seconds since 1970, which say the day (UTC).

        Raises:
            BadRequest: the model has no such class, or the text is blank.
            TooMany: the day has as many rows as are taken.
            OutOfSpace: the disk is full.

        """
        row = {"text": masked(text), "label": self.require(label)}
        if not text.strip():
            raise BadRequest("a blank message teaches nothing")
        day = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"
        target = ModelPaths(self.model).inbox / f"service-{day}.jsonl"
        with _alone(self.model):
            before = target.read_text(encoding="utf-8") if target.exists() else ""
            if before.count("\n") >= MOST_ROWS:
                raise TooMany(f"{MOST_ROWS:,} rows were added today, which is the most", DAY_S)
            write_text(target, f"{before}{json.dumps(row, ensure_ascii=False)}\n")
        return target


@contextmanager
def _alone(model: str) -> Iterator[None]:
    """Keep other threads and processes from the model's rows meanwhile."""
    lock = SCRATCH / "service" / f"{model}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with lock.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield

"""What a line of the ledger says: one typed record a kind of event.

Reads and writes nothing.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from assay.monitoring.decision import Decision  # noqa: TC001 (built at run time)
from assay.records import Record
from assay.verdicts import Verdict  # noqa: TC001 (built at run time)


class Promotion(Record):
    """A challenger became champion: its version, and what it is by digests.

    ``tested`` is the DVC digest of the test split that the verdict was reached on.
    """

    kind: Literal["promotion"] = "promotion"
    model: str
    version: int
    bundle: str
    weights: str
    certificate: str
    tested: str
    verdict: Verdict


class Refusal(Record):
    """A challenger was refused; the champion stays."""

    kind: Literal["refusal"] = "refusal"
    model: str
    champion: int | None
    bundle: str
    weights: str
    tested: str
    verdict: Verdict


class Rollback(Record):
    """An earlier release became champion again."""

    kind: Literal["rollback"] = "rollback"
    model: str
    version: int
    replaced: int
    reason: str = ""


class Verification(Record):
    """A release was rebuilt: on which processor class, and how it ended."""

    kind: Literal["verification"] = "verification"
    model: str
    version: int
    result: str
    quick: bool
    processor: str
    detail: str


class Tick(Record):
    """A scheduled retraining decided whether to train; ``failure`` says how it ended, if badly.

    ``data`` is the digest of what it would have learned from.
    """

    kind: Literal["tick"] = "tick"
    model: str
    decision: Decision
    data: str
    outcome: str


Event = Annotated[Promotion | Refusal | Rollback | Verification | Tick, Field(discriminator="kind")]


class Line(Record):
    """One line: its place, its time, the digest of the line before, the event, the signature."""

    number: int
    time: str
    previous: str
    event: Event
    keyid: str
    sig: str

    @property
    def version(self) -> int | None:
        """The release that became champion by this line; None where none did."""
        return self.event.version if isinstance(self.event, Promotion | Rollback) else None

    @property
    def judged(self) -> Promotion | Refusal | None:
        """The decision of the gate that this line holds."""
        return self.event if isinstance(self.event, Promotion | Refusal) else None

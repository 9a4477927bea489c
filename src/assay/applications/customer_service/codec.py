"""A turn as JSON, and back: one way for what is stored and what is sent.

Reads and writes nothing. Equal turns give equal JSON.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assay.applications.customer_service.turn import HandOver, Quote, Turn, Understanding

if TYPE_CHECKING:
    from collections.abc import Mapping


def as_json(turn: Turn) -> dict[str, Any]:
    """Return a turn as JSON holds it."""
    plain = asdict(turn) | {"versions": dict(sorted(turn.versions.items()))}
    return plain | {"quotes": list(plain["quotes"]), "options": list(plain["options"])}


def of_json(stored: Mapping[str, Any]) -> Turn:
    """Return the turn that :func:`as_json` made.

    Raises:
        KeyError, TypeError: a part is missing, or is none of a turn's.

    """
    handed = stored["hand_over"]
    return Turn(
        kind=stored["kind"],
        reply=stored["reply"],
        understanding=Understanding(**stored["understanding"]),
        quotes=tuple(Quote(**quote) for quote in stored["quotes"]),
        options=tuple(stored["options"]),
        hand_over=None if handed is None else HandOver(**handed),
        versions=stored["versions"],
    )

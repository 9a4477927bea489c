"""A client of a service in this process, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.testclient import TestClient

from assay.applications.customer_service.application import application
from assay.serving.access import exposure
from assay.serving.access.audit import Audit
from assay.serving.access.guarded import Guard

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx
    from starlette.routing import BaseRoute

RETURN = "How do I return an item?"


def client(routes: Sequence[BaseRoute]) -> TestClient:
    """Return what asks a service on this machine's loopback, where all are agents."""
    app = application(routes, Guard(exposure.names("127.0.0.1", 80), Audit()))
    return TestClient(app, base_url="http://localhost")


def say(client: TestClient | httpx.Client, text: str, session: str | None = None) -> dict[str, Any]:
    answer = client.post("/service/turn", json={"session": session, "text": text})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found

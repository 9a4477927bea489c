from __future__ import annotations

from typing import Any

import pytest

from assay.origins import Names


def asked(*headers: tuple[str, str]) -> dict[str, Any]:
    return {"headers": [(name.encode(), value.encode("latin-1")) for name, value in headers]}


def test_names_are_the_same_in_any_case() -> None:
    names = Names(["Models.Example:8000"], ["http", "https"])
    assert names.refusal(asked(("host", "models.EXAMPLE:8000"))) is None
    for origin in ("https://models.example:8000", "http://Models.Example:8000"):
        own = asked(("host", "models.example:8000"), ("origin", origin))
        assert names.refusal(own) is None
    assert names.refusal(asked(("host", "models.example"))) is not None


@pytest.mark.parametrize("origin", ["null", "", "https://a.example.evil", "ftp://a.example"])
def test_a_service_of_any_name_knows_its_own_pages_by_the_name_that_was_asked_for(
    origin: str,
) -> None:
    names = Names(None, ["http", "https"])
    assert names.refusal(asked(("host", "a.example"))) is None
    assert names.refusal(asked(("host", "a.example"), ("origin", "https://a.example"))) is None
    foreign = asked(("host", "a.example"), ("origin", origin))
    assert names.refusal(foreign) == "this service takes no requests from pages of other sites"
    two = asked(("host", "a.example"), ("origin", "https://a.example"), ("origin", origin))
    assert names.refusal(two) is not None


@pytest.mark.parametrize("hosts", [[], ["a.example", "a.example"]])
def test_a_service_of_any_name_still_wants_one_host(hosts: list[str]) -> None:
    refusal = Names(None).refusal(asked(*(("host", host) for host in hosts)))
    assert refusal == "this service answers at one name alone"

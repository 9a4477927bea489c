from __future__ import annotations

import pytest

from assay.serving.protocol.names import require_model, require_version
from assay.serving.refusals import NotFound


@pytest.mark.parametrize("name", ["opinions", "a", "my_model-2", "x" * 63])
def test_a_name_of_a_model_is_let_through(name: str) -> None:
    assert require_model(name) == name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "..%2fx", "a/b", "a\\b", "A", "1a", "a\n", "a\0", "é", "~", "x" * 64],
)
def test_what_could_lead_elsewhere_is_no_name(name: str) -> None:
    with pytest.raises(NotFound, match="there is no model"):
        require_model(name)


@pytest.mark.parametrize("version", ["1", "42", "999999999", "workspace"])
def test_a_version_is_let_through(version: str) -> None:
    assert require_version(version) == version


@pytest.mark.parametrize("version", ["", "0", "01", "-1", "1.0", "../1", "1\n", "9" * 10, "\u0661"])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(NotFound, match="there is no version"):
        require_version(version)

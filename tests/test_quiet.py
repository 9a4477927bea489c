from __future__ import annotations

import logging
import os

import pytest

from assay import quiet


def test_what_a_user_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DO_NOT_TRACK", "false")
    monkeypatch.delenv("GX_ANALYTICS_ENABLED", raising=False)
    quiet.silence()
    assert os.environ["DO_NOT_TRACK"] == "false"
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"


def test_a_logger_gets_its_own_level_back_whatever_happens() -> None:
    logger = logging.getLogger("a library")
    logger.setLevel(logging.INFO)
    with pytest.raises(ValueError, match="broke"), quiet.logging_from(logging.ERROR, "a library"):
        assert not logger.isEnabledFor(logging.WARNING)
        raise ValueError("it broke")
    assert logger.level == logging.INFO

from __future__ import annotations

import logging

import pytest

from assay.logs import logging_from


def test_a_logger_gets_its_own_level_back_whatever_happens() -> None:
    logger = logging.getLogger("a library")
    logger.setLevel(logging.INFO)
    with pytest.raises(ValueError, match="broke"), logging_from(logging.ERROR, "a library"):
        assert not logger.isEnabledFor(logging.WARNING)
        raise ValueError("it broke")
    assert logger.level == logging.INFO

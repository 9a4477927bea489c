"""The ``assay`` command in this process: quicker than a process of its own, the same entrance."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass

import pytest

from assay.__main__ import main


@dataclass(frozen=True)
class Answer:
    """What a command gave."""

    code: int
    out: str
    err: str


def assay(*words: str) -> Answer:
    """Run ``assay WORDS``; a fault (a traceback for the user) comes through as it is."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["assay", *words])
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main()
            except SystemExit as end:
                code = end.code
    return Answer(int(str(code or 0)), out.getvalue(), err.getvalue())

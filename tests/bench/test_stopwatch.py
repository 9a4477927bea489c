from __future__ import annotations

import subprocess
import sys

import pytest

from bench import stopwatch


@pytest.mark.parametrize("stage", stopwatch.WORK)
def test_the_stopwatch_stands_around_functions_that_exist(stage: str) -> None:
    module, kind, function = stopwatch.WORK[stage]
    owner = f"m.{kind}" if kind else "m"
    code = f"import importlib; m = importlib.import_module({module!r}); {owner}.{function}"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_the_stopwatch_adds_up_calls_and_lets_faults_through() -> None:
    watch = stopwatch.Stopwatch()
    double = watch.around(lambda value: 2 * value)
    assert double(2) == 4
    first = watch.seconds
    assert double(value=3) == 6
    assert watch.seconds > first > 0
    with pytest.raises(TypeError):
        double(1, 2)

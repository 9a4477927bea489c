from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from assay.serving.protocol.operations import OPERATIONS
from assay.tasks.registry import TASKS

if TYPE_CHECKING:
    from assay.tasks.task import Task


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_what_a_task_is_asked_by_is_a_route_with_a_body(task: Task[Any]) -> None:
    known = {one.name: one for one in OPERATIONS}
    for name in task.operations:
        assert known[name].method == "post"
        assert known[name].body

"""How many processor cores this process may keep busy.

Reads the process's affinity and, on Linux, the quota of its control group and of those around it.
Writes nothing. A container of two cores on a machine of 64 shows all 64 to ``os.cpu_count``; as
many threads would take turns on two. joblib's count reads the outermost group alone, and importing
it takes a tenth of a second, which every prediction would wait for.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")


def usable(groups: Path = GROUPS, own: Path = OWN) -> int:
    """Return the number of cores, 1 or more; a part of one counts as one.

    ``groups`` is where control groups are mounted, ``own`` the file that names this process's.
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    bounds = [math.ceil(bound) for folder in _folders(groups, own) if (bound := _quota(folder))]
    return min([cores, *bounds])


def _folders(groups: Path, own: Path) -> Iterator[Path]:
    """Yield the folders of this process's control groups, of version 2 and 1, and all above.

    Inside a container the path names what is outside of it; the group itself is at the root then.
    """
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = groups / controllers
        folder = root / path.lstrip("/")
        yield from (place for place in (folder, *folder.parents) if place.is_relative_to(root))


def _quota(folder: Path) -> float | None:
    """Return how many cores a control group may use; None: it has no bound."""
    try:
        if (stated := folder / "cpu.max").is_file():
            quota, period = stated.read_text(encoding="ascii").split()
        else:
            quota, period = (
                (folder / f"cpu.cfs_{name}_us").read_text(encoding="ascii").strip()
                for name in ("quota", "period")
            )
    except OSError:
        return None
    return None if quota in {"max", "-1"} else int(quota) / int(period)

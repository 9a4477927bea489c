"""The environment variables that every service runs with.

Reads this process's environment. Writes nothing, and changes nothing of this process. What the
user set is kept, but for what leads to this project's own Prefect.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from assay import environment
from assay.paths import SCRATCH
from assay.services import addresses

PREFECT_HOME = SCRATCH / "prefect"
# Every process that we start, and every one below it, has this project's folder under this name.
OWNER = "ASSAY_SERVICES_OF"
# What leads to a Prefect of the user's own, and shows its credential there: never to ours.
FOREIGN = (
    "PREFECT_API_AUTH_STRING",
    "PREFECT_API_KEY",
    "PREFECT_PROFILE",
    "PREFECT_SERVER_API_AUTH_STRING",
)


def owner() -> str:
    """Return what :data:`OWNER` holds in the processes of this project."""
    return os.fspath(SCRATCH.absolute())


def variables() -> dict[str, str]:
    """Return the whole environment of a service.

    Raises:
        UsageError: a port is no number.

    """
    programs = os.fspath(Path(sys.executable).parent)
    home = PREFECT_HOME.absolute()
    users = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    return {
        **environment.VARIABLES,
        **users,
        "PATH": os.pathsep.join([programs, os.environ.get("PATH", os.defpath)]),
        "PREFECT_HOME": os.fspath(home),
        "PREFECT_PROFILES_PATH": os.fspath(home / "profiles.toml"),
        "PREFECT_API_URL": addresses.prefect(),
        **{name: str(addresses.port(name)) for name in addresses.PORTS},
        # A company's proxy does not lead to this machine.
        "NO_PROXY": ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1,localhost"])),
        "PYTHONUNBUFFERED": "1",
        OWNER: owner(),
    }

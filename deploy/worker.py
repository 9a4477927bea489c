"""Prefect's worker in a container: it takes its work from the server of ``compose.yaml``.

Reads ``PREFECT_API_URL``, the secret that ``PREFECT_CREDENTIAL_FILE`` names, and ``prefect.yaml``
of the project in the working folder. Writes ``.assay/prefect/profiles.toml`` there, and to that
server its work pool and its deployments. Never puts the credential into the environment.

``make up`` does the same on one machine (:mod:`assay.services.worker`).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from assay.services import deployments, profile
from assay.services.worker import LIMIT, WORKER

PREFECT = (sys.executable, "-m", "prefect", "--no-prompt")


def main() -> None:
    """Tell the server what there is to run, then become the worker."""
    credential = Path(os.environ["PREFECT_CREDENTIAL_FILE"]).read_text(encoding="utf-8").strip()
    profile.write(os.environ["PREFECT_API_URL"], credential)
    deployments.create_pool()
    deployments.mark_crashed()
    subprocess.run([*PREFECT, "deploy", "--all"], check=True)
    os.environ[WORKER] = str(os.getpid())
    words = ("worker", "start", "--pool", deployments.POOL, "--type", "process", "--limit", LIMIT)
    command = [*PREFECT, *words, "--with-healthcheck"]
    os.execv(sys.executable, command)  # noqa: S606 - a plain program


if __name__ == "__main__":
    main()

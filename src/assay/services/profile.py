"""Prefect's profile of this folder: where its commands, called here, find the server.

Reads and writes ``.assay/prefect/profiles.toml``, which ``prefect.toml`` names; readable by its
owner alone. Never touches the user's own profiles (``~/.prefect``).
"""

from __future__ import annotations

import json
import tomllib

from assay.files import write_secret
from assay.services.variables import PREFECT_HOME

PROFILES = PREFECT_HOME / "profiles.toml"
NAME = "assay"


def write(url: str, credential: str) -> None:
    """Write the profile that Prefect's commands, the worker and its runs read.

    Address and credential stand together, so that no other server is shown the credential. What
    ``prefect config set`` put into this folder's profiles is kept.
    """
    found = tomllib.loads(PROFILES.read_text(encoding="utf-8")) if PROFILES.is_file() else {}
    active = str(found.get("active", NAME))
    profiles = {active: {}} | found.get("profiles", {})
    profiles[active] |= {"PREFECT_API_URL": url, "PREFECT_API_AUTH_STRING": credential}
    lines = [f"active = {json.dumps(active)}"]  # a basic string of TOML is written as one of JSON
    for name, settings in profiles.items():
        lines += ["", f"[profiles.{json.dumps(name)}]"]
        lines += [f"{key} = {json.dumps(str(value))}" for key, value in settings.items()]
    write_secret(PROFILES, "\n".join([*lines, ""]))

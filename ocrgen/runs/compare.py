"""Runs beside each other: in which settings they differ, and which of them are the same but for the seed."""

import json
from typing import Any

from ocrgen.runs.run import Run

OWN = ("epochs",)  # of the loop's settings: what is shown of each run in any case


def settings_of(run: Run) -> dict[str, Any]:
    """The settings of a training by name: of its loop and of its generator. RunError if it is damaged."""
    asked = run.request.settings
    parts = [part for part in (asked.get("train"), asked.get("config")) if isinstance(part, dict)]
    return {name: value for part in parts for name, value in part.items() if name not in OWN}


def differing(runs: list[Run]) -> list[str]:
    """Names of the settings that at least two of these runs have, with values that are not all the same."""
    settings = [settings_of(run) for run in runs]
    values = {name: [s[name] for s in settings if name in s] for name in dict.fromkeys(k for s in settings for k in s)}
    return [name for name, found in values.items() if any(value != found[0] for value in found)]


def by_settings(runs: list[Run]) -> list[list[Run]]:
    """Runs in groups that are the same but for the seed, in the order given; of one seed only the first is kept."""
    found: dict[str, dict[Any, Run]] = {}
    for run in runs:
        asked = run.request.settings
        loop = dict(train) if isinstance(train := asked.get("train"), dict) else {}
        seed = loop.pop("seed", None)
        found.setdefault(json.dumps(asked | {"train": loop}, sort_keys=True), {}).setdefault(str(seed), run)
    return [list(group.values()) for group in found.values()]

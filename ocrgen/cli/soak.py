"""The verb that attacks: `soak`."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from ocrgen.cli.common import Bar, parse
from ocrgen.utils.errors import UserError


def soak(args: list[str]) -> int:
    """Does it hold? soak [kill|damage|disk|viewers|all] [--times N] [--minutes M] [--viewers N] [--json]"""

    def command(
        what: Positional[Literal["kill", "damage", "disk", "viewers", "all"]] = "all",
        times: int = 60,
        minutes: float = 10.0,
        viewers: int = 20,
        seed: int = 0,
        json: bool = False,
    ) -> tuple[str, int, float, int, int, bool]:
        """Attack jobs and dashboard in a store of their own, on this machine alone; your runs are not touched.

        Args:
            what: kill: SIGKILL at random moments; damage: files cut, scrambled, swapped; disk: no room; viewers: a
                crowd beside a training.
            times: kills; twenty times as many damages.
            minutes: how long the crowd stays.
            viewers: how many they are.
            seed: of the moments.
            json: print a list of outcomes instead of a table.
        """
        return what, times, minutes, viewers, seed, json

    what, times, minutes, count, seed, as_json = parse(command, "soak", args)
    for name, value, most in (("times", times, 10_000), ("minutes", minutes, 1440), ("viewers", count, 200)):
        if not 0 < value <= most:
            raise UserError(f"--{name} must be above 0 and at most {most:,}, not {value:g}.")
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="ocrgen-soak-") as folder:
        if what in ("kill", "all"):
            from ocrgen.stress.endurance import dashboards
            from ocrgen.stress.kills import kills

            outcomes += kills(Path(folder) / "kill", times, seed, Bar("kills").show)
            outcomes.append(dashboards(Path(folder) / "dashboard", max(1, times // 10), seed))
        if what in ("damage", "all"):
            from ocrgen.stress.damage import damage, shipped

            outcomes += damage(shipped(), Path(folder) / "damage", 20 * times, seed, Bar("damages").show)
        if what in ("disk", "all"):
            from ocrgen.stress.disk import disk

            outcomes += disk(Path(folder) / "disk")
        if what in ("viewers", "all"):
            from ocrgen.stress.endurance import viewers

            outcomes.append(viewers(Path(folder) / "viewers", count, minutes, Bar("viewers").show))
    if as_json:
        print(json.dumps([o.row() for o in outcomes], indent=1))
    else:
        for o in outcomes:
            figures = ", ".join(f"{k}: {v}" for k, v in o.figures.items())
            print(f"{o.fault:<48} {o.times:>6}  {o.row()['outcome']:<14} {figures}")
    for o in outcomes:
        for wrong in o.wrong[:20]:
            print(f"ocrgen: {o.fault}: {wrong}", file=sys.stderr)
    return 1 if any(o.wrong for o in outcomes) else 0

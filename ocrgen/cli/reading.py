"""The verbs of readers: `reader` trains one, `read` reads pictures."""

import json
import sys
from pathlib import Path

from tyro.conf import Positional

from ocrgen.cli.common import absolute, checked, execute, open_store, parse


def reader(args: list[str]) -> int:
    """Train a reader (the OCR network): reader --dataset NAME [--n N] [--augment] [--generator RUN] ..."""
    from ocrgen.cli.flags import RunFlags
    from ocrgen.readers.runs import ReaderRequest

    class ReaderFlags(RunFlags, ReaderRequest):
        """Train a reader on real, augmented or generated digits; it is graded once, on the real test set."""

    flags = parse(ReaderFlags, "reader", args)
    store = open_store()
    values = flags.model_dump(exclude={"run_name"}) | {"dataset": absolute(flags.dataset)}
    if flags.generator:
        values["generator"] = store.get(flags.generator).name  # a label may change hands while the job waits
    request = checked(ReaderRequest, values)
    about = f"reader-{Path(request.dataset).stem}"
    return execute(store.create("reader", request.model_dump(), about, flags.run_name), store)


def read(args: list[str]) -> int:
    """Read the digits on pictures: read IMAGE... [--reader RUN] [--json]"""

    def command(
        images: Positional[tuple[Path, ...]], reader: str = "", json: bool = False
    ) -> tuple[tuple[Path, ...], str, bool]:
        """Read the digits on photographs, scans or drawings, one or several each.

        Args:
            images: PNG, JPEG, WebP, BMP, GIF or TIFF files.
            reader: the reader's run, or its label; the best one of real digits if not given.
            json: print a list with an object per file: file, digits (digit, probabilities, box), error.
        """
        return images, reader, json

    images, name, as_json = parse(command, "read", args)
    from ocrgen.readers.runs import default_reader, geometry_of, load, read_file

    store = open_store()
    run = store.get(name) if name else default_reader(store)
    network, _ = load(run)
    rows = [read_file(file, network, geometry_of(run)) for file in images]
    if as_json:
        print(json.dumps(rows, indent=1))
    else:
        for row in rows:
            digits = " ".join(f"{d['digit']} ({max(d['probabilities']):.0%})" for d in row["digits"])
            print(f"{row['file']}: {row['error'] or digits}", file=sys.stderr if row["error"] else sys.stdout)
    return 2 if all(row["error"] for row in rows) else 0

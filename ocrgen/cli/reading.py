"""The verbs of OCR models: `reader` trains one, `read` reads pictures."""

import json
import sys
from pathlib import Path

from tyro.conf import Positional

from ocrgen.cli.common import checked, data_set, execute, open_store, parse
from ocrgen.utils.errors import UserError
from ocrgen.utils.places import PROGRAM


def reader(args: list[str]) -> int:
    """Train an OCR model: reader --dataset NAME [--n N] [--augment] [--generator RUN|rendered] ..."""
    from ocrgen.cli.flags import RunFlags
    from ocrgen.generators.untrained import untrained_generators
    from ocrgen.readers.request import ReaderRequest

    class ReaderFlags(RunFlags, ReaderRequest):
        """Train an OCR model on real, augmented or generated characters; it is graded once, on the real test set."""

    flags = parse(ReaderFlags, "reader", args)
    store = open_store()
    values = flags.model_dump(exclude={"run_name", "transpose"})
    values["dataset"] = "" if flags.characters else data_set(flags.dataset, flags.transpose)
    if flags.generator and flags.generator not in untrained_generators():
        values["generator"] = store.get(flags.generator).name  # a label may change hands while the job waits
    request = checked(ReaderRequest, values)
    about = "reader-rendered" if request.characters else f"reader-{Path(request.dataset).stem}"
    return execute(store.create("reader", request.model_dump(), about, flags.run_name), store)


def read(args: list[str]) -> int:
    """Read the characters on pictures: read IMAGE... [--reader RUN] [--json]"""

    def command(
        images: Positional[tuple[Path, ...]], reader: str = "", json: bool = False
    ) -> tuple[tuple[Path, ...], str, bool]:
        """Read photographs, scans or drawings: one or several digits each, or one letter or other character.

        Args:
            images: PNG, JPEG, WebP, BMP, GIF or TIFF files.
            reader: the OCR model's run, or its label; the best one of real digits if not given.
            json: print a list with an object per file: file, text, characters (character, index, probability,
                probabilities, doubt, box, cell), notes, error; of digits also digits (digit, probabilities, box).
        """
        return images, reader, json

    images, name, as_json = parse(command, "read", args)
    from ocrgen.datasets.alphabet import noun
    from ocrgen.readers.reading import read_file
    from ocrgen.readers.runs import default_reader, geometry_of, load

    store = open_store()
    run = store.get(name) if name else default_reader(store)
    if run.request.verb != "reader":
        raise UserError(f"{run.name} is no OCR model: `{PROGRAM} runs` lists those that are.")
    network, metadata = load(run)
    rows = [read_file(file, network, geometry_of(metadata)) for file in images]
    if as_json:
        print(json.dumps(rows, indent=1))
    else:
        kind = noun(network.classes)
        for row in rows:
            told = row["error"] or _told(row, kind)
            print(f"{row['file']}: {told}", file=sys.stderr if row["error"] else sys.stdout)
        if network.doubt is None:
            print(f"{run.name} cannot tell what is no {kind}: an OCR model trained anew can.", file=sys.stderr)
    return 2 if all(row["error"] for row in rows) else 0


def _told(row: dict, kind: str) -> str:
    """The text, how sure the OCR model is of each character, and which of them may be none."""
    from ocrgen.datasets.alphabet import shown

    doubt = f", may be no {kind}"
    sure = ", ".join(
        f"{shown(c['character'])} {c['probability']:.0%}{doubt if c['doubt'] else ''}" for c in row["characters"]
    )
    return "  ".join([shown(row["text"]), f"({sure})", *row["notes"]])

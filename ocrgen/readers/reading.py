"""Read a picture with a reader: its characters, how sure the reader is, and what was noticed on the way."""

from functools import partial
from pathlib import Path

import numpy as np

from ocrgen.datasets.alphabet import digit_value, noun
from ocrgen.imaging.characters import read_picture
from ocrgen.imaging.decoding import MAX_BYTES
from ocrgen.imaging.geometry import Geometry
from ocrgen.readers.doubting import doubted
from ocrgen.readers.evaluation import probabilities
from ocrgen.readers.network import Reader
from ocrgen.utils.errors import UserError


def read_file(file: Path, reader: Reader, geometry: Geometry) -> dict:
    """Read one picture: `file`, `text`, `characters`, `notes` and `error`, None or a sentence.

    characters: in reading order, each with `character`, the class text; `index`, the class; `probability`;
    `probabilities` of all classes; `doubt`, whether it may be no character, None where the reader cannot tell; `box`,
    [x, y, width, height] in pixels of the picture; and `cell`, the number of the printed box that it stands in, from 0
    on in reading order, or None. text: all of them in one.
    Of a reader of digits also `digits`, as earlier versions had it: each with `digit`, `probabilities` and `box`.
    """
    row: dict = {"file": str(file), "text": "", "characters": [], "notes": [], "error": None}
    try:
        if file.stat().st_size > MAX_BYTES:
            raise UserError(f"{file.name} is larger than {MAX_BYTES // 2**20} MB: send a smaller picture.")
        page = read_picture(file.read_bytes(), file.name, geometry, partial(probabilities, reader))
    except OSError as fault:
        row["error"] = f"{file} cannot be read: {fault.strerror}."
    except UserError as fault:
        row["error"] = str(fault)
    else:
        images = np.stack([c.image for c in page.characters])
        each = zip(probabilities(reader, images), doubted(reader, images), page.characters, strict=True)
        for p, doubt, found in each:
            index = int(p.argmax())
            character = {"character": reader.classes[index], "index": index, "probability": round(float(p[index]), 6)}
            character["probabilities"] = [round(float(v), 6) for v in p]
            row["characters"].append(character | {"doubt": doubt, "box": list(map(int, found.box)), "cell": found.cell})
        row["notes"] = page.notes
        row["text"] = to_text([c["character"] for c in row["characters"]])
    if noun(reader.classes) == "digit":
        row["digits"] = [
            {"digit": digit_value(c["character"]), "probabilities": c["probabilities"], "box": c["box"]}
            for c in row["characters"]
        ]
    return row


def to_text(texts: list[str]) -> str:
    """Class texts as one text: single characters follow one another, words are parted by spaces."""
    return ("" if all(len(text) == 1 for text in texts) else " ").join(texts)

"""The verb that hands out networks and generated images: `export`."""

from pathlib import Path

from tyro.conf import Positional

from ocrgen.cli.common import check_out, open_store, parse, write_out
from ocrgen.utils.errors import UserError
from ocrgen.utils.places import PROGRAM

KINDS = (".onnx", ".safetensors", ".zip", ".npz")


def export(args: list[str]) -> int:
    """An OCR model, or a study's best OCR model or generated images, as a file: export RUN --out FILE [--n N]"""

    def command(
        run: Positional[str], *, out: Path, n: int | None = None, per_class: int = 1000
    ) -> tuple[str, Path, int | None, int]:
        """Write a network or generated images for use elsewhere.

        Args:
            run: an OCR model's run, or a study's: its best OCR model, chosen on validation data.
            out: of an OCR model .onnx or .safetensors; the images that the study tried beside real ones: .zip or .npz.
            n: a study's number of labelled images; the most if not given.
            per_class: generated images of each class.
        """
        return run, out, n, per_class

    name, out, n, per_class = parse(command, "export", args, renamed={"per_digit": "per_class"})
    kind = out.suffix.lower()
    if kind not in KINDS:
        raise UserError(f"{out}: the file's name must end in {', '.join(KINDS[:-1])} or {KINDS[-1]}.")
    check_out(out)
    run = open_store().get(name)
    write_out(out, _content(run, kind, n, per_class))
    print(out)
    return 0


def _content(run, kind: str, n: int | None, per_class: int) -> bytes:
    from ocrgen.readers.checkpoint import load_reader
    from ocrgen.readers.export import to_onnx

    if run.request.verb == "study":
        from ocrgen.generators.sampling import to_npz, to_zip
        from ocrgen.study import read_results
        from ocrgen.study.export import find_export

        taken = find_export(run, read_results(run), n)
        if kind in (".zip", ".npz"):
            return (to_zip if kind == ".zip" else to_npz)(*taken.samples(per_class))
        file = taken.reader
    elif run.request.verb == "reader":
        from ocrgen.readers.runs import FILE

        if kind in (".zip", ".npz"):
            raise UserError(f"{run.name} is an OCR model: write it to a .onnx or .safetensors file.")
        file = run.path / "weights" / FILE
    else:
        raise UserError(f"{run.name} is neither OCR model nor study; `{PROGRAM} sample` draws from a generator.")
    load_reader(file)  # refuses what is damaged
    return to_onnx(file) if kind == ".onnx" else file.read_bytes()

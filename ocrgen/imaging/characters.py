"""From a photographed or drawn page to its characters in a data set's geometry."""

from ocrgen.imaging.decoding import ImageError, open_page
from ocrgen.imaging.geometry import GEOMETRIES, Geometry
from ocrgen.imaging.page import Judge, Page, PageCharacter

MAX_CHARACTERS = 60


def read_picture(
    data: bytes, name: str = "", geometry: Geometry = GEOMETRIES["mnist"], judge: Judge | None = None
) -> Page:
    """Find and normalise the characters on a photographed or drawn page, the bytes of an untrusted image file.

    geometry: of the data set; with `single`, the picture is one character. name: of the file, for messages. judge: the
    reader that decides where characters that touch are to be cut; without one, only by their shape. ImageError, which
    says what to do, if the file cannot be read or holds no character.
    """
    # SciPy takes half a second to import, and loading the data sets does not need it.
    from ocrgen.imaging.cells import cell_of, empty_note
    from ocrgen.imaging.normalisation import normalise
    from ocrgen.imaging.squeezed import narrowed, squeezed_stroke
    from ocrgen.imaging.writing import POINT, characters_of, find_writing

    name = "".join(c for c in name.replace("\\", "/").rpartition("/")[2] if c.isprintable())[:60] or "The picture"
    page, notes = open_page(data, name)
    writing = find_writing(page, forms=not geometry.single)
    if not writing.mask.any():
        raise ImageError(f"{name} is blank: nothing stands out from its paper. Write larger or darker, in more light.")
    if writing.sheet:
        notes.append("The sheet of paper was found and straightened.")
    components, dropped, points = characters_of(writing, geometry, judge)
    _check_number(len(components), dropped, name, geometry.single)
    notes += _left_out(dropped, points)
    if note := empty_note(components, writing.cells):
        notes.append(note)
    # Where a dot may be a digit, what fills a square may be one.
    one_digit = len(components) == 1 and not geometry.single and geometry.min_height > POINT
    characters = []
    for component in components:
        cell, box = cell_of(component, writing.cells), writing.box(component, page.shape)
        squeezed = one_digit and squeezed_stroke(component, writing.mask.shape)
        image = normalise(*(narrowed(writing.ink, component) if squeezed else (writing.ink, component)), geometry)
        characters.append(PageCharacter(image, box, cell - 1 if cell else None))
    return Page(page, characters, notes, writing.sheet.corners if writing.sheet else None)


def _check_number(characters: int, dropped: int, name: str, single: bool) -> None:
    """ImageError unless there is one character or more, and not much else."""
    # A few "digits" among a hundred specks are specks themselves that touch.
    if 0 < characters <= MAX_CHARACTERS and dropped <= 40 + 10 * characters:
        return
    expected, alone = ("one character", "it") if single else (f"1 to {MAX_CHARACTERS} digits", "the digits")
    marks = f"{characters + dropped} marks" if characters else "no mark that is large enough"
    raise ImageError(f"{name} shows {marks}; expected {expected} on plain paper. Photograph {alone} alone.")


def _left_out(dropped: int, points: list[int]) -> list[str]:
    """Sentences on the marks that were left out: `dropped` specks, and points after so many digits each."""
    notes = [f"After digit {place}, a mark that may be a decimal point or comma was left out." for place in points]
    if dropped:
        notes.append(f"{dropped} small mark{'s were' if dropped > 1 else ' was'} left out.")
    return notes

"""Class texts: a digit, a letter or a word names each class of a data set; what they are called and how shown."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from ocrgen.utils.errors import UserError

DIGITS = tuple("0123456789")
ARABIC_DIGITS = tuple("٠١٢٣٤٥٦٧٨٩")
MIN_CLASSES, MAX_CLASSES = 2, 100
MAX_TEXT = 40  # characters of a class text
_UNSAFE = '/\\:*?"<>|%'
# Names that Windows keeps for devices, our own loader for the parts of a data set, or an operating system for itself.
_RESERVED = re.compile(
    r"(con|prn|aux|nul|(com|lpt)\d)(\..*)?|(train|test)(ing)?|thumbs\.db|desktop\.ini|__macosx", re.I
)
_ISOLATE = "\u2068{}\u2069"  # keeps right-to-left letters from reordering the words around them


class AlphabetError(UserError):
    """Class texts that cannot name the classes of a data set."""


def normalise(text: str) -> str:
    """A class text in Unicode's composed form (NFC), without surrounding or repeated spaces."""
    return unicodedata.normalize("NFC", re.sub(r"\s+", " ", text).strip())


def check_classes(classes: Sequence[str]) -> tuple[str, ...]:
    """The class texts in composed form: 2 to 100 of them, all different.

    Single characters may differ in case only, as A and a do; words may not. AlphabetError says what is wrong.
    """
    texts = tuple(normalise(str(text)) for text in classes)
    if not MIN_CLASSES <= len(texts) <= MAX_CLASSES:
        raise AlphabetError(
            f"{len(texts)} class{'es' * (len(texts) != 1)}; expected {MIN_CLASSES} to {MAX_CLASSES} different ones."
        )
    seen: dict[str, str] = {}
    for given, text in zip(classes, texts, strict=True):
        if not text or len(text) > MAX_TEXT or not text.isprintable():
            raise AlphabetError(
                f"{str(given)[:MAX_TEXT]!r} is no class text; expected 1 to {MAX_TEXT} printable characters."
            )
        key = text if _is_single(text) else text.casefold()
        if key in seen:
            what = "are the same" if seen[key] == given else "differ in spaces or Unicode form only"
            if normalise(seen[key]) != text:
                what = "differ in capitals only"
            raise AlphabetError(f"Two classes, {seen[key]!r} and {given!r}, {what}: give each a text of its own.")
        seen[key] = str(given)
    return texts


def split_characters(text: str) -> tuple[str, ...]:
    """The classes that somebody types: each character, with its combining marks, or the texts between spaces.

    Repeated ones count once. AlphabetError if there are too few or too many, or one is no class text.
    """
    text = unicodedata.normalize("NFC", text.strip())
    parts = text.split()
    if len(parts) < 2:
        parts = []
        for c in text:
            if parts and unicodedata.category(c).startswith("M"):
                parts[-1] += c
            else:
                parts.append(c)
    return check_classes(tuple(dict.fromkeys(parts)))


def stored_classes(metadata: Mapping, default: tuple[str, ...] = DIGITS) -> tuple[str, ...]:
    """The class texts in the metadata of weights, a reader or a run; `default` where an earlier version wrote none.

    AlphabetError if they are damaged.
    """
    texts = metadata.get("classes")
    if texts is None:
        return default
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        raise AlphabetError("the class texts are no list of texts.")
    return check_classes(texts)


def folder_names(classes: Sequence[str]) -> list[str]:
    """A folder name for each class text, legal on every file system; `folder_text` is the inverse.

    It is the text itself but for characters with a meaning to file systems, and texts that differ from an earlier one
    in capitals only: these are percent-encoded.
    """
    names: list[str] = []
    for text in classes:
        unsafe = _UNSAFE if text.strip(".") == text else _UNSAFE + "."
        taken = {name.casefold() for name in names}
        names.append("".join(_encode(c) if c in unsafe else c for c in text))
        if names[-1].casefold() in taken or _RESERVED.fullmatch(names[-1]):
            names[-1] = "".join(map(_encode, text))
    return names


def folder_text(name: str) -> str:
    """The class text that a folder's name stands for, not yet in Unicode's composed form.

    A name that is not percent-encoded UTF-8, such as "100%", stands for itself.
    """
    try:
        return unquote(name, errors="strict")
    except UnicodeDecodeError:
        return name


def _encode(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())


def digit_value(text: str) -> int | None:
    """The value 0 to 9 of a text that is one decimal digit of any script; None for any other text."""
    return unicodedata.decimal(text, None) if len(text) == 1 else None


def are_digits(classes: Sequence[str]) -> bool:
    """Whether the classes are the digits 0 to 9 of a script, in this order."""
    return [digit_value(text) for text in classes] == list(range(10))


def noun(classes: Sequence[str]) -> str:
    """What one of the classes is called: "digit", "letter", or "character" for anything else."""
    if all(digit_value(text) is not None for text in classes):
        return "digit"
    if all(_is_letter(text) for text in classes):
        return "letter"
    return "character"


def _is_letter(text: str) -> bool:
    """Whether a text is one letter, with or without combining marks."""
    return text[0].isalpha() and _is_single(text)


def _is_single(text: str) -> bool:
    """Whether a text is one character, with or without combining marks."""
    return all(unicodedata.category(c).startswith("M") for c in text[1:])


def shown(text: str) -> str:
    """A class text for people: a digit of another script beside its value, "٣ (3)"; right-to-left letters isolated."""
    value = digit_value(text)
    if value is not None and text != str(value):
        return f"{_ISOLATE.format(text)} ({value})"
    return _ISOLATE.format(text) if is_rtl(text) else text


def is_rtl(text: str) -> bool:
    """Whether a text is written from right to left."""
    return any(unicodedata.bidirectional(c) in ("R", "AL") for c in text)


def article(text: str) -> str:
    """The indefinite article before a class text that is read aloud: "an" before 8, A, E, F, and the like."""
    if len(text) == 1:
        return "an" if text in "8AEFHILMNORSXaefhilmnorsx" else "a"
    return "an" if text[:1].lower() in "aeiou" or text in ("11", "18") or text.startswith("8") else "a"


def summary(classes: Sequence[str]) -> str:
    """The classes in a few words: "digits 0 to 9", "28 letters", "24 characters"."""
    if are_digits(classes):
        return f"digits {shown(classes[0])} to {shown(classes[-1])}"
    return f"{len(classes)} {noun(classes)}s"


def index_in(texts: Sequence[str], classes: Sequence[str]) -> list[int]:
    """The index in `classes` of each of `texts`; digits match by value, whatever their script.

    AlphabetError naming the first that is not among them.
    """
    values = {value: i for i, text in enumerate(classes) if (value := digit_value(text)) is not None}
    places = {text: i for i, text in enumerate(classes)}
    found = [places.get(text, values.get(digit_value(text))) for text in texts]  # pyright: ignore[reportArgumentType]
    if None in found:
        absent = [text for text, place in zip(texts, found, strict=True) if place is None]
        raise AlphabetError(
            f"{', '.join(map(shown, absent[:5]))}{' and others' * (len(absent) > 5)} "
            f"{'is' if len(absent) == 1 else 'are'} not among the {len(classes)} classes "
            f"{', '.join(map(shown, classes[:5]))}{', …' * (len(classes) > 5)}"
        )
    return [place for place in found if place is not None]

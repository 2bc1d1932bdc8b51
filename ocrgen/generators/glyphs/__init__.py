"""The shapes that rendered characters are drawn from: fonts, single-stroke alphabets and handwritten forms."""

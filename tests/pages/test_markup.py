"""The pages' own HTML: what people typed is text in it."""

from streamlit.testing.v1 import AppTest


def page():
    from ocrgen.ui.shared.markup import aligned_heading, heading, judged_figure, strips

    heading("<b>mine</b>", "#123456")
    aligned_heading("“<i>label</i>”", "1 & 2", "#123456")
    judged_figure("a < b", "3×", "holds", "#123456", "n = 2")
    strips([("<u>", "letter <u>", b"png")], 8, 'all "letters"')


def test_text_is_escaped():
    app = AppTest.from_function(page).run()
    assert not app.exception
    first, second, third, fourth = (h.body for h in app.html)
    assert "&lt;b&gt;mine" in first and "&lt;i&gt;label" in second and "1 &amp; 2" in second and "a &lt; b" in third
    assert "<u>" not in fourth and "&lt;u&gt;" in fourth and "all &quot;letters&quot;" in fourth

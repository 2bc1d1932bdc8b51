"""Pages of the dashboard as Streamlit's AppTest runs them, entered through `app.py` as in a browser."""

from streamlit.testing.v1 import AppTest

from ocrgen.utils.places import HOME


def open_page(name: str, **query: str) -> AppTest:
    """The page in `pages/` of that file name, opened by a link with that query; it raises nothing."""
    app = AppTest.from_file(str(HOME / "app.py"), default_timeout=60).run()
    for key, value in query.items():
        app.query_params[key] = value
    app.switch_page(f"pages/{name}").run()
    assert not app.exception, app.exception
    return app


def texts(app: AppTest) -> str:
    """All that a page says in words, messages included, a line each."""
    parts = [*app.markdown, *app.caption, *app.warning, *app.error, *app.info, *app.subheader]
    return "\n".join(str(part.value) for part in parts)

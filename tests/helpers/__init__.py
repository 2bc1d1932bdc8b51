"""What several test files use; fixtures stand in `conftest.py`."""

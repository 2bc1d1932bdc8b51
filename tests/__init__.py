"""The tests. Helpers' assertions are to tell their values as those of the tests do."""

import pytest

pytest.register_assert_rewrite("tests.helpers")

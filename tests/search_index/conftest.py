"""What every search test may ask for."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder with the collected real data; a test that needs it says so when it is not there."""
    folder = Path(os.environ.get("SPORTELLO_TEST_DATA", "../shared/data"))
    if not folder.is_dir():
        pytest.skip("SPORTELLO_TEST_DATA names no folder")
    return folder

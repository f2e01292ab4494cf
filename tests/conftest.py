"""Fixtures for all tests."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def realdata() -> Path:
    """Real photographs, captions and weights; a test that needs them is skipped where there are none."""
    path = Path(os.environ.get("GXN_REALDATA", ROOT / "../shared/realdata"))
    if not path.is_dir():
        pytest.skip(f"no real photographs at {path}; GXN_REALDATA names their folder")
    return path

from pathlib import Path

import pytest

_DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real videos and photographs, which lie beside the project and are no part of it."""
    if not _DATA.is_dir():
        pytest.skip("there is no shared data beside the project")
    return _DATA

"""Fixtures for all tests."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# programs that tests start run the code beside the tests, as they do themselves, whatever is installed
os.environ["PYTHONPATH"] = str(ROOT / "src")


@pytest.fixture(scope="session")
def realdata() -> Path:
    """Real photographs, captions and weights; a test that needs them is skipped where there are none."""
    path = Path(os.environ.get("GXN_REALDATA", ROOT / "../shared/realdata"))
    if not path.is_dir():
        pytest.skip(f"no real photographs at {path}; GXN_REALDATA names their folder")
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Folder of a tiny dataset: tokens, features, small images and document frequencies."""
    from tiny import write_data

    return write_data(tmp_path)


@pytest.fixture(scope="session")
def pretrained_data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files of a tiny dataset and of the stages before the joint one, made once; nobody may change them."""
    from tiny import pretrain, write_data

    folder = write_data(tmp_path_factory.mktemp("pretrained"))
    return pretrain(folder) | {"data": folder}


@pytest.fixture
def pretrained(pretrained_data: dict[str, Path], data: Path) -> dict[str, Path]:
    """The files that the joint stage reads; `data` is the folder of the same dataset."""
    return {name: path for name, path in pretrained_data.items() if name != "data"}


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> "Results":  # noqa: F821
    """All results of eight rows and three seeds on made-up pictures; nobody may change them."""
    from made_results import make_results

    return make_results(tmp_path_factory.mktemp("results with a space"))


@pytest.fixture(scope="session")
def asked(pretrained_data: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> "Asked":  # noqa: F821
    """Pages with a tiny trained row that answers; nobody may change them."""
    from asked import make_asked

    return make_asked(pretrained_data, tmp_path_factory.mktemp("asked"))


@pytest.fixture(scope="session")
def trained_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository's folder with tiny trained rows, `config/mine.yaml`; nobody may change it."""
    from trained_rows import make_trained

    root = tmp_path_factory.mktemp("trained")
    before = Path.cwd()
    os.chdir(root)
    try:
        make_trained(root)
    finally:
        os.chdir(before)
    return root


@pytest.fixture
def trained(trained_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in that folder, with a cache of one's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(trained_folder)
    return trained_folder

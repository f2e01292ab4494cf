"""Copies of the project, one of them built and pushed, shared by the tests of a session."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from copies import Copy, copy_of_working_tree


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which all copies lie; the default remote, ../gxn-storage, is in it."""
    return tmp_path_factory.mktemp("copies")


@pytest.fixture(scope="session")
def copy(place: Path) -> Copy:
    """The working tree in its default configuration, with nothing made."""
    return copy_of_working_tree(place / "copy", place / "home")


@pytest.fixture(scope="session")
def built(place: Path) -> Copy:
    """The smallest configuration, made by `dvc repro`, committed and pushed. Only read it; change clones."""
    copy = copy_of_working_tree(place / "built", place / "home")
    copy.configure("config/smoke.yaml")
    copy.commit("The smallest configuration")
    copy.dvc("repro")
    copy.commit("Its results")
    copy.dvc("push")
    return copy


@pytest.fixture
def clone(built: Copy, place: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[], Copy]]:
    """Makes clones of `built`, which go with the test."""
    made: list[Copy] = []

    def make() -> Copy:
        made.append(built.clone(place / f"{request.node.name}-{len(made)}"))
        return made[-1]

    yield make
    for copy in made:
        shutil.rmtree(copy.path)


@pytest.fixture(scope="session")
def pulled(built: Copy, place: Path) -> Copy:
    """A clone that has pulled. Only read it."""
    copy = built.clone(place / "pulled")
    copy.dvc("pull")
    return copy

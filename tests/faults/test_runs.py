"""Two runs: of one seed with other cores, and at once in one folder."""

import time

import pytest
from workplace import Workplace

pytestmark = pytest.mark.slow

TARGETS = ("results/table_ablation.csv", "figures")


def command(cores: int, *targets: str) -> list[str]:
    return ["--cores", str(cores), "--configfile", "config/smoke.yaml", "--", *targets]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Files of an undisturbed run on one core."""
    place = Workplace(tmp_path_factory.mktemp("runs") / "alone")
    code, said = place.run(*command(1, *TARGETS))
    assert code == 0, said[-3000:]
    return place.made()


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """A run on four cores, and what others said that were started in its folder meanwhile."""
    place = Workplace(tmp_path_factory.mktemp("runs") / "crowded")
    first, others = place.start(*command(4, *TARGETS)), []
    own = place.output
    try:
        for number in range(6):
            while first.poll() is None and not place.at_work():
                time.sleep(0.05)
            time.sleep(2 * number)
            place.output = place.folder / f"other{number}.txt"
            second = place.start(*command(1, TARGETS[number % 2]))
            second.wait(300)
            others.append((first.poll(), second.returncode, place.said))
        place.output = own
        first.wait(900)
    finally:
        place.kill(first)
    assert first.returncode == 0, place.said[-3000:]
    return place.made(), others


def test_one_seed_makes_the_same_bytes_whatever_the_cores(alone, crowded):
    """Hashes of every file of a run: data, features, checkpoints, tables, figures."""
    assert crowded[0] == alone


def test_a_second_run_is_refused_and_the_first_ends_right(alone, crowded):
    made, others = crowded
    assert len([first for first, _, _ in others if first is None]) >= 5
    for first, code, said in others:
        if first is None:
            assert code != 0 and "Directory cannot be locked" in said, said[-2000:]
            assert "no other Snakemake process" in said and "--unlock" in said
    assert made == alone

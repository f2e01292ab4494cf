"""What jobs ask of the machine, and what is kept of how they ran."""

import re
import sys
from pathlib import Path

import pytest
from copies import copy_of_working_tree

RULES = sorted((Path(__file__).parents[2] / "workflow/rules").glob("*.smk"))
FINETUNED = "{device: cuda, threads: 2, finetune: {methods: [vsepp], processes: 4}}"


def rules():
    """The text of every rule that runs something."""
    texts = [re.split(r"^ *rule (\w+):", path.read_text(), flags=re.MULTILINE)[1:] for path in RULES]
    found = {name: body for text in texts for name, body in zip(text[::2], text[1::2], strict=True)}
    return {name: body for name, body in found.items() if "shell:" in body}


@pytest.mark.parametrize(("name", "body"), rules().items(), ids=rules())
def test_every_rule_has_a_log_and_states_its_memory_and_heavy_ones_are_timed(name, body):
    assert "log:" in body and "mem_mb=" in body
    assert "benchmark:" in body or "gpu=" not in body


def asked(copy, *arguments):
    """Cards, threads and memory by rule, of a rule's last job."""
    found = {}
    for block in re.split(r"\n\n|\n(?=\[)", copy.snakemake("-n", "--forceall", *arguments)):
        rule = re.search(r"^rule (\w+):$", block, re.MULTILINE)
        numbers = re.findall(r"\b(threads|gpu|mem_mb)(?:: |=)(\d+)", block)
        if rule:
            found[rule[1]] = {name: int(number) for name, number in numbers}
    return found


@pytest.mark.slow
def test_a_card_that_is_named_is_asked_for_wherever_snakemake_runs(copy, tmp_path):
    overlay = tmp_path / "mine.yaml"
    overlay.write_text(FINETUNED)
    room = ("--cores", "8", "--resources", "gpu=4", "mem_mb=99999")
    jobs = asked(copy, *room, "--configfile", str(overlay))
    assert jobs["warmup"]["gpu"] == jobs["embed"]["gpu"] == 1 and jobs["warmup"]["threads"] == 2
    assert jobs["finetune"]["gpu"] == 4 and jobs["finetune"]["threads"] == 8
    assert not any(job.get("gpu") for job in asked(copy, "--config", "device=cpu").values())


@pytest.mark.slow
def test_memory_grows_with_the_data_and_two_trainings_fit_the_default_profile(place, tmp_path):
    copy = copy_of_working_tree(tmp_path / "copy", place / "home")

    def warmup(megabytes):
        for name, size in {"features": megabytes, "tokens": 1}.items():
            path = copy.path / f"data/scenes/{name}.h5"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            with path.open("r+b") as file:
                file.truncate(size * 10**6)
        return asked(copy, "--resources", "mem_mb=99999")["warmup"]["mem_mb"]

    assert 2 * warmup(7) <= 3500 and warmup(1007) == warmup(7) + 2000


@pytest.mark.slow
def test_jobs_run_the_sources_beside_the_snakefile(place, tmp_path):
    """Even where the environment, as that of an image, holds no package or another one; whatever the path."""
    copy = copy_of_working_tree(tmp_path / "a copy", place / "home")
    step = copy.path / "src/gxn/steps/make_scenes.py"
    step.write_text(step.read_text().replace("def main() -> None:", 'def main() -> None:\n    print("mine")'))
    driver = "import sys; sys.path.insert(0, 'src'); from snakemake.cli import main; main(sys.argv[1:])"
    arguments = ("data/smoke/captions.json", "--configfile", "config/smoke.yaml")
    copy.run(sys.executable, "-c", driver, *arguments, PYTHONPATH="")
    assert "mine" in (copy.path / "logs/smoke/make_scenes.log").read_text()

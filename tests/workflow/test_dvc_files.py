"""Files around dvc.yaml, as committed: DVC's settings, what git ignores, the guard against forged outputs."""

import configparser
import re
import subprocess

import yaml
from copies import changed_outs, outs_of
from plans import ROOT

PIPELINE = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))


def git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_content_decides_what_is_made_again():
    profile = yaml.safe_load((ROOT / "profiles/default/profile.yaml").read_text(encoding="utf-8"))
    assert profile["max-checksum-file-size"] == "1TB"


def test_the_cache_is_copied():
    """Snakemake rewrites its records in place: through a link it would rewrite the cache."""
    config = configparser.ConfigParser()
    config.read(ROOT / ".dvc/config")
    assert config["cache"]["type"] == '"reflink,copy"'


def test_no_credential_is_committed():
    text = (ROOT / ".dvc/config").read_text(encoding="utf-8")
    assert not re.search("key|secret|token|password|user", text)


def test_git_ignores_every_out_from_the_first_commit():
    outs = [out for paths in outs_of(PIPELINE).values() for out in paths]
    ignored = git("check-ignore", "--no-index", *outs).split()
    assert sorted(ignored) == sorted(outs)


def test_nothing_generated_is_in_git():
    names = [name for name in git("ls-files", "-z").split("\0") if (ROOT / name).is_file()]
    assert [name for name in names if name.startswith(("data/", "results/", ".snakemake/", "scratch/"))] == []


def test_nothing_large_is_in_git():
    names = [name for name in git("ls-files", "-z").split("\0") if (ROOT / name).is_file()]
    assert [name for name in names if (ROOT / name).stat().st_size > 1_000_000] == []


STAGE = {
    "cmd": "snakemake joint",
    "deps": [{"path": "a", "md5": "1"}],
    "outs": [{"path": "b", "md5": "2"}],
}
FORGED = STAGE | {"outs": [{"path": "b", "md5": "3"}]}


def test_other_outputs_by_the_same_recipe_are_given_away():
    assert changed_outs({"stages": {"joint": STAGE}}, {"stages": {"joint": FORGED}}) == ["joint"]


def test_other_outputs_by_another_recipe_are_not():
    honest = FORGED | {"deps": [{"path": "a", "md5": "4"}]}
    assert changed_outs({"stages": {"joint": STAGE}}, {"stages": {"joint": honest}}) == []


def test_records_of_snakemake_hold_the_time_of_day_and_may_differ():
    assert changed_outs({"stages": {"provenance": STAGE}}, {"stages": {"provenance": FORGED}}) == []

"""Nothing that is read can run code: no pickle in the package, no configuration value bare in a shell."""

import ast
import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest
from plans import OWN, plan

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
RULES = sorted((ROOT / "workflow/rules").glob("*.smk"))
LOADERS = {"load", "loads", "Unpickler", "read_pickle", "to_pickle", "dump", "dumps"}


def offences(source: str) -> list[str]:
    """Calls that could unpickle or evaluate what they are given."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            if {"marshal", "shelve", "dill", "joblib", "cloudpickle"} & {
                name.partition(".")[0] for name in names
            }:
                found.append(f"import of {names}")
        if not isinstance(node, ast.Call):
            continue
        keywords = {each.arg: each.value for each in node.keywords}
        called = ast.unparse(node.func)
        if called == "torch.load" and not _is(keywords.get("weights_only"), True):
            found.append("torch.load without weights_only=True")
        elif called.startswith(("pickle.", "_pickle.")) and called.rpartition(".")[2] in LOADERS:
            found.append(called)
        elif called in ("np.load", "numpy.load", "pd.read_pickle", "pandas.read_pickle"):
            if called.endswith("pickle") or not _is(keywords.get("allow_pickle", ast.Constant(False)), False):
                found.append(called)
        elif called in ("yaml.load", "yaml.unsafe_load", "yaml.full_load", "eval", "exec", "os.system"):
            found.append(called)
        elif called.startswith("subprocess.") and not _is(keywords.get("shell", ast.Constant(False)), False):
            found.append(f"{called} with a shell")
    return found


def _is(node: ast.expr | None, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_no_module_can_run_what_it_reads(source):
    assert offences(source.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "pickle.load(file)",
        "np.load(path, allow_pickle=True)",
        "yaml.load(text)",
        "import joblib",
        "pd.read_pickle(path)",
        "subprocess.run(text, shell=True)",
        "eval(text)",
    ],
)
def test_the_search_finds_what_it_is_for(line):
    assert offences(line)


# a rule's own words: wildcards are constrained, numbers and choices are held to the configuration, and files
# that the workflow names itself hold only these wildcards
PLAIN = {
    *(f"wildcards.{name}" for name in "dataset method encoder seed name file cnn check".split()),
    *(f"params.{name}" for name in "resume launch row stage step".split()),
    *("log", "output"),
}
# options that the plan puts together: it quotes what the user names in them
OPTIONS = {
    f"params.{name}"
    for name in ("images", "files", "reader", "seed", "split", "lines", "imagined", "embeddings")
}
# what the user names
THEIRS = {"input.weights", "input.file", "params.file"}
ODD = "own/it's $HOME; *"


def commands(path: Path) -> dict[str, str]:
    """Shell text of each rule."""
    parts = re.split(r"^ *rule (\w+):", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        name: body.partition("\nuse rule ")[0].partition("shell:")[2]
        for name, body in zip(parts[1::2], parts[2::2], strict=True)
    }


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_what_users_name_is_quoted(path):
    for rule, text in commands(path).items():
        for value in re.findall(r"(?<!\{)\{([^{}\"']+)\}", text):
            name, _, quoted = value.partition(":")
            own = name in PLAIN | OPTIONS or name.startswith("output.")
            made_here = name.startswith("input.") and name not in THEIRS
            assert quoted == "q" or own or made_here, f"{path.name}: {rule}: {{{value}}} is not quoted"


def test_user_paths_are_among_the_quoted():
    found = [text for path in RULES for text in commands(path).values()]
    assert all(any(f"{{{name}:q}}" in text for text in found) for name in THEIRS)


def test_the_plan_quotes_user_paths_in_options():
    named = {"dataset": {"source": {"images": f"{ODD}/images"}}, "cnn": {"weights": f"{ODD}.safetensors"}}
    made = plan(OWN, named)
    assert shlex.split(made.images_option()) == ["--images", f"{ODD}/images"]
    found = shlex.split(made.check_options(SimpleNamespace(check="features")))
    assert {f"{ODD}/images", f"{ODD}.safetensors"} <= set(found)

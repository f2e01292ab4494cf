"""Nothing that is read can run code: no pickle in the package, no configuration value bare in a shell."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
RULES = sorted((ROOT / "workflow/rules").glob("*.smk"))
LOADERS = {"load", "loads", "Unpickler", "read_pickle", "to_pickle", "dump", "dumps"}


def offences(source: str) -> list[str]:
    """Calls that could unpickle or evaluate what they are given."""
    found, tree = [], ast.parse(source)
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    safe = {
        each.name for each in classes if [ast.unparse(base) for base in each.bases] == ["yaml.SafeLoader"]
    }
    for node in ast.walk(tree):
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
        elif called == "yaml.load" and len(node.args) == 2 and ast.unparse(node.args[1]) in safe:
            continue
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
        "yaml.load(text, Loader)",
        "class Loader(yaml.Loader): pass\nyaml.load(text, Loader)",
        "import joblib",
        "pd.read_pickle(path)",
        "subprocess.run(text, shell=True)",
        "eval(text)",
    ],
)
def test_the_search_finds_what_it_is_for(line):
    assert offences(line)


# a rule's own words: wildcards are constrained, numbers and choices are held to their bounds, and files that
# the workflow names itself hold only these wildcards
PLAIN = {
    *(f"wildcards.{name}" for name in "method name check seed file cnn study".split()),
    *(
        f"params.{name}"
        for name in (
            *("step", "stage", "resume", "row", "seed", "imagined", "embeddings", "lines", "reader"),
            *("split", "launch", "code", "labels", "folder", "cores"),
        )
    ),
    *("log", "output"),
}
# options that workflow/checks.py (test_checks.py) and workflow/result_files.py quote
QUOTED = {"params.images", "params.files", "params.judges", "params.held_out"}
# what the user names
THEIRS = {"input.weights", "input.file", "params.file"}


def rules(path: Path) -> dict[str, str]:
    """Text of each rule."""
    parts = re.split(r"^ *rule (\w+):", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    named = zip(parts[1::2], parts[2::2], strict=True)
    return {name: body.partition("\nuse rule ")[0] for name, body in named}


def commands(path: Path) -> dict[str, str]:
    """Shell text of each rule."""
    return {name: body.partition("shell:")[2] for name, body in rules(path).items()}


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_what_users_name_is_quoted(path):
    for rule, text in commands(path).items():
        for value in re.findall(r"(?<!\{)\{([^{}\"']+)\}", text):
            name, _, quoted = value.partition(":")
            own = name in PLAIN or name.startswith("output.")
            made_here = name in QUOTED or (name.startswith("input.") and name not in THEIRS)
            assert quoted == "q" or own or made_here, f"{path.name}: {rule}: {{{value}}} is not quoted"


@pytest.mark.parametrize("name", THEIRS)
def test_what_users_name_is_found_where_it_is_quoted(name):
    assert any(f"{{{name}:q}}" in text for path in RULES for text in commands(path).values())


def test_every_wildcard_is_constrained():
    """A wildcard without a constraint takes any text of a path of the user's into a command."""
    workflow = (ROOT / "workflow/Snakefile").read_text(encoding="utf-8")
    everywhere = set(re.findall(r"^    (\w+)=", workflow.partition("wildcard_constraints:")[2], re.MULTILINE))
    for path in RULES:
        for name, body in rules(path).items():
            own = set(re.findall(r"^ +(\w+)=", body.partition("wildcard_constraints:")[2], re.MULTILINE))
            used = set(re.findall(r"wildcards\.(\w+)", body.partition("shell:")[2]))
            assert used <= own | everywhere, f"{path.name}: {name}"

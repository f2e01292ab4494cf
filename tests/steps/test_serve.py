"""The step that serves: what keeps it from starting, and one answer over a socket."""

import socket
import sys
import threading
import urllib.request

import pytest
import uvicorn
from starlette.applications import Starlette

from gxn.errors import GxnError
from gxn.page import opening
from gxn.page.server import application
from gxn.steps import serve


@pytest.fixture
def hosts(monkeypatch):
    """The names under which the application was made to answer."""
    found = []

    def opened(config, names):
        found.append(names)
        return Starlette()

    monkeypatch.setattr(opening, "open_application", opened)
    return found


def test_a_taken_port_is_said_with_what_to_do(hosts):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(GxnError, match=f"port {port}: cannot listen there.*--port"):
            serve.serve(serve.Arguments(port=port))


@pytest.mark.parametrize("port", [-1, 70_000])
def test_a_number_that_is_no_port_is_said(hosts, port):
    with pytest.raises(GxnError, match="choose another port by --port"):
        serve.serve(serve.Arguments(port=port))


def test_without_its_extra_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(GxnError, match="uv sync --extra serve"):
        serve.serve(serve.Arguments())


@pytest.mark.parametrize(("host", "open_to_all"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_it_answers_to_this_machine_alone_unless_told_otherwise(
    hosts, monkeypatch, capsys, host, open_to_all
):
    bound = []

    def run(self, sockets):
        bound.append(sockets[0].getsockname()[0])
        sockets[0].close()

    monkeypatch.setattr(uvicorn.Server, "run", run)
    serve.serve(serve.Arguments(host=host, port=0))
    assert bound == [host] and ("*" in hosts[0]) == open_to_all
    assert ("anyone who can reach" in capsys.readouterr().err) == open_to_all


def test_a_page_comes_over_a_socket(asked, monkeypatch, capsys):
    monkeypatch.setattr(
        opening, "open_application", lambda config, hosts: application(asked.site, asked.live, hosts)
    )
    servers = []
    started = threading.Event()
    run = uvicorn.Server.run

    def kept(self, sockets):
        servers.append(self)
        started.set()
        run(self, sockets)

    monkeypatch.setattr(uvicorn.Server, "run", kept)
    thread = threading.Thread(target=serve.serve, args=[serve.Arguments(port=0)])
    thread.start()
    try:
        assert started.wait(30)
        address = capsys.readouterr().out.split()[0]
        with urllib.request.urlopen(address, timeout=30) as answer:
            assert "server" not in answer.headers and b"Find pictures for a sentence" in answer.read()
    finally:
        servers[0].should_exit = True
        thread.join(30)

"""Serve pages to look at results: ask with a sentence or a picture, and see what each row finds, side by side.

It needs the extra `serve`: uv run --extra serve gxn serve. Only this machine can open the pages, unless --host
names another address.
"""

import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.errors import GxnError

LOCAL = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Arguments of the step."""

    config: tuple[Path, ...] = cli.option("configuration files of the run, without params.yaml", ())
    host: str = cli.option("address to listen on", "127.0.0.1")
    port: int = cli.option("port to listen on", 8000)


def serve(arguments: Arguments) -> None:
    """Serve until interrupted.

    Raises:
        GxnError: the extra is not installed, there are no results, or the port is taken.
    """
    try:
        import uvicorn

        from gxn.page.opening import open_application
    except ModuleNotFoundError as error:
        raise GxnError(f"gxn serve: {error}; install its extra: uv sync --extra serve") from error
    host, port = arguments.host, arguments.port
    application = open_application(arguments.config, [*LOCAL, "[::1]"] if host in LOCAL else ["*"])
    try:
        listening = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except (OSError, OverflowError) as error:
        raise GxnError(
            f"{host}, port {port}: cannot listen there: {error}; choose another port by --port"
        ) from error
    if host not in LOCAL:
        cli.warn(f"anyone who can reach {host} can see these pictures and query the rows")
    name = f"[{host}]" if ":" in host else host
    print(f"http://{name}:{listening.getsockname()[1]}/   (stop with Ctrl-C)", flush=True)
    settings = uvicorn.Config(application, log_level="warning", server_header=False)
    with suppress(KeyboardInterrupt):  # raised once more when all is closed
        uvicorn.Server(settings).run(sockets=[listening])


main = cli.command(serve, Arguments)

if __name__ == "__main__":
    main()

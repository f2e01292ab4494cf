"""The pages answered to a browser, with search for sentences and pictures of one's own."""

import mimetypes
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gxn.errors import GxnError
from gxn.page.live import Live
from gxn.page.site import INDEX, NotThere, Site
from gxn.page.uploads import Refused, check, receive

LONGEST = 500  # letters of a sentence
HEADERS = {
    # nothing comes from elsewhere, no script runs, and no other page can hold or ask this one
    "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; style-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def application(site: Site, live: Live, hosts: Sequence[str]) -> Starlette:
    """Make the application.

    Args:
        site: the pages, made for a server.
        live: the rows that answer.
        hosts: names under which it may be asked, so that no other site's name can be pointed at it; `*`: any.
    """

    def page(request: Request) -> Response:
        path = request.path_params["path"] or INDEX
        return _answer(site.content(path), mimetypes.guess_type(path)[0] or "text/html")

    def search(request: Request) -> Response:
        sentence = request.query_params.get("q", "").strip()
        if not sentence:
            raise Refused(400, "There is no sentence. Write one in the field.")
        if len(sentence) > LONGEST:
            raise Refused(400, f"The sentence has {len(sentence)} characters; the limit is {LONGEST}.")
        return _answer(site.render("search.html", "search", **live.search(sentence)))

    async def look(request: Request) -> Response:
        data = await receive(request)
        return _answer(await run_in_threadpool(_looked_at, site, live, data))

    def problem(request: Request, error: Exception) -> Response:
        status = {NotThere: 404, GxnError: 400}.get(type(error)) or error.status_code
        return _problem(site, request, status, str(getattr(error, "detail", error)))

    def refused(request: Request, error: Refused) -> Response:
        return _problem(site, request, error.status, str(error))

    return Starlette(
        routes=[
            Route("/search", search),
            Route("/look", look, methods=["POST"]),
            Route("/{path:path}", page),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)],
        exception_handlers={NotThere: problem, GxnError: problem, HTTPException: problem, Refused: refused},
    )


def _looked_at(site: Site, live: Live, data: bytes) -> bytes:
    """The page about a visitor's picture, which is kept no longer than it takes."""
    with tempfile.TemporaryDirectory(prefix="gxn-") as folder:
        path = Path(folder, "picture")
        path.write_bytes(data)
        check(path)
        try:
            found = live.look(path)
        except GxnError as error:
            raise Refused(422, str(error).replace(f"{path}: image 0", "The picture")) from error
    return site.render("look.html", "look", **found)


def _answer(content: bytes, kind: str = "text/html", status: int = 200, **headers: Any) -> Response:
    return Response(content, status, HEADERS | headers, kind)


def _problem(site: Site, request: Request, status: int, reason: str) -> Response:
    """A page that says what is wrong and leads on."""
    path = request.url.path.lstrip("/")
    heading = "There is no such page" if status in (404, 405) else "That did not work"
    content = site.render("problem.html", path, heading=heading, reason=reason)
    return _answer(content, status=status)

"""Serves the page until it is told to stop."""

import secrets
import socket
import webbrowser
from collections.abc import Callable
from contextlib import closing, suppress
from threading import Thread

import uvicorn

from deepfake_dataset.errors import UsageError
from deepfake_dataset.review.session import ReviewSession
from deepfake_dataset.review.web.api import make_app
from deepfake_dataset.review.web.crop_thumbnails import CropThumbnails
from deepfake_dataset.review.web.security import is_loopback

_TOKEN_BYTES = 24
_LAST_ANSWERS_S = 3
"""How long answers under way may take when the server is told to stop."""


def serve(
    session: ReviewSession,
    *,
    reviewer: str,
    host: str = "127.0.0.1",
    port: int = 0,
    open_browser: bool = False,
    announce: Callable[[str], None] = print,
) -> None:
    """Serve the page until interrupted; ``announce`` is given its address, token included.

    Port 0 takes a free one. Raises :class:`UsageError` where it cannot listen there.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    Thread(target=CropThumbnails(session).make_first, daemon=True).start()
    with closing(listen(host, port)) as listener:
        address = f"http://{_name(host)}:{listener.getsockname()[1]}/?token={token}"
        if not is_loopback(host):
            announce(
                f"warning: listening on {host}: whoever has the address below can decide on faces,"
                " and it is not encrypted"
            )
        announce(f"review at {address}\nCtrl-C ends it; every decision is on the disk by then")
        if open_browser:
            webbrowser.open(address)
        server = make_server(session, token=token, reviewer=reviewer, host=host)
        with suppress(KeyboardInterrupt):  # how a reviewer ends the page: no failure
            server.run(sockets=[listener])


def make_server(
    session: ReviewSession, *, token: str, reviewer: str, host: str = "127.0.0.1"
) -> uvicorn.Server:
    """A server to be run at a socket that listens; ``should_exit`` ends it."""
    config = uvicorn.Config(
        make_app(session, token=token, reviewer=reviewer, host=host),
        log_level="critical",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=_LAST_ANSWERS_S,
    )
    return uvicorn.Server(config)


def listen(host: str, port: int = 0) -> socket.socket:
    """A socket for the server to be run at; port 0 takes a free one.

    Raises :class:`UsageError` where it cannot listen there.
    """
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(place[:2], family=family, backlog=128)
        # Head and body of an answer are written apart: held back for each other (Nagle), every
        # answer takes 40 ms more. Connections inherit this; asyncio sets it for its own alone.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        raise UsageError(
            f"cannot listen at {host}, port {port}: {error.strerror or error}",
            "another program may use the port: leave --port out, or name another one",
        ) from error


def _name(host: str) -> str:
    """Of the machine, as it stands in an address."""
    if host in ("0.0.0.0", "::"):
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host

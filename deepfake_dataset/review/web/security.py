"""Security of the page: its token, allowed hosts and origins, and headers for the browser.

Other pages that are open in the same browser can send requests to this machine, and by
rebinding a name of theirs to it can even read answers. So each request must know a secret,
must be for a name of this machine, and must not come from another page.
"""

import ipaddress
import secrets
import socket
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        " img-src 'self' blob: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_MONTH_S = 30 * 24 * 3600


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


class AccessGuard:
    """Turns away whoever does not know the token, and requests that other pages send."""

    def __init__(self, app: ASGIApp, *, token: str, host: str) -> None:
        """``host`` is what the server listens on."""
        self._app = app
        self._token = token
        self._listens = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        given = QueryParams(scope["query_string"]).get("token", "")
        refusal = self._refusal(scope["method"], headers, given)
        cookie = "" if refusal or not given else self._cookie(headers)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer.update(_HEADERS)
                answer.setdefault("Cache-Control", "no-store")
                if cookie:
                    answer.append("Set-Cookie", cookie)
            await send(message)

        if refusal:
            await PlainTextResponse(refusal, 403)(scope, receive, guarded)
        else:
            await self._app(scope, receive, guarded)

    def _refusal(self, method: str, headers: Headers, given: str) -> str:
        """Why a request is turned away; empty where it is let in."""
        if not self._is_ours(headers.get("host", "")):
            return "This name is none of this machine's. Use the address that dsbuild printed.\n"
        if not _is_from_here(method, headers):
            return "Requests of other pages are not answered.\n"
        if not self._knows_token(headers, given):
            return "Use the address that dsbuild review printed: it ends with a token.\n"
        return ""

    def _is_ours(self, host: str) -> bool:
        """No name but this machine's: a name of someone else may point here by now."""
        name = _host_name(host)
        if name in _LOOPBACK_NAMES:
            return True
        if is_loopback(self._listens):
            return False
        known = {self._listens.lower(), socket.gethostname().lower(), socket.getfqdn().lower()}
        return name in known or _address(name) is not None

    def _knows_token(self, headers: Headers, given: str) -> bool:
        return _equal(given, self._token) or _equal(_cookie_of(headers), self._token)

    def _cookie(self, headers: Headers) -> str:
        # Cookies are shared by all ports of a host, so each server's has a name of its own.
        name = _cookie_name(headers)
        return f"{name}={self._token}; Path=/; Max-Age={_MONTH_S}; HttpOnly; SameSite=Strict"


def _is_from_here(method: str, headers: Headers) -> bool:
    """Whether our own page sent it, or a person's own address bar or program."""
    origin = headers.get("origin")
    if origin is not None and origin != f"http://{headers.get('host', '')}":
        return False
    if headers.get("sec-fetch-site", "none") in ("same-origin", "none"):
        return True
    # Following a link from elsewhere is no harm: it reads, and without the token not even that.
    return method == "GET" and headers.get("sec-fetch-mode") == "navigate"


def _cookie_name(headers: Headers) -> str:
    port = _lower(headers.get("host", "")).rpartition(":")[2]
    return f"dsbuild-review-{port if port.isdecimal() else 80}"


def _cookie_of(headers: Headers) -> str:
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(_cookie_name(headers))
    except CookieError:
        return ""
    return cookie.value if cookie else ""


def _equal(given: str, token: str) -> bool:
    return secrets.compare_digest(given.encode(), token.encode())


def _lower(host: str) -> str:
    return host.strip().lower()


def _host_name(host: str) -> str:
    """Without its port and brackets; empty where it is no host."""
    try:
        return (urlsplit(f"//{_lower(host)}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None

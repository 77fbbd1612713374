import asyncio
import re
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from deepfake_dataset.review.web.security import AccessGuard, is_loopback

TOKEN = "a-secret"


class Browser:
    """Asks an application behind the guard, and keeps its cookies."""

    def __init__(self, listens: str, at: str) -> None:
        async def answer(_: Any) -> PlainTextResponse:
            return PlainTextResponse("faces")

        app = Starlette(routes=[Route("/", answer, methods=["GET", "POST"])])
        self._guard = AccessGuard(app, token=TOKEN, host=listens)
        self._at = at
        self._cookies = httpx.Cookies()

    def get(self, path: str, **more: Any) -> httpx.Response:
        return asyncio.run(self._ask("GET", path, **more))

    def post(self, path: str, **more: Any) -> httpx.Response:
        return asyncio.run(self._ask("POST", path, **more))

    async def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self._guard)
        async with httpx.AsyncClient(
            transport=transport, base_url=self._at, cookies=self._cookies
        ) as client:
            answer = await client.request(method, path, **more)
            self._cookies = client.cookies
            return answer


def client(host: str = "127.0.0.1", at: str = "http://127.0.0.1:8000") -> Browser:
    return Browser(host, at)


@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], TOKEN + "x", "é"])
def test_without_the_token_nothing_is_answered(token: str) -> None:
    assert client().get("/", params={"token": token}).status_code == 403
    assert client().get("/").status_code == 403


def test_the_token_is_kept_as_a_cookie_that_no_script_and_no_other_page_gets() -> None:
    browser = client()
    kept = browser.get("/", params={"token": TOKEN}).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict"} <= set(kept.split("; "))
    assert browser.get("/").text == "faces"


def test_cookies_of_two_servers_on_one_machine_are_told_apart() -> None:
    names = {
        client(at=f"http://127.0.0.1:{port}")
        .get("/", params={"token": TOKEN})
        .headers["set-cookie"]
        .partition("=")[0]
        for port in (8000, 8001)
    }
    assert len(names) == 2


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example:8000",
        "localhost.evil.example",
        "",
        "10.0.0.1",
        "[",
        "a@b",
    ],
)
def test_a_name_that_is_not_this_machines_is_refused_even_with_the_token(host: str) -> None:
    answer = client().get("/", params={"token": TOKEN}, headers={"host": host})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:9000", "LOCALHOST", "[::1]:8000"])
def test_this_machines_names_are_answered_whatever_the_port(host: str) -> None:
    """As a port forwarded by ssh may be another one."""
    assert client().get("/", params={"token": TOKEN}, headers={"host": host}).status_code == 200


@pytest.mark.parametrize(("host", "status"), [("10.0.0.1:8000", 200), ("evil.example", 403)])
def test_a_server_on_all_addresses_answers_to_addresses_and_not_to_strange_names(
    host: str, status: int
) -> None:
    answer = client("0.0.0.0").get("/", params={"token": TOKEN}, headers={"host": host})
    assert answer.status_code == status
    assert client("0.0.0.0").get("/", headers={"host": host}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "https://127.0.0.1:8000"},
        {"origin": "http://127.0.0.1:8001"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_requests_of_other_pages_are_refused_even_with_the_token(headers: dict[str, str]) -> None:
    assert client().post("/", params={"token": TOKEN}, headers=headers).status_code == 403
    assert client().get("/", params={"token": TOKEN}, headers=headers).status_code == 403


def test_our_own_page_is_answered() -> None:
    headers = {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}
    assert client().post("/", params={"token": TOKEN}, headers=headers).status_code == 200


def test_a_link_from_elsewhere_may_be_followed() -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client().get("/", params={"token": TOKEN}, headers=headers).status_code == 200


def test_a_cookie_that_is_none_is_no_error() -> None:
    assert client().get("/", headers={"cookie": 'a="; b=\x01;;='}).status_code == 403


def test_every_answer_of_the_server_tells_the_browser_to_be_careful(page: httpx.Client) -> None:
    for path in ("/", "/static/main.js", "/api/faces", "/nothing", "/api/faces/nobody"):
        headers = page.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_the_page_has_no_script_or_style_of_its_own(page: httpx.Client) -> None:
    text = page.get("/").text
    assert re.findall(r"<script(?![^>]*\ssrc=)", text) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=", text) == []


def test_nothing_is_fetched_from_elsewhere(page: httpx.Client) -> None:
    names = re.findall(r'"/static/([\w.]+)"', page.get("/").text)
    texts = [page.get(f"/static/{name}").text for name in names] + [page.get("/").text]
    addresses = {found for text in texts for found in re.findall(r"https?://[\w./]+", text)}
    assert addresses <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize(
    ("host", "only_here"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("lab", False)],
)
def test_which_addresses_only_this_machine_reaches(host: str, only_here: bool) -> None:
    assert is_loopback(host) is only_here

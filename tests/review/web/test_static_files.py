import re
from importlib.resources import files

import httpx


def test_the_page_asks_for_every_module_at_once() -> None:
    static = files("deepfake_dataset.review.web") / "static"
    page = (static / "index.html").read_text()
    asked = re.findall(r'(?:modulepreload" href|module" src)="/static/(.*?)"', page)
    assert sorted(asked) == sorted(f.name for f in static.iterdir() if f.name.endswith(".js"))


def test_the_pages_files_are_asked_for_again_only_when_they_changed(page: httpx.Client) -> None:
    tag = page.get("/static/main.js").headers["etag"]
    assert page.get("/static/main.js", headers={"if-none-match": tag}).status_code == 304

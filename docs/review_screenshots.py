"""Pictures of the review page, as they stand in docs/images.

    python docs/review_screenshots.py DATASET FOLDER

Reviews some faces of a copy of the dataset in a headless Chromium and writes review-light.png
and review-dark.png.
"""

import io
import shutil
import sys
import tempfile
from pathlib import Path
from threading import Thread
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from deepfake_dataset.commands.review import open_review
from deepfake_dataset.review.web.server import listen, make_server

TOKEN = "pictures"
WINDOW: Any = {"width": 1280, "height": 780}
COLOURS = 256


def shown(browser: Browser, address: str, scheme: Any) -> Page:
    """The page, with its first frame."""
    page = browser.new_page(viewport=WINDOW, color_scheme=scheme)
    page.goto(f"{address}/?token={TOKEN}")
    page.wait_for_selector("#stage .board img")
    return page


def light(page: Page) -> None:
    """By suspicion, some faces decided."""
    for keys in ("x2", "x1", "w", "p", "x2", "p", "p", "r1", "p"):
        for key in keys:
            page.keyboard.press(key)
            page.wait_for_timeout(100)


def dark(page: Page) -> None:
    """By track, a forged face beside its original."""
    page.select_option("select[name=label]", label="fake")
    page.locator("body").click(position={"x": 1, "y": 1})  # keys go to the page, not to the choice
    for key in ("g", "Home", "ArrowRight", "c"):
        page.keyboard.press(key)
    page.wait_for_selector("#beside .board")


def save(page: Page, path: Path) -> None:
    """With few colours, as these are pictures of photos for a page of text."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    few = picture.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, kmeans=3)
    few.save(path, optimize=True)


def main() -> None:
    """Make both."""
    dataset, folder = Path(sys.argv[1]), Path(sys.argv[2])
    place = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))))
    with tempfile.TemporaryDirectory() as aside:
        copy = shutil.copytree(dataset, Path(aside) / "demo")
        shutil.rmtree(copy / "review", ignore_errors=True)
        with listen("127.0.0.1") as listener, sync_playwright() as started:
            server = make_server(open_review(copy), token=TOKEN, reviewer="you")
            thread = Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            browser = started.chromium.launch(executable_path=place, args=["--no-sandbox"])
            try:
                address = f"http://127.0.0.1:{listener.getsockname()[1]}"
                for scheme, act in (("light", light), ("dark", dark)):
                    page = shown(browser, address, scheme)
                    act(page)
                    save(page, folder / f"review-{scheme}.png")
            finally:
                browser.close()
                server.should_exit = True
                thread.join()


if __name__ == "__main__":
    main()

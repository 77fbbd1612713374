"""How soon the review page shows faces, and whether it scrolls without a pause.

    python benchmarks/review_page.py [FACES] [DATASET]

Makes up a queue of that many faces (100,000 unless told) with the crops of a dataset in turn, or
with noise, serves it, opens it in a headless Chromium and prints: what the list of faces costs,
the time until the first crops are in view, the longest time between two frames while the grid is
scrolled by a screen each frame, and decisions a second by key.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path
from threading import Thread
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
from playwright.sync_api import Page, sync_playwright

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.face_table import FACES
from deepfake_dataset.review.fixed_crops import FaceLocation, FaceMarks, RecroppedFace
from deepfake_dataset.review.session import ReviewSession
from deepfake_dataset.review.web.crop_thumbnails import CropThumbnails
from deepfake_dataset.review.web.face_list import encode_face_list, make_face_list
from deepfake_dataset.review.web.server import listen, make_server
from deepfake_dataset.settings import Settings

TOKEN = "benchmark"
A_VIDEO = 200
DECISIONS = 100
IN_VIEW = """() => {
    const images = [...document.querySelectorAll(".cell img")].filter((image) =>
        image.getBoundingClientRect().top < innerHeight);
    return images.length > 0 && images.every((image) => image.src && image.complete);
}"""
SCROLL = """async ([from, by, frames]) => {
    const grid = document.querySelector("#grid");
    const gaps = [];
    grid.scrollTop = from;
    let before = await new Promise(requestAnimationFrame);
    for (let i = 0; i < frames; i++) {
        grid.scrollTop += by * grid.clientHeight;
        const now = await new Promise(requestAnimationFrame);
        gaps.push(now - before);
        before = now;
    }
    return gaps;
}"""


class GreyFrames:
    """Has a grey frame for every face."""

    def frame_jpeg(self, _: FaceLocation) -> bytes:
        return cv2.imencode(".jpg", np.full((720, 1280, 3), 128, np.uint8))[1].tobytes()

    def recrop(self, location: FaceLocation, marks: FaceMarks) -> RecroppedFace:
        raise NotImplementedError


class SharedCrops(ReviewSession):
    """A session whose faces share some crops."""

    crops: list[str]

    def crop_key(self, face_id: str) -> str:
        return self.crops[self.position(face_id) % len(self.crops)]


def made_up_faces(count: int) -> pa.Table:
    """Faces worst first; no two have the same crop, by their hashes."""
    rng = np.random.default_rng(1)
    number = np.arange(count)
    video = [f"{n // A_VIDEO:016x}" for n in number]
    frame = number % A_VIDEO
    values: dict[str, Any] = {
        "face_id": [f"{v}-{f:06d}-0" for v, f in zip(video, frame, strict=True)],
        "video_id": video,
        "video_path": [f"fake/{v}.mp4" for v in video],
        "frame": frame,
        "track": frame // 50,
        "scene": frame // 50,
        "label": np.where(number // A_VIDEO % 2, "real", "fake"),
        "sha256": [rng.bytes(32).hex() for _ in number],
        "box_left": [100.0] * count,
        "box_right": [300.0] * count,
        "box_top": [100.0] * count,
        "box_bottom": [300.0] * count,
        "landmarks": [[300.0, 300.0] * 68] * count,
    }
    empty = {"string": "", "int64": 0, "double": 1.0}
    columns = [values.get(f.name, [empty.get(str(f.type))] * count) for f in FACES]
    table = pa.table([pa.array(c, f.type) for c, f in zip(columns, FACES, strict=True)], FACES)
    table = table.append_column("suspicion", pa.array(np.linspace(1, 0, count)))
    reasons = pa.array([["jump"] if n % 2 else [] for n in number], pa.list_(pa.string()))
    return table.append_column("reasons", reasons)


def store_crops(dataset: Dataset, source: Path | None) -> list[str]:
    """Crops of another dataset, or noise, in this one; gives their keys."""
    rng = np.random.default_rng(2)
    if source:
        pictures = [file.read_bytes() for file in sorted(source.glob("faces/*/*.png"))]
    else:
        noise = (rng.integers(0, 255, (64, 64, 3), np.uint8) for _ in range(50))
        pictures = [cv2.imencode(".png", cv2.resize(n, (256, 256)))[1].tobytes() for n in noise]
    keys = [f"faces/{number}.png" for number in range(len(pictures))]
    dataset.storage.put_all(zip(keys, pictures, strict=True))
    return keys


def measure_list(session: ReviewSession) -> None:
    began = time.perf_counter()
    face_list = make_face_list(session.faces)
    listed = time.perf_counter()
    data = encode_face_list(face_list, session, {})
    packed = time.perf_counter()
    print(f"list     {listed - began:.2f} s once, {packed - listed:.2f} s a page", end="")
    print(f", {len(data) / 1e6:.1f} MB")


def measure_page(page: Page, address: str) -> None:
    for visit in ("first", "second"):
        began = time.perf_counter()
        page.goto(f"{address}/?token={TOKEN}")
        page.wait_for_function(IN_VIEW)
        print(f"{visit:8} faces in view after {time.perf_counter() - began:.2f} s")
    for name, by in (("screens", 1.0), ("slowly", 0.05)):
        gaps = page.evaluate(SCROLL, [0, by, 200])
        print(f"{name:8} longest frame {max(gaps):.0f} ms, middle {np.median(gaps):.0f} ms")
    page.evaluate("document.querySelector('#grid').scrollTop = 0")
    began = time.perf_counter()
    for _ in range(DECISIONS):
        page.keyboard.press("p")
    while page.evaluate("document.querySelector('#saved').textContent") != "Saved":
        page.wait_for_timeout(5)
    print(f"keys     {DECISIONS / (time.perf_counter() - began):.0f} decisions a second, saved")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    place = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))))
    with tempfile.TemporaryDirectory() as folder:
        dataset = Dataset.create(Path(folder) / "ds", Settings())
        session = SharedCrops(dataset, made_up_faces(count), GreyFrames())
        session.crops = store_crops(dataset, Path(sys.argv[2]) if len(sys.argv) > 2 else None)
        print(f"faces    {count}")
        measure_list(session)
        with listen("127.0.0.1") as listener, sync_playwright() as started:
            server = make_server(session, token=TOKEN, reviewer="nobody")
            Thread(target=CropThumbnails(session).make_first).start()  # as serve
            thread = Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            browser = started.chromium.launch(executable_path=place, args=["--no-sandbox"])
            try:
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                measure_page(page, f"http://127.0.0.1:{listener.getsockname()[1]}")
            finally:
                browser.close()
                server.should_exit = True
                thread.join()


if __name__ == "__main__":
    main()

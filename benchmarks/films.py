"""Films joined from real clips, whose cuts and changes of light are known by construction.

Cuts, dissolves and fades into another shot; steps and slow ramps of gain, gamma and white
balance; and what must not be found: flashes, fades and back, noise, flicker, a swaying and
a panning camera, objects that pass, pictures in the picture.
"""

import hashlib
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.video.decode import Decoder

Image = NDArray[np.uint8]

MAX_PIXELS = 1 << 26
CLIP_FRAMES = 240
CLIP_SIDE = 640
SIZES = ((640, 360), (480, 360), (360, 640), (426, 240), (854, 480), (512, 512))


@dataclass(frozen=True)
class Clip:
    """A run of real frames of one shot, kept as JPEG."""

    name: str
    family: str
    """Clips of one family show the same pictures, forged or not: never side by side."""
    frames: list[bytes]

    def picture(self, index: int) -> Image:
        """The frame in RGB; beyond the end the clip runs backwards."""
        period = max(1, 2 * len(self.frames) - 2)
        index %= period
        data = np.frombuffer(self.frames[min(index, period - index)], np.uint8)
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1]


def read_clips(folder: Path, half: str) -> list[Clip]:
    cuts = json.loads((folder / "cuts.json").read_text()) if (folder / "cuts.json").exists() else {}
    parts = [folder / part for part in ("real", "fake") if (folder / part).is_dir()] or [folder]
    paths = sorted(path for part in parts for path in part.iterdir() if path.is_file())
    clips = []
    for path in paths:
        family = family_of(path.stem)
        if half in ("all", half_of(family)):
            known = cuts.get(path.relative_to(folder).as_posix(), {})
            if "dissolves" not in known:
                clips += [Clip(path.stem, family, shot) for shot in read_shots(path, known)]
    return clips


def family_of(name: str) -> str:
    """The target's number for FaceForensics++, which has a clip forged and not; else the name."""
    numbers = [part for part in name.split("_") if len(part) == 3 and part.isdigit()]
    return numbers[0] if numbers else name


def half_of(family: str) -> str:
    return "dev" if hashlib.sha256(family.encode()).digest()[1] % 2 else "held"


def read_shots(path: Path, known: dict[str, list[int]]) -> list[list[bytes]]:
    edges = [0, *known.get("hard_cuts", [])]
    shots: list[list[bytes]] = [[] for _ in edges]
    with Decoder(path, MAX_PIXELS) as decoder:
        for frame in decoder.frames():
            if frame.index >= CLIP_FRAMES:
                break
            scale = min(1.0, CLIP_SIDE / max(frame.width, frame.height))
            picture = np.ascontiguousarray(frame.rgb(frame.whole, scale).pixels[..., ::-1])
            jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
            shots[sum(frame.index >= edge for edge in edges) - 1].append(jpeg)
    return [shot for shot in shots if len(shot) >= 40]


@dataclass(frozen=True)
class Light:
    """Gain, gamma and white balance."""

    gain: float = 1.0
    gamma: float = 1.0
    warmth: float = 1.0
    """Factor on red; blue is divided by it."""

    def toward(self, other: "Light", share: float) -> "Light":
        """The light on the way to another one."""
        mixed = [a + (b - a) * share for a, b in zip(self.values, other.values, strict=True)]
        return Light(*mixed)

    @property
    def values(self) -> tuple[float, float, float]:
        """Gain, gamma and warmth."""
        return self.gain, self.gamma, self.warmth

    def apply(self, picture: Image) -> Image:
        """An RGB picture in this light."""
        if self.values == (1.0, 1.0, 1.0):
            return picture
        level = np.arange(256)[:, None] / 255
        factors = self.gain * np.array([self.warmth, 1.0, 1 / self.warmth])
        table = 255 * np.clip(factors * level**self.gamma, 0, 1)
        return np.asarray(cv2.LUT(picture, np.rint(table).astype(np.uint8)[None]))


@dataclass(frozen=True)
class LightChange:
    """When a shot's light changes, in frames from its start."""

    after: Light
    start: int
    length: int
    """Frames that the change takes; 0 for a step."""

    def share(self, index: int) -> float:
        """How much of the change has passed, 0 to 1."""
        if self.length == 0:
            return float(index >= self.start)
        return min(1.0, max(0.0, (index - self.start) / self.length))


Effect = Callable[[Image, int, random.Random], Image]


@dataclass(frozen=True)
class Shot:
    """A run of a clip as one virtual camera shows it."""

    clip: Clip
    first: int
    length: int
    zoom: float
    light: Light
    change: LightChange | None
    effect: Effect | None
    glide: float = 0.0
    """Of the virtual camera, in widths of the picture over the shot."""

    def picture(self, index: int, size: tuple[int, int], seed: int) -> Image:
        """Frame ``index`` in RGB, at a film's size."""
        picture = self._framed(self.clip.picture(self.first + index), index, size)
        light = self.light
        if self.change:
            light = light.toward(self.change.after, self.change.share(index))
        picture = light.apply(picture)
        if self.effect:
            picture = self.effect(picture, index, random.Random(f"{seed} {index}"))
        return picture

    def _framed(self, picture: Image, index: int, size: tuple[int, int]) -> Image:
        height, width = picture.shape[:2]
        scale = max(size[0] / width, size[1] / height) * self.zoom
        wide, high = size[0] / scale, size[1] / scale
        left = (width - wide) * (0.5 + self.glide * (index / self.length - 0.5))
        top = (height - high) * 0.4
        shift = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
        return np.asarray(cv2.warpAffine(picture, shift, size, flags=cv2.INTER_AREA))


def flash(start: int, length: int, picture: Image, index: int, _: random.Random) -> Image:
    if not start <= index < start + length:
        return picture
    return np.asarray(cv2.convertScaleAbs(picture, alpha=1.5, beta=110))


def fade_and_back(
    start: int, length: int, level: int, picture: Image, index: int, _: random.Random
) -> Image:
    share = 1 - min(1.0, abs(index - start - length / 2) / (length / 2))
    share = min(1.0, 1.4 * share)
    return np.asarray(cv2.addWeighted(picture, 1 - share, np.full_like(picture, level), share, 0))


def noise(strength: float, picture: Image, _: int, rng: random.Random) -> Image:
    grain = np.random.default_rng(rng.randrange(1 << 30)).normal(0, strength, picture.shape[:2])
    return np.clip(picture + grain[..., None], 0, 255).astype(np.uint8)


def flicker(strength: float, period: float, picture: Image, index: int, _: random.Random) -> Image:
    return Light(1 + strength * np.sin(2 * np.pi * index / period)).apply(picture)


def handshake(strength: float, picture: Image, index: int, _: random.Random) -> Image:
    phase = 2 * np.pi * index / 25
    x, y = strength * np.sin(1.7 * phase), strength * np.sin(2.3 * phase + 1)
    shift = np.array([[1, 0, x], [0, 1, y]])
    size = picture.shape[1], picture.shape[0]
    return np.asarray(cv2.warpAffine(picture, shift, size, borderMode=cv2.BORDER_REFLECT))


def object_passes(
    start: int, length: int, tone: int, picture: Image, index: int, _: random.Random
) -> Image:
    width = picture.shape[1]
    left = int((index - start) / length * 1.5 * width - 0.5 * width)
    picture = picture.copy()
    picture[:, max(0, left) : max(0, left + width // 2)] = tone
    return picture


def inset(start: int, other: Clip, picture: Image, index: int, _: random.Random) -> Image:
    """A picture in the picture, whose content changes at once."""
    height, width = picture.shape[:2]
    source = other.picture(0 if index < start else 100)[:, :: 1 if index < start else -1]
    picture = picture.copy()
    box = picture[height // 10 : height // 2, width // 20 : width * 2 // 5]
    box[:] = cv2.resize(source, (box.shape[1], box.shape[0]), interpolation=cv2.INTER_AREA)
    return picture


def pick_effect(rng: random.Random, length: int, clips: list[Clip]) -> Effect:
    middle = length // 3
    return rng.choice(
        [
            partial(flash, middle, rng.randint(1, 5)),
            partial(fade_and_back, middle, rng.randint(16, 40), rng.choice([0, 0, 255])),
            partial(noise, rng.uniform(2, 9)),
            partial(flicker, rng.uniform(0.01, 0.05), rng.uniform(2, 60)),
            partial(handshake, rng.uniform(1, 6)),
            partial(object_passes, middle, rng.randint(10, 40), rng.randint(0, 200)),
            partial(inset, middle, rng.choice(clips)),
        ]
    )


@dataclass(frozen=True)
class Join:
    """How one shot gives way to the next: a cut has length 0."""

    kind: str = "cut"
    length: int = 0


@dataclass(frozen=True)
class AngleTruth:
    """A join: first and last frame at which a boundary is right."""

    first: int
    last: int
    kind: str


@dataclass(frozen=True)
class LightTruth:
    """A change of light, at its middle."""

    time_s: float
    kind: str


@dataclass
class Truth:
    """All that a film's scenes should be parted by."""

    angle: list[AngleTruth] = field(default_factory=list)
    light: list[LightTruth] = field(default_factory=list)


@dataclass(frozen=True)
class Film:
    """Shots, how they are joined, and how the whole is encoded."""

    shots: list[Shot]
    joins: list[Join]
    """One fewer than shots."""
    size: tuple[int, int]
    fps: int
    drop: int
    """Every so many frames one is left out, as in video of variable rate; 0 for none."""
    options: dict[str, str]
    seed: int

    def pictures(self) -> Iterator[Image]:
        """Frames in order; a dissolve overlaps its two shots."""
        skip = 0
        for shot, join, after in zip(
            self.shots, [*self.joins, Join()], [*self.shots[1:], None], strict=True
        ):
            for index in range(skip, shot.length - join.length):
                yield shot.picture(index, self.size, self.seed)
            for step in range(join.length):
                assert after is not None
                here = shot.picture(shot.length - join.length + step, self.size, self.seed)
                there = after.picture(step, self.size, self.seed)
                yield blend(here, there, (step + 1) / (join.length + 1), join.kind)
            skip = join.length

    def truth(self) -> Truth:
        """Where boundaries belong."""
        truth, start = Truth(), 0
        for shot, join in zip(self.shots, [*self.joins, None], strict=True):
            if shot.change:
                middle = start + shot.change.start + shot.change.length / 2
                kind = "ramp" if shot.change.length else "step"
                truth.light.append(LightTruth(middle / self.fps, kind))
            start += shot.length - (join.length if join else 0)
            if join:
                first, last = self._shown(start), self._shown(start + join.length)
                truth.angle.append(AngleTruth(first, last, join.kind))
        return truth

    def encode(self, path: Path) -> None:
        """Write the film as H.264."""
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=self.fps, options=self.options)
            stream.width, stream.height, stream.pix_fmt = *self.size, "yuv420p"
            stream.codec_context.time_base = Fraction(1, self.fps)
            stream.codec_context.thread_count = 1
            for index, picture in enumerate(self.pictures()):
                if self._dropped(index):
                    continue
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
                frame.pts, frame.time_base = index, Fraction(1, self.fps)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())

    def _dropped(self, index: int) -> bool:
        return bool(self.drop) and index % self.drop == self.drop - 1

    def _shown(self, index: int) -> int:
        """Index among the frames that are left after some were dropped."""
        return index - index // self.drop if self.drop else index


def blend(here: Image, there: Image, share: float, kind: str) -> Image:
    if kind == "dissolve":
        return np.asarray(cv2.addWeighted(here, 1 - share, there, share, 0))
    level = 255 if kind == "fade through white" else 0
    picture = here if share < 0.5 else there
    shown = max(0.0, 1.3 * abs(2 * share - 1) - 0.3)
    return np.asarray(cv2.addWeighted(picture, shown, np.full_like(picture, level), 1 - shown, 0))


def draw_light(rng: random.Random) -> Light:
    """A light that differs enough from plain to be a change: one quality or several."""
    gain = rng.choice([rng.uniform(0.5, 0.8), rng.uniform(1.25, 1.7)])
    gamma = rng.choice([rng.uniform(0.5, 0.75), rng.uniform(1.35, 2.0)])
    warmth = rng.choice([rng.uniform(0.75, 0.88), rng.uniform(1.14, 1.3)])
    plain = Light()
    return rng.choice(
        [
            replace(plain, gain=gain),
            replace(plain, gamma=gamma),
            replace(plain, warmth=warmth),
            Light(gain, 1.0, warmth),
        ]
    )


def draw_change(rng: random.Random, light: Light, fps: int) -> LightChange:
    length = rng.choice([0, 0, rng.randint(fps // 2, 3 * fps)])
    after = draw_light(rng) if light == Light() else Light()
    return LightChange(after, rng.randint(round(1.2 * fps), round(1.8 * fps)), length)


def draw_shot(rng: random.Random, clip: Clip, clips: list[Clip], fps: int) -> Shot:
    kind = rng.choice(["plain", "effect", "effect", "light", "light"])
    light = draw_light(rng) if rng.random() < 0.3 else Light()
    change = draw_change(rng, light, fps) if kind == "light" else None
    length = rng.randint(round(1.0 * fps), 4 * fps)
    if change:
        length = change.start + change.length + rng.randint(round(1.6 * fps), 3 * fps)
    elif kind == "effect":
        length = max(length, round(2.5 * fps))
    effect = pick_effect(rng, length, clips) if kind == "effect" else None
    zoom = rng.choice([1.0, 1.0, rng.uniform(1.1, 1.6)])
    glide = rng.choice([0, rng.uniform(-1, 1)]) if zoom > 1.2 and not change else 0.0
    return Shot(clip, rng.randrange(2 * CLIP_FRAMES), length, zoom, light, change, effect, glide)


def draw_film(clips: list[Clip], seed: int) -> Film:
    rng = random.Random(seed)
    fps = rng.choice([25, 30])
    shots: list[Shot] = []
    for _ in range(rng.randint(3, 6)):
        last = shots[-1].clip.family if shots else None
        clip = rng.choice([clip for clip in clips if clip.family != last])
        shots.append(draw_shot(rng, clip, clips, fps))
    joins = [draw_join(rng, fps) for _ in shots[1:]]
    shots = [
        lengthen(shot, left.length, right.length)
        for shot, left, right in zip(shots, [Join(), *joins], [*joins, Join()], strict=True)
    ]
    options = {
        "crf": str(rng.randint(18, 34)),
        "preset": rng.choice(["ultrafast", "veryfast", "medium"]),
        "g": str(rng.choice([12, 50, 250])),
    }
    return Film(shots, joins, rng.choice(SIZES), fps, rng.choice([0, 0, 0, 3, 5]), options, seed)


def lengthen(shot: Shot, left: int, right: int) -> Shot:
    """The shot with as much more at its ends as it gives up to what joins it."""
    change = shot.change and replace(shot.change, start=shot.change.start + left)
    return replace(shot, length=shot.length + left + right, change=change)


def draw_join(rng: random.Random, fps: int) -> Join:
    if rng.random() < 0.75:
        return Join()
    kind = rng.choice(["dissolve", "fade through black", "fade through white"])
    return Join(kind, rng.randint(round(0.3 * fps), round(0.9 * fps)))

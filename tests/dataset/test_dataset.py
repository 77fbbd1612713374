import errno
import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decisions import read_decisions
from deepfake_dataset.dataset.layout import crop_key, record_key
from deepfake_dataset.errors import (
    ConflictError,
    DatasetWriteError,
    DsbuildError,
    NotADatasetError,
    SettingsError,
    UnavailableError,
    UsageError,
)
from deepfake_dataset.records import Label, Provenance, Video
from deepfake_dataset.settings import Settings
from deepfake_dataset.storage.local import LocalStorage
from deepfake_dataset.storage.memory import MemoryStorage
from deepfake_dataset.storage.os_errors import writing

ID, OTHER = "0123456789abcdef", "fedcba9876543210"
STEPS = ("mkdir", "replace", "unlink", "rmdir", "fsync")
"""What the system is asked for when something is changed; Path and shutil go through these."""

on_the_same_files = hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True, max_examples=60
)


class Killed(BaseException):
    """A kill cannot be caught, and nothing that comes after it is done."""


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Callable[..., bool]:
    """Do something, but let every step from the given one on fail; says whether one did."""

    def do(what: Callable[[], object], step: int, error: BaseException) -> bool:
        steps = 0

        def limited(function: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **kwargs: Any) -> Any:
                nonlocal steps
                steps += 1
                if steps > step:
                    raise error
                return function(*args, **kwargs)

            return call

        with monkeypatch.context() as patch:
            for name in STEPS:
                patch.setattr(os, name, limited(getattr(os, name)))
            with suppress(Killed if isinstance(error, Killed) else DsbuildError):
                what()
        return steps > step

    return do


def crops_are_there(dataset: Dataset, video: Video, words: str) -> bool:
    return all(
        dataset.face_path(video.video_id, face.face_id).read_text() == f"{words} {face.face_id}"
        for face in video.faces
    )


def seen(dataset: Dataset, video_id: str = ID) -> Video | None:
    try:
        return dataset.read(video_id)
    except KeyError:
        return None


# A dataset's folder


def test_a_dataset_is_made_in_a_folder_that_is_missing_or_empty(tmp_path):
    settings = Settings().override(size_px=64)
    (tmp_path / "empty").mkdir()
    for name in ("missing/below", "empty"):
        made = Dataset.create(tmp_path / name, settings)
        assert (
            Dataset.open(tmp_path / name)
            == made
            == Dataset(LocalStorage(tmp_path / name), settings)
        )


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path, contents):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(NotADatasetError, match="not empty") as caught:
        Dataset.create(tmp_path, Settings())
    assert caught.value.hint
    assert contents(tmp_path) == {"thesis.tex": b"years of work"}


@pytest.mark.parametrize("name", ["missing", "empty", "file", "file/below"])
def test_what_is_no_dataset_cannot_be_opened(name, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(NotADatasetError, match="is not a dataset") as caught:
        Dataset.open(tmp_path / name)
    assert "dsbuild extract" in caught.value.hint


def test_a_file_is_no_place_for_a_dataset(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADatasetError):
        Dataset.create(tmp_path / "file", Settings())
    with pytest.raises(DatasetWriteError, match="Not a directory") as caught:
        Dataset.create(tmp_path / "file" / "below", Settings())
    assert "-d" in caught.value.hint


@pytest.mark.parametrize("open_", [Dataset.open, lambda root: Dataset.create(root, Settings())])
def test_names_that_no_folder_can_have_are_told(open_, tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    for name in ("x" * 300, "loop"):
        with pytest.raises(DsbuildError) as caught:
            open_(tmp_path / name)
        assert caught.value.hint


def test_a_folder_that_may_not_be_looked_into_is_told(tmp_path, monkeypatch):
    def denied(path: Path, **_: object) -> os.stat_result:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", denied)
        with pytest.raises(NotADatasetError, match="Permission denied"):
            Dataset.open(tmp_path)


def test_a_dataset_is_where_one_was_made(ds):
    assert not Dataset.is_at(ds)
    made = Dataset.create(ds, Settings().override(size_px=64))
    assert Dataset.is_at(ds)
    assert Dataset.open(ds) == made


def test_a_kill_while_a_dataset_is_made_does_not_bar_the_next_try(ds, ended):
    for step in range(20):
        if not ended(lambda: Dataset.create(ds, Settings()), step, Killed()):
            break
        if not Dataset.is_at(ds):
            Dataset.create(ds, Settings())
        assert Dataset.open(ds).settings == Settings()
        shutil.rmtree(ds)
    assert step >= 3


def test_faulty_settings_are_told_when_a_dataset_is_opened(ds, dataset):
    (ds / "dsbuild.toml").write_text("[extract]\nsize_px = 1\n")
    with pytest.raises(SettingsError, match=r"dsbuild.toml, line 2"):
        Dataset.open(ds)


# Committing


def test_what_is_committed_is_read_back(dataset, record, commit):
    video = commit(dataset, record(ID))
    assert dataset.read(ID) == video
    assert crops_are_there(dataset, video, "crop")
    assert dataset.video_ids() == [ID]
    assert list(dataset.videos()) == [video]


def test_videos_come_by_id(dataset, record, commit):
    videos = [commit(dataset, record(id_)) for id_ in (OTHER, ID)]
    assert list(dataset.videos()) == videos[::-1]


def test_there_is_nothing_to_read_of_a_video_that_was_not_committed(dataset):
    with pytest.raises(KeyError, match=ID):
        dataset.read(ID)
    assert dataset.video_ids() == []


def test_a_video_without_faces_leaves_no_folder(dataset, record, commit):
    commit(dataset, record(ID))
    commit(dataset, record(ID, faces=0))
    dataset.commit(record(OTHER, faces=0))
    assert list((dataset.root / "faces").iterdir()) == []
    assert dataset.video_ids() == [ID, OTHER]


def test_committing_again_leaves_nothing_of_the_first_time(dataset, record, commit, contents):
    commit(dataset, record(ID, faces=5), "old")
    commit(dataset, record(ID, faces=1), "new")
    crop = f"faces/{ID}/{ID}-000000-0.png"
    assert list(contents(dataset.root)) == ["dsbuild.toml", crop, f"videos/{ID}.parquet"]
    assert crops_are_there(dataset, dataset.read(ID), "new")


def test_the_same_record_is_the_same_bytes(tmp_path, record, commit, contents):
    roots = [tmp_path / "a", tmp_path / "b"]
    for root in roots:
        commit(Dataset.create(root, Settings()), record(ID))
    assert contents(roots[0]) == contents(roots[1])


def test_what_is_staged_and_not_committed_is_gone(dataset):
    with suppress(ValueError), dataset.staging() as staged:
        staged.write("a.png", b"")
        raise ValueError("on the way")
    assert list((dataset.root / "faces").iterdir()) == []


def test_staging_begins_empty(dataset):
    with dataset.staging() as before:
        before.write("old.png", b"")
        with dataset.staging() as staged:
            assert list(staged.folder.iterdir()) == []


def test_a_record_is_rewritten_and_its_crops_stay(dataset, record, commit):
    video = commit(dataset, record(ID))

    def crops() -> dict[Path, tuple[int, int, int]]:
        """All but the time of the last look, which looking moves."""
        found = {path: path.stat() for path in (dataset.root / "faces").rglob("*")}
        return {path: (s.st_ino, s.st_size, s.st_ctime_ns) for path, s in found.items()}

    before = crops()
    renamed = replace(video, provenance=Provenance(Label.FAKE))
    dataset.rewrite(renamed)
    assert dataset.read(ID) == renamed
    assert crops() == before


def test_what_is_removed_is_gone_and_may_be_removed_again(dataset, record, commit, contents):
    commit(dataset, record(ID))
    commit(dataset, record(OTHER))
    for _ in range(2):
        dataset.remove(ID)
        assert dataset.video_ids() == [OTHER]
        assert not any(ID in name for name in contents(dataset.root))


# All or nothing


@pytest.mark.parametrize("there", [False, True], ids=["new", "again"])
def test_a_kill_at_any_step_leaves_the_old_video_or_none_or_the_new_one(
    there, dataset, record, commit, ended
):
    old, new = record(ID, faces=3), record(ID, faces=2, message="new")
    outcomes = []
    for step in range(100):
        dataset.remove(ID)
        if there:
            commit(dataset, old, "old")
        killed = ended(lambda: commit(dataset, new, "new"), step, Killed())
        found = seen(dataset)
        assert found in ((old, None, new) if there else (None, new))
        if found:
            assert crops_are_there(dataset, found, found.message or "old")
        outcomes.append(found)
        if not killed:
            break
    assert outcomes[-1] == new
    assert outcomes[0] == (old if there else None)
    assert len(outcomes) > 8


@pytest.mark.parametrize("step", range(12))
def test_after_a_kill_the_next_run_leaves_the_bytes_of_one_that_was_never_killed(
    step, dataset, record, commit, ended, contents, tmp_path
):
    commit(dataset, record(ID, faces=3), "old")
    ended(lambda: commit(dataset, record(ID), "new"), step, Killed())
    dataset.sweep()
    commit(dataset, record(ID), "new")
    commit(Dataset.create(tmp_path / "calm", Settings()), record(ID), "new")
    assert contents(dataset.root) == contents(tmp_path / "calm")


def test_a_kill_while_a_record_is_rewritten_leaves_the_old_one_or_the_new_one(
    dataset, record, commit, ended
):
    old = commit(dataset, record(ID))
    new = replace(old, provenance=Provenance(Label.FAKE))
    for step in range(100):
        dataset.rewrite(old)
        if not ended(lambda: dataset.rewrite(new), step, Killed()):
            break
        assert seen(dataset) in (old, new)
        assert crops_are_there(dataset, old, "crop")
    assert seen(dataset) == new
    assert step >= 3


def test_a_kill_while_a_video_is_removed_leaves_no_record_without_its_crops(
    dataset, record, commit, ended
):
    video = record(ID)
    for step in range(100):
        commit(dataset, video)
        killed = ended(lambda: dataset.remove(ID), step, Killed())
        if found := seen(dataset):
            assert crops_are_there(dataset, found, "crop")
        if not killed:
            break
    assert seen(dataset) is None
    assert step >= 3


def test_a_half_written_record_is_never_read(dataset, record, monkeypatch):
    def half(table: object, file: Any, **_: object) -> None:
        file.write(b"PAR1 and then the power failed")
        raise Killed

    monkeypatch.setattr("pyarrow.parquet.write_table", half)
    with pytest.raises(Killed):
        dataset.commit(record(ID, faces=0))
    assert dataset.video_ids() == []
    assert seen(dataset) is None


def test_sweeping_clears_what_was_left_half_made_and_nothing_else(
    dataset, record, commit, contents
):
    commit(dataset, record(ID))
    (dataset.root / "notes").mkdir()
    (dataset.root / "notes" / "mine.txt").touch()
    (dataset.root / "faces" / "README").touch()
    before = contents(dataset.root)
    (dataset.root / "videos" / f".partial-{OTHER}.parquet").touch()
    for left in (f".partial-{OTHER}", OTHER):
        (dataset.root / "faces" / left).mkdir()
        (dataset.root / "faces" / left / "a.png").touch()
    dataset.sweep()
    assert contents(dataset.root) == before
    assert [path.name for path in (dataset.root / "faces").iterdir() if path.is_dir()] == [ID]


def test_sweeping_an_empty_dataset_does_nothing(dataset, contents):
    before = contents(dataset.root)
    dataset.sweep()
    assert contents(dataset.root) == before


def test_everything_is_on_the_disk_before_the_record_is_seen(dataset, record, commit, monkeypatch):
    commit(dataset, record(ID, faces=3), "old")
    events: list[tuple[str, int]] = []
    fsync, replace_, unlink = os.fsync, os.replace, os.unlink

    def flush(handle: int) -> None:
        events.append(("flush", os.fstat(handle).st_ino))
        fsync(handle)

    def move(source: Path, target: Path) -> None:
        events.append(("move", os.stat(source).st_ino))  # noqa: PTH116 - the inode stays
        replace_(source, target)

    def take(path: Any, **kwargs: Any) -> None:
        if Path(path).name == f"{ID}.parquet":
            events.append(("take", 0))
        unlink(path, **kwargs)

    with monkeypatch.context() as patch:
        for name, function in (("fsync", flush), ("replace", move), ("unlink", take)):
            patch.setattr(os, name, function)
        video = commit(dataset, record(ID), "new")

    def ino(path: Path) -> int:
        return path.stat().st_ino

    crops = [ino(dataset.face_path(ID, face.face_id)) for face in video.faces]
    written = ino(dataset.root / record_key(ID))
    expected = [
        ("take", 0),
        ("flush", ino(dataset.root / "videos")),
        ("flush", ino(dataset.root / "faces")),
        *[("flush", crop) for crop in crops],
        ("flush", ino(dataset.root / "faces")),
        *[("move", crop) for crop in crops],
        ("flush", ino(dataset.root / "faces" / ID)),
        ("flush", written),
        ("move", written),
        ("flush", ino(dataset.root / "videos")),
    ]
    found = [event for event in events if event in expected]
    first, last = 3, 3 + len(crops)  # several crops are flushed at once, in any order
    found[first:last] = sorted(found[first:last], key=expected.index)
    assert found == expected


# Other places


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
def elsewhere(storage: MemoryStorage) -> Dataset:
    """A dataset that is no folder."""
    return Dataset.create(storage, Settings())


def crops_are_stored(dataset: Dataset, video: Video, words: str) -> bool:
    names = [face.face_id for face in video.faces]
    crops = [dataset.storage.get(crop_key(video.video_id, name)).decode() for name in names]
    return crops == [f"{words} {name}" for name in names]


def test_a_dataset_need_not_be_a_folder(elsewhere, storage, record, commit):
    assert Dataset.open(storage) == elsewhere
    videos = [commit(elsewhere, record(id_)) for id_ in (ID, OTHER)]
    assert list(elsewhere.videos()) == videos
    assert crops_are_stored(elsewhere, videos[0], "crop")
    elsewhere.remove(OTHER)
    storage.put(crop_key(OTHER, "left"), b"")
    with Dataset.held(storage) as (held, _):
        held.sweep()
    names = [entry.key for entry in storage.entries()]
    crops = [crop_key(ID, face.face_id) for face in videos[0].faces]
    assert names == ["dsbuild.toml", *sorted(crops), record_key(ID)]
    with pytest.raises(UsageError, match="is no folder"):
        _ = elsewhere.root


@pytest.mark.parametrize(
    "error",
    [
        UnavailableError("no answer after 30 s", "try again later"),
        UnavailableError("slow down", "ask for less"),
        DatasetWriteError("the disk is full", "free some space"),
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["delete", "delete_all", "spool", "put_files", "put"])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_place_that_fails_at_any_call_never_shows_a_record_without_its_crops(
    after, method, error, elsewhere, storage, record, commit
):
    commit(elsewhere, record(ID, faces=3), "old")
    storage.fail(method, error, after=after)
    with suppress(DsbuildError):
        commit(elsewhere, record(ID, faces=2, message="new"), "new")
    if found := seen(elsewhere):
        assert crops_are_stored(elsewhere, found, found.message or "old")
    storage.clear_failures()
    elsewhere.sweep()
    again = commit(elsewhere, record(ID, faces=1), "again")
    assert elsewhere.read(ID) == again
    assert crops_are_stored(elsewhere, again, "again")


def test_a_place_that_does_not_answer_is_no_damaged_record(elsewhere, storage, record, commit):
    commit(elsewhere, record(ID))
    for method, call in (
        ("get", lambda: elsewhere.read(ID)),
        ("stat", lambda: Dataset.open(storage)),
        ("read_log", lambda: read_decisions(elsewhere)),
    ):
        storage.fail(method, UnavailableError("no answer after 30 s", "try again later"))
        with pytest.raises(UnavailableError, match="no answer"):
            call()


def test_settings_that_someone_else_changes_at_this_moment_are_not_overwritten(storage, elsewhere):
    changed = Settings().override(size_px=64)
    storage.fail("put", ConflictError("dsbuild.toml was written by another run", "run again"))
    with pytest.raises(ConflictError):
        elsewhere.with_settings(changed)
    assert Dataset.open(storage).settings == Settings()
    assert elsewhere.with_settings(changed).settings == changed
    assert Dataset.open(storage).settings == changed


def test_settings_are_written_only_where_they_change(storage, elsewhere):
    before = storage.stat("dsbuild.toml")
    elsewhere.with_settings(Settings())
    assert storage.stat("dsbuild.toml") == before


# Damage


def test_a_damaged_record_is_told_with_what_to_do(dataset, record):
    dataset.commit(record(ID, faces=0))
    path = dataset.root / record_key(ID)
    path.write_bytes(b"something else")
    with pytest.raises(UsageError, match="is damaged") as caught:
        dataset.read(ID)
    assert str(path) in str(caught.value)
    assert "delete it" in caught.value.hint


@on_the_same_files
@given(data=st.data())
def test_a_record_with_one_wrong_byte_is_told_or_unchanged(dataset, record, data):
    dataset.commit(record(ID))
    path = dataset.root / record_key(ID)
    sound = path.read_bytes()
    place = data.draw(st.integers(0, len(sound) - 1))
    wrong = bytearray(sound)
    wrong[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(wrong)
    try:
        assert dataset.read(ID) == record(ID)
    except UsageError as error:
        assert "is damaged" in str(error)  # noqa: PT017 - being read well is as good


@on_the_same_files
@given(kept=st.integers(0, 2000))
def test_a_record_that_was_cut_short_is_told(dataset, record, kept):
    dataset.commit(record(ID))
    path = dataset.root / record_key(ID)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UsageError, match="is damaged"):
        dataset.read(ID)


def test_a_record_that_may_not_be_read_is_not_called_damaged(dataset, record, monkeypatch):
    dataset.commit(record(ID))

    def denied(path: Path) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", denied)
    with pytest.raises(UsageError, match="cannot be read: Permission denied") as caught:
        dataset.read(ID)
    assert "delete" not in caught.value.hint


def test_a_dataset_may_have_any_name(tmp_path, record, commit):
    names = [b"a=b", b"with space\n", b"-d", b"50%", b"\xff"]
    for name in names:
        try:
            dataset = Dataset.create(tmp_path / os.fsdecode(name), Settings())
        except OSError:
            pytest.skip("the file system takes UTF-8 only")
        assert dataset.read(commit(dataset, record(ID)).video_id) == record(ID)


# Disks


@pytest.mark.parametrize(
    "number",
    [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO],
    ids=errno.errorcode.get,
)
def test_a_refusing_disk_is_told_with_a_hint_and_costs_nothing_committed(
    number, dataset, record, commit, ended
):
    safe = commit(dataset, record(OTHER), "safe")
    steps = 0
    while ended(
        lambda: commit(dataset, record(ID), "new"), steps, OSError(number, os.strerror(number))
    ):
        steps += 1
        assert dataset.read(OTHER) == safe
        assert crops_are_there(dataset, safe, "safe")
        if found := seen(dataset):
            assert crops_are_there(dataset, found, "new")
    assert steps > 8


@pytest.mark.parametrize("name", ["mkdir", "fsync", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS], ids=errno.errorcode.get)
def test_the_place_and_the_reason_are_named(name, number, dataset, record, commit, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, name, refuse)
        with pytest.raises(DatasetWriteError) as caught:
            commit(dataset, record(ID))
    assert str(caught.value).startswith(f"cannot write to {dataset.root}")
    assert str(caught.value).endswith(os.strerror(number))
    assert caught.value.hint


def test_faults_of_ours_are_not_taken_for_the_disk(tmp_path):
    with pytest.raises(FileNotFoundError), writing(tmp_path):
        (tmp_path / "missing").read_bytes()


def test_a_disk_that_is_full_keeps_what_was_committed(small_disk, record, commit):
    dataset = Dataset.create(small_disk("64k") / "ds", Settings())
    videos = [record(f"{number:016x}", faces=1) for number in range(100)]
    with pytest.raises(DatasetWriteError, match="No space left on device") as caught:
        list(map(partial(commit, dataset), videos))
    assert "free some space" in caught.value.hint
    kept = list(dataset.videos())
    assert kept == videos[: len(kept)]
    assert len(kept) >= 2
    assert all(crops_are_there(dataset, video, "crop") for video in kept)


def test_a_disk_that_is_read_only_can_be_read_but_not_written(small_disk, record, commit):
    disk = small_disk("64k")
    dataset = Dataset.create(disk / "ds", Settings())
    video = commit(dataset, record(ID, faces=1))
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert dataset.read(ID) == video
    for change in (
        lambda: commit(dataset, record(OTHER, faces=1)),
        lambda: dataset.rewrite(video),
        lambda: dataset.remove(ID),
        lambda: Dataset.create(disk / "other", Settings()),
    ):
        with pytest.raises(DatasetWriteError, match="Read-only file system") as caught:
            change()
        assert caught.value.hint == "its disk is mounted read-only"
    assert dataset.read(ID) == video


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only_is_told(dataset, record, commit):
    dataset.root.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with pytest.raises(DatasetWriteError, match="Permission denied"):
            commit(dataset, record(ID))
    finally:
        dataset.root.chmod(stat.S_IRWXU)

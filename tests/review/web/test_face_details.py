import httpx

from deepfake_dataset.review.session import ReviewSession

from .client import decide, ids


def test_details_have_the_original_beside_a_forged_face(
    page: httpx.Client, session: ReviewSession
) -> None:
    table = session.faces.select(["label", "time_s", "video_id"]).to_pylist()
    forged = next(i for i, row in enumerate(table) if row["label"] == "fake")
    details = page.get(f"/api/faces/{ids(session)[forged]}").json()
    shown = table[details["original"]]
    assert (shown["label"], shown["time_s"]) == ("real", table[forged]["time_s"])
    of_original = page.get(f"/api/faces/{ids(session)[details['original']]}").json()
    assert of_original["original"] is None


def test_details_tell_every_decision(page: httpx.Client, session: ReviewSession) -> None:
    face = ids(session)[0]
    decide(page, "1", "keep", face)
    decide(page, "2", "reject", face, reason="=1+1 <b>")
    history = page.get(f"/api/faces/{face}").json()["history"]
    assert [(h["action"], h["reason"], h["before"]) for h in history] == [
        ("keep", "", "undecided"),
        ("reject", "=1+1 <b>", "kept"),
    ]

"""What a person does on the page, in a real browser."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decisions import Action, State
from deepfake_dataset.review.queue_csv import describe_reasons
from deepfake_dataset.review.session import ReviewSession

pytestmark = pytest.mark.slow

SAVED = "document.querySelector('#saved').textContent === 'Saved'"


def until(tab: Any, condition: str) -> None:
    """Playwright's own waiting evaluates text in the page, which the page's policy forbids."""
    for _ in range(600):
        if tab.evaluate(condition):
            return
        tab.wait_for_timeout(50)
    raise AssertionError(condition)


def saved(tab: Any) -> None:
    until(tab, SAVED)


def active(tab: Any) -> int:
    """Position of the active face."""
    return int(tab.locator(".cell.active").get_attribute("id").removeprefix("face-"))


def states(session: ReviewSession) -> list[State]:
    session.refresh()
    return [session.verdicts.state_of(i) for i in range(session.faces.num_rows)]


def state_shown(tab: Any, face: int) -> str:
    return str(tab.locator(f"#face-{face}").get_attribute("data-state"))


def marked(tab: Any) -> tuple[float, float, float, float]:
    """Of the box in the fix dialog, on the screen: left, top, right, bottom."""
    nw, se = (tab.locator(f".corner.{name}").bounding_box() for name in ("nw", "se"))
    middle = [(b["x"] + b["width"] / 2, b["y"] + b["height"] / 2) for b in (nw, se)]
    return *middle[0], *middle[1]


def test_fifty_faces_are_reviewed_by_keyboard_and_found_again(
    tab: Any, new_tab: Callable[..., Any], session: ReviewSession
) -> None:
    press = tab.keyboard.press
    expected: list[State] = []
    for number in range(48):
        assert active(tab) == number
        if number % 4 == 1:
            press("x")
            press("2")  # misaligned
            expected.append(State.REJECTED)
        elif number % 4 == 3:
            press("w")
            expected.append(State.WRONG_PERSON)
        else:
            press("p")
            expected.append(State.KEPT)
    press("x")
    press("Enter")  # the reason that is suggested
    press("r")
    press("Enter")  # the other label
    expected += [State.REJECTED, State.RELABELLED]
    press("u")  # the last one
    saved(tab)
    until(tab, "document.querySelector('#face-49').dataset.state === 'undecided'")
    expected[49] = State.UNDECIDED
    assert states(session)[:51] == [*expected, State.UNDECIDED]
    assert tab.locator("#tally").inner_text().startswith("49 of 120")
    reasons = Counter(session.verdicts.log["reason"].to_pylist())
    assert reasons["misaligned"] >= 12
    tab.reload()
    tab.wait_for_selector(".cell.active")
    assert active(tab) == 49
    tab.keyboard.press("Home")
    assert [state_shown(tab, face) for face in range(14)] == [str(s) for s in expected[:14]]
    again = new_tab()
    assert active(again) == 49


def test_keys_that_come_faster_than_a_menu_closes_all_count(
    tab: Any, session: ReviewSession
) -> None:
    """That a menu has closed is told later; the next one may be open by then."""
    tab.evaluate(
        """() => {
          const press = (key) => document.dispatchEvent(new KeyboardEvent("keydown", { key }));
          press("x");
          document.querySelector("#menu .suggested").closest("button").click();
          press("r");
        }"""
    )
    tab.wait_for_timeout(200)
    tab.keyboard.press("Enter")  # the other label, for the same face
    saved(tab)
    assert states(session)[0] is State.RELABELLED


def test_the_token_does_not_stay_in_the_address(tab: Any) -> None:
    assert "token" not in tab.url


def test_a_face_is_fixed_by_dragging_its_box(tab: Any, session: ReviewSession) -> None:
    tab.keyboard.press("f")
    tab.wait_for_selector("#fixer[open] .part.box")
    assert tab.locator("#fix-save").is_disabled()
    before = tab.locator("#crop-after").get_attribute("src")
    left, top, right, bottom = marked(tab)
    tab.mouse.move((left + right) / 2, top)
    tab.mouse.down()
    tab.mouse.move((left + right) / 2 + 60, top + 10, steps=5)
    tab.mouse.up()
    moved = marked(tab)
    assert moved[0] == pytest.approx(left + 60, abs=2)
    assert moved[3] == pytest.approx(bottom + 10, abs=2)
    tab.wait_for_selector("#fix-save:not(:disabled)")
    assert tab.locator("#crop-after").get_attribute("src") != before
    tab.locator("#fix-save").click()
    saved(tab)
    face = session.faces["face_id"][0].as_py()
    assert session.state(face) is State.FIXED
    fixed = session.fix_of(face)
    assert fixed
    assert fixed.box
    assert fixed.box.left > 100
    assert fixed.box.right - fixed.box.left == pytest.approx(100, abs=0.01)
    assert active(tab) == 1


def test_an_eye_is_moved_by_dragging_and_nothing_else(tab: Any, session: ReviewSession) -> None:
    found = session.faces["landmarks"][0].as_py()
    tab.keyboard.press("f")
    tab.wait_for_selector("#fixer[open] .part.box")
    eye = tab.locator('[aria-label="right eye"] .shape').bounding_box()
    x, y = eye["x"] + eye["width"] / 2, eye["y"] + eye["height"] / 2
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x + 5, y + 20, steps=4)
    tab.mouse.up()
    tab.wait_for_selector("#fix-save:not(:disabled)")
    tab.keyboard.press("Enter")
    saved(tab)
    fixed = session.fix_of(session.faces["face_id"][0].as_py())
    assert fixed
    moved = {i // 2 for i, (a, b) in enumerate(zip(found, fixed.landmarks, strict=True)) if a != b}
    assert moved == set(range(36, 42))


def test_a_face_is_fixed_by_keyboard_alone_and_that_is_taken_back(
    tab: Any, session: ReviewSession
) -> None:
    press = tab.keyboard.press
    press("f")
    tab.wait_for_selector("#fixer[open] .part.box:focus")
    for _ in range(3):
        press("Shift+ArrowRight")
    tab.wait_for_selector("#fix-save:not(:disabled)")
    press("Enter")
    saved(tab)
    face = session.faces["face_id"][0].as_py()
    fixed = session.fix_of(face)
    assert fixed
    assert fixed.box
    assert (fixed.box.left, fixed.box.top) == (130, 100)
    press("u")
    until(tab, "document.querySelector('#face-0').dataset.state === 'undecided'")
    saved(tab)
    assert session.state(face) is State.UNDECIDED


def test_marks_that_form_no_face_cannot_be_saved(tab: Any, session: ReviewSession) -> None:
    tab.keyboard.press("f")
    tab.wait_for_selector("#fixer[open] .part.box:focus")
    for _ in range(11):
        tab.keyboard.press("Shift+ArrowLeft")
    until(tab, "document.querySelector('#fix-note').textContent.includes('no face')")
    assert tab.locator("#fix-save").is_disabled()
    tab.keyboard.press("Escape")
    assert session.version == 0


def test_where_the_source_is_gone_that_is_said_and_rejecting_works(
    tab: Any, session: ReviewSession, source: Any
) -> None:
    source.gone.update({"00000000000000aa", "00000000000000bb"})
    tab.keyboard.press("ArrowRight")
    tab.wait_for_selector("#stage .note")
    assert "not where it was" in tab.locator("#stage .note").inner_text()
    tab.keyboard.press("f")
    tab.wait_for_selector("#notice:not([hidden])")
    tab.keyboard.press("x")
    tab.keyboard.press("1")
    saved(tab)
    assert states(session)[1] is State.REJECTED


def test_names_with_markup_are_shown_as_text(tab: Any, session: ReviewSession) -> None:
    tab.keyboard.press("g")
    heading = tab.locator(".row.heading span").first.inner_text()
    assert heading.startswith("<img src=x onerror=alert(1)>")
    assert "<img src=x" in tab.locator("#facts").inner_text()
    session.decide(
        [session.faces["face_id"][0].as_py()],
        Action.REJECT,
        reviewer="<b>eve</b>",
        reason="<script>alert(2)</script>",
    )
    tab.wait_for_selector("#notice:not([hidden])")
    tab.keyboard.press("g")
    tab.keyboard.press("Home")
    until(tab, "document.querySelector('#history').textContent.includes('<script>')")
    assert tab.locator("img[src='x'], #history script, #history b b").count() == 0


def test_a_range_is_selected_with_one_key_and_rejected_at_once(
    tab: Any, session: ReviewSession
) -> None:
    press = tab.keyboard.press
    press("v")
    for _ in range(4):
        press("ArrowRight")
    assert tab.locator("[aria-selected=true]").count() == 5
    press("x")
    press("3")
    saved(tab)
    assert states(session)[:6] == [State.REJECTED] * 5 + [State.UNDECIDED]
    assert active(tab) == 5
    press("u")
    until(tab, "document.querySelector('#tally').textContent.startsWith('0')")
    assert states(session)[:6] == [State.UNDECIDED] * 6


def test_shift_and_a_letter_decide_on_the_whole_track(tab: Any, session: ReviewSession) -> None:
    track = session.track_of(session.faces["face_id"][0].as_py())
    tab.keyboard.press("Shift+P")
    saved(tab)
    assert {session.state(face) for face in track} == {State.KEPT}
    assert states(session).count(State.KEPT) == len(track) == 20


def test_shift_and_arrows_select_and_escape_lets_go(tab: Any) -> None:
    tab.keyboard.press("Shift+ArrowDown")
    columns = int(tab.locator("#grid").get_attribute("aria-colcount"))
    assert tab.locator("[aria-selected=true]").count() == columns + 1
    tab.keyboard.press("Escape")
    assert tab.locator("[aria-selected=true]").count() == 1


def test_filters_show_what_fits(tab: Any, session: ReviewSession) -> None:
    tab.locator("[name=label]").select_option(label="fake")
    faces = session.faces.select(["label", "reasons"]).to_pylist()
    fakes = [i for i, face in enumerate(faces) if face["label"] == "fake"]
    assert f"of {len(fakes)}" in tab.locator("#count").inner_text()
    assert active(tab) == fakes[0]
    tab.locator("[name=reason]").select_option(index=2)
    name = tab.locator("[name=reason] option:checked").inner_text()
    both = [i for i in fakes if describe_reasons(faces[i]["reasons"]) == name]
    assert active(tab) == both[0]
    tab.locator("[name=state]").select_option("kept")
    assert tab.locator(".empty").is_visible()
    tab.locator("#clear").click()
    until(tab, "document.querySelector('#count').textContent.endsWith('of 120')")


def test_keys_typed_into_fields_decide_nothing(tab: Any, session: ReviewSession) -> None:
    tab.keyboard.press("x")
    tab.keyboard.press("0")
    tab.keyboard.type("pwu =1+1")
    tab.keyboard.press("Enter")
    saved(tab)
    assert session.verdicts.log["reason"].to_pylist() == ["pwu =1+1"]
    tab.locator("[name=label]").focus()
    tab.keyboard.press("p")
    assert session.version == 1


def test_two_tabs_see_each_other_and_the_last_decision_counts(
    tab: Any, new_tab: Callable[..., Any], session: ReviewSession
) -> None:
    other = new_tab()
    tab.keyboard.press("p")
    saved(tab)
    until(other, "document.querySelector('#face-0').dataset.state === 'kept'")
    other.keyboard.press("x")
    other.keyboard.press("1")
    saved(other)
    until(tab, "document.querySelector('#face-0').dataset.state === 'rejected'")
    assert states(session)[0] is State.REJECTED
    assert session.verdicts.log["action"].to_pylist() == ["keep", "reject"]


def test_what_cannot_be_saved_is_shown_kept_and_tried_again(
    tab: Any, session: ReviewSession, reviewed: Dataset
) -> None:
    review = reviewed.root / "review"
    if review.exists():
        review.rename(review.with_name("aside"))
    review.write_text("in the way")
    tab.keyboard.press("p")
    tab.keyboard.press("p")
    tab.wait_for_selector("#banner:not([hidden])")
    until(tab, "document.querySelector('#banner p').textContent.includes('2 decisions')")
    assert tab.locator("#saved").inner_text() != "Saved"
    assert tab.locator(".cell.pending").count() == 2
    review.unlink()
    saved(tab)
    assert tab.locator("#banner").is_hidden()
    assert tab.locator(".cell.pending").count() == 0
    assert states(session)[:3] == [State.KEPT, State.KEPT, State.UNDECIDED]


def test_a_forged_face_stands_beside_its_original(tab: Any, session: ReviewSession) -> None:
    tab.locator("[name=label]").select_option(label="fake")
    tab.locator("#grid").focus()
    tab.keyboard.press("c")
    tab.wait_for_selector("#beside .board")
    captions = tab.locator(".stage figcaption").all_inner_texts()
    assert captions[0].startswith("fake · ")
    assert captions[1] == captions[0].replace("fake", "real")


def test_the_frame_is_shown_large_and_small_again(tab: Any) -> None:
    tab.wait_for_selector("#stage .board img")
    small = tab.locator("#stage .board").bounding_box()["width"]
    tab.keyboard.press(" ")
    assert tab.locator("#stage .board").bounding_box()["width"] > 1.5 * small
    tab.keyboard.press("ArrowRight")
    assert active(tab) == 1
    tab.keyboard.press(" ")
    assert tab.locator("#stage .board").bounding_box()["width"] == small


@pytest.mark.parametrize(
    ("width", "height"), [(1280, 800), (640, 400), (390, 844)], ids=["desk", "200 %", "phone"]
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_runs_out_of_the_window(
    new_tab: Callable[..., Any], width: int, height: int, scheme: str
) -> None:
    tab = new_tab(viewport={"width": width, "height": height}, color_scheme=scheme)
    tab.wait_for_selector("#stage .board img")
    inside = "document.documentElement.scrollWidth <= innerWidth && scrollY === 0"
    assert tab.evaluate(inside)
    for place in ("#grid", "#inspector", "#actions", "#do-keep", "#tally"):
        box = tab.locator(place).bounding_box()
        assert box["width"] > 30
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width + 1
        assert box["y"] + box["height"] <= height + 1


SMALL = [(640, 360), (568, 320), (844, 390), (390, 844), (360, 640), (800, 600)]


@pytest.mark.parametrize(("width", "height"), SMALL)
def test_every_tool_is_in_sight_in_a_small_window(
    new_tab: Callable[..., Any], width: int, height: int
) -> None:
    tab = new_tab(viewport={"width": width, "height": height})
    tab.evaluate("document.querySelector('#saved').textContent = 'Saved'")
    assert _outside(tab, "header :is(button, select, p), #actions button") == []
    assert tab.locator("header").bounding_box()["height"] < 90
    tab.keyboard.press("/")
    assert tab.evaluate("document.activeElement.name") == "state"
    tools = "header :is(h1, button, select, p):not(#clear), #actions button"
    assert _outside(tab, tools) == []
    assert all(one.is_visible() for one in tab.locator(tools).all() if not _is_more(one))
    tab.keyboard.press("Escape")
    tab.keyboard.press("f")
    tab.wait_for_selector("#fixer[open]")
    assert _outside(tab, "#fixer button") == []


def _is_more(tool: Any) -> bool:
    return bool(tool.get_attribute("id") == "more")


def _outside(tab: Any, tools: str) -> list[str]:
    """Those that are shown, but not whole within the window and all that holds them."""
    found: list[str] = tab.evaluate(
        """(tools) => [...document.querySelectorAll(tools)].filter((tool) => {
            if (!tool.checkVisibility()) return false;
            const { left, top, right, bottom } = tool.getBoundingClientRect();
            for (let holder = tool.parentElement; holder; holder = holder.parentElement) {
                const edge = holder.getBoundingClientRect();
                if (left < edge.left - 1 || right > edge.right + 1) return true;
            }
            return bottom > innerHeight + 1 || top < -1;
        }).map((tool) => tool.id || tool.name || tool.textContent)""",
        tools,
    )
    return found


def test_everything_is_reached_with_the_tab_key(tab: Any) -> None:
    reached = set()
    tab.locator("#by-suspicion").focus()
    for _ in range(30):
        reached.add(tab.evaluate("document.activeElement.id || document.activeElement.name"))
        tab.keyboard.press("Tab")
    wanted = {"by-track", "state", "reason", "label", "video", "scene", "who", "theme"}
    assert reached >= wanted | {"help-button", "grid", "do-keep", "do-undo", "do-fix"}


def test_help_lists_the_keys(tab: Any) -> None:
    tab.keyboard.press("?")
    tab.wait_for_selector("#help[open]")
    assert tab.locator("#keys dt").count() > 15
    tab.keyboard.press("Escape")
    assert tab.locator("#help").is_hidden()
    assert active(tab) == 0


def test_screen_readers_are_told_what_was_saved(tab: Any) -> None:
    tab.keyboard.press("p")
    saved(tab)
    until(tab, "document.querySelector('[role=status]').textContent === 'Saved: face 1 kept'")
    until(tab, "document.querySelector('#face-0').ariaLabel.startsWith('face 1, kept, ')")
    assert tab.locator("#grid").get_attribute("aria-activedescendant") == f"face-{active(tab)}"


def test_the_theme_can_be_chosen(new_tab: Callable[..., Any]) -> None:
    tab = new_tab(color_scheme="light")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light = tab.evaluate(paper)
    tab.locator("#theme").click()
    tab.locator("#theme").click()
    dark = tab.evaluate(paper)
    assert dark != light
    tab.reload()
    tab.wait_for_selector(".cell.active")
    assert tab.evaluate(paper) == dark


def test_all_landmarks_are_moved_by_the_skin_between_them(tab: Any, session: ReviewSession) -> None:
    tab.keyboard.press("f")
    tab.wait_for_selector("#fixer[open] .part.box:focus")
    left, top, right, bottom = marked(tab)
    x, y = left + 0.17 * (right - left), top + 0.7 * (bottom - top)
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x + 20, y, steps=3)
    tab.mouse.up()
    tab.wait_for_selector("#fix-save:not(:disabled)")
    tab.keyboard.press("Enter")
    saved(tab)
    fixed = session.fix_of(session.faces["face_id"][0].as_py())
    assert fixed
    found = session.faces["landmarks"][0].as_py()
    moved = {round(b - a, 3) for a, b in zip(found, fixed.landmarks, strict=True)}
    assert len(moved) == 2  # so far across, and 0 down
    assert 0 in moved

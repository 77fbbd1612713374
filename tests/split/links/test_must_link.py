import pytest

from deepfake_dataset.split.links.must_link import LinkReason, Role, SharedKey, link_reason


def test_a_key_found_in_the_pictures_keeps_its_reason() -> None:
    key = SharedKey("", LinkReason.DUPLICATE)
    assert link_reason(key, [(Role.PICTURES, True), (Role.PICTURES, False)]) is LinkReason.DUPLICATE


@pytest.mark.parametrize(
    ("holders", "reason"),
    [
        ([(Role.FILE, True), (Role.FILE, False)], LinkReason.FILE),
        ([(Role.TARGET, True), (Role.TARGET, False)], LinkReason.ORIGINAL),
        ([(Role.FILE, True), (Role.TARGET, False)], LinkReason.ORIGINAL),
        ([(Role.TARGET, True), (Role.DONOR, False)], LinkReason.NAME),
        ([(Role.TARGET, False), (Role.TARGET, False)], LinkReason.NAME),
    ],
)
def test_a_name_ties_videos_for_what_they_are_to_it(
    holders: list[tuple[int, bool]], reason: LinkReason
) -> None:
    assert link_reason(SharedKey("ann"), holders) is reason

"""Which keys an object may have: what a folder and a bucket can both hold."""

from deepfake_dataset.errors import StorageError


def checked(key: str) -> str:
    """The key, if it is one.

    Raises :class:`StorageError` for one that is empty or absolute, or has a part that is empty
    or begins with a dot.
    """
    parts = key.split("/")
    if any(not part or part.startswith(".") for part in parts) or "\0" in key:
        raise StorageError(
            f"{key!r} cannot be the name of an object",
            "names are parted by single slashes, and no part begins with a dot",
        )
    return key

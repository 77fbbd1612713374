"""A server of the review page that is started again at every line of its input.

    python restarting_server.py DATASET TOKEN

Prints the port it listens on, then the process id of each server that it starts. Servers are
forked, so that starting a hundred of them takes seconds; each opens the dataset anew.
"""

import os
import socket
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import uvicorn

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.face_table import read_faces
from deepfake_dataset.review.fixed_crops import FaceLocation, FaceMarks, RecroppedFace
from deepfake_dataset.review.session import ReviewSession
from deepfake_dataset.review.web.server import make_server


class NoFrames:
    """Has no frames."""

    def frame_jpeg(self, location: FaceLocation) -> bytes:
        raise NotImplementedError

    def recrop(self, location: FaceLocation, marks: FaceMarks) -> RecroppedFace:
        raise NotImplementedError


def opened(root: Path, token: str) -> uvicorn.Server:
    dataset = Dataset.open(root)
    faces = read_faces(dataset)
    faces = faces.append_column("suspicion", pa.array(np.linspace(1, 0, faces.num_rows)))
    none = pa.array([[]] * faces.num_rows, pa.list_(pa.string()))
    session = ReviewSession(dataset, faces.append_column("reasons", none), NoFrames())
    return make_server(session, token=token, reviewer="ann")


def tell(word: object) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main() -> None:
    root, token = Path(sys.argv[1]), sys.argv[2]
    opened(root, token).config.load()  # what is imported on the way, forks have from here
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tell(listener.getsockname()[1])
        for _ in sys.stdin:
            child = os.fork()
            if not child:
                opened(root, token).run(sockets=[listener])
                os._exit(0)
            tell(child)
            os.waitpid(child, 0)
            tell("ended")


if __name__ == "__main__":
    main()

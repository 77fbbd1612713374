"""Keeps decoded pixels in a file without a name, so that later epochs decode nothing.

Decoding a PNG of 256×256 takes longer than all of its augmentation. The file is gone with the
training, however that ends; memory holds no more than where each face lies in it.
"""

import os
import shutil
import tempfile
import threading

import numpy as np

from deepfake_dataset.baseline.data.examples import Examples
from deepfake_dataset.baseline.data.read_image import Image, read_image
from deepfake_dataset.baseline.training.run_folder import RunFolder
from deepfake_dataset.storage.os_errors import writing

_SHARE_OF_FREE = 0.5
"""Of the disk that is free: checkpoints and other runs need some too."""


class DecodedPixelsCache:
    """Images by their position in a set; to be read by several threads at once."""

    def __init__(self, examples: Examples, run: RunFolder, *, grey: bool) -> None:
        """Keep pixels on the disk on which the run's files are made; ``grey`` reads luma.

        Raises :class:`DatasetWriteError` where no file can be made there.
        """
        self._source, self._paths, self._grey = examples.source, examples.path.tolist(), grey
        with run.spool() as spool, writing(spool.folder):
            # It has no name, so that it stays when the folder goes.
            self._kept = tempfile.TemporaryFile(dir=spool.folder)  # noqa: SIM115
            self._room = int(shutil.disk_usage(spool.folder).free * _SHARE_OF_FREE)
        self._places: dict[int, tuple[int, tuple[int, ...]]] = {}
        self._end = 0
        self._lock = threading.Lock()

    def read(self, row: int) -> Image:
        """Uint8 RGB of (height, width, 3), or luma of (height, width); not to be written to.

        Raises :class:`ImagesError` where the image cannot be read.
        """
        if row in self._places:
            start, shape = self._places[row]
            data = os.pread(self._kept.fileno(), int(np.prod(shape)), start)
            return np.frombuffer(data, np.uint8).reshape(shape)
        image = read_image(self._source, self._paths[row], grey=self._grey)
        self._keep(row, image)
        return image

    def _keep(self, row: int, image: Image) -> None:
        """For the next time, while there is room; what cannot be kept is decoded again."""
        with self._lock:
            start, self._end = self._end, self._end + image.size
        if self._end > self._room:
            return
        try:
            written = os.pwrite(self._kept.fileno(), image.data, start)
        except OSError:
            self._room = 0
        else:
            if written == image.size:
                self._places[row] = start, image.shape

    def close(self) -> None:
        """Give the disk's room back."""
        self._kept.close()

"""Holds numeric libraries to one thread, so that they do not wait for cores that others use."""

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def single_threaded() -> Iterator[None]:
    """Within it OpenMP and BLAS, and so scikit-learn and faiss, compute in one thread.

    Threads of OpenMP wait for each other by turning in circles. Where another process has one of
    their cores, small steps take ten times as long; what is gained on an idle machine is little.
    """
    with threadpool_limits(limits=1):
        yield

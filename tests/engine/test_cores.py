from threadpoolctl import threadpool_info

from deepfake_dataset.engine.cores import single_threaded


def test_libraries_compute_in_one_thread_within_and_as_before_afterwards():
    import faiss  # noqa: F401 - brings OpenMP
    import sklearn.ensemble  # noqa: F401 - brings OpenMP and BLAS

    before = [pool["num_threads"] for pool in threadpool_info()]
    assert before
    with single_threaded():
        assert {pool["num_threads"] for pool in threadpool_info()} == {1}
    assert [pool["num_threads"] for pool in threadpool_info()] == before

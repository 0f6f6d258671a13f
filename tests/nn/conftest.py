"""The corpus of random models, made once for all tests of this folder."""

import corpus
import pytest
from corpus import Case


@pytest.fixture(scope="session")
def cases() -> list[Case]:
    """Random models that fit a board."""
    pytest.importorskip("tflite_runtime", reason="what makes them compares with it first")
    return corpus.make()

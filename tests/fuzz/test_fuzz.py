"""A short run of each of libFuzzer's targets; `make fuzz SECONDS=3600` takes its time."""

import fuzz
import fuzz_corpus
import pytest

SECONDS = 1


@pytest.mark.timeout(600)
@pytest.mark.parametrize("target", fuzz.IN_C)
def test_in_c(target: str) -> None:
    result = fuzz.run(target, SECONDS)
    assert result.is_clean, f"{result}\nagain: make fuzz SECONDS=60 TARGET={target}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("target", fuzz_corpus.PARSERS)
def test_in_python(target: str) -> None:
    pytest.importorskip("atheris", reason="atheris has no wheel for this machine")
    result = fuzz.run(target, SECONDS)
    assert result.is_clean, f"{result}\nagain: make fuzz SECONDS=60 TARGET={target}"

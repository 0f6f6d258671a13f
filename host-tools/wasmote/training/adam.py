"""Parameters and the Adam optimiser, element by element: the same bits on every machine."""

import numpy as np

from wasmote.training.exact import Array, snap

Params = dict[str, Array]


def weights_and_biases(
    shapes: dict[str, tuple[int, int]], rng: np.random.RandomState, bits: int
) -> Params:
    """Weights (inputs, outputs), uniform and of variance 2 / inputs, and biases of 0, on the grid
    2 ** -bits."""
    params = {}
    for name, (inputs, outputs) in shapes.items():
        # Integers, so that no rounding of a generator's matters.
        units = rng.randint(-(2**20), 2**20 + 1, (inputs, outputs)) / 2.0**20
        params[name] = snap(units * np.sqrt(6.0 / inputs), bits)
        params[name + "_bias"] = np.zeros(outputs)
    return params


class Adam:
    """Moves parameters, which stay on the grid 2 ** -bits; momenta 0.9 and 0.99."""

    def __init__(self, params: Params, bits: int) -> None:
        self.params = params
        self._bits = bits
        self._mean = {name: np.zeros_like(value) for name, value in params.items()}
        self._square = {name: np.zeros_like(value) for name, value in params.items()}
        self._decayed = (1.0, 1.0)

    def step(self, slopes: Params, rate: float) -> None:
        """One step against the slopes."""
        self._decayed = (self._decayed[0] * 0.9, self._decayed[1] * 0.99)
        for name, value in self.params.items():
            mean, square = self._moments(name, slopes[name])
            self.params[name] = snap(value - rate * mean / (np.sqrt(square) + 1e-8), self._bits)

    def _moments(self, name: str, slope: Array) -> tuple[Array, Array]:
        """Mean and mean square so far, without the bias of their zeros at the start."""
        self._mean[name] = 0.9 * self._mean[name] + 0.1 * slope
        self._square[name] = 0.99 * self._square[name] + 0.01 * (slope * slope)
        return (
            self._mean[name] / (1.0 - self._decayed[0]),
            self._square[name] / (1.0 - self._decayed[1]),
        )

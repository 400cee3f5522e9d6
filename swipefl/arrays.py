"""Names for numpy's arrays, as every room writes them; shapes stand where they are used."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

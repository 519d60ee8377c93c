"""As much of ONNX Runtime for Python as the programs beside exported files use, with a model in its place: each event's
prediction is the sum of (place of the column + 1) times its value."""
import numpy as np


class InferenceSession:
    def __init__(self, path):
        self.path = path

    def run(self, outputs, inputs):
        assert outputs == ["prediction"]
        values = list(inputs.values())
        assert all(value.dtype == np.float64 for value in values)
        matrix = values[0] if values[0].ndim == 2 else np.column_stack(values)
        return [(matrix @ np.arange(1, matrix.shape[1] + 1, dtype=np.float64))[:, None].astype(np.float32)]

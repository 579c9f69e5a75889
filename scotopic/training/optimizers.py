"""Muon for convolutional networks, on top of Keras's own."""

from __future__ import annotations

import math
import re

import keras
from keras import ops

from scotopic.training.layers import Tensor


@keras.saving.register_keras_serializable("scotopic")
class ConvolutionMuon(keras.optimizers.Muon):
    """Muon that treats convolution kernels as matrices too.

    The update is the momentum, made orthogonal and scaled to the size of
    Adam's steps: Jordan et al. 2024 (kellerjordan.github.io/posts/muon), Liu
    et al. 2025 (arXiv 2502.16982). Keras's own Muon does this for matrices
    only; here a kernel (height, width, in, out) is a matrix
    (height * width * in, out). Vectors, and variables whose path
    `exclude_layers` matches, are updated by AdamW.
    """

    def _should_use_adamw(self, variable: keras.Variable) -> bool:
        excluded = any(re.search(name, variable.path) for name in self.exclude_layers)
        return excluded or len(variable.shape) < 2

    def zeropower_via_newtonschulz5(self, x: Tensor, steps: int) -> Tensor:
        """Bring all singular values of a kernel close to 1.

        Each step of the iteration multiplies the matrix by a polynomial of
        its Gram matrix. Therefore only the Gram matrix, which is smaller, is
        iterated, and the matrix is multiplied once by the product.
        """
        matrix = ops.reshape(x, (-1, x.shape[-1]))
        wide = matrix.shape[0] < matrix.shape[1]
        matrix = ops.transpose(matrix) if wide else matrix
        matrix = matrix / (ops.norm(matrix) + 1e-7)
        gram = ops.transpose(matrix) @ matrix
        identity = ops.eye(matrix.shape[1], dtype=matrix.dtype)
        product = identity
        for _ in range(steps):
            step = self.muon_a * identity + self.muon_b * gram + self.muon_c * (gram @ gram)
            gram = step @ gram @ step
            product = product @ step
        matrix = matrix @ product
        return ops.reshape(ops.transpose(matrix) if wide else matrix, x.shape)

    def lr_adjust(self, x: Tensor) -> Tensor:
        """Scale an orthogonal update to the root mean square `rms_rate`."""
        columns = x.shape[-1]
        rows = math.prod(x.shape) // columns
        return x * (self.rms_rate * max(rows, columns) ** 0.5)

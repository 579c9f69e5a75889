"""Muon for convolutional networks, on top of Keras's own."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

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

    def _backend_apply_gradients(
        self, grads: Sequence[Tensor], trainable_variables: Sequence[keras.Variable]
    ) -> None:
        if keras.backend.backend() != "torch" or self.gradient_accumulation_steps:
            super()._backend_apply_gradients(grads, trainable_variables)
            return
        from scotopic.training import torch_muon

        torch_muon.update(self, grads, trainable_variables)

    def zeropower_via_newtonschulz5(self, x: Tensor, steps: int) -> Tensor:
        """Bring all singular values of a kernel close to 1."""
        matrix = ops.reshape(x, (-1, x.shape[-1]))
        wide = matrix.shape[0] < matrix.shape[1]
        matrix = self.orthogonal(ops.transpose(matrix) if wide else matrix)
        return ops.reshape(ops.transpose(matrix) if wide else matrix, x.shape)

    def orthogonal(self, matrices: Tensor) -> Tensor:
        """Bring all singular values of matrices, (..., rows, columns), close to 1.

        Each step of the iteration multiplies a matrix by a polynomial of
        its Gram matrix. Therefore only the Gram matrix, which is smaller
        where there are more rows than columns, is iterated, and the matrix is
        multiplied once by the product.
        """
        length = ops.sqrt(ops.sum(ops.square(matrices), axis=(-2, -1), keepdims=True))
        matrices = matrices / (length + 1e-7)
        gram = ops.swapaxes(matrices, -2, -1) @ matrices
        identity = ops.eye(gram.shape[-1], dtype=matrices.dtype)
        product = None
        for _ in range(self.ns_steps):
            step = self.muon_a * identity + self.muon_b * gram + self.muon_c * (gram @ gram)
            gram = step @ gram @ step
            product = step if product is None else product @ step
        return matrices @ product

    def lr_adjust(self, x: Tensor) -> Tensor:
        """Scale an orthogonal update to the root mean square `rms_rate`."""
        columns = x.shape[-1]
        rows = math.prod(x.shape) // columns
        return x * (self.rms_rate * max(rows, columns) ** 0.5)

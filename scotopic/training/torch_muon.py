"""The update of `ConvolutionMuon` in PyTorch, for all variables at once.

Keras updates one variable after the other, in a dozen small operations each.
Here they are updated together, and kernels of one shape are made orthogonal
in one product of matrices. No number is read back from the processor, so the
update can be part of a recorded step.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import keras
import torch

if TYPE_CHECKING:
    from scotopic.training.optimizers import ConvolutionMuon

Tensors = list[torch.Tensor]


@torch.no_grad()
def update(
    optimizer: ConvolutionMuon,
    gradients: Sequence[torch.Tensor],
    variables: Sequence[keras.Variable],
) -> None:
    """Clip gradients, and update variables, the state of the optimizer and averaged weights.

    Parameters
    ----------
    optimizer : ConvolutionMuon
        Built; without accumulated gradients.
    gradients : sequence of tensors
    variables : sequence of keras.Variable
        Of these gradients.
    """
    gradients = _clipped(list(gradients), optimizer.global_clipnorm)
    indices = [optimizer._get_variable_index(variable) for variable in variables]
    rate = optimizer._get_current_learning_rate()
    rate = rate.value if isinstance(rate, keras.Variable) else rate
    groups: dict[bool, list[tuple[torch.Tensor, torch.Tensor, int]]] = defaultdict(list)
    for variable, gradient, index in zip(variables, gradients, indices, strict=True):
        by_adam = optimizer.adam_velocities[index] is not None
        groups[by_adam].append((variable.value.data, gradient.to(variable.value.dtype), index))
    for by_adam, members in groups.items():
        values, slopes, places = map(list, zip(*members, strict=True))
        decay = optimizer.adam_weight_decay if by_adam else optimizer.weight_decay
        torch._foreach_mul_(values, 1 - (decay or 0.0) * rate)
        momentums = [optimizer.momentums[i].value.data for i in places]
        if by_adam:
            velocities = [optimizer.adam_velocities[i].value.data for i in places]
            _adam(optimizer, values, slopes, momentums, velocities, rate)
        else:
            _muon(optimizer, values, slopes, momentums, rate)
    _average(optimizer)


def _clipped(gradients: Tensors, longest: float | None) -> Tensors:
    if not longest:
        return gradients
    norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    return list(torch._foreach_mul(gradients, longest / torch.clamp(norm, min=longest)))


def _adam(
    optimizer: ConvolutionMuon,
    values: Tensors,
    gradients: Tensors,
    momentums: Tensors,
    velocities: Tensors,
    rate: torch.Tensor,
) -> None:
    first, second = optimizer.adam_beta_1, optimizer.adam_beta_2
    step = optimizer.iterations.value.to(torch.float32) + 1
    rate = rate * optimizer.adam_lr_ratio
    rate = rate * torch.sqrt(1 - torch.pow(second, step)) / (1 - torch.pow(first, step))
    torch._foreach_lerp_(momentums, gradients, 1 - first)
    torch._foreach_lerp_(velocities, torch._foreach_mul(gradients, gradients), 1 - second)
    below = torch._foreach_sqrt(velocities)
    torch._foreach_add_(below, optimizer.epsilon)
    torch._foreach_sub_(values, torch._foreach_div(torch._foreach_mul(momentums, rate), below))


def _muon(
    optimizer: ConvolutionMuon,
    values: Tensors,
    gradients: Tensors,
    momentums: Tensors,
    rate: torch.Tensor,
) -> None:
    torch._foreach_mul_(momentums, optimizer.momentum)
    torch._foreach_add_(momentums, gradients)
    directions = momentums
    if optimizer.nesterov:
        directions = list(torch._foreach_add(gradients, momentums, alpha=optimizer.momentum))
    shapes: dict[tuple[int, int], list[int]] = defaultdict(list)
    tall = [_tall(direction) for direction in directions]
    for index, matrix in enumerate(tall):
        shapes[matrix.shape[0], matrix.shape[1]].append(index)
    for members in shapes.values():
        matrices = optimizer.orthogonal(torch.stack([tall[i] for i in members]))
        for index, matrix in zip(members, matrices, strict=True):
            value = values[index]
            wide = value.numel() // value.shape[-1] < value.shape[-1]
            change = (matrix.mT if wide else matrix).reshape(value.shape)
            value.sub_(optimizer.lr_adjust(change) * rate)


def _tall(kernel: torch.Tensor) -> torch.Tensor:
    matrix = kernel.reshape(-1, kernel.shape[-1])
    return matrix.mT if matrix.shape[0] < matrix.shape[1] else matrix


def _average(optimizer: ConvolutionMuon) -> None:
    """Average the weights; the first step's are the first average."""
    if not optimizer.use_ema:
        return
    pairs = [
        (average.value.data, variable.value.data)
        for variable, average in zip(
            optimizer._trainable_variables, optimizer._model_variables_moving_average, strict=True
        )
        if average is not None
    ]
    averages, values = map(list, zip(*pairs, strict=True))
    kept = (optimizer.iterations.value > 0).to(torch.float32) * optimizer.ema_momentum
    torch._foreach_mul_(averages, kept)
    torch._foreach_add_(averages, torch._foreach_mul(values, 1 - kept))

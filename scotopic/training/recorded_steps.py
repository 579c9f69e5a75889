"""Training steps on a graphics processor, recorded once and replayed.

A step of a small network is a few thousand small operations, and to start them
one by one takes several times as long as they do. Recorded as a CUDA graph,
they are started at once. Samples are cut within the step, too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import keras
import torch

from scotopic.training import torch_muon
from scotopic.training.batches import made_ahead
from scotopic.training.device_samples import DevicePictures, Numbers
from scotopic.training.losses import psnr

_WARM_UP = 3
"""Steps before the recording, in which libraries choose their algorithms."""
_AHEAD = 8
"""Batches that are drawn in advance."""


class RecordedSteps:
    """Train a network with `ConvolutionMuon` on a graphics processor.

    Parameters
    ----------
    network : LightUNet or MIRNet
        Compiled; its optimizer is built.
    samples : DevicePictures
        On the same device as the network; `DeviceSamples` for a `LightUNet`.
    record : bool
        False to start the operations of each step one by one, as on a
        processor of another kind, for tests. Recording makes cuDNN try its
        algorithms, in the whole process.
    """

    def __init__(
        self, network: keras.Model, samples: DevicePictures, *, record: bool = True
    ) -> None:
        self.network, self.samples, self._record = network, samples, record
        self._taken = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        if record:
            torch.backends.cudnn.benchmark = True
        self._numbers: tuple[torch.Tensor, ...] = ()
        self._results: tuple[torch.Tensor, ...] = ()

    def batches(self, start: int, stop: int) -> Iterator[Numbers]:
        """Draw the numbers of the batches of some steps, in a thread."""
        return made_ahead(self.samples.drawn, start, stop, _AHEAD)

    def __call__(self, batch: Numbers) -> dict[str, float]:
        """Train on a batch; return its loss and PSNR."""
        self._place(batch)
        if self._graph is not None:
            self._graph.replay()
        elif self._record and self._taken >= _WARM_UP:
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):
                self._results = self._step()
            self._graph.replay()
        elif self._record:
            self._results = self._beside(torch.cuda.Stream())
        else:
            self._results = self._step()
        self._taken += 1
        loss, likeness = torch.stack(self._results).tolist()
        return {"loss": loss, "psnr": likeness}

    def _place(self, batch: Numbers) -> None:
        """Copy numbers to where the step expects them."""
        given = tuple(torch.from_numpy(numbers) for numbers in batch)
        if not self._numbers:
            self._numbers = tuple(x.to(self.samples.device) for x in given)
        for placed, numbers in zip(self._numbers, given, strict=True):
            placed.copy_(numbers)

    def _beside(self, stream: torch.cuda.Stream) -> tuple[torch.Tensor, ...]:
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            results = self._step()
        torch.cuda.current_stream().wait_stream(stream)
        return results

    def _step(self) -> tuple[torch.Tensor, ...]:
        network, optimizer = self.network, self.network.optimizer
        inputs, target = self.samples.cut(*self._numbers)
        with computing_in_16_bits(network, self.samples.recipe.bfloat16):
            result = network(inputs, training=True)
        loss = network.loss.call(target, result)
        variables = network.trainable_variables
        gradients = torch.autograd.grad(loss, [variable.value for variable in variables])
        torch_muon.update(optimizer, gradients, variables)
        optimizer.iterations.value.data.add_(1)
        with torch.no_grad():
            return loss.detach(), psnr(target, result).mean()


@contextlib.contextmanager
def computing_in_16_bits(network: keras.Model, wanted: bool = True) -> Iterator[None]:
    """Context in which the layers of a network compute in bfloat16, from weights of 32 bits.

    What the network itself adds to its input stays in float32, as the input does.
    """
    if not wanted:
        yield
        return
    policies = {layer: layer.dtype_policy for layer in network._flatten_layers(include_self=False)}
    half = keras.dtype_policies.DTypePolicy("mixed_bfloat16")
    try:
        network.autocast = False
        for layer in policies:
            layer.dtype_policy = half
        yield
    finally:
        network.autocast = True
        for layer, policy in policies.items():
            layer.dtype_policy = policy

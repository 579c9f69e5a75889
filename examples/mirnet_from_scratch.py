# %% [markdown]
# # MIRNet from scratch: brightening dark photographs with Keras
#
# We build MIRNet (Zamir et al., ECCV 2020, [arXiv 2003.06792](https://arxiv.org/abs/2003.06792))
# block by block, train it on pairs of dark and well-exposed pictures, and score the result in a way
# that can be compared with others. The code runs on TensorFlow, JAX and PyTorch.
#
#     pip install "keras>=3.15" torch pillow matplotlib scikit-image   # or jax, or tensorflow
#     python mirnet_from_scratch.py
#
# This needs Python 3.11 or newer. On Linux, a plain `torch` is the one for Nvidia cards, of several
# gigabytes; the page "Get started" of pytorch.org has the command for the small one, which goes first.
# To work in the notebook instead of the program, `pip install jupyterlab`, and open it by
# `jupyter lab mirnet.ipynb`.
#
# Without data, the program makes a tiny set by itself, to show that everything works. It is far too
# small to train a good network: the results are brighter, but have a fine grid in them.
#
# The data set of the field is LOL v1: 485 pairs for training and 15 for testing, of 600x400 pixels.
# It is published for research at https://daooshee.github.io/BMVC2018website/. Unpack it, so that
# there are folders `lol/our485/low`, `lol/our485/high`, `lol/eval15/low` and `lol/eval15/high`, and
# give its path:
#
#     LOL=path/to/lol SIZE=tiny EPOCHS=1 python mirnet_from_scratch.py
#     LOL=path/to/lol python mirnet_from_scratch.py
#
# The first line sees whether all works: 100 steps of a very small network, which take a few minutes on a
# CPU, and give gray and blurred pictures. The second trains the small network for 30 epochs of 100
# steps, which takes about five hours on one core of a CPU. The pictures stay in memory: three gigabytes
# are needed in all.

# %% [markdown]
# ## Settings
#
# They come from the environment, so that this file and the notebook take the same ones. In the notebook, give
# them in a cell above the next one, such as `%env LOL=path/to/lol` or `%env SIZE=tiny`. Each data set and size
# has its own folder of results; a second run of the same writes over the first.

# %%
import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")  # or "jax", or "tensorflow"

import keras
import matplotlib.pyplot as plt
import numpy as np
import skimage
from keras import layers, ops
from PIL import Image
from skimage.metrics import structural_similarity

LOL = os.environ.get("LOL")
SIZE = os.environ.get("SIZE", "small")  # or "tiny", or "full", which needs a graphics processor
OUT = Path(os.environ.get("OUT", f"mirnet_results/{'lol' if LOL else 'sample'}_{SIZE}"))
EPOCHS = int(os.environ.get("EPOCHS", "30" if LOL else "3"))
STEPS, BATCH, CROP = (100, 8, 128) if LOL else (10, 4, 64)  # steps of an epoch
RATE = 2e-4 if SIZE == "full" else 1e-3

if SIZE not in ("tiny", "small", "full"):
    raise ValueError(f"SIZE={SIZE} is not tiny, small or full")
OUT.mkdir(parents=True, exist_ok=True)
keras.utils.set_random_seed(0)
print(f"Keras {keras.__version__} on {keras.backend.backend()}")

# %% [markdown]
# ## Data
#
# ### A sample, for those who have no data yet
#
# What makes a dark picture dark happens in linear light: there is less of it, and the sensor adds
# noise. Each scene is darkened three times, since LOL too shows most of its scenes several times. The
# photographs come with scikit-image and are free: `astronaut` (NASA, public domain), `coffee` (Rachel
# Michetti, CC0), `motorcycle_left` (Middlebury stereo data, CC0), `chelsea` (Stefan van der Walt, CC0)
# and `rocket` (SpaceX, CC0).


# %%
def darken(picture, gain, rng):
    """Take the light away by `gain`, and add the noise of a sensor."""
    light = (picture / 255) ** 2.2 / gain
    noise = rng.normal(size=light.shape) * np.sqrt(2e-4 * light + 1e-6)
    return np.rint(255 * np.clip(light + noise, 0, 1) ** (1 / 2.2)).astype(np.uint8)


def make_sample(folder, width=192, height=128):
    """Write a tiny data set, with the same folders as LOL."""
    rng = np.random.default_rng(0)
    scenes = {
        "our485": ["astronaut.png", "coffee.png", "motorcycle_left.png"],
        "eval15": ["chelsea.png", "rocket.jpg"],
    }
    for part, files in scenes.items():
        for kind in ("low", "high"):
            (folder / part / kind).mkdir(parents=True, exist_ok=True)
        for file in files:
            photograph = Image.open(Path(skimage.__file__).parent / "data" / file).convert("RGB")
            high = np.asarray(photograph.resize((width, height), Image.Resampling.LANCZOS))
            for version, gain in enumerate([6, 10, 16] if part == "our485" else [10]):
                name = f"{Path(file).stem}_{version}.png"
                Image.fromarray(high).save(folder / part / "high" / name)
                Image.fromarray(darken(high, gain, rng)).save(folder / part / "low" / name)
    return folder


# %% [markdown]
# ### Read pairs, and check that they are pairs


# %%
def read(path):
    """Read a picture: an array (height, width, 3) of 8-bit values."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def read_pairs(folder):
    """Read all pairs of a folder by name: {name: (dark, reference)}."""
    pairs = {}
    for low in sorted((folder / "low").iterdir()):
        high = next((folder / "high").glob(f"{low.stem}.*"), None)
        if high is None:
            raise FileNotFoundError(f"{low} has no reference in {folder / 'high'}")
        pairs[low.stem] = read(low), read(high)
        if pairs[low.stem][0].shape != pairs[low.stem][1].shape:
            raise ValueError(f"{low} and {high} differ in size")
    return pairs


data = Path(LOL) if LOL else make_sample(OUT / "sample")
if not (data / "our485" / "low").is_dir():
    raise FileNotFoundError(
        f"LOL={data} has no folder our485/low: give the folder that holds our485"
    )
print(f"reading {data}")
pairs = read_pairs(data / "our485")
tests = read_pairs(data / "eval15")
print(f"{len(pairs)} pairs for training, {len(tests)} for testing")

# %% [markdown]
# ### Hold out whole scenes
#
# Many pictures of LOL show the same scene with another exposure. If some of them are trained on, the
# others say nothing about new scenes. Therefore we hold out scenes and not pictures. Two references
# show the same scene if their thumbnails correlate. The test pictures are looked at once, at the end.


# %%
def thumbnail(picture):
    """16x16 gray values with mean 0 and length 1."""
    small = np.asarray(Image.fromarray(picture).convert("L").resize((16, 16), Image.Resampling.BOX))
    centred = small.astype(float).ravel() - small.mean()
    return centred / (np.linalg.norm(centred) or 1)


def hold_out(pairs, share=0.08):
    """Choose pictures of whole scenes for validation, at random; return their names."""
    names = list(pairs)
    thumbnails = np.stack([thumbnail(reference) for _, reference in pairs.values()])
    same = thumbnails @ thumbnails.T > 0.8
    held = np.zeros(len(names), bool)
    for first in np.random.default_rng(0).permutation(len(names)):
        scene = np.arange(len(names)) == first
        while (grown := same[scene].any(axis=0)).sum() > scene.sum():
            scene = grown
        held |= scene
        if held.sum() >= share * len(names):
            break
    return {name for name, out in zip(names, held, strict=True) if out}


held_out = hold_out(pairs)
training = [pair for name, pair in pairs.items() if name not in held_out]
validation = [pair for name, pair in pairs.items() if name in held_out]
print(f"{len(training)} pairs to train on, {len(validation)} of other scenes for validation")

# %% [markdown]
# ### Random crops, turned and mirrored


# %%
class Crops(keras.utils.PyDataset):
    """Batches of random crops: dark pictures and references, float32 in 0..1."""

    def __init__(self, pairs):
        super().__init__()
        self.pairs = pairs
        self.rng = np.random.default_rng(1)

    def __len__(self):
        return STEPS

    def crop(self):
        pair = self.pairs[self.rng.integers(len(self.pairs))]
        height, width, _ = pair[0].shape
        top = self.rng.integers(height - CROP + 1)
        left = self.rng.integers(width - CROP + 1)
        turns, mirror = self.rng.integers(4), self.rng.choice([-1, 1])
        cut = [picture[top : top + CROP, left : left + CROP][:, ::mirror] for picture in pair]
        return [np.rot90(picture, turns) for picture in cut]

    def __getitem__(self, index):
        low, high = zip(*[self.crop() for _ in range(BATCH)], strict=True)
        return np.stack(low).astype("float32") / 255, np.stack(high).astype("float32") / 255


low, high = Crops(training)[0]
figure, axes = plt.subplots(2, 4, figsize=(8, 4.4), layout="tight")
for row, title, pictures in zip(axes, ("dark", "reference"), (low, high), strict=True):
    for axis, picture in zip(row, pictures, strict=False):
        axis.imshow(picture)
        axis.set_title(title, fontsize=8)
        axis.axis("off")
figure.savefig(OUT / "crops.png")

# %% [markdown]
# ## The network
#
# MIRNet keeps the picture at full size all the way through, in a first stream of features. Beside it
# run streams of half and of a quarter of the size, which see more of the surroundings. The streams
# exchange what they know, again and again.
#
# We go from the smallest block to the whole; what the paper calls each is in brackets. Shapes are height x
# width x channels; c is the number of channels. `show` applies a block to zeros, and prints what really comes
# out, with the 24 channels of the small network.


# %%
def conv(channels, size=3):
    """A convolution that keeps the size. The authors use no biases."""
    return layers.Conv2D(channels, size, padding="same", use_bias=False)


def prelu():
    """A ReLU with one trained slope for what is below 0."""
    return layers.PReLU(keras.initializers.Constant(0.25), shared_axes=[1, 2, 3])


def through(chain, features):
    """Apply layers one after another."""
    for layer in chain:
        features = layer(features)
    return features


def show(layer, *shapes):
    """Print the shapes of the input and the output of a block, and count its weights."""
    inputs = [np.zeros((1, *shape), "float32") for shape in shapes]
    result = layer(inputs if len(inputs) > 1 else inputs[0])
    given = ", ".join("x".join(map(str, shape)) for shape in shapes)
    made = "x".join(map(str, result.shape[1:]))
    print(f"{type(layer).__name__}: {given} -> {made}, {layer.count_params():,} weights")


# %% [markdown]
# ### Dual attention (DAU): which places matter, and which channels
#
#     h x w x c --conv 3x3--PReLU--conv 3x3--+--> max and mean over the channels   h x w x 2
#         |                                  |    conv 5x5, sigmoid                h x w x 1
#         |                                  |    multiply                         h x w x c --+
#         |                                  |                                                 |
#         |                                  +--> mean over all places             1 x 1 x c   |
#         |                                       conv 1x1, ReLU                   1 x 1 x c/8 |
#         |                                       conv 1x1, sigmoid                1 x 1 x c   |
#         |                                       multiply                         h x w x c --+
#         |                                                                                    |
#         +--------------------------- add <-- conv 1x1  <-- h x w x 2c <-- concatenate -------+


# %%
class SpatialAttention(layers.Layer):
    """Multiply each place by a weight that depends on the 5x5 places around it."""

    def __init__(self):
        super().__init__()
        self.attention = conv(1, 5)

    def call(self, features):
        largest = ops.max(features, axis=-1, keepdims=True)
        mean = ops.mean(features, axis=-1, keepdims=True)
        return features * ops.sigmoid(self.attention(ops.concatenate([largest, mean], axis=-1)))


class ChannelAttention(layers.Layer):
    """Multiply each channel by a weight that depends on the means of all channels."""

    def __init__(self, channels):
        super().__init__()
        self.squeeze = conv(channels // 8, 1)
        self.excite = conv(channels, 1)

    def call(self, features):
        means = ops.mean(features, axis=(1, 2), keepdims=True)
        return features * ops.sigmoid(self.excite(ops.relu(self.squeeze(means))))


class DualAttention(layers.Layer):
    """Two convolutions, both kinds of attention side by side, and a skip connection."""

    def __init__(self, channels, activate):
        super().__init__()
        self.conv1 = conv(channels)
        self.activate = activate
        self.conv2 = conv(channels)
        self.spatial = SpatialAttention()
        self.channel = ChannelAttention(channels)
        self.join = conv(channels, 1)

    def call(self, features):
        inner = self.conv2(self.activate(self.conv1(features)))
        both = ops.concatenate([self.spatial(inner), self.channel(inner)], axis=-1)
        return features + self.join(both)


show(SpatialAttention(), (64, 64, 24))
show(ChannelAttention(24), (64, 64, 24))
show(DualAttention(24, prelu()), (64, 64, 24))

# %% [markdown]
# ### Selective kernel feature fusion (SKFF): a weighted sum of streams
#
#     three streams, each h x w x c --> sum           h x w x c
#                                       mean          1 x 1 x c
#                                       conv 1x1      1 x 1 x max(c/8, 4), PReLU
#                                       3 conv 1x1    3 times 1 x 1 x c
#                                       softmax over the three: for each channel the weights sum to 1
#     sum of stream times weight    --> h x w x c
#
# The softmax is over the streams. A well-known tutorial has it over the channels, which makes the sum
# of the weights depend on the number of channels.


# %%
class SelectiveKernelFeatureFusion(layers.Layer):
    """The weighted sum of streams of the same shape."""

    def __init__(self, channels, streams=3):
        super().__init__()
        self.squeeze = conv(max(channels // 8, 4), 1)
        self.activate = prelu()
        self.excite = [conv(channels, 1) for _ in range(streams)]

    def call(self, streams):
        means = ops.mean(sum(streams), axis=(1, 2), keepdims=True)
        hidden = self.activate(self.squeeze(means))
        weights = ops.softmax(ops.stack([excite(hidden) for excite in self.excite]), axis=0)
        return sum(stream * weights[index] for index, stream in enumerate(streams))


show(SelectiveKernelFeatureFusion(24), *[(64, 64, 24)] * 3)

# %% [markdown]
# ### Resizing between the streams
#
#     smaller:  h x w x c --conv 1x1, PReLU, conv 3x3, PReLU, blur and halve, conv 1x1--> h/2 x w/2 x 2c
#                   |                                                                       add
#                   +--------------------blur and halve, conv 1x1---------------------------+
#
#     larger:   h x w x c --conv 1x1, PReLU, transposed conv 3x3, PReLU, conv 1x1-------> 2h x 2w x c/2
#                   |                                                                       add
#                   +--------------------conv 1x1, enlarge bilinearly-----------------------+
#
# Taking every second pixel without a blur turns fine patterns into coarse ones that were never there.


# %%
class BlurAndHalve(layers.Layer):
    """Take every second pixel, after the low-pass filter (1, 2, 1) / 4 in both directions."""

    def call(self, features):
        line = np.array([1, 2, 1], "float32") / 4
        kernel = np.tile(np.outer(line, line)[:, :, None, None], (1, 1, features.shape[-1], 1))
        around = ops.pad(features, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="reflect")
        kernel = ops.cast(kernel, features.dtype)
        return ops.depthwise_conv(around, kernel, strides=2, padding="valid")


class Smaller(layers.Layer):
    """Half the size, twice the channels."""

    def __init__(self, channels):
        super().__init__()
        self.first = [conv(channels, 1), prelu(), conv(channels), prelu()]
        self.halve = BlurAndHalve()
        self.last = conv(2 * channels, 1)
        self.skip = conv(2 * channels, 1)

    def call(self, features):
        inner = self.last(self.halve(through(self.first, features)))
        return inner + self.skip(self.halve(features))


class Larger(layers.Layer):
    """Twice the size, half the channels."""

    def __init__(self, channels):
        super().__init__()
        transposed = layers.Conv2DTranspose(channels, 3, strides=2, padding="same", use_bias=False)
        self.inner = [conv(channels, 1), prelu(), transposed, prelu(), conv(channels // 2, 1)]
        self.skip = conv(channels // 2, 1)
        self.enlarge = layers.UpSampling2D(2, interpolation="bilinear")

    def call(self, features):
        return through(self.inner, features) + self.enlarge(self.skip(features))


def resizing(channels, source, target):
    """The layers from one stream to another; stream s has 1/2^s of the size and c 2^s channels."""
    if source < target:
        return [Smaller(channels * 2**stream) for stream in range(source, target)]
    return [Larger(channels * 2**stream) for stream in range(source, target, -1)]


show(Smaller(24), (64, 64, 24))
show(Larger(48), (32, 32, 48))

# %% [markdown]
# ### The multi-scale block (MRB)
#
#     stream 0                stream 1                  stream 2
#     h x w x c               h/2 x w/2 x 2c            h/4 x w/4 x 4c
#
#        DA -----smaller-------> DA -----smaller---------> DA            column 1
#        |                       |                         |
#     +--+-----------------------+-------------------------+--+
#     |  every stream to every stream, made smaller or larger |          exchange
#     +--+-----------------------+-------------------------+--+
#      fusion                  fusion                    fusion
#        |                       |                         |
#        DA                      DA                        DA            column 2
#        |                       |                         |
#      fusion <----larger--------+                         |
#        |  ^------larger, twice---------------------------+
#     conv 3x3
#        |
#       add <--- the input of the block
#
# DA is dual attention. As in the authors' code, the second column uses the same dual attention units as the
# first, and the last fusion is that of stream 0, used once more. Without this,
# the network would have a third more weights.


# %%
class MultiScaleBlock(layers.Layer):
    """Streams of several sizes that exchange their features."""

    def __init__(self, channels, activate, streams=3):
        super().__init__()
        everyone = range(streams)
        self.units = [DualAttention(channels * 2**stream, activate) for stream in everyone]
        self.exchange = [
            [resizing(channels, source, target) for source in everyone] for target in everyone
        ]
        self.fusions = [SelectiveKernelFeatureFusion(channels * 2**s, streams) for s in everyone]
        self.back = [resizing(channels, source, 0) for source in everyone]
        self.conv_out = conv(channels)

    def call(self, features):
        streams = [self.units[0](features)]
        for index in range(1, len(self.units)):
            smaller = through(self.exchange[index][index - 1], streams[-1])
            streams.append(self.units[index](smaller))
        fused = [
            fusion([through(path, stream) for path, stream in zip(paths, streams, strict=True)])
            for fusion, paths in zip(self.fusions, self.exchange, strict=True)
        ]
        streams = [unit(stream) for unit, stream in zip(self.units, fused, strict=True)]
        joined = [through(path, stream) for path, stream in zip(self.back, streams, strict=True)]
        return features + self.conv_out(self.fusions[0](joined))


show(MultiScaleBlock(24, prelu()), (64, 64, 24))

# %% [markdown]
# ### Groups of blocks (RRG), and the whole
#
#     group:    h x w x c --block-- ... --block--conv 3x3--add-->
#                   |                                       |
#                   +---------------------------------------+
#
#     MIRNet:   h x w x 3 --conv 3x3--group-- ... --group--conv 3x3--add--> h x w x 3
#                   |                                                 |
#                   +-------------------------------------------------+
#
# The network predicts a correction, which is added to the dark picture. The paper's network has 64
# channels and 3 groups of 2 blocks. The small one has 24 channels and 2 groups of 1 block, and works
# on squares of 2x2 pixels (`stem`), which costs about an eightieth. The tiny one is for trying things out.
#
# | `SIZE` | weights | billion multiply-adds, 256x256 |
# |---|---|---|
# | `tiny` | 85,184 | 0.3 |
# | `small` | 1,500,735 | 5.6 |
# | `full` | 31,787,419 | 462.5 |


# %%
class Group(layers.Layer):
    """Blocks in a row, a convolution, and a skip connection."""

    def __init__(self, channels, blocks, activate):
        super().__init__()
        self.blocks = [MultiScaleBlock(channels, activate) for _ in range(blocks)]
        self.conv_out = conv(channels)

    def call(self, features):
        return features + self.conv_out(through(self.blocks, features))


class MIRNet(keras.Model):
    """Pictures in 0..1 to enhanced pictures; their sides are multiples of 4 times `stem`."""

    def __init__(self, channels=64, groups=3, blocks=2, stem=1):
        super().__init__()
        self.stem = stem
        self.conv_in = conv(channels)
        self.activate = prelu()  # all dual attention units share it, as in the authors' code
        self.groups = [Group(channels, blocks, self.activate) for _ in range(groups)]
        self.conv_out = conv(3 * stem**2)

    def call(self, pictures):
        features = pictures
        if self.stem > 1:
            features = ops.nn.space_to_depth(features, self.stem, data_format="channels_last")
        features = self.conv_out(through(self.groups, self.conv_in(features)))
        if self.stem > 1:
            features = ops.nn.depth_to_space(features, self.stem, data_format="channels_last")
        return pictures + features


SIZES = {
    "tiny": {"channels": 8, "groups": 1, "blocks": 1, "stem": 2},
    "small": {"channels": 24, "groups": 2, "blocks": 1, "stem": 2},
    "full": {"channels": 64, "groups": 3, "blocks": 2, "stem": 1},
}
network = MIRNet(**SIZES[SIZE])
show(network, (64, 64, 3))

# %% [markdown]
# ## Training
#
# The Charbonnier loss is an absolute error that is smooth at 0. PSNR is 10 log10(1 / mean squared
# error) **for values in 0..1**. With a peak of 255 it would be 48.13 dB too high.
#
# The paper trains by Adam, with 16 crops of 128x128 in a step, at a rate that falls from 2e-4 along a
# cosine. Ours is AdamW with 8 crops, and a higher rate for the smaller networks.
#
# `loss` and `psnr` are the means of the crops while the network still learns from them, `val_loss` and
# `val_psnr` those of whole pictures of the held-out scenes at the end of the epoch.


# %%
def charbonnier(target, result):
    """Mean of sqrt(error^2 + 0.001^2)."""
    return ops.mean(ops.sqrt(ops.square(target - result) + 1e-6))


def psnr(target, result):
    """PSNR in dB of pictures in 0..1, clipped as they will be saved; the mean of a batch."""
    error = ops.mean(ops.square(target - ops.clip(result, 0, 1)), axis=(1, 2, 3))
    return ops.mean(-10 * ops.log10(error))


class Whole(keras.utils.PyDataset):
    """Whole pictures, one by one, cut to multiples of 8."""

    def __init__(self, pairs):
        super().__init__()
        self.pairs = pairs

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        height, width = (side // 8 * 8 for side in self.pairs[index][0].shape[:2])
        cut = [picture[None, :height, :width] for picture in self.pairs[index]]
        return tuple(picture.astype("float32") / 255 for picture in cut)


total = EPOCHS * STEPS
rate = keras.optimizers.schedules.CosineDecay(
    RATE / 100, total - total // 20, warmup_target=RATE, warmup_steps=total // 20
)
best = OUT / "best.weights.h5"
print(f"{total} steps, {STEPS} in an epoch; TensorFlow and JAX compile during the first")
network.compile(keras.optimizers.AdamW(rate, clipnorm=1.0), charbonnier, metrics=[psnr])
history = network.fit(
    Crops(training),
    validation_data=Whole(validation),
    epochs=EPOCHS,
    verbose=1 if sys.stdout.isatty() else 2,  # a bar in a terminal, else a line after each epoch
    callbacks=[
        keras.callbacks.ModelCheckpoint(
            best, monitor="val_psnr", mode="max", save_best_only=True, save_weights_only=True
        ),
        keras.callbacks.CSVLogger(OUT / "log.csv"),
    ],
).history
network.load_weights(best)  # chosen by the held-out scenes, never by the test pictures

# %%
figure, axes = plt.subplots(1, 2, figsize=(10, 3), layout="tight")
epochs = range(1, EPOCHS + 1)
for axis, key, title in zip(axes, ("loss", "psnr"), ("Charbonnier loss", "PSNR, dB"), strict=True):
    axis.plot(epochs, history[key], ".-", label="crops")
    axis.plot(epochs, history[f"val_{key}"], ".-", label="held-out scenes")
    axis.set(xlabel="epoch", ylabel=title, xlim=(0.5, EPOCHS + 0.5))
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.legend()
figure.savefig(OUT / "curves.png")

# %% [markdown]
# ## Test: enhance, save, score
#
# What is scored is what is saved: files of 8 bits at the size of the reference. **GT-mean** is PSNR
# after the result has been brought to the mean level of the reference, so that it ignores an error of
# exposure. It is not PSNR, and a score that is this must say so.
#
# The last line scores the dark pictures as they are. Their GT-mean is what brightening alone gives, by the right
# factor for each picture: a network has learned more than that only if its GT-mean is higher. In our sample little
# but such a factor is missing, so that the dark pictures have 28 dB, which 30 steps do not reach. In LOL they
# have 18.79 dB.


# %%
def enhance(picture):
    """Enhance a picture of any size, (height, width, 3) of 8-bit values; its edge is repeated."""
    height, width, _ = picture.shape
    padded = np.pad(picture, [(0, -height % 8), (0, -width % 8), (0, 0)], mode="edge")
    result = network.predict_on_batch(padded[None].astype("float32") / 255)[0, :height, :width]
    return np.rint(255 * np.clip(result, 0, 1)).astype(np.uint8)


def psnr_of(result, reference):
    """PSNR of 8-bit pictures. They become floats first, since uint8 wraps around at 256."""
    error = np.mean((result.astype(float) - reference.astype(float)) ** 2)
    return 10 * np.log10(255**2 / error)


def ssim_of(result, reference):
    """SSIM with the window of Wang et al. 2004."""
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return structural_similarity(result, reference, channel_axis=-1, data_range=255, **options)


def gt_mean_of(result, reference):
    """PSNR after the result is multiplied to the mean gray of the reference."""
    gray = [0.299, 0.587, 0.114]
    scale = (reference @ gray).mean() / (result @ gray).mean()
    return psnr_of(np.clip(result * scale, 0, 255), reference)


def scores_of(result, reference):
    """The scores of a line: PSNR, SSIM and GT-mean."""
    return [score(result, reference) for score in (psnr_of, ssim_of, gt_mean_of)]


(OUT / "enhanced").mkdir(exist_ok=True)
scores, untouched, sheet = {}, [], []
print("picture      PSNR    SSIM  GT-mean")
for name, (dark, reference) in sorted(tests.items(), key=lambda item: item[0].zfill(4)):
    path = OUT / "enhanced" / f"{name}.png"
    Image.fromarray(enhance(dark)).save(path)
    result = read(path)
    scores[name] = scores_of(result, reference)
    untouched.append(scores_of(dark, reference))
    sheet.append((name, dark, result, reference))
    print("{:10} {:6.2f}  {:.4f}   {:6.2f}".format(name, *scores[name]))
for name, means in (("average", list(scores.values())), ("dark", untouched)):
    print("{:10} {:6.2f}  {:.4f}   {:6.2f}".format(name, *np.mean(means, axis=0)))

# %% [markdown]
# ### Contact sheet

# %%
figure, axes = plt.subplots(len(sheet), 3, figsize=(9, 2.1 * len(sheet)), squeeze=False)
for row, (name, *pictures) in zip(axes, sheet, strict=True):
    titles = (f"{name}, dark", f"enhanced, {scores[name][0]:.2f} dB", "reference")
    for axis, picture, title in zip(row, pictures, titles, strict=True):
        axis.imshow(picture)
        axis.set_title(title, fontsize=8)
        axis.axis("off")
figure.tight_layout()
figure.savefig(OUT / "contact_sheet.png", dpi=100)
print(f"everything is in {OUT}")

# %% [markdown]
# ## What is in a number
#
# - `np.mean((a - b) ** 2)` of uint8 arrays wraps around at 256. By this formula the *dark* test pictures
#   of LOL have about 28 dB as they are, and so has noise.
# - The reference's exposure can hardly be told from the dark picture. Most of the missing decibels are
#   an error of exposure, which is why GT-mean is so much higher.
# - For comparison: the small network, trained to the end by `scotopic train`, has a PSNR of 22.19 dB, an SSIM of
#   0.834 and a GT-mean of 26.19 dB on LOL's test pictures.
# - 14 of the 15 test scenes of LOL are in its training set too, with another exposure. The held-out
#   scenes above say more about new photographs.
# - Scores on copies of 256x256 pixels, or on crops, are not comparable with scores at 600x400.
#
# ## What to try next
#
# - **Train longer.** 30 epochs are 3,000 steps; the paper has 700,000. Look at the curves first.
# - **A better loss and optimizer**: adding 0.15 (1 - SSIM) to the loss, Muon in place of AdamW, and an
#   average of the weights. `scotopic train --preset mirnet_small` does all three.
# - **A graphics processor**: larger crops (`CROP = 160`), and the full network (`SIZE=full`).
#   `scotopic train --preset mirnet_small --recipe large` computes in 16 bits there.
# - **Whole pictures at the end.** The attention takes means over the picture, and a crop has other
#   means than the whole.
# - **Other cameras.** A network that has seen LOL alone fails on other photographs. Try your own.

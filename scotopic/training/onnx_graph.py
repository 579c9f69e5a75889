"""Passes over a traced ONNX graph: make it smaller and faster without changing its result.

Each function changes an `onnx.ModelProto` in place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

import numpy as np

from scotopic.types import Array

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

_LEAST_HALVED = 64
"""Initializers of fewer values stay in single precision: they save nothing."""


def simplify(model: ModelProto, block: int) -> None:
    """Apply every pass that leaves the result as it is.

    Parameters
    ----------
    model : onnx.ModelProto
    block : int
        Side of the squares that the graph's pixel shuffles move.
    """
    shuffles_as_operators(model, block)
    repeats_as_resize(model)
    prelu_as_leaky_relu(model)
    slices_as_parts(model)
    fold_constant_transposes(model)
    share_equal_initializers(model)
    drop_unused(model)
    strip(model)


def shuffles_as_operators(model: ModelProto, block: int) -> None:
    """Replace reshape, transpose, reshape by SpaceToDepth or DepthToSpace."""
    import onnx

    kinds = {(0, 3, 4, 1, 5, 2): "DepthToSpace", (0, 3, 5, 1, 2, 4): "SpaceToDepth"}
    makers, users = _makers(model), _users(model)
    for node in model.graph.node:
        if node.op_type != "Transpose":
            continue
        kind = kinds.get(tuple(node.attribute[0].ints))
        if kind is None:
            continue
        (last,) = users[node.output[0]]
        source, result = makers[node.input[0]].input[0], last.output[0]
        last.output[0] = result + "_unused"
        node.CopyFrom(onnx.helper.make_node(kind, [source], [result], blocksize=block))


def repeats_as_resize(model: ModelProto) -> None:
    """Replace what repeats each value of maps twice in both directions by Resize.

    ONNX Runtime has a kernel for it in the layout of its convolutions.
    """
    import onnx

    makers = _makers(model)
    scales = onnx.numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "twice")
    found = False
    for node in model.graph.node:
        source = _repeated(node, makers)
        if source is not None:
            found = True
            node.CopyFrom(
                onnx.helper.make_node(
                    "Resize",
                    [source, "", "twice"],
                    node.output,
                    mode="nearest",
                    coordinate_transformation_mode="asymmetric",
                    nearest_mode="floor",
                )
            )
    if found:
        model.graph.initializer.append(scales)


def _repeated(node: NodeProto, makers: dict[str, NodeProto]) -> str | None:
    """What is repeated, if the node is the end of two repeats."""
    current: NodeProto | None = node
    for kind in 2 * ("Reshape", "Expand", "Unsqueeze"):
        if not _is(current, kind):
            return None
        source = current.input[0]
        current = makers.get(source)
    return source


def prelu_as_leaky_relu(model: ModelProto) -> None:
    """Replace ``relu(x) + s * relu(-x)`` with one constant s by LeakyRelu of slope -s.

    ONNX Runtime computes a LeakyRelu as a part of the convolution before it.
    """
    import onnx

    makers, constants = _makers(model), _constants(model)
    for node in model.graph.node:
        slope = _prelu_slope(node, makers, constants)
        if slope is not None:
            source = makers[node.input[0]].input
            node.CopyFrom(onnx.helper.make_node("LeakyRelu", source, node.output, alpha=-slope))


def _prelu_slope(
    node: NodeProto, makers: dict[str, NodeProto], constants: dict[str, Array]
) -> float | None:
    """The s of ``relu(x) + s * relu(-x)``, if the node is the sum of such a pattern."""
    if node.op_type != "Add":
        return None
    positive, scaled = (makers.get(name) for name in node.input)
    if not (_is(positive, "Relu") and _is(scaled, "Mul")):
        return None
    slope, negative = constants.get(scaled.input[0]), makers.get(scaled.input[1])
    if slope is None or slope.size != 1 or not _is(negative, "Relu"):
        return None
    negation = makers.get(negative.input[0])
    if not _is(negation, "Neg") or positive.input[0] != negation.input[0]:
        return None
    return float(slope.reshape(-1)[0])


def _is(node: NodeProto | None, kind: str) -> TypeGuard[NodeProto]:
    return node is not None and node.op_type == kind


def slices_as_parts(model: ModelProto) -> None:
    """Use the first part of a concatenation where it is cut out of it again."""
    makers, users, shapes = _makers(model), _users(model), _shapes(model)
    constants = {name: value.tolist() for name, value in _constants(model).items()}
    for node in model.graph.node:
        joined = makers.get(node.input[0]) if node.op_type == "Slice" else None
        if not _is(joined, "Concat"):
            continue
        first, axis = joined.input[0], joined.attribute[0].i
        cut = [constants.get(name) for name in node.input[1:]]
        if first not in shapes or cut != [[0], [shapes[first][axis]], [axis], [1]]:
            continue
        for user in users.get(node.output[0], []):
            names = [first if name == node.output[0] else name for name in user.input]
            user.ClearField("input")
            user.input.extend(names)


def shuffle_in_two_moves(model: ModelProto) -> None:
    """Replace DepthToSpace in squares of 2, which gives one picture, by two transposes.

    The first moves whole rows, the second columns. In ONNX Runtime both
    together take half the time of DepthToSpace or less, and use all threads;
    DepthToSpace uses one.
    """
    import onnx

    make = onnx.helper.make_node
    (place,) = (i for i, node in enumerate(model.graph.node) if node.op_type == "DepthToSpace")
    shuffle = model.graph.node.pop(place)
    sizes = {"apart": [2, -1, 0, 0], "rows": [2, 3, -1, 0], "columns": [0, 0, -1], "batch": [0]}
    for name, values in sizes.items():
        item = onnx.numpy_helper.from_array(np.array(values, np.int64), f"shuffle_{name}")
        model.graph.initializer.append(item)
    steps = [
        make("Reshape", [shuffle.input[0], "shuffle_apart"], ["shuffle_1"]),
        make("Transpose", ["shuffle_1"], ["shuffle_2"], perm=[1, 2, 0, 3]),
        make("Reshape", ["shuffle_2", "shuffle_rows"], ["shuffle_3"]),
        make("Transpose", ["shuffle_3"], ["shuffle_4"], perm=[1, 2, 3, 0]),
        make("Reshape", ["shuffle_4", "shuffle_columns"], ["shuffle_5"]),
        make("Unsqueeze", ["shuffle_5", "shuffle_batch"], [shuffle.output[0]]),
    ]
    for number, node in enumerate(steps):
        model.graph.node.insert(place + number, node)


def fold_constant_transposes(model: ModelProto) -> None:
    """Replace transposes of initializers by transposed initializers."""
    import onnx

    constants = _constants(model)
    for node in list(model.graph.node):
        if node.op_type == "Transpose" and node.input[0] in constants:
            turned = constants[node.input[0]].transpose(tuple(node.attribute[0].ints)).copy()
            model.graph.initializer.append(onnx.numpy_helper.from_array(turned, node.output[0]))
            model.graph.node.remove(node)


def share_equal_initializers(model: ModelProto) -> None:
    """Store initializers of equal type, shape and content once."""
    import onnx

    first: dict[tuple[str, tuple[int, ...], bytes], str] = {}
    stands_for: dict[str, str] = {}
    for item in model.graph.initializer:
        array = onnx.numpy_helper.to_array(item)
        content = (str(array.dtype), array.shape, array.tobytes())
        stands_for[item.name] = first.setdefault(content, item.name)
    for node in model.graph.node:
        for index, name in enumerate(node.input):
            node.input[index] = stands_for.get(name, name)


def drop_unused(model: ModelProto) -> None:
    """Remove the nodes and initializers that no output depends on."""
    graph = model.graph
    needed = {output.name for output in graph.output}
    for node in reversed(list(graph.node)):
        if needed.intersection(node.output):
            needed.update(node.input)
        else:
            graph.node.remove(node)
    for item in list(graph.initializer):
        if item.name not in needed:
            graph.initializer.remove(item)


def strip(model: ModelProto) -> None:
    """Remove what an exporter leaves that no runtime needs.

    These are documentation strings, metadata of nodes and values, the shapes
    of intermediate values, and the names of nodes. Names of inputs, outputs
    and weights stay.
    """
    graph = model.graph
    model.ClearField("doc_string")
    for item in (graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        item.ClearField("doc_string")
        item.ClearField("metadata_props")
    for node in graph.node:
        node.ClearField("name")
    graph.ClearField("value_info")


def shorten_names(model: ModelProto) -> None:
    """Number the values between inputs and outputs; their names are a fifth of a small file.

    Inputs, outputs and weights keep their names.
    """
    graph = model.graph
    kept = {value.name for value in (*graph.input, *graph.output, *graph.initializer)}
    made = [name for node in graph.node for name in node.output if name and name not in kept]
    # A digit first, so that no number is the name of a weight.
    short = {name: f"{number:x}_" for number, name in enumerate(dict.fromkeys(made))}
    for node in graph.node:
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                names[index] = short.get(name, name)


def drop_defaults(model: ModelProto) -> None:
    """Remove attributes of operators that say what holds without them."""
    import onnx

    version = next(item.version for item in model.opset_import if not item.domain)
    for node in model.graph.node:
        known = onnx.defs.get_schema(node.op_type, version, node.domain).attributes
        for item in list(node.attribute):
            default = known[item.name].default_value
            value = onnx.helper.get_attribute_value(item)
            same = default.type and value == onnx.helper.get_attribute_value(default)
            # The schema has no default for these, whose length is that of the picture's sides.
            ones = item.name in ("dilations", "strides") and set(value) == {1}
            if same or (ones and node.op_type.startswith("Conv")):
                node.attribute.remove(item)


def store_in_half_precision(model: ModelProto) -> None:
    """Store large float32 initializers as float16, each followed by a Cast to float32.

    The computation stays in float32, and runtimes compute such casts once,
    when they load the graph: the file is half as large and runs as fast.
    Values are rounded to the nearest float16; initializers with a value that
    float16 has no room for stay as they are.
    """
    import onnx

    graph, casts = model.graph, []
    for item in graph.initializer:
        values = halved(onnx.numpy_helper.to_array(item))
        if values is None:
            continue
        name = item.name
        item.CopyFrom(onnx.numpy_helper.from_array(values, f"{name}_half"))
        casts.append(onnx.helper.make_node("Cast", [item.name], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    graph.ClearField("node")
    graph.node.extend(nodes)


def halved(values: Array) -> Array | None:
    """Values in half precision, or None if they are to stay as they are.

    These are all but large arrays of float32, and arrays with a value that
    float16 has no room for.
    """
    if values.dtype != np.float32 or values.size < _LEAST_HALVED:
        return None
    with np.errstate(over="ignore"):
        result: Array = values.astype(np.float16)
    return result if np.isfinite(result).all() else None


def _makers(model: ModelProto) -> dict[str, NodeProto]:
    return {output: node for node in model.graph.node for output in node.output}


def _users(model: ModelProto) -> dict[str, list[NodeProto]]:
    users: dict[str, list[NodeProto]] = {}
    for node in model.graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    return users


def _shapes(model: ModelProto) -> dict[str, list[int]]:
    """Shapes of what is computed, as far as they are known; 0 for a free size."""
    return {
        value.name: [size.dim_value for size in value.type.tensor_type.shape.dim]
        for value in (*model.graph.value_info, *model.graph.output)
    }


def _constants(model: ModelProto) -> dict[str, Array]:
    import onnx

    return {i.name: onnx.numpy_helper.to_array(i) for i in model.graph.initializer}

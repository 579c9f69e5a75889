"""A traced graph made lean: operators that stand for what was traced.

Each function replaces nodes of an `onnx.ModelProto` in place by fewer that
compute the same.
"""

from __future__ import annotations

from typing import Any


def simplify(model: Any, block: int) -> None:
    """Make all replacements.

    Parameters
    ----------
    model : onnx.ModelProto
    block : int
        Side of the squares that the graph's pixel shuffles move.
    """
    shuffles_as_operators(model, block)
    prelu_as_leaky_relu(model)
    fold_constant_transposes(model)
    drop_unused(model)


def shuffles_as_operators(model: Any, block: int) -> None:
    """Reshape, transpose, reshape: SpaceToDepth or DepthToSpace."""
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


def prelu_as_leaky_relu(model: Any) -> None:
    """``relu(x) + s * relu(-x)`` with one constant s: LeakyRelu of slope -s.

    ONNX Runtime computes it within the convolution before it.
    """
    import onnx

    makers, constants = _makers(model), _constants(model)
    for node in model.graph.node:
        if node.op_type != "Add":
            continue
        positive, scaled = (makers.get(name) for name in node.input)
        if positive is None or scaled is None:
            continue
        if (positive.op_type, scaled.op_type) != ("Relu", "Mul"):
            continue
        slope, negative = constants.get(scaled.input[0]), makers.get(scaled.input[1])
        negation = None if negative is None else makers.get(negative.input[0])
        if slope is None or slope.size != 1 or negation is None:
            continue
        if (negative.op_type, negation.op_type) != ("Relu", "Neg"):  # type: ignore[union-attr]
            continue
        if positive.input[0] == negation.input[0]:
            alpha = -float(slope.reshape(-1)[0])
            made = onnx.helper.make_node("LeakyRelu", positive.input, node.output, alpha=alpha)
            node.CopyFrom(made)


def fold_constant_transposes(model: Any) -> None:
    """Transposes of weights: weights, transposed."""
    import onnx

    constants = _constants(model)
    for node in list(model.graph.node):
        if node.op_type == "Transpose" and node.input[0] in constants:
            turned = constants[node.input[0]].transpose(tuple(node.attribute[0].ints)).copy()
            model.graph.initializer.append(onnx.numpy_helper.from_array(turned, node.output[0]))
            model.graph.node.remove(node)


def drop_unused(model: Any) -> None:
    """Remove what no output depends on."""
    graph = model.graph
    needed = {output.name for output in graph.output}
    for node in reversed(list(graph.node)):
        if needed.intersection(node.output):
            needed.update(node.input)
        else:
            graph.node.remove(node)
    for kept in (graph.initializer, graph.value_info):
        for item in list(kept):
            if item.name not in needed or kept is graph.value_info:
                kept.remove(item)


def _makers(model: Any) -> dict[str, Any]:
    return {output: node for node in model.graph.node for output in node.output}


def _users(model: Any) -> dict[str, list[Any]]:
    users: dict[str, list[Any]] = {}
    for node in model.graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    return users


def _constants(model: Any) -> dict[str, Any]:
    import onnx

    return {i.name: onnx.numpy_helper.to_array(i) for i in model.graph.initializer}

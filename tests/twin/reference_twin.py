#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Computes a network's outputs with NumPy by the rules of docs/values.md, and compares them with outputs of podsim.

  reference_twin.py NETWORK.json --weights W --inputs X --outputs Y     files (.npz, .h5) or folders of .npy
  reference_twin.py NETWORK.json --weights W --run Y     what `podsim run --functional` dumps as weights and outputs
  reference_twin.py --cases DIR     every folder in DIR: network.json, weights, inputs, outputs (.npz, .h5 or folder)

Written from the document, not from podsim's sources, so that both would have to be wrong in the same way. Exit code 1
and the first difference if outputs differ; 2 if something is missing.
"""
import argparse
import json
import math
import pathlib
import sys

import numpy as np


def read_tensors(path, part=None):
    """name -> array; of the tensors PART/NAME only, if the file has such."""
    tensors = read_all(pathlib.Path(path))
    of_part = {name[len(part) + 1:]: tensors[name] for name in tensors if part and name.startswith(part + "/")}
    return of_part or tensors


def read_all(path):
    if path.is_dir():
        return {str(f.relative_to(path).with_suffix("")): np.load(f) for f in sorted(path.rglob("*.npy"))}
    if path.suffix == ".npz":
        with np.load(path) as archive:
            return {name: archive[name] for name in archive.files}
    import h5py

    tensors = {}
    with h5py.File(path, "r") as file:
        file.visititems(lambda name, item: tensors.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return tensors


def wrap(x):
    """int64 to what an int32 accumulator holds."""
    return np.asarray(x, dtype=np.int64).astype(np.int32).astype(np.int64)


def divide(numerator, denominator):
    """Nearest integer, halves to even."""
    quotient, rest = np.divmod(numerator, denominator)
    up = (2 * rest > denominator) | ((2 * rest == denominator) & (quotient % 2 == 1))
    return quotient + up


def clamp(x):
    return np.clip(x, -128, 127)


def pair(attributes, key, default):
    value = attributes.get(key, default)
    return (value, value) if isinstance(value, int) else tuple(value)


class Twin:
    """Tensors are int64 arrays with the batch in front; layouts: vector, tokens, image, heads."""

    def __init__(self, network, weights, inputs):
        self.layers = network["layers"]
        self.by_name = {layer["name"]: layer for layer in self.layers}
        self.batch = network.get("batch", 1)
        self.weights = weights
        self.tensors, self.layouts = {}, {}
        for entry in network["inputs"]:
            name = entry["name"]
            self.tensors[name] = np.asarray(inputs[name]).astype(np.int64)
            if self.tensors[name].shape != (self.batch, *entry["shape"]):
                sys.exit(f"input {name} has shape {self.tensors[name].shape}")
            of_three = "heads" if entry.get("kind") == "kv_cache" else "image"
            self.layouts[name] = ("vector", "tokens", of_three)[len(entry["shape"]) - 1]

    def value(self, layer, key):
        return np.asarray(self.weights[f"{layer['name']}/{key}"]).astype(np.int64)

    def run(self):
        for layer in self.layers:
            in_layout = self.layouts[layer["inputs"][0]] if layer["inputs"] else None
            result, layout = getattr(self, "op_" + layer["op"])(layer, [self.tensors[i] for i in layer["inputs"]])
            if layer.get("activation", "none") != "none":
                result = self.activate(layer, layer["activation"], result)
            self.tensors[layer["name"]], self.layouts[layer["name"]] = result, layout or in_layout
        return self

    def activate(self, layer, function, x):
        if function == "relu":
            return np.maximum(x, 0)
        if function == "relu6":
            return np.minimum(np.maximum(x, 0), self.value(layer, "six").reshape(()))
        return self.value(layer, "table")[x + 128]

    def requantise(self, layer, sums, channel_axis):
        multiplier = self.value(layer, "multiplier").reshape(-1)
        shift = int(self.value(layer, "shift").reshape(()))
        if multiplier.size > 1:
            shape = [1] * sums.ndim
            shape[channel_axis] = multiplier.size
            multiplier = multiplier.reshape(shape)
        return clamp(divide(wrap(sums) * multiplier, 1 << shift))

    def op_conv2d(self, layer, x):
        (sh, sw), (dh, dw) = pair(layer, "stride", 1), pair(layer, "dilation", 1)
        (ph, pw), (kh, kw) = pair(layer, "padding", 0), pair(layer, "kernel", 1)
        groups, weight = layer.get("groups", 1), self.value(layer, "weight")
        padded = np.pad(x[0], ((0, 0), (0, 0), (ph, ph), (pw, pw)))
        height = (padded.shape[2] - dh * (kh - 1) - 1) // sh + 1
        width = (padded.shape[3] - dw * (kw - 1) - 1) // sw + 1
        per_group, out_per_group = weight.shape[1], weight.shape[0] // groups
        sums = np.zeros((self.batch, weight.shape[0], height, width), dtype=np.int64)
        for group in range(groups):
            image = padded[:, group * per_group:(group + 1) * per_group]
            outs = slice(group * out_per_group, (group + 1) * out_per_group)
            for ky in range(kh):
                for kx in range(kw):
                    window = image[:, :, ky * dh:ky * dh + (height - 1) * sh + 1:sh,
                                   kx * dw:kx * dw + (width - 1) * sw + 1:sw]
                    sums[:, outs] += np.einsum("bchw,oc->bohw", window, weight[outs, :, ky, kx])
        if layer.get("bias") or layer.get("batchnorm"):
            sums += self.value(layer, "bias").reshape(1, -1, 1, 1)
        return self.requantise(layer, sums, 1), "image"

    def op_linear(self, layer, x):
        owner = layer
        while owner.get("weights_from"):
            owner = self.by_name[owner["weights_from"]]
        sums = x[0] @ self.value(owner, "weight").T
        if layer.get("bias"):
            sums = sums + self.value(layer, "bias")
        return self.requantise(layer, sums, -1), None

    def op_matmul(self, layer, x):
        heads = layer.get("heads", 1)

        def split(name, tensor):
            if self.layouts[name] == "heads":
                return tensor
            return np.stack(np.split(tensor, heads, axis=2), axis=1)  # [batch, heads, rows, columns]

        a, b = (split(name, tensor) for name, tensor in zip(layer["inputs"], x))
        sums = a @ (np.swapaxes(b, 2, 3) if layer.get("transpose_b") else b)
        y = self.requantise(layer, sums, -1)
        if layer.get("merge_heads"):
            return np.concatenate([y[:, h] for h in range(heads)], axis=2), "tokens"
        return y, "heads"

    def op_add(self, layer, x):
        return self.requantise(layer, sum(x), -1), None

    def op_mul(self, layer, x):
        product = x[0]
        for other in x[1:]:
            product = wrap(product * other)
        return self.requantise(layer, product, -1), None

    def op_batchnorm(self, layer, x):
        axis = 1 if self.layouts[layer["inputs"][0]] == "image" else x[0].ndim - 1
        shape = [1] * x[0].ndim
        shape[axis] = -1
        sums = x[0] * self.value(layer, "weight").reshape(shape) + self.value(layer, "bias").reshape(shape)
        return self.requantise(layer, sums, axis), None

    def op_pool(self, layer, x):
        image, kind = x[0], layer["kind"]
        (kh, kw) = image.shape[2:] if kind == "global_avg" else pair(layer, "kernel", 1)
        (sh, sw) = (1, 1) if kind == "global_avg" else pair(layer, "stride", 1)
        (ph, pw) = (0, 0) if kind == "global_avg" else pair(layer, "padding", 0)
        height = (image.shape[2] + 2 * ph - kh) // sh + 1
        width = (image.shape[3] + 2 * pw - kw) // sw + 1
        y = np.zeros((*image.shape[:2], height, width), dtype=np.int64)
        for oy in range(height):
            for ox in range(width):
                window = image[:, :, max(0, oy * sh - ph):max(0, oy * sh - ph + kh),
                               max(0, ox * sw - pw):max(0, ox * sw - pw + kw)]
                count = window.shape[2] * window.shape[3]
                if count > 0 and kind == "max":
                    y[:, :, oy, ox] = window.max(axis=(2, 3))
                elif count > 0:
                    y[:, :, oy, ox] = divide(window.sum(axis=(2, 3)), count)
        return y, "image"

    def op_softmax(self, layer, x):
        e = self.value(layer, "exponentials")[x[0] + 128]
        return divide(127 * e, e.sum(axis=-1, keepdims=True)), None

    def op_layernorm(self, layer, x):
        n = x[0].shape[-1]
        s1 = x[0].sum(axis=-1, keepdims=True)
        s2 = (x[0] * x[0]).sum(axis=-1, keepdims=True)
        d = np.vectorize(lambda v: max(1, math.isqrt(int(v))), otypes=[np.int64])(256 * (n * s2 - s1 * s1))
        y = divide((n * x[0] - s1) * self.value(layer, "weight") * 8, d) + self.value(layer, "bias")
        return clamp(y), None

    def op_relu(self, layer, x):
        return self.activate(layer, layer["op"], x[0]), None

    op_relu6 = op_gelu = op_tanh = op_sigmoid = op_relu

    def op_embedding(self, layer, x):
        return self.value(layer, "weight")[x[0]], "tokens"

    def op_parameter(self, layer, x):
        weight = self.value(layer, "weight")
        layout = ("vector", "tokens", "image")[weight.ndim - 1]
        return np.broadcast_to(weight, (self.batch, *weight.shape)), layout

    def op_concat(self, layer, x):
        return np.concatenate(x, axis=layer["axis"] + 1), None

    def op_flatten(self, layer, x):
        return x[0].reshape(self.batch, -1), "vector"

    def op_to_tokens(self, layer, x):
        b, c, h, w = x[0].shape
        return x[0].reshape(b, c, h * w).transpose(0, 2, 1), "tokens"

    def op_select(self, layer, x):
        return x[0][:, layer["index"]:layer["index"] + 1], "tokens"


def compare(what, network, weights, inputs, outputs):
    """Prints the first difference of a network; False if there is one."""
    twin = Twin(network, read_tensors(weights), read_tensors(inputs, "inputs")).run()
    found = read_tensors(outputs, "outputs")
    for name in network["outputs"]:
        if name not in found:
            print(f"{what}: there is no output {name}")
            return False
        expected, tensor = twin.tensors[name], np.asarray(found[name])
        if expected.shape != tensor.shape:
            print(f"{what}: output {name} has shape {tensor.shape}, the twin's {expected.shape}")
            return False
        if not np.array_equal(expected, tensor):
            at = tuple(int(i) for i in np.argwhere(expected != tensor)[0])
            count = int((expected != tensor).sum())
            print(f"{what}: output {name}{list(at)} is {tensor[at]}, the twin's {expected[at]}; "
                  f"{count} of {tensor.size} differ")
            return False
    return True


def one_of(folder, stem):
    for candidate in (folder / stem, folder / f"{stem}.npz", folder / f"{stem}.h5"):
        if candidate.exists():
            return candidate
    sys.exit(f"{folder}: there is no {stem}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", nargs="?")
    parser.add_argument("--weights")
    parser.add_argument("--inputs")
    parser.add_argument("--outputs")
    parser.add_argument("--run")
    parser.add_argument("--cases")
    options = parser.parse_args()
    cases = []
    if options.cases:
        for folder in sorted(f for f in pathlib.Path(options.cases).iterdir() if f.is_dir()):
            cases.append((folder / "network.json", *(one_of(folder, s) for s in ("weights", "inputs", "outputs"))))
    if options.network:
        inputs, outputs = options.inputs or options.run, options.outputs or options.run
        if not (options.weights and inputs and outputs):
            parser.error("a network needs --weights, and --inputs and --outputs, or --run")
        cases.append((options.network, options.weights, inputs, outputs))
    if not cases:
        parser.error("there is nothing to compare")
    ops = set()
    for network_path, *tensors in cases:
        network = json.loads(pathlib.Path(network_path).read_text())
        ops.update(layer["op"] for layer in network["layers"])
        if not compare(network_path, network, *tensors):
            return 1
    print(f"{len(cases)} networks agree; operations: {', '.join(sorted(ops))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

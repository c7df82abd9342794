#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""check_report.py PODSIM: h5py and pandas read HDF5 reports, which hold what the JSON report of the same run holds."""

import json
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np
import pandas as pd

podsim = os.path.abspath(sys.argv[1])

CAUSES = ["weights", "network", "bank", "dependency", "post_processor", "memory"]
STALLS = [f"stall_{cause}_cycles" for cause in CAUSES]
COLUMNS = {
    "rounds": ["round", "load_start_cycle", "stream_start_cycle", "stream_end_cycle", "fill_cycles", *STALLS,
               "tile_operations", "macs", "busy_pod_cycles", "passes", "post_start_cycle", "post_end_cycle"],
    "pods": ["pod", "tile_operations", "busy_cycles"],
    "statistics": ["name", "count", "value", "unit", "description"],
}


def frame(file, name):
    table = pd.DataFrame(file[name][:])
    for column in table.columns:
        if table[column].dtype == object:
            table[column] = table[column].str.decode("utf-8")
    return table


def check_group(group, members):
    members = {key: value for key, value in members.items() if value is not None}  # partial runs have no distance
    for key, value in members.items():
        found = group.attrs[key]
        if isinstance(value, list):
            assert json.loads(found) == value, key
        else:
            assert found == value, (key, found, value)
            kinds = {bool: np.bool_, int: np.int64, float: np.float64, str: str}
            assert isinstance(found, kinds[type(value)]), (key, type(found))
    assert len(group.attrs) == len(members), sorted(group.attrs)


def check(file, report):
    scalars = {key: value for key, value in report.items() if not isinstance(value, (dict, list)) or
               key == "assumptions"}
    for key, value in scalars.items():
        assert (json.loads(file.attrs[key]) if isinstance(value, list) else file.attrs[key]) == value, key
    assert json.loads(file.attrs["experiment"]) == report["experiment"]
    for name in ["network", "machine", "totals", "cycle_classes", "lower_bounds"]:
        check_group(file[name], report[name])

    for name in ["layers", "rounds", "pods", "statistics"]:
        data = file[name]
        assert data.chunks == (min(16384, len(data)),), (name, data.chunks)
        assert (data.shuffle, data.compression, data.compression_opts) == (True, "gzip", 1), name
        for column in data.dtype.names:
            kind = data.dtype[column]
            assert kind == np.int64 or kind == np.float64 or kind.kind == "S", (name, column, kind)
        if name in COLUMNS:
            assert list(data.dtype.names) == COLUMNS[name], data.dtype.names
    assert file["layers"].dtype["utilization"] == np.float64
    assert file["layers"].dtype["cycles"] == np.int64

    layers = frame(file, "layers")
    for key, value in report["layers"][0].items():
        column = [layer[key] for layer in report["layers"]]
        if key == "stall_cycles":
            for cause, name in zip(CAUSES, STALLS):
                assert list(layers[name]) == [stalls[cause] for stalls in column], name
        elif key == "energy_mj":
            for part in value:
                assert list(layers[f"energy_{part}_mj"]) == [energy[part] for energy in column], part
        elif isinstance(value, list):
            assert list(layers[key]) == [" ".join(words) for words in column], key
        else:
            assert list(layers[key]) == column, key
    assert layers["cycles"].sum() == report["totals"]["cycles"]

    totals, classes = report["totals"], report["cycle_classes"]
    rounds = frame(file, "rounds")
    assert len(rounds) == totals["rounds_done"]
    for column in ["tile_operations", "passes", "macs"]:
        assert rounds[column].sum() == totals[column], column
    assert (rounds["stream_end_cycle"] - rounds["stream_start_cycle"]).sum() == classes["streaming"]
    assert rounds["fill_cycles"].sum() == classes["fill"]
    if report["complete"]:
        for cause, name in zip(CAUSES, STALLS):
            assert rounds[name].sum() == classes["stall_" + cause], name

    pods = frame(file, "pods")
    assert list(pods["pod"]) == list(range(report["machine"]["pods"]))
    assert pods["tile_operations"].sum() == totals["tile_operations"]

    statistics = frame(file, "statistics").set_index("name")
    leaves = {}

    def walk(tree, prefix):
        for key, value in tree.items():
            if isinstance(value, dict) and "unit" in value and not isinstance(value["unit"], dict):
                leaves[prefix + key] = value
            elif isinstance(value, dict):
                walk(value, prefix + key + "/")

    walk(report["statistics"], "")
    assert leaves
    for name, leaf in leaves.items():
        if "value" in leaf:
            assert statistics.loc[name, "value"] == leaf["value"], name
            assert statistics.loc[name, "unit"] == leaf["unit"], name
        else:
            histogram = file["histograms/" + name]
            assert list(histogram[:]) == leaf["counts"], name
            assert histogram.attrs["bin_width"] == leaf["bin_width"], name


def run(expected, *arguments):
    done = subprocess.run([podsim, "run", "-q", *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == expected, done.stderr


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    cases = [
        (0, ["-w", "zoo:bert_medium:sequence=16", "-c", "preset:sosa-256x32x32-mesh"]),
        (0, ["-w", "zoo:mobilenet_v2:image=64", "--set", "/hardware/pods/count=16"]),
        (1, ["-w", "zoo:resnet50:image=64", "--max-cycles", "3000"]),
    ]
    for code, arguments in cases:
        run(code, *arguments, "-o", "a.json", "-o", "a.h5")
        with open("a.json", encoding="utf-8") as text, h5py.File("a.h5") as file:
            report = json.load(text)
            assert report["complete"] == (code == 0)
            check(file, report)
        with open("a.h5", "rb") as first:
            before = first.read()
        run(code, *arguments, "-o", "a.h5")
        with open("a.h5", "rb") as second:
            assert second.read() == before, "not the same bytes"
print("HDF5 reports agree")

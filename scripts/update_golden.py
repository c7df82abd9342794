#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/*.json anew from what podsim says now.

Golden files only guard against change: they are no proof of anything. Whoever updates them says in the commit and in
CHANGELOG (Results changed) why cycle counts moved.

usage: scripts/update_golden.py [PODSIM]      default: build/release/bin/podsim
"""
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXPERIMENTS = {
    "resnet50": {"workload": "zoo:resnet50"},
    "resnet50_mesh": {"workload": "zoo:resnet50", "hardware": {"preset": "sosa-256x32x32-mesh"}},
    "bert_medium": {"workload": "zoo:bert_medium"},
    "mobilenet_v2": {"workload": "zoo:mobilenet_v2"},
    "densenet121": {"workload": "zoo:densenet121"},
    "gpt2_small_decode": {"workload": "zoo:gpt2_small_decode"},
    "resnet50_spilling": {"workload": "zoo:resnet50", "hardware": {"banks": {"capacity_kib": 10}}},
}


def main():
    podsim = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "build/release/bin/podsim")
    folder = ROOT / "tests/golden"
    folder.mkdir(exist_ok=True)
    for name, experiment in EXPERIMENTS.items():
        run = subprocess.run([podsim, "run", "-", "-o", "-"], input=json.dumps(experiment), text=True,
                             capture_output=True, check=False)
        if run.returncode != 0:
            sys.exit(f"{name}: {run.stderr}")
        report = json.loads(run.stdout)
        lines = ",\n".join("    " + json.dumps([layer["name"], layer["cycles"]]) for layer in report["layers"])
        (folder / f"{name}.json").write_text(
            "{\n" + f'  "experiment": {json.dumps(experiment)},\n  "cycles": {report["totals"]["cycles"]},\n'
            + f'  "layers": [\n{lines}\n  ]\n' + "}\n")


main()

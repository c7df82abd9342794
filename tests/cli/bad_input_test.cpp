// SPDX-License-Identifier: Apache-2.0
// Whatever is wrong with the input: exit code 2, a message that says where and what, at once, and nothing left behind.
#include <utility>

#include "bad_input_case.hpp"

using podsim::test::Case;
using podsim::test::check;
using podsim::test::tiny_network;

namespace {

/// `run` of an experiment "x.json" with outputs, which must not appear.
Case experiment(std::string what, std::string content, std::vector<std::string> fragments) {
  return {
      std::move(what), {"run", "x.json", "-o", "out.json", "-o", "out.csv"}, std::move(fragments), std::move(content)};
}

/// `run` of an experiment with a good workload and this "hardware".
Case hardware(std::string what, const std::string& content, std::vector<std::string> fragments) {
  return experiment(std::move(what), R"({"workload": "zoo:bert_medium", "hardware": )" + content + "}",
                    std::move(fragments));
}

/// `run` of a workload "net.json" with these layers.
Case layers(std::string what, const std::string& content, std::vector<std::string> fragments) {
  return {std::move(what),
          {"run", "-w", "net.json", "-o", "out.json"},
          std::move(fragments),
          R"({"format": "dnn-workload", "version": 1, "name": "n", "inputs": [{"name": "x", "shape": [8, 16]}], )"
          R"("layers": [)" +
              content + R"(], "outputs": ["a"]})",
          "net.json"};
}

Case flags(std::string what, std::vector<std::string> arguments, std::vector<std::string> fragments) {
  arguments.insert(arguments.begin(), {"run", "-w", tiny_network()});
  return {std::move(what), std::move(arguments), std::move(fragments)};
}

}  // namespace

TEST_CASE("bad input: commands and options", "[cli]") {
  for (const Case& c : std::vector<Case>{
           {"no command", {"rnu"}, {"unknown command \"rnu\"", "run, sweep, merge, validate", "did you mean \"run\"?"}},
           {"unknown global option", {"--versoin"}, {"unknown option \"--versoin\"", "did you mean \"--version\"?"}},
           {"no workload", {"run"}, {"/workload", "no workload is given", "try -w zoo:resnet50"}},
           {"two experiments", {"run", "a.json", "b.json"}, {"unexpected argument \"b.json\"", "at most one"}},
           {"list of nothing", {"list", "topolgies"}, {"unknown topic \"topolgies\"", "did you mean \"topologies\"?"}},
           {"unknown pointer",
            {"describe", "/hardware/pdos"},
            {"no parameter lies at", "did you mean \"/hardware/pods\"?"}},
           {"unknown plug-in", {"describe", "buterfly"}, {"neither a parameter", "did you mean \"butterfly\"?"}},
           {"one report to compare", {"compare", "a.json"}, {"needs two reports, got 1"}},
           {"serve takes no file", {"serve", "a.json"}, {"unexpected argument \"a.json\"", "no argument is allowed"}},
           {"no report",
            {"compare", "x.json", "x.json"},
            {"x.json:/", "is not a podsim report", "podsim run -o FILE.json"},
            "{}"},
           {"HDF5 that is no report",
            {"compare", "x.h5", "x.h5"},
            {"x.h5: cannot be read as HDF5"},
            "\x89HDF\r\n\x1a\n",
            "x.h5"},
           {"standard input twice", {"run", "-", "-w", "-"}, {"standard input can be read once only", "--workload"}},
       }) {
    check(c);
  }
}

TEST_CASE("bad input: reports of other simulators", "[cli]") {
  for (const Case& c : std::vector<Case>{
           flags("unknown simulator", {"--compat", "scale-sim"},
                 {"--compat: unknown set of reports \"scale-sim\"", "allowed: scalesim", "did you mean \"scalesim\"?"}),
           flags("no folder", {"--compat", "scalesim="}, {"--compat: the folder after \"scalesim=\" is missing"}),
           flags("missing folder", {"--compat", "scalesim=none"},
                 {"none/COMPUTE_REPORT.csv: cannot be written: No such file"}),
           flags("same file twice", {"--compat", "scalesim", "-o", "BANDWIDTH_REPORT.csv"},
                 {"--compat: \"BANDWIDTH_REPORT.csv\" is written by an output, too"}),
       }) {
    check(c);
  }
}

TEST_CASE("bad input: values of options", "[cli]") {
  for (const Case& c : std::vector<Case>{
           flags("unknown option", {"--max-cycle", "3"},
                 {"unknown option \"--max-cycle\"", "did you mean \"--max-cycles\"?"}),
           flags("no value", {"--seed"}, {"'--seed' is missing"}),
           flags("given twice", {"--seed", "1", "--seed", "2"}, {"'--seed' cannot be specified more than once"}),
           flags("value for a flag", {"--quiet=3"}, {"'--quiet' does not take any arguments"}),
           flags("negative seed", {"--seed", "-5"}, {"--seed must be an integer at least 0, got \"-5\""}),
           flags("seed of words", {"--seed", "many"}, {"--seed must be an integer", "\"many\""}),
           flags("no cycles", {"--max-cycles", "0"}, {"--max-cycles must be an integer at least 1, got \"0\""}),
           flags("integer overflow", {"--max-cycles", "99999999999999999999"}, {"--max-cycles must be an integer"}),
           flags("fraction", {"--max-cycles", "1.5"}, {"--max-cycles must be an integer", "\"1.5\""}),
           flags("unknown unit", {"--max-memory", "4Q"}, {"--max-memory", "\"4Q\"", "512M, 4GiB"}),
           flags("no jobs", {"-j", "0"}, {"--jobs must be an integer in [1, 4096], got \"0\""}),
           flags("unknown format", {"-o", "-", "--format", "jsno"},
                 {"unknown output format \"jsno\"", "csv, h5, hdf5, json", "did you mean \"json\"?"}),
           flags("unknown extension", {"-o", "a.jsn"},
                 {"a.jsn: unknown output format \".jsn\"", ".csv, .h5, .hdf5, .json", "did you mean \".json\"?"}),
           flags("no extension", {"-o", "a"}, {"a: has no extension", ".csv, .h5, .hdf5, .json", "--format"}),
           flags("no folder", {"-o", "none/a.json"}, {"none/a.json: cannot be written: No such file or directory"}),
           flags("a folder as output", {"-o", "/tmp", "--format", "json"}, {"/tmp: is a directory"}),
           flags("output twice", {"-o", "a.json", "-o", "a.json"}, {"-o:/outputs/1", "\"a.json\" is listed twice"}),
           flags("output of nothing", {"-o", ""}, {"-o"}),
           flags("schedule over output", {"-o", "a.json", "--schedule-out", "a.json"}, {"--schedule-out", "a.json"}),
           flags("no schedule", {"--schedule-in", "none.json"},
                 {"none.json: cannot be read: No such file or directory"}),
           flags("no pointer", {"--set", "hardware.pods.rows=3"},
                 {"--set", "is not a JSON pointer", "did you mean \"/hardware/pods/rows\"?"}),
           flags("no equals sign", {"--set", "/hardware/pods/rows"}, {"--set", "there is no '='"}),
           flags("set out of range", {"--set", "/hardware/pods/rows=0"},
                 {"--set:/hardware/pods/rows: must be in [1, 4096], got 0"}),
           flags("set unknown key", {"--set", "/hardware/pod/rows=8"},
                 {"--set:/hardware/pod: unknown key \"pod\"", "did you mean \"pods\"?"}),
           flags("set below a number", {"--set", "/seed=1", "--set", "/seed/x=1"},
                 {"--set", "\"/seed\" is the number 1, not an object"}),
           flags("unknown preset", {"-c", "preset:tpu1"},
                 {"-c: unknown machine preset \"tpu1\"", "did you mean \"tpuv1\"?"}),
           flags("no machine file", {"-c", "none.json"}, {"none.json: cannot be read"}),
       }) {
    check(c);
  }
}

TEST_CASE("bad input: a machine file is named with pointers of its own", "[cli]") {
  Case c = flags("machine file", {"-c", "hw.json"},
                 {"hw.json:/pods/rowz: unknown key \"rowz\"", "did you mean \"rows\"?",
                  "hw.json:/pods/cols: must be an integer, got the string \"x\"",
                  "hw.json:/interconnect/type: unknown topology \"buterfly\""});
  c.file = R"({"pods": {"rowz": 3, "cols": "x"}, "interconnect": {"type": "buterfly"}})";
  c.file_name = "hw.json";
  check(c);
  Case two{"two experiments",
           {"run", "x.json", "-c", "x.json"},
           {"x.json: is a second experiment", "preset:NAME"},
           R"({"workload": "zoo:vgg16"})"};
  check(two);
}

TEST_CASE("bad input: experiments", "[cli]") {
  for (const Case& c : std::vector<Case>{
           {"absent file", {"run", "none.json"}, {"none.json: cannot be read: No such file or directory"}},
           experiment("empty file", " ", {"x.json: empty file"}),
           experiment("no JSON", "{\"workload\": ", {"x.json: not valid JSON", "line 1"}),
           experiment("no object", "[1]", {"x.json:/: must be an object, got an array"}),
           experiment("comment", "{} // x", {"x.json: not valid JSON"}),
           experiment("duplicate key", R"({"seed": 1, "seed": 2})", {"x.json:/seed: duplicate key \"seed\""}),
           experiment("unknown key", R"({"wrokload": "zoo:vgg16"})",
                      {"x.json:/wrokload: unknown key", "did you mean \"workload\"?"}),
           experiment("later schema", R"({"schema": 2, "workload": "zoo:vgg16"})",
                      {"x.json:/schema: must be 1", "got 2"}),
           experiment("workload of numbers", R"({"workload": 3})",
                      {"x.json:/workload: must be a string", "got the number 3"}),
           experiment("zoo parameter", R"({"workload": {"source": "zoo:resnet50", "imagee": 3}})",
                      {"x.json:/workload/imagee: unknown key", "did you mean \"image\"?"}),
           experiment("zoo name", R"({"workload": {"source": "zoo:resnet5"}})",
                      {"x.json:/workload/source: unknown zoo network", "did you mean \"resnet50\"?"}),
           experiment("parameter of a file", R"({"workload": {"source": "a.json", "image": 3}})",
                      {"x.json:/workload/image: unknown key \"image\""}),
           experiment("no source", R"({"workload": {"image": 3}})",
                      {"x.json:/workload: the key \"source\" is missing"}),
           experiment("seed", R"({"workload": "zoo:vgg16", "seed": 1.5})",
                      {"x.json:/seed: must be an integer, got the number 1.5"}),
           experiment("flag", R"({"workload": "zoo:vgg16", "allow_unmodelled": "yes"})",
                      {"x.json:/allow_unmodelled: must be true or false"}),
           experiment("scheduler", R"({"workload": "zoo:vgg16", "mapping": {"scheduler": "sosa_gredy"}})",
                      {"x.json:/mapping/scheduler: unknown scheduler", "did you mean \"sosa_greedy\"?"}),
           experiment("tiling", R"({"workload": "zoo:vgg16", "mapping": {"tiling": {"partition_rows": -1}}})",
                      {"x.json:/mapping/tiling/partition_rows: must be in [0,", "got -1"}),
           experiment("groups and a single kind of pods", R"({"workload": "zoo:vgg16", "hardware": {"pods": {"rows": 8,
                      "groups": [{"count": 1, "rows": 8, "cols": 8}]}}})",
                      {"x.json:/hardware/pods/rows: must not be given together with groups"}),
           experiment("group without size",
                      R"({"workload": "zoo:vgg16", "hardware": {"pods": {"groups": [{"count": 1}]}}})",
                      {"x.json:/hardware/pods/groups/0: the key \"rows\" is missing", "\"cols\" is missing"}),
           experiment("group of a layer",
                      R"({"workload": "zoo:vgg16", "hardware": {"preset": "mixed-128x32x32-8x128x128"},
                      "mapping": {"pod_groups": {"fc6": "larg"}}})",
                      {"x.json:/mapping/pod_groups/fc6: the machine has no group of pods \"larg\"",
                       "(allowed: small, large)", "did you mean \"large\"?"}),
           experiment("layer of a group",
                      R"({"workload": "zoo:vgg16", "hardware": {"preset": "mixed-128x32x32-8x128x128"},
                      "mapping": {"pod_groups": {"fc66": "large"}}})",
                      {"/mapping/pod_groups/fc66: \"vgg16\" has no layer \"fc66\"", "did you mean \"fc6\"?"}),
           experiment("mapping", R"({"workload": "zoo:vgg16", "mapping": 3})",
                      {"x.json:/mapping: must be an object, got the number 3"}),
       }) {
    check(c);
  }
  check({"outputs",
         {"run", "x.json"},
         {"x.json:/outputs/1: must be a string", "x.json:/outputs/2: \"a.json\" is listed twice"},
         R"({"workload": "zoo:vgg16", "outputs": ["a.json", 3, "a.json"]})"});
}

TEST_CASE("bad input: hardware", "[cli]") {
  for (const Case& c : std::vector<Case>{
           hardware("a string", R"("tpuv1")", {"x.json:/hardware: must be an object", "{\"preset\": \"tpuv1\"}"}),
           hardware("preset", R"({"preset": "tpuv2"})",
                    {"x.json:/hardware/preset: unknown machine preset", "did you mean \"tpuv1\"?"}),
           hardware("group", R"({"pods": [1]})", {"x.json:/hardware/pods: must be an object, got an array"}),
           hardware("key", R"({"pods": {"colls": 3}})",
                    {"x.json:/hardware/pods/colls: unknown key", "did you mean \"cols\"?"}),
           hardware("zero", R"({"pods": {"count": 0}})", {"x.json:/hardware/pods/count: must be in [1, 65536], got 0"}),
           hardware("fraction", R"({"pods": {"rows": 32.7}})",
                    {"x.json:/hardware/pods/rows: must be an integer, got the number 32.7"}),
           hardware("32 bits", R"({"pods": {"rows": 4294967300}})",
                    {"x.json:/hardware/pods/rows: must be in [1, 4096], got 4294967300"}),
           hardware("64 bits", R"({"pods": {"rows": 18446744073709551616}})",
                    {"/hardware/pods/rows", "18446744073709551616"}),
           hardware("boolean", R"({"pods": {"rows": true}})",
                    {"x.json:/hardware/pods/rows: must be an integer, got true"}),
           hardware("choice", R"({"pods": {"weight_buffers": "tripple"}})",
                    {"x.json:/hardware/pods/weight_buffers: unknown value \"tripple\"", "double, single"}),
           hardware("too many PEs", R"({"pods": {"count": 65536, "rows": 4096, "cols": 4096}})",
                    {"x.json:/hardware/pods: has", "at most 2^32"}),
           hardware("clock", R"({"clock_mhz": 0})", {"x.json:/hardware/clock_mhz: must be in", "got 0"}),
           hardware("dram", R"({"dram": {"bandwidth_gb_per_s": "fast"}})",
                    {"x.json:/hardware/dram/bandwidth_gb_per_s: must be a number, got the string \"fast\""}),
           hardware("dram type", R"({"dram": {"type": "hbm"}})",
                    {"x.json:/hardware/dram/type: unknown DRAM model \"hbm\" (allowed: bandwidth, latency)"}),
           hardware("dram key of another type", R"({"dram": {"channels": 8}})",
                    {"x.json:/hardware/dram/channels: unknown key"}),
           hardware("dram value", R"({"dram": {"type": "latency", "queue_depth": 0}})",
                    {"x.json:/hardware/dram/queue_depth: must be in", "got 0"}),
           hardware("bits", R"({"weight_bits": 5})", {"x.json:/hardware/weight_bits: must be 4, 8 or 16, got 5"}),
           hardware("topology", R"({"interconnect": "buterfly"})",
                    {"x.json:/hardware/interconnect: unknown topology", "did you mean \"butterfly\"?"}),
           hardware("topology key", R"({"interconnect": {"type": "crossbar", "expansion": 2}})",
                    {"x.json:/hardware/interconnect/expansion: unknown key"}),
           hardware("expansion", R"({"interconnect": {"type": "butterfly", "expansion": 3}})",
                    {"x.json:/hardware/interconnect/expansion: must be 1, 2, 4 or 8 planes, got 3"}),
           hardware("several at once", R"({"pods": {"rows": 0, "colls": 1}, "clock_mhz": -1})",
                    {"/hardware/pods/rows", "/hardware/pods/colls", "/hardware/clock_mhz"}),
       }) {
    check(c);
  }
}

TEST_CASE("bad input: workloads", "[cli]") {
  for (const Case& c : std::vector<Case>{
           {"absent file", {"run", "-w", "none.json", "-o", "out.json"}, {"none.json: cannot be read"}},
           {"zoo", {"run", "-w", "zoo:resnet51"}, {"zoo:resnet51: unknown zoo network", "did you mean \"resnet50\"?"}},
           {"zoo key", {"run", "-w", "zoo:vgg16:imgae=3"}, {"/imgae: unknown key", "did you mean \"image\"?"}},
           {"weights",
            {"run", "-w", "zoo:vgg16", "--set", "/mapping/weights=worm"},
            {"--set:/mapping/weights: unknown value", "did you mean \"warm\"?"}},
           {"repeat", {"run", "-w", "zoo:vgg16", "--repeat", "0"}, {"--repeat must be an integer at least 1"}},
           {"decode a CNN",
            {"run", "-w", "zoo:vgg16", "--decode-steps", "2"},
            {"/decode_steps", "\"zoo:vgg16\" cannot be decoded", "zoo:gpt2_small_decode"}},
           {"decode too far",
            {"validate", "-w", "zoo:gpt2_small_decode", "--decode-steps", "2"},
            {"/decode_steps", "end at context 1025"}},
           {"zoo value", {"run", "-w", "zoo:vgg16:image=big"}, {"/image: must be an integer"}},
           {"no workload at all",
            {"run", "-w", "net.txt", "-o", "out.json"},
            {"net.txt: is not a workload in any known format", "native_json, scalesim_csv"},
            "hello",
            "net.txt"},
           layers("operation", R"({"name": "a", "op": "conv3d", "inputs": ["x"]})",
                  {"net.json:/layers/0/op", "\"conv3d\""}),
           layers("missing key", R"({"name": "a", "op": "linear", "inputs": ["x"], "in_features": 16})",
                  {"net.json:/layers/0", "\"out_features\" is missing"}),
           layers("shape", R"({"name": "a", "op": "linear", "inputs": ["x"], "in_features": 17, "out_features": 4})",
                  {"net.json:/layers/0/in_features", "17", "16"}),
           layers("dangling", R"({"name": "a", "op": "linear", "inputs": ["y"], "in_features": 16, "out_features": 4})",
                  {"net.json:/layers/0/inputs", "\"y\""}),
           layers("key", R"({"name": "a", "op": "linear", "inputs": ["x"], "in_features": 16, "out_feature": 4})",
                  {"net.json:/layers/0/out_feature: unknown key", "did you mean \"out_features\"?"}),
           layers("two of a name",
                  R"({"name": "a", "op": "relu", "inputs": ["x"]}, {"name": "a", "op": "relu", "inputs": ["x"]})",
                  {"net.json:/layers/1/name", "\"a\""}),
       }) {
    check(c);
  }
}

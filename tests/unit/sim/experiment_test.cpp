// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/experiment.hpp"

#include "support/catch.hpp"

using namespace podsim;

namespace {

Experiment read(const std::string& text) {
  return read_experiment(parse_json(text, "x.json"));
}

std::vector<Issue> issues_of(const std::string& text) {
  try {
    read(text);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::bad_input);
    return error.issues();
  }
  return {};
}

bool has_issue(const std::vector<Issue>& issues, const std::string& pointer, const std::string& part) {
  for (const Issue& issue : issues) {
    if (issue.pointer == pointer && issue.text().find(part) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("experiment: an empty object is the default preset with all parameters", "[sim]") {
  const Experiment experiment = read("{}");
  CHECK(experiment.workload.empty());
  CHECK(experiment.hardware.pods.count == 256);
  CHECK(experiment.hardware.interconnect.type == "butterfly");
  CHECK(experiment.hardware.interconnect.parameters["expansion"] == 2);
  CHECK(experiment.mapping.scheduler.type == "sosa_greedy");
  CHECK(experiment.mapping.scheduler.parameters.contains("published"));
}

TEST_CASE("experiment: keys of the file change the preset", "[sim]") {
  const Experiment experiment = read(R"({"hardware": {"preset": "tpuv1", "pods": {"rows": 128}}})");
  CHECK(experiment.hardware.clock_mhz == 700);
  CHECK(experiment.hardware.pods.count == 1);
  CHECK(experiment.hardware.pods.rows == 128);
  CHECK(experiment.hardware.pods.cols == 256);
  CHECK(experiment.hardware.interconnect.type == "crossbar");
}

TEST_CASE("experiment: a plug-in keeps the preset's parameters only if its type stays", "[sim]") {
  CHECK(
      read(R"({"hardware": {"interconnect": {"type": "butterfly"}}})").hardware.interconnect.parameters["expansion"] ==
      2);
  CHECK(read(R"({"hardware": {"interconnect": {"expansion": 4}}})").hardware.interconnect.parameters["expansion"] == 4);
  CHECK(read(R"({"hardware": {"interconnect": "crossbar"}})").hardware.interconnect.parameters.empty());
}

TEST_CASE("experiment: what is echoed reads back as the same experiment", "[sim]") {
  for (const std::string& preset : machine_preset_registry().names()) {
    Json json = {{"workload", "zoo:vgg16"},
                 {"hardware", {{"preset", preset}, {"pods", {{"groups", Json::array()}, {"fan_in", 3}}}}},
                 {"outputs", {"a.json"}},
                 {"seed", 42}};
    const Experiment first = read_experiment({"x.json", json});
    const Json echo = to_json(first);
    const Experiment second = read_experiment({"echo", echo});
    INFO(preset);
    CHECK(to_json(second) == echo);
    CHECK(config_hash(second) == config_hash(first));
    CHECK(echo["hardware"]["pods"]["fan_in"] == 3);
    CHECK(echo["seed"] == 42);
  }
}

TEST_CASE("experiment: the hash depends on everything but the outputs", "[sim]") {
  const Experiment base = read(R"({"workload": "zoo:vgg16"})");
  const std::string hash = config_hash(base);
  CHECK(hash.size() == 16);
  CHECK(hash.find_first_not_of("0123456789abcdef") == std::string::npos);
  Experiment other = base;
  other.outputs = {"x.json"};
  CHECK(config_hash(other) == hash);
  other.seed = 2;
  CHECK(config_hash(other) != hash);
  CHECK(config_hash(read(R"({"workload": "zoo:vgg16", "hardware": {"pods": {"rows": 33}}})")) != hash);
  CHECK(config_hash(read(R"({"workload": "zoo:vgg16", "mapping": {"tiling": {"partition_rows": 0}}})")) != hash);
  // Written out or not, a default is the same machine.
  CHECK(config_hash(read(R"({"workload": "zoo:vgg16", "hardware": {"pods": {"rows": 32}}})")) == hash);
  Experiment bare;
  bare.workload = "zoo:vgg16";
  CHECK(config_hash(bare) == hash);
}

TEST_CASE("experiment: a workload may be an object with zoo parameters", "[sim]") {
  CHECK(read(R"({"workload": {"source": "zoo:resnet50", "image": 299, "variant": "v1"}})").workload ==
        "zoo:resnet50:image=299,variant=v1");
  CHECK(read(R"({"workload": {"source": "zoo:resnet50:batch=2", "image": 299}})").workload ==
        "zoo:resnet50:batch=2,image=299");
  CHECK(read(R"({"workload": {"source": "net.json"}})").workload == "net.json");
  CHECK(has_issue(issues_of(R"({"workload": {"source": "zoo:resnet50", "image": "x"}})"), "/workload/image",
                  "must be an integer"));
  CHECK(has_issue(issues_of(R"({"workload": {"source": "net.json", "image": 3}})"), "/workload/image", "unknown key"));
}

TEST_CASE("experiment: all mistakes are found at once", "[sim]") {
  const auto issues = issues_of(R"({"schema": 7, "hardware": {"pods": {"rows": 0}, "clok_mhz": 3},
                                    "mapping": {"scheduler": {"type": "sosa_greedy", "publishd": true}},
                                    "outputs": [1], "sed": 3})");
  CHECK(issues.size() == 6);
  CHECK(has_issue(issues, "/schema", "must be 1"));
  CHECK(has_issue(issues, "/hardware/pods/rows", "got 0"));
  CHECK(has_issue(issues, "/hardware/clok_mhz", "did you mean \"clock_mhz\"?"));
  CHECK(has_issue(issues, "/mapping/scheduler/publishd", "did you mean \"published\"?"));
  CHECK(has_issue(issues, "/outputs/0", "must be a string"));
  CHECK(has_issue(issues, "/sed", "did you mean \"seed\"?"));
}

TEST_CASE("experiment: what no single field can check is checked", "[sim]") {
  CHECK(has_issue(issues_of(R"({"hardware": {"interconnect": {"type": "butterfly", "expansion": 5}}})"),
                  "/hardware/interconnect/expansion", "1, 2, 4 or 8"));
}

TEST_CASE("experiment: assignments make the objects on their way", "[sim]") {
  Json json = Json::object();
  apply_assignment(json, "/hardware/pods/rows=64");
  apply_assignment(json, "/hardware/interconnect=crossbar");
  apply_assignment(json, "/outputs=[\"a.json\", \"b.csv\"]");
  apply_assignment(json, "/outputs/1=c.csv");
  apply_assignment(json, "/mapping/tiling/partition_rows=null");
  apply_assignment(json, "/a~1b/c~0d=1.5");
  apply_assignment(json, "/text=x=y");
  CHECK(json == Json::parse(R"({"hardware": {"pods": {"rows": 64}, "interconnect": "crossbar"},
      "outputs": ["a.json", "c.csv"], "mapping": {"tiling": {"partition_rows": null}}, "a/b": {"c~d": 1.5},
      "text": "x=y"})"));
  for (const char* wrong : {"", "=3", "/a", "a=3", "/=3", "/a//b=3", "/a~2=3", "/text/x=3", "/outputs/2=x",
                            "/outputs/x=1", "/outputs/-1=1"}) {
    const Json before = json;
    INFO(wrong);
    try {
      apply_assignment(json, wrong);
      FAIL_CHECK("accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::bad_input);
      CHECK(error.issues().front().file == "--set");
    }
    CHECK(json == before);
  }
}

TEST_CASE("presets: a preset may set keys of the mapping, which the experiment changes", "[sim]") {
  const MappingConfig preset = read(R"({"hardware": {"preset": "onnxim"}})").mapping;
  CHECK(preset.tiling.convolution == "kernel_positions");
  CHECK(preset.tiling.convolution_partition_rows == 0);
  CHECK_FALSE(preset.tiling.pack_groups);
  CHECK(preset.scheduler.type == MappingConfig{}.scheduler.type);
  const MappingConfig changed =
      read(R"({"hardware": {"preset": "onnxim"}, "mapping": {"tiling": {"convolution": "im2col"}}})").mapping;
  CHECK(changed.tiling.convolution == "im2col");
  CHECK(changed.tiling.convolution_partition_rows == 0);
  CHECK(read(R"({"hardware": {"preset": "tpuv1"}})").mapping.tiling.convolution == "im2col");
}

TEST_CASE("presets: every preset is a machine with a summary", "[sim]") {
  REQUIRE(machine_preset_registry().find(kDefaultPreset) != nullptr);
  for (const std::string& name : machine_preset_registry().names()) {
    INFO(name);
    CHECK_FALSE(machine_preset_registry().find(name)->summary.empty());
    const HardwareConfig hardware = read(R"({"hardware": {"preset": ")" + name + "\"}}").hardware;
    CHECK_NOTHROW(Machine(hardware));
  }
  // The default preset is what the structs say.
  CHECK(to_json<HardwareConfig>(read("{}").hardware)["pods"] == to_json<HardwareConfig>(HardwareConfig{})["pods"]);
  // 92 TOPS: 65,536 MACs at 700 MHz (Jouppi et al., ISCA 2017).
  const HardwareConfig tpu = read(R"({"hardware": {"preset": "tpuv1"}})").hardware;
  CHECK(2e-6 * static_cast<double>(tpu.peak_macs_per_cycle()) * tpu.clock_mhz == Approx(91.75).epsilon(1e-3));
}

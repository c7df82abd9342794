// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "support/catch.hpp"
#include "unit/workloads/workload_support.hpp"

using namespace podsim;
using podsim::test::has_issue;
using podsim::test::issues_of;
using podsim::test::read_workload;
using podsim::test::text_of;

namespace {

const std::string kTiny = R"({ "format": "dnn-workload", "version": 1, "name": "tiny", "batch": 1,
  "inputs":  [ {"name": "image", "shape": [3, 32, 32]} ],
  "layers":  [
    {"name": "c1", "op": "conv2d", "inputs": ["image"], "in_channels": 3, "out_channels": 16, "kernel": 3, "padding": 1, "batchnorm": true, "activation": "relu"},
    {"name": "c2", "op": "conv2d", "inputs": ["c1"], "in_channels": 16, "out_channels": 16, "kernel": [3, 1], "padding": [1, 0]},
    {"name": "sum", "op": "add", "inputs": ["c1", "c2"], "activation": "relu"},
    {"name": "gap", "op": "pool", "inputs": ["sum"], "kind": "global_avg"},
    {"name": "flat", "op": "flatten", "inputs": ["gap"]},
    {"name": "fc", "op": "linear", "inputs": ["flat"], "in_features": 16, "out_features": 10, "bias": true} ],
  "outputs": ["fc"] })";

/// kTiny with one piece of text replaced.
std::string changed(const std::string& from, const std::string& to) {
  std::string text = kTiny;
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::vector<Issue> issues_in(const std::string& text, const LoadOptions& options = {}) {
  return issues_of([&] { read_workload(text, "native_json", "net.json", options); });
}

}  // namespace

TEST_CASE("native_json: a network written by hand", "[workloads]") {
  const Network n = read_workload(kTiny);
  CHECK(n.name == "tiny");
  REQUIRE(n.layers.size() == 6);
  CHECK(n.layers[1].shape == Shape{16, 32, 32});
  CHECK(n.layers[1].as<Conv2d>().kernel == Size2{3, 1});
  CHECK(n.layers[2].activation == Activation::relu);
  CHECK(n.layers[5].shape == Shape{10});
  CHECK(n.totals().macs == 32 * 32 * 16 * (9 * 3) + 32 * 32 * 16 * (3 * 16) + 16 * 10);
  CHECK(n.totals().parameters == 27 * 16 + 2 * 16 + 48 * 16 + 160 + 10);
  CHECK(read_workload(to_text(n)) == n);
}

TEST_CASE("native_json: each mistake is named with its JSON pointer", "[workloads]") {
  struct Mistake {
    const char* from;
    const char* to;
    const char* pointer;
    const char* fragment;
  };
  const Mistake mistakes[] = {
      {"\"conv2d\"", "\"conv2\"", "/layers/0/op", "unknown operation \"conv2\" (allowed: conv2d, "},
      {"\"conv2d\"", "\"conv2\"", "/layers/0/op", "did you mean \"conv2d\"?"},
      {"\"kernel\": 3,", "\"kernal\": 3,", "/layers/0/kernal", "did you mean \"kernel\"?"},
      {"\"kernel\": 3,", "\"kernel\": 0,", "/layers/0/kernel", "must be in [1, 1048576], got 0"},
      {"\"kernel\": 3,", "\"kernel\": [3],", "/layers/0/kernel", "must be a number or [height, width]"},
      {"\"kernel\": 3,", "\"kernel\": true,", "/layers/0/kernel", "must be a number or [height, width], got true"},
      {"\"kernel\": 3,", "\"kernel\": 35,", "/layers/0/kernel",
       "the kernel 35x35 is larger than the padded input 34x34"},
      {"\"kernel\": 3, ", "", "/layers/0", "the key \"kernel\" is missing"},
      {"\"padding\": 1,", "\"padding\": -1,", "/layers/0/padding", "must be in [0, 1048576], got -1"},
      {"\"in_channels\": 3", "\"in_channels\": 4", "/layers/0/in_channels", "is 4, but \"image\" has 3 channels"},
      {"\"out_channels\": 16,", "\"out_channels\": \"16\",", "/layers/0/out_channels", "must be an integer"},
      {"\"inputs\": [\"c1\"]", "\"inputs\": [\"sum\"]", "/layers/1/inputs/0", "\"sum\" is defined later"},
      {"\"inputs\": [\"c1\"]", "\"inputs\": [\"c2\"]", "/layers/1/inputs/0", "the layer reads itself"},
      {"\"inputs\": [\"image\"]", "\"inputs\": [\"imgae\"]", "/layers/0/inputs/0", "did you mean \"image\"?"},
      {"\"name\": \"c2\"", "\"name\": \"c1\"", "/layers/1/name", "the name \"c1\" is used twice"},
      {"\"name\": \"c2\"", "\"name\": \"image\"", "/layers/1/name", "the name \"image\" is used twice"},
      {"\"name\": \"c2\"", "\"name\": \"\"", "/layers/1/name", "the name is empty"},
      {"\"activation\": \"relu\"", "\"activation\": \"rleu\"", "/layers/0/activation", "did you mean \"relu\"?"},
      {"\"global_avg\"", "\"global\"", "/layers/3/kind", "allowed: max, avg, global_avg"},
      {"\"in_features\": 16", "\"in_features\": 17", "/layers/5/in_features", "has 16 features"},
      {"\"outputs\": [\"fc\"]", "\"outputs\": []", "/outputs", "at least one output"},
      {"\"outputs\": [\"fc\"]", "\"outputs\": [\"image\"]", "/outputs/0", "there is no layer \"image\""},
      {"\"outputs\": [\"fc\"]", "\"outputs\": [\"fc\", \"fc\"]", "/outputs/1", "listed twice"},
      {"\"outputs\": [\"fc\"]", "\"outputs\": [\"fc\"], \"output\": 1", "/output", "did you mean \"outputs\"?"},
      {"[3, 32, 32]", "[3, 0, 32]", "/inputs/0/shape/1", "must be in [1, "},
      {"[3, 32, 32]", "[1, 3, 32, 32]", "/inputs/0/shape", "one to three sizes"},
      {"[3, 32, 32]", "[3, 1048576, 1048576]", "/inputs/0/shape", "more than 1,099,511,627,776 elements"},
      {"\"batch\": 1", "\"batch\": 0", "/batch", "must be in [1, 1048576], got 0"},
      {"\"version\": 1", "\"version\": 2", "/version", "must be 1, got 2"},
      {"\"dnn-workload\"", "\"dnn-scenario\"", "/format", "must be \"dnn-workload\""},
  };
  for (const Mistake& mistake : mistakes) {
    const auto issues = issues_in(changed(mistake.from, mistake.to));
    INFO(mistake.from << " -> " << mistake.to << "\n" << text_of(issues));
    CHECK(has_issue(issues, mistake.pointer, mistake.fragment));
    // One mistake is one issue: what depends on it stays silent.
    const bool names_change = std::string(mistake.from).find("\"name\"") == 0;
    if (!names_change) CHECK(issues.size() <= (std::string(mistake.to).find("kernal") != std::string::npos ? 2U : 1U));
    for (const Issue& issue : issues) CHECK(issue.file == "net.json");
  }
}

TEST_CASE("native_json: several mistakes are reported at once", "[workloads]") {
  std::string text = changed("\"in_channels\": 3", "\"in_channels\": 5");
  text.replace(text.find("\"flatten\""), 9, "\"flaten\"");
  text.replace(text.find("\"outputs\": [\"fc\"]"), 17, "\"outputs\": [\"fx\"]");
  const auto issues = issues_in(text);
  INFO(text_of(issues));
  CHECK(has_issue(issues, "/layers/0/in_channels", "is 5"));
  CHECK(has_issue(issues, "/layers/4/op", "flaten"));
  CHECK(has_issue(issues, "/outputs/0", "fx"));
  CHECK(issues.size() == 3);
}

TEST_CASE("native_json: a network without layers is an error", "[workloads]") {
  const std::string head = R"({"format": "dnn-workload", "version": 1, "name": "n", "inputs": [], )";
  CHECK(has_issue(issues_in(head + R"("layers": [], "outputs": ["x"]})"), "/layers", "at least one layer"));
  CHECK(has_issue(issues_in(head + R"("outputs": ["x"]})"), "/", "the key \"layers\" is missing"));
  CHECK(has_issue(issues_in(head + R"("layers": 7, "outputs": ["x"]})"), "/layers", "must be an array"));
  CHECK(has_issue(issues_in("[]"), "/", "must be an object"));
}

TEST_CASE("native_json: totals in the file are checked", "[workloads]") {
  const std::int64_t macs = 32 * 32 * 16 * (9 * 3) + 32 * 32 * 16 * (3 * 16) + 16 * 10;
  const auto with = [&](std::int64_t value) {
    return changed("\"outputs\": [\"fc\"]", "\"outputs\": [\"fc\"], \"totals\": {\"macs\": " + std::to_string(value) +
                                                ", \"matrix_layers\": 3}");
  };
  CHECK(issues_in(with(macs)).empty());
  CHECK(has_issue(issues_in(with(macs + 1)), "/totals/macs", "the layers add up to " + std::to_string(macs)));
  CHECK(has_issue(issues_in(changed("\"outputs\": [\"fc\"]", "\"outputs\": [\"fc\"], \"totals\": {\"mac\": 1}")),
                  "/totals/mac", "did you mean \"macs\"?"));
}

TEST_CASE("native_json: indices are for embeddings, and shared weights have an owner that fits", "[workloads]") {
  const std::string head = R"({"format": "dnn-workload", "version": 1, "name": "n",
    "inputs": [{"name": "ids", "shape": [4], "kind": "indices"}, {"name": "x", "shape": [4, 8]}], "layers": [)";
  const auto with = [&](const std::string& layers) { return issues_in(head + layers + R"(], "outputs": ["l"]})"); };
  CHECK(
      has_issue(with(R"({"name": "l", "op": "relu", "inputs": ["ids"]})"), "/layers/0/inputs/0", "only an embedding"));
  CHECK(has_issue(with(R"({"name": "l", "op": "embedding", "inputs": ["x"], "entries": 5, "features": 8})"),
                  "/layers/0/inputs/0", "an embedding reads an input of kind \"indices\""));
  const std::string embedding =
      R"({"name": "table", "op": "embedding", "inputs": ["ids"], "entries": 5, "features": 8},)";
  CHECK(
      with(
          embedding +
          R"({"name": "l", "op": "linear", "inputs": ["x"], "in_features": 8, "out_features": 5, "weights_from": "table"})")
          .empty());
  CHECK(has_issue(
      with(
          embedding +
          R"({"name": "l", "op": "linear", "inputs": ["x"], "in_features": 8, "out_features": 6, "weights_from": "table"})"),
      "/layers/1/weights_from", "do not have 8 input and 6 output features"));
  CHECK(has_issue(
      with(
          embedding +
          R"({"name": "l", "op": "linear", "inputs": ["x"], "in_features": 8, "out_features": 5, "weights_from": "tabel"})"),
      "/layers/1/weights_from", "did you mean \"table\"?"));
}

TEST_CASE("native_json: an unknown operation is kept on request", "[workloads]") {
  const std::string text = changed(R"("op": "add", "inputs": ["c1", "c2"], "activation": "relu")",
                                   R"("op": "warp", "inputs": ["c1", "c2"], "angle": 3, "output_shape": [16, 32, 32])");
  CHECK(has_issue(issues_in(text), "/layers/2/op", "unknown operation \"warp\""));
  CHECK(has_issue(issues_in(text), "/layers/2/op", "output_shape"));
  LoadOptions options;
  options.allow_unmodelled = true;
  const Network n = read_workload(text, "native_json", "net.json", options);
  CHECK(n.layers[2].op == Op::unmodelled);
  CHECK(n.layers[2].shape == Shape{16, 32, 32});
  CHECK(n.layers[2].macs == 0);
  CHECK(read_workload(to_text(n), "native_json", "net.json", options) == n);
  const std::string shapeless = changed("\"flatten\"", "\"warp\"");
  CHECK(has_issue(issues_in(shapeless, options), "/layers/4", "the key \"output_shape\" is missing"));
}

TEST_CASE("native_json: the examples of docs/formats.md are read", "[workloads]") {
  const std::string docs = read_text_file(std::string(PODSIM_SOURCE_DIR) + "/docs/formats.md");
  const auto block = [&](const std::string& language, std::size_t from) {
    const std::size_t begin = docs.find("```" + language + "\n", from);
    REQUIRE(begin != std::string::npos);
    const std::size_t text = begin + language.size() + 4;
    return docs.substr(text, docs.find("```", text) - text);
  };
  CHECK(read_workload(block("json", 0)).layers.size() == 6);
  const std::size_t csv = docs.find("## SCALE-Sim");
  CHECK(read_workload(block("csv", csv), "scalesim_csv").layers.size() == 1);
  CHECK(read_workload(block("csv", docs.find("whose columns are", csv)), "scalesim_csv").totals().macs ==
        128LL * 3072 * 768);
}

// SPDX-License-Identifier: Apache-2.0
// `run --functional` as users call it: files of values in and out.
#include "process.hpp"
#include "support/catch.hpp"

namespace podsim::test {
namespace {

std::string network() {
  return R"({"format": "dnn-workload", "version": 1, "name": "n", "inputs": [{"name": "x", "shape": [5, 12]}], "layers": [
    {"name": "a", "op": "linear", "inputs": ["x"], "in_features": 12, "out_features": 20, "bias": true, "activation": "gelu"},
    {"name": "b", "op": "linear", "inputs": ["a"], "in_features": 20, "out_features": 7},
    {"name": "c", "op": "softmax", "inputs": ["b"]}], "outputs": ["c"]})";
}

std::vector<std::string> run(std::vector<std::string> more) {
  more.insert(more.begin(), {"run", "-w", "net.json", "--set", "/hardware/pods/count=4"});
  return more;
}

TEST_CASE("functional: the summary and the report say that the values are the reference's", "[cli]") {
  const Folder folder;
  folder.write("net.json", network());
  const Outcome outcome = folder.podsim(run({"--functional", "-o", "r.json"}));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(contains(outcome.out, "c [1, 5, 7]: all 35 elements are equal"));
  CHECK(contains(folder.read("r.json"), "\"bit_exact\": true"));
  CHECK(contains(folder.read("r.json"), "\"different\": 0"));
}

TEST_CASE("functional: what was dumped gives the same bytes when it is read back", "[cli]") {
  const Folder folder;
  folder.write("net.json", network());
  REQUIRE(
      folder.podsim(run({"--functional", "--seed", "7", "--dump-weights", "w.h5", "--dump-outputs", "y.h5"})).code ==
      0);
  // Another seed: everything comes from the files.
  const Outcome again = folder.podsim(run({"--functional", "--seed", "8", "--weights", "w.h5", "--inputs", "y.h5",
                                           "--dump-weights", "w2.h5", "--dump-outputs", "y2.h5"}));
  INFO(again.err);
  REQUIRE(again.code == 0);
  CHECK(folder.read("w.h5") == folder.read("w2.h5"));
  CHECK(folder.read("y.h5") == folder.read("y2.h5"));
  REQUIRE(folder.podsim(run({"--functional", "--seed", "8", "--dump-outputs", "y3.h5"})).code == 0);
  CHECK(folder.read("y.h5") != folder.read("y3.h5"));
}

TEST_CASE("functional: a run that fails while the reference is still at work ends like any other", "[cli]") {
  const Folder folder;
  for (int n = 0; n < 5; ++n) {
    const Outcome outcome = folder.podsim({"run", "-w", "zoo:resnet50:image=64", "--functional", "-q", "--set",
                                           "/hardware/banks/capacity_kib=1", "--set", "/hardware/pods/count=1"});
    INFO(outcome.err);
    REQUIRE(outcome.code == 1);
    CHECK(contains(outcome.err, "would fit"));
  }
}

TEST_CASE("functional: pods of several kinds, and an HDF5 report of layers with and without a group", "[cli]") {
  const Folder folder;
  folder.write("net.json", network());
  const Outcome outcome =
      folder.podsim({"run", "-w", "net.json", "-c", "preset:mixed-128x32x32-8x128x128", "--functional", "-o", "r.h5"});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(folder.has("r.h5"));
}

TEST_CASE("bad input: files and flags of functional runs", "[cli]") {
  const Folder folder;
  folder.write("net.json", network());
  folder.write("text.npz", "no zip");
  auto refused = [&](std::vector<std::string> more, const std::string& part) {
    more.insert(more.end(), {"-o", "out.json"});
    const Outcome outcome = folder.podsim(run(more));
    INFO(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(contains(outcome.err, part));
    CHECK_FALSE(folder.has("out.json"));
  };
  refused({"--weights", "w.h5"}, "--weights needs --functional");
  refused({"--dump-outputs", "y.h5"}, "--dump-outputs needs --functional");
  refused({"--functional", "--weights", "none.h5"}, "none.h5");
  refused({"--functional", "--weights", "text.npz"}, "text.npz");
  refused({"--functional", "--inputs", "net.json"}, "net.json");
  refused({"--functional", "--dump-outputs", "no/folder/y.h5"}, "no/folder/y.h5");
  refused({"--functional", "--set", "/mapping/scheduler={\"type\": \"sosa_greedy\", \"published\": true}"},
          "published");
  CHECK_FALSE(folder.has("y.h5"));
  refused({"--functional", "--dump-outputs", "same.h5", "--dump-weights", "same.h5"},
          "is written by --dump-outputs, too");
  refused({"--functional", "--dump-outputs", "./out.json"}, "is written by an output, too");
  refused({"--functional", "--dump-outputs", "COMPUTE_REPORT.csv", "--compat", "scalesim"}, "is written by");
  refused({"--functional", "--dump-outputs", "-"}, "cannot be written to standard output");
  CHECK_FALSE(folder.has("same.h5"));

  // Weights of another network.
  REQUIRE(folder.podsim({"run", "-w", "zoo:bert_medium:sequence=2", "--functional", "-q", "--dump-weights", "bert.h5"})
              .code == 0);
  refused({"--functional", "--weights", "bert.h5"}, "bert.h5");
}

}  // namespace
}  // namespace podsim::test

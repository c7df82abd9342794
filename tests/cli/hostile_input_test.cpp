// SPDX-License-Identifier: Apache-2.0
// Input that is not merely mistyped: binary, truncated, huge, contradictory, or about to destroy something.
#include <unistd.h>

#include <filesystem>

#include <nlohmann/json.hpp>

#include "bad_input_case.hpp"

using podsim::test::Case;
using podsim::test::check;
using podsim::test::contains;
using podsim::test::Folder;
using podsim::test::Outcome;
using podsim::test::tiny_network;
using Json = nlohmann::ordered_json;

namespace {

std::string network(const std::string& layers, const std::string& outputs = R"(["a"])",
                    const std::string& inputs = R"([{"name": "x", "shape": [8, 16]}])", int batch = 1) {
  return R"({"format": "dnn-workload", "version": 1, "name": "n", "batch": )" + std::to_string(batch) +
         R"(, "inputs": )" + inputs + R"(, "layers": [)" + layers + R"(], "outputs": )" + outputs + "}";
}

Case workload(std::string what, std::string content, std::vector<std::string> fragments,
              std::string name = "net.json") {
  return {std::move(what), {"run", "-w", name, "-o", "out.json"}, std::move(fragments), std::move(content), name};
}

Case on_tiny(std::string what, std::vector<std::string> arguments, std::vector<std::string> fragments) {
  arguments.insert(arguments.begin(), {"run", "-w", tiny_network()});
  return {std::move(what), std::move(arguments), std::move(fragments)};
}

const std::string kRelu = R"({"name": "a", "op": "relu", "inputs": ["x"]})";

}  // namespace

TEST_CASE("hostile input: files that are no text, or not all of it", "[cli]") {
  const std::string utf16("\xff\xfe{\0}\0", 6);
  for (const Case& c : std::vector<Case>{
           workload("Latin-1 name", "Layer, M, N, K\nconv\xe9, 4, 5, 6\n",
                    {"net.csv:line 2: is not valid UTF-8 from byte 5 on", "save the file as UTF-8"}, "net.csv"),
           workload("UTF-16 table", std::string("\xff\xfeL\0a\0", 6), {"net.csv: is UTF-16 text", "save it as UTF-8"},
                    "net.csv"),
           workload("UTF-16 network", utf16, {"net.json: is UTF-16 text"}),
           workload("binary network", std::string("{\0\x01\x80\xff", 5), {"net.json: not valid JSON"}),
           workload("truncated network", network(kRelu).substr(0, 90), {"net.json: not valid JSON", "line 1"}),
           workload("truncated row", "Layer, M, N, K\na, 4, 5", {"net.csv:line 2: a row has 4 cells"}, "net.csv"),
           {"UTF-16 experiment", {"run", "x.json"}, {"x.json: is UTF-16 text"}, utf16},
           {"a program as experiment", {"run", PODSIM_BINARY, "-o", "out.json"}, {": not valid JSON"}},
           {"truncated schedule",
            {"run", "-w", tiny_network(), "--schedule-in", "x.json"},
            {"x.json: not valid JSON"},
            R"({"format": "podsim-sch)"},
           {"Latin-1 text behind --set", {"run", "--set", "/workload=caf\xe9"}, {"--set", "is not valid UTF-8"}},
           {"Latin-1 file name", {"run", "-w", "caf\xe9.json"}, {"-w: the name", "is not valid UTF-8", "-w -"}},
       }) {
    check(c);
  }
  Case validated = workload("validate", "Layer, M, N, K\nconv\xe9, 4, 5, 6\n", {"net.csv:line 2"}, "net.csv");
  validated.arguments = {"validate", "-w", "net.csv"};
  check(validated);
}

TEST_CASE("hostile input: UTF-8 with a byte order mark is welcome", "[cli]") {
  const Folder folder;
  folder.write("net.csv",
               "\xef\xbb\xbf"
               "a,4,5,6\n");
  const Outcome outcome = folder.podsim({"run", "-w", "net.csv", "-o", "-"});
  REQUIRE(outcome.code == 0);
  CHECK(Json::parse(outcome.out)["layers"][0]["name"] == "a");
}

TEST_CASE("hostile input: networks that cannot be", "[cli]") {
  for (const Case& c : std::vector<Case>{
           workload("no layers", network(""), {"net.json:/layers", "at least one layer"}),
           workload("no outputs", network(kRelu, "[]"), {"net.json:/outputs", "at least one output"}),
           workload("empty object", "{}", {"net.json", "\"format\" is missing"}),
           workload("empty file", "", {}),
           workload("cycle",
                    network(R"({"name": "a", "op": "add", "inputs": ["x", "b"]}, )"
                            R"({"name": "b", "op": "relu", "inputs": ["a"]})"),
                    {"net.json:/layers/0/inputs/1", "\"b\" is defined later"}),
           workload("loop", network(R"({"name": "a", "op": "relu", "inputs": ["a"]})"),
                    {"net.json:/layers/0/inputs/0", "the layer reads itself"}),
           workload("10^12 elements",
                    network(kRelu, R"(["a"])", R"([{"name": "x", "shape": [1000000, 1000000, 1000]}])"),
                    {"net.json:/inputs/0/shape", "has more than 1,099,511,627,776 elements"}),
           workload("10^12 elements by the batch",
                    network(kRelu, R"(["a"])", R"([{"name": "x", "shape": [1000, 1000000]}])", 1000000),
                    {"net.json:/inputs/0/shape", "has more than"}),
           workload("negative size", network(kRelu, R"(["a"])", R"([{"name": "x", "shape": [-8, 16]}])"),
                    {"net.json:/inputs/0/shape/0", "got -8"}),
           workload("zero size", network(kRelu, R"(["a"])", R"([{"name": "x", "shape": [0]}])"),
                    {"net.json:/inputs/0/shape/0", "got 0"}),
           workload("no batch", network(kRelu, R"(["a"])", R"([{"name": "x", "shape": [8]}])", 0),
                    {"net.json:/batch", "got 0"}),
           workload("sum of two shapes",
                    network(R"({"name": "a", "op": "add", "inputs": ["x", "y"]})", R"(["a"])",
                            R"([{"name": "x", "shape": [8, 16]}, {"name": "y", "shape": [8, 17]}])"),
                    {"net.json:/layers/0", "[8, 16]", "[8, 17]"}),
           workload("unknown output", network(kRelu, R"(["b"])"), {"net.json:/outputs/0", "\"b\""}),
           {"empty object from standard input", {"run", "-w", "-"}, {"standard input"}},
       }) {
    check(c);
  }
}

TEST_CASE("hostile input: machines that cannot be", "[cli]") {
  for (const Case& c : std::vector<Case>{
           on_tiny("negative count", {"--set", "/hardware/pods/count=-4"},
                   {"--set:/hardware/pods/count: must be in [1, 65536], got -4"}),
           on_tiny("no banks", {"--set", "/hardware/banks/count=0"}, {"--set:/hardware/banks/count: must be", "got 0"}),
           on_tiny("negative capacity", {"--set", "/hardware/banks/capacity_kib=-1"}, {"capacity_kib", "got -1"}),
           on_tiny("count with an exponent", {"--set", "/hardware/pods/count=1e3"},
                   {"must be an integer, got the number 1000.0 (allowed: in [1, 65536])", "write 1000"}),
           on_tiny("count beyond 64 bits", {"--set", "/hardware/pods/count=99999999999999999999"},
                   {"--set:/hardware/pods/count: the integer 99999999999999999999 does not fit 64 bits"}),
           on_tiny("number for a choice", {"--set", "/hardware/pods/weight_buffers=1"},
                   {"must be a string, got the number 1 (allowed: double, single)"}),
           on_tiny("text for a number", {"--set", "/hardware/clock_mhz=fast"},
                   {"must be a number, got the string \"fast\" (allowed: in ["}),
           on_tiny("a preset's bare name", {"-c", "tpuv1"}, {"did you mean \"preset:tpuv1\"?"}),
       }) {
    check(c);
  }
  for (const char* topology : {"butterfly", "h_tree", "fat_tree"}) {
    const Folder folder;
    const Outcome outcome =
        folder.podsim({"run", "-w", tiny_network(), "-q", "-o", "out.json", "--set", "/hardware/pods/count=12", "--set",
                       std::string("/hardware/interconnect=") + topology});
    INFO(topology << "\n" << outcome.err);
    // Some take any number; those that do not say so.
    if (outcome.code == 0) continue;
    CHECK(outcome.code == 2);
    CHECK(contains(outcome.err, "12"));
    CHECK(folder.files().empty());
  }
}

TEST_CASE("hostile input: files of another kind are told by name", "[cli]") {
  for (const Case& c : std::vector<Case>{
           {"workload", {"run", "x.json"}, {"x.json: is a workload", "podsim run -w x.json"}, network(kRelu)},
           {"report",
            {"run", "x.json"},
            {"x.json: is a report", "\"experiment\""},
            R"({"format": "podsim-report", "schema": 1})"},
           {"schedule",
            {"run", "x.json"},
            {"x.json: is a schedule", "--schedule-in"},
            R"({"format": "podsim-schedule"})"},
           {"machine", {"run", "x.json"}, {"x.json: is a machine", "-c x.json"}, R"({"pods": {"count": 4}})"},
           {"workload as machine", {"run", "-c", "x.json"}, {"x.json: is a workload", "-w x.json"}, network(kRelu)},
           {"zoo without prefix", {"run", "-w", "resnet50"}, {"did you mean \"zoo:resnet50\"?"}},
           {"zoo without prefix, with parameters",
            {"run", "-w", "resnet50:image=64"},
            {"did you mean \"zoo:resnet50:image=64\"?"}},
           {"part of a name", {"run", "-w", "zoo:bert"}, {"did you mean one of \"bert_base\""}},
           {"part of a pointer", {"describe", "pods"}, {"did you mean \"/hardware/pods\"?"}},
       }) {
    check(c);
  }
}

TEST_CASE("hostile input: nothing that a run reads is replaced by what it writes", "[cli]") {
  const Folder folder;
  folder.write("net.json", network(kRelu));
  folder.write("x.json", R"({"workload": "net.json"})");
  std::filesystem::create_symlink("net.json", folder.path() + "/link.json");
  REQUIRE(folder.podsim({"run", "x.json", "-q", "--schedule-out", "s.json"}).code == 0);
  const std::vector<std::string> before = folder.files();
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"run", "x.json", "-o", "x.json"},
           {"run", "x.json", "-o", "./x.json"},
           {"run", "x.json", "-o", "net.json"},
           {"run", "x.json", "-o", "link.json"},
           {"run", "-w", "link.json", "-o", "net.json"},
           {"run", "-w", "net.json", "-c", "x.json", "-o", "x.json"},
           {"run", "x.json", "--schedule-in", "s.json", "-o", "s.json"},
           {"run", "x.json", "--schedule-in", "s.json", "--schedule-out", "s.json"},
       }) {
    const Outcome outcome = folder.podsim(arguments);
    INFO(arguments.back() << "\n" << outcome.err);
    CHECK(outcome.code == 2);
    CHECK(contains(outcome.err, "is an input of this run"));
    CHECK(folder.files() == before);
    CHECK(folder.read("net.json") == network(kRelu));
    CHECK(folder.read("x.json") == R"({"workload": "net.json"})");
  }
  const Outcome twice = folder.podsim({"run", "x.json", "-o", "a.json", "-o", "./a.json"});
  CHECK(twice.code == 2);
  CHECK(contains(twice.err, "\"./a.json\" is written by an output, too, under the name \"a.json\""));
  CHECK(folder.files() == before);
}

TEST_CASE("hostile input: a schedule and a request for another scheduler contradict each other", "[cli]") {
  const Folder folder;
  const std::vector<std::string> tiny{"run", "-w", tiny_network(), "-q"};
  auto with = [&tiny](std::vector<std::string> more) {
    more.insert(more.begin(), tiny.begin(), tiny.end());
    return more;
  };
  REQUIRE(folder.podsim(with({"--schedule-out", "s.json"})).code == 0);
  const Outcome other =
      folder.podsim(with({"--schedule-in", "s.json", "--set", "/mapping/scheduler=layer_sequential"}));
  CHECK(other.code == 2);
  CHECK(contains(other.err, "asks for \"layer_sequential\", but --schedule-in brings a schedule by \"sosa_greedy\""));
  CHECK(folder.podsim(with({"--schedule-in", "s.json", "--set", "/mapping/scheduler=sosa_greedy"})).code == 0);
}

TEST_CASE("hostile input: outputs that cannot take the report", "[cli]") {
  const Folder folder;
  const Outcome full = folder.podsim({"run", "-w", tiny_network(), "-q", "-o", "/dev/full", "--format", "json"});
  CHECK(full.code == 1);
  CHECK(contains(full.err, "/dev/full: cannot be written: No space left on device"));
  std::filesystem::create_directory(folder.path() + "/d");
  const Outcome directory = folder.podsim({"run", "-w", tiny_network(), "-o", "d"});
  CHECK(directory.code == 2);
  CHECK(contains(directory.err, "d: is a directory"));
  // A link stays a link, whether what it leads to exists or not.
  std::filesystem::create_symlink("target.json", folder.path() + "/link.json");
  for (int n = 0; n < 2; ++n) {
    REQUIRE(folder.podsim({"run", "-w", tiny_network(), "-q", "-o", "link.json"}).code == 0);
    CHECK(std::filesystem::is_symlink(folder.path() + "/link.json"));
    CHECK(Json::parse(folder.read("target.json"))["format"] == "podsim-report");
  }
}

TEST_CASE("hostile input: what needs too much memory is refused before it is made", "[cli]") {
  const Folder folder;
  for (const char* source : {"zoo:resnet50:batch=300000", "zoo:vit_b16:batch=300000",
                             "zoo:gpt2_small_decode:batch=200000", "zoo:bert_base:batch=1000000"}) {
    const Outcome outcome = folder.podsim({"run", "-w", source, "-o", "out.json", "--max-memory", "256M"});
    INFO(source << "\n" << outcome.err);
    CHECK(outcome.code == 1);
    CHECK(contains(outcome.err, "allowed are 256 MiB"));
    CHECK(outcome.peak_memory_bytes < (std::int64_t{1} << 29));
    CHECK(folder.files().empty());
  }
  const Outcome tiny = folder.podsim({"run", "-w", tiny_network(), "--max-memory", "100"});
  CHECK(tiny.code == 1);
  CHECK(contains(tiny.err, "allowed are 100 bytes"));
  CHECK_FALSE(contains(tiny.err, " 0 MiB"));
  const Outcome bank =
      folder.podsim({"run", "-w", "zoo:vgg16", "--set", "/hardware/banks/capacity_kib=1", "-o", "o.json"});
  INFO(bank.err);
  CHECK(bank.code == 1);
  CHECK(contains(bank.err, "bank"));
  CHECK(folder.files().empty());
}

TEST_CASE("run: a partial result tells the rounds that were done and no distance to a limit", "[cli]") {
  const Folder folder;
  const Outcome outcome = folder.podsim({"run", "-w", tiny_network(), "--max-cycles", "40", "-o", "out.json"});
  CHECK(outcome.code == 1);
  const Json report = Json::parse(folder.read("out.json"));
  CHECK(report["totals"]["distance_to_limit"].is_null());
  const std::string rounds = std::to_string(report["totals"]["rounds_done"].get<int>()) + " of " +
                             std::to_string(report["totals"]["rounds"].get<int>()) + " round";
  INFO(outcome.out);
  CHECK(contains(outcome.out, rounds));
}

TEST_CASE("run: networks of the zoo are named as they were asked for", "[cli]") {
  const Folder folder;
  CHECK(contains(folder.podsim({"run", "-w", "zoo:bert_medium:batch=2"}).out, "zoo:bert_medium:batch=2, batch 2"));
  // Names cannot drive the terminal.
  std::string content = network(R"({"name": "a\u001b[2J", "op": "relu", "inputs": ["x"]})", R"(["a\u001b[2J"])");
  folder.write("net.json", content);
  const Outcome outcome = folder.podsim({"run", "-w", "net.json", "--layers"});
  CHECK(outcome.code == 0);
  CHECK_FALSE(contains(outcome.out, "\x1b"));
  CHECK(contains(outcome.out, "a\\x1b[2J"));
}

TEST_CASE("podsim: -v and help", "[cli]") {
  const Folder folder;
  CHECK(folder.podsim({"-v"}).out == folder.podsim({"--version"}).out);
  CHECK(folder.podsim({"help"}).out == folder.podsim({"--help"}).out);
  CHECK(folder.podsim({"-v"}).code == 0);
}

// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/comparison.hpp"

#include "podsim/sim/report_json.hpp"
#include "podsim/sim/table.hpp"
#include "support/catch.hpp"

using namespace podsim;

namespace {

JsonDocument report(const std::string& file, std::int64_t cycles, const std::string& layer) {
  Report out;
  out.network = "net";
  out.config_hash = file;
  out.experiment = Json{{"hardware", {{"pods", {{"count", cycles}}}}}};
  out.pods = out.rows = out.cols = 1;
  out.result.complete = true;
  out.result.cycles = cycles;
  LayerReport only;
  only.name = layer;
  only.result.cycles = cycles;
  out.layers = {only};
  return {file, to_json(out)};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("comparison: ratios are b over a", "[sim]") {
  const std::string text = compare_reports(report("a", 2000, "x"), report("b", 3000, "x"), true);
  INFO(text);
  CHECK(contains(text, "2,000  3,000  1.500"));
  CHECK(contains(text, "/hardware/pods/count"));
  CHECK(contains(text, "Cycles by layer"));
  CHECK_FALSE(contains(compare_reports(report("a", 2000, "x"), report("b", 3000, "x"), false), "Cycles by layer"));
}

TEST_CASE("comparison: layers that only one report has are shown", "[sim]") {
  const std::string text = compare_reports(report("a", 1, "mine"), report("b", 2, "yours"), true);
  CHECK(contains(text, "  mine"));
  CHECK(contains(text, "  yours"));
}

TEST_CASE("comparison: partial results are marked", "[sim]") {
  JsonDocument partial = report("a", 5, "x");
  partial.root["complete"] = false;
  CHECK(contains(compare_reports(partial, report("b", 5, "x"), false), "a is a PARTIAL result"));
}

TEST_CASE("comparison: both files are checked at once", "[sim]") {
  JsonDocument later = report("later", 5, "x");
  later.root["schema"] = Report::kSchema + 1;
  JsonDocument broken = report("broken", 5, "x");
  broken.root.erase("totals");
  broken.root["layers"] = 3;
  try {
    compare_reports(later, broken, false);
    FAIL_CHECK("accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::bad_input);
    CHECK(contains(error.what(), "later:/schema: must be 1, got 2"));
    CHECK(contains(error.what(), "\"totals\" is missing"));
    CHECK(contains(error.what(), "broken:/layers: must be an array"));
  }
  CHECK_THROWS_AS(compare_reports({"x", Json::array()}, report("b", 5, "x"), false), Error);
}

TEST_CASE("table: numbers for people", "[sim]") {
  CHECK(si(0) == "0 ");
  CHECK(si(193) == "193 ");
  CHECK(si(999.6) == "1.00 k");
  CHECK(si(1234567) == "1.23 M");
  CHECK(si(99960) == "100 k");
  CHECK(count_text(25.6e6, "parameters") == "25.6 M parameters");
  CHECK(count_text(7, "layers") == "7 layers");
  CHECK(fixed(2.5, 3) == "2.500");
  CHECK(percent(0.4321) == "43.2 %");
  CHECK(wrap("aa bb cc", 5) == std::vector<std::string>{"aa bb", "cc"});
  Table table({Table::Align::left, Table::Align::right});
  table.row({"a", "10"});
  table.row({"bcd", "9"});
  table.row({"e"});
  CHECK(table.text(" ") == " a    10\n bcd   9\n e\n");
}

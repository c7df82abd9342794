// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/repetition.hpp"

#include <algorithm>
#include <cmath>

#include "podsim/sim/core/text.hpp"
#include "podsim/sim/table.hpp"

namespace podsim {

double Repetition::interval() const {
  const std::size_t n = done_cycles.size();
  if (n < 2) return static_cast<double>(first_latency());
  return static_cast<double>(done_cycles.back() - done_cycles.front()) / static_cast<double>(n - 1);
}

double Repetition::inferences_per_second(double clock_mhz) const {
  return interval() > 0 ? clock_mhz * 1e6 / interval() : 0;
}

Repetition repetition_of(const std::vector<OperationResult>& operations, int inferences) {
  Repetition out;
  const std::size_t each = operations.size() / static_cast<std::size_t>(inferences);
  for (std::size_t begin = 0; begin < operations.size() && each > 0; begin += each) {
    std::int64_t done = 0;
    for (std::size_t o = begin; o < begin + each; ++o) done = std::max(done, operations[o].last_cycle);
    // A later inference may fill gaps and end first; it counts as done when all before it are.
    if (!out.done_cycles.empty()) done = std::max(done, out.done_cycles.back());
    out.done_cycles.push_back(done);
  }
  return out;
}

Json to_json(const Repetition& repetition, double clock_mhz) {
  Json out = Json::object();
  out["count"] = repetition.done_cycles.size();
  out["done_cycles"] = repetition.done_cycles;
  out["first_latency_cycles"] = repetition.first_latency();
  out["interval_cycles"] = repetition.interval();
  out["inferences_per_second"] = repetition.inferences_per_second(clock_mhz);
  return out;
}

std::string repetition_text(const Repetition& repetition, double clock_mhz) {
  Table table({Table::Align::left, Table::Align::right, Table::Align::left});
  table.row({"First inference", with_thousands(repetition.first_latency()), "cycles until its last result is stored"});
  table.row({"Interval", with_thousands(std::llround(repetition.interval())), "cycles from end to end, mean"});
  table.row({"Steady state", si(repetition.inferences_per_second(clock_mhz)), "inferences/s"});
  std::string out = std::to_string(repetition.done_cycles.size()) + " inferences back to back\n" + table.text("  ");
  std::string ends = "  done in cycle";
  constexpr std::size_t kShown = 8;
  const std::size_t shown = std::min(kShown, repetition.done_cycles.size());
  for (std::size_t n = 0; n < shown; ++n) ends += (n > 0 ? ", " : " ") + with_thousands(repetition.done_cycles[n]);
  if (repetition.done_cycles.size() > shown) ends += ", ... (all of them: JSON report)";
  return out + ends + "\n";
}

}  // namespace podsim

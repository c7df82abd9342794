// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/pod_groups.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include "podsim/sim/core/text.hpp"

namespace podsim {
namespace {

constexpr const char* kPointer = "/mapping/pod_groups";
constexpr const char* kAllOthers = "*";

std::vector<std::string> group_names(const HardwareConfig& hardware) {
  std::vector<std::string> names;
  for (int g = 0; g < hardware.pod_group_count(); ++g) names.push_back(hardware.pod_group_name(g));
  return names;
}

/// Per operation: the group that the user wants, if any.
std::vector<std::optional<int>> wanted_groups(const LoweredNetwork& network, const HardwareConfig& hardware,
                                              const std::map<std::string, std::string>& wanted) {
  IssueList issues;
  check_group_names(hardware, wanted, {}, kPointer, issues);
  std::vector<std::string> layers;
  for (const Operation& operation : network.operations) layers.push_back(operation.name);
  for (const auto& [layer, group] : wanted) {
    if (layer == kAllOthers || std::find(layers.begin(), layers.end(), layer) != layers.end()) continue;
    const std::string guess = did_you_mean(layer, layers);
    issues.add({{},
                pointer_append(kPointer, layer),
                "\"" + network.name + "\" has no layer \"" + layer + "\" that is carried out by itself",
                guess.empty() ? "fused layers go where the layer goes that they are fused into" : guess});
  }
  issues.throw_if_any();

  const std::vector<std::string> names = group_names(hardware);
  std::vector<std::optional<int>> out;
  for (const std::string& layer : layers) {
    auto entry = wanted.find(layer);
    // Further inferences (workloads/repeat.hpp) go where the layer goes, unless they are named.
    const std::size_t mark = layer.find_last_not_of("0123456789");
    if (entry == wanted.end() && mark != std::string::npos && layer[mark] == '#') {
      entry = wanted.find(layer.substr(0, mark));
    }
    if (entry == wanted.end()) entry = wanted.find(kAllOthers);
    if (entry == wanted.end()) {
      out.emplace_back();
    } else {
      out.emplace_back(static_cast<int>(std::find(names.begin(), names.end(), entry->second) - names.begin()));
    }
  }
  return out;
}

/// How long rounds are, as a step function: there may be many, but few that differ from the one before.
class RoundLengths {
 public:
  /// Cycles that all rounds together gain if those in [begin, end) take at least `cycles`.
  Wide added(Wide begin, Wide end, std::int64_t cycles) const {
    Wide sum = 0;
    for (auto step = std::prev(steps_.upper_bound(begin)); step != steps_.end() && step->first < end; ++step) {
      const auto next = std::next(step);
      const Wide from = std::max(begin, step->first);
      const Wide to = next == steps_.end() ? end : std::min(end, next->first);
      if (step->second < cycles) sum += (to - from) * (cycles - step->second);
    }
    return sum;
  }
  void raise(Wide begin, Wide end, std::int64_t cycles) {
    const auto first = split(begin);
    const auto last = split(end);
    for (auto step = first; step != last; ++step) step->second = std::max(step->second, cycles);
  }

 private:
  using Steps = std::map<Wide, std::int64_t>;

  /// Makes a step begin in the round.
  Steps::iterator split(Wide round) {
    return steps_.emplace(round, std::prev(steps_.upper_bound(round))->second).first;
  }

  Steps steps_{{0, 0}};  ///< first round of a step -> length of its rounds; the last one is without end
};

}  // namespace

void check_group_names(const HardwareConfig& hardware, const std::map<std::string, std::string>& wanted,
                       const std::string& file, const std::string& pointer, IssueList& issues) {
  const std::vector<std::string> names = group_names(hardware);
  for (const auto& [layer, group] : wanted) {
    if (std::find(names.begin(), names.end(), group) != names.end()) continue;
    issues.add({file, pointer_append(pointer, layer),
                "the machine has no group of pods \"" + group + "\" (allowed: " + join(names) + ")",
                did_you_mean(group, names)});
  }
}

std::vector<int> choose_groups(const LoweredNetwork& network, const std::vector<std::vector<int>>& dependencies,
                               const HardwareConfig& hardware, const std::map<std::string, std::string>& wanted,
                               bool layers_overlap,
                               const std::function<GroupEstimate(int operation, int group)>& estimate) {
  const std::vector<std::optional<int>> fixed = wanted_groups(network, hardware, wanted);
  const int groups = hardware.pod_group_count();
  std::vector<int> out(network.operations.size(), 0);
  if (groups == 1) return out;
  RoundLengths rounds;
  Wide all_end = 0;
  std::vector<Wide> end(network.operations.size(), 0);               // per operation: the round after its last
  std::vector<Wide> group_end(static_cast<std::size_t>(groups), 0);  // per group
  for (std::size_t o = 0; o < network.operations.size(); ++o) {
    Wide ready = layers_overlap ? 0 : all_end;
    for (const int before : dependencies[o]) ready = std::max(ready, end[static_cast<std::size_t>(before)]);
    if (network.operations[o].gemm() == nullptr) {
      out[o] = fixed[o].value_or(dependencies[o].empty() ? 0 : out[static_cast<std::size_t>(dependencies[o].front())]);
      end[o] = ready;
      continue;
    }
    struct Choice {
      Wide added, end, begin;
      std::int64_t cycles;
    };
    std::optional<Choice> best;
    for (int g = 0; g < groups; ++g) {
      if (fixed[o] && *fixed[o] != g) continue;
      const GroupEstimate needs = estimate(static_cast<int>(o), g);
      const Wide begin = std::max(ready, group_end[static_cast<std::size_t>(g)]);
      const Wide last = begin + needs.rounds;
      const Wide added = rounds.added(begin, last, needs.round_cycles) + needs.drain_cycles;
      if (best && (best->added < added || (best->added == added && best->end <= last))) continue;
      best = Choice{added, last, begin, needs.round_cycles};
      out[o] = g;
    }
    rounds.raise(best->begin, best->end, best->cycles);
    end[o] = group_end[static_cast<std::size_t>(out[o])] = best->end;
    all_end = std::max(all_end, best->end);
  }
  return out;
}

}  // namespace podsim

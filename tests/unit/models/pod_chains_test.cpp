// SPDX-License-Identifier: Apache-2.0
// Arrays that keep their sums: how schedulers lay the k of output tiles over pods and rounds, and what the check of
// schedules says of sums that stay.
#include "podsim/models/pod_chains.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/programs.hpp"

namespace podsim::test {
namespace {

Setup output_stationary(int pods, std::int64_t depth) {
  Setup setup = crossbar_setup(pods, 8, 8);
  setup.hardware.pods.dataflow.type = "output_stationary";
  setup.tiling.partition_rows = depth;
  return setup;
}

/// The chains of tile operations that go on with each other's sums, each in the order of its rounds.
std::vector<std::vector<std::uint32_t>> chains_of(const Schedule& schedule) {
  std::map<std::uint32_t, std::uint32_t> next;
  for (std::uint32_t op = 0; op < schedule.main.size(); ++op) {
    if (schedule.main[op].partial_sum_in != kNone) next[schedule.main[op].partial_sum_in] = op;
  }
  std::vector<std::vector<std::uint32_t>> chains;
  for (std::uint32_t op = 0; op < schedule.main.size(); ++op) {
    if (schedule.main[op].partial_sum_in != kNone) continue;
    std::vector<std::uint32_t>& chain = chains.emplace_back(1, op);
    while (next.count(chain.back()) != 0) chain.push_back(next[chain.back()]);
  }
  return chains;
}

TEST_CASE("pod chains: k is split among pods that would be idle, as far as that saves rounds", "[models]") {
  // One output tile of 16 pieces on 8 pods: 1 chain takes 16 rounds, 2 take 8 + 1 level of adds, 4 take 4 + 2, 8 take
  // 2 + 3.
  CHECK(PodChains::chains_per_output(1, 16, 8) == 8);
  // On one pod nothing is won.
  CHECK(PodChains::chains_per_output(1, 16, 1) == 1);
  // Five output tiles on 8 pods: 2 chains each would take two waves of 8 rounds.
  CHECK(PodChains::chains_per_output(5, 16, 8) == 1);
  // Three on 8: 2 chains each fit at once, 8 + 1 rounds.
  CHECK(PodChains::chains_per_output(3, 16, 8) == 2);
  // A single piece cannot be split, and two not into three.
  CHECK(PodChains::chains_per_output(1, 1, 8) == 1);
  CHECK(PodChains::chains_per_output(1, 2, 8) == 1);
  CHECK(PodChains::chains_per_output(1000, 7, 8) == 1);
  // By plain search over all splits, from the definition.
  for (const std::int64_t pods : {1, 3, 8, 64}) {
    for (const std::int64_t outputs : {1, 2, 7, 30, 65}) {
      for (const std::int64_t pieces : {1, 2, 5, 33}) {
        auto rounds = [&](std::int64_t chains) {
          std::int64_t levels = 0;
          for (std::int64_t sums = chains; sums > 1; sums = (sums + 1) / 2) ++levels;
          return (outputs * chains + pods - 1) / pods * ((pieces + chains - 1) / chains) + levels;
        };
        const std::int64_t chosen = PodChains::chains_per_output(outputs, pieces, pods);
        CAPTURE(pods, outputs, pieces, chosen);
        for (std::int64_t chains = 1; chains <= std::min(pieces, (pods + outputs - 1) / outputs); ++chains) {
          CHECK(rounds(chosen) <= rounds(chains));
        }
      }
    }
  }
}

TEST_CASE("pod chains: a pod runs through k in successive rounds, and the last operation alone drains", "[models]") {
  for (const char* scheduler : {"sosa_greedy", "layer_sequential"}) {
    Setup setup = output_stationary(4, 6);
    setup.scheduler.type = scheduler;
    // 2 x 2 output tiles, 5 pieces of k: as many chains as pods.
    const auto program = make(one_linear(16, 27, 16), setup);
    const Schedule& schedule = program->schedule;
    REQUIRE(schedule.main.size() == 20);
    const auto chains = chains_of(schedule);
    REQUIRE(chains.size() == 4);
    std::set<int> pods;
    for (const auto& chain : chains) {
      REQUIRE(chain.size() == 5);
      for (std::size_t n = 0; n < chain.size(); ++n) {
        const MainPlacement& place = schedule.main[chain[n]];
        CHECK(place.round == n);  // a crossbar blocks nothing
        CHECK(place.pod == schedule.main[chain[0]].pod);
        CHECK((place.p_bank == kNoBank) == (n + 1 < chain.size()));
        const OpIndex at = op_index(program->work.gemms[0], chain[n]);
        CHECK(at.j == static_cast<std::int64_t>(n));
      }
      pods.insert(schedule.main[chain[0]].pod);
    }
    CHECK(pods.size() == 4);
    // No adds.
    for (const PostPlacement& pass : schedule.post) CHECK(pass.kind == PostPlacement::Kind::finalize);
  }
}

TEST_CASE("pod chains: idle pods take parts of k, and post-processors add them", "[models]") {
  const auto program = make(one_linear(8, 48, 8), output_stationary(4, 6));  // one output tile of 8 pieces
  const auto chains = chains_of(program->schedule);
  REQUIRE(chains.size() == 4);
  for (const auto& chain : chains) CHECK(chain.size() == 2);
  // Four sums: two adds, and the finalise pass takes the last.
  REQUIRE(program->schedule.post.size() == 3);
}

TEST_CASE("pod chains: without going on with sums every operation drains", "[models]") {
  Setup setup = output_stationary(4, 6);
  setup.hardware.pods.partial_sum_input = false;
  const auto program = make(one_linear(16, 27, 16), setup);
  for (const MainPlacement& place : program->schedule.main) {
    CHECK(place.partial_sum_in == kNone);
    CHECK(place.p_bank != kNoBank);
  }
}

TEST_CASE("pod chains: the check of schedules sees sums that are lost, taken elsewhere, or overwritten", "[models]") {
  Setup setup = output_stationary(4, 6);
  const auto program = make(one_linear(32, 27, 16), setup);  // 8 output tiles: two chains per pod
  auto problems = [&](const std::function<void(Schedule&)>& change) {
    Schedule broken = program->schedule;
    change(broken);
    std::string text;
    const auto error =
        error_of([&] { check_schedule(broken, order_by_round(broken), program->work, program->machine, false); });
    if (error) {
      CHECK(error->kind() == ErrorKind::bad_input);
      for (const Issue& issue : error->issues()) text += issue.message + "\n";
    }
    return text;
  };
  auto contains = [](const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; };
  REQUIRE(problems([](Schedule&) {}).empty());
  const std::vector<std::uint32_t> chain = chains_of(program->schedule).front();
  REQUIRE(chain.size() == 5);
  const std::uint16_t pod = program->schedule.main[chain[0]].pod;
  CHECK(contains(problems([&](Schedule& s) { s.main[chain[2]].pod = static_cast<std::uint16_t>((pod + 1) % 4); }),
                 "goes on with sums that are in another pod"));
  CHECK(contains(problems([&](Schedule& s) { s.main[chain[1]].p_bank = 0; }),
                 "goes on with sums that have left the array"));
  CHECK(contains(problems([&](Schedule& s) { s.main[chain[4]].p_bank = kNoBank; }),
                 "reads partial sums that stay in a pod"));
  CHECK(contains(problems([&](Schedule& s) { s.main[chain[3]].partial_sum_in = kNone; }), "are never used"));
  // The last of the chain after the first of the pod's next chain.
  CHECK(contains(problems([&](Schedule& s) {
                   std::uint32_t last = 0;
                   for (const MainPlacement& place : s.main) last = std::max(last, place.round);
                   for (PostPlacement& pass : s.post) pass.round += last + 2;
                   s.main[chain[4]].round = last + 1;
                 }),
                 "comes between tile operation"));
}

TEST_CASE("pod chains: a schedule with sums that stay is written and read", "[models]") {
  const auto program = make(one_linear(32, 27, 16), output_stationary(4, 6));
  const std::string text = schedule_to_json(program->schedule, program->work);
  CHECK(text.find("-1") != std::string::npos);
  const Schedule read = schedule_from_json(parse_json(text, "s.json"), program->work, program->machine);
  CHECK(schedule_to_json(read, program->work) == text);
  for (std::size_t op = 0; op < read.main.size(); ++op)
    CHECK(read.main[op].p_bank == program->schedule.main[op].p_bank);
}

TEST_CASE("pod chains: the published rules refuse other dataflows than theirs", "[models]") {
  for (const char* dataflow : {"output_stationary", "input_stationary"}) {
    Setup setup = crossbar_setup(4, 8, 8);
    setup.hardware.pods.dataflow.type = dataflow;
    setup.scheduler.parameters["published"] = true;
    const auto error = error_of([&] { make(one_linear(16, 27, 16), setup); });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::bad_input);
    CHECK(error->issues().front().pointer == "/mapping/scheduler/published");
  }
}

}  // namespace
}  // namespace podsim::test

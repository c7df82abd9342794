// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <string>
#include <vector>

#include "podsim/models/lower_bound.hpp"
#include "podsim/sim/simulator.hpp"
#include "podsim/sim/tenancy/shared_machine.hpp"
#include "podsim/sim/tenancy/tenancy_result.hpp"
#include "support/catch.hpp"
#include "support/identities.hpp"
#include "support/programs.hpp"

namespace podsim::test {
namespace {

const std::vector<std::string> kPolicies{"mix", "split", "time_slices"};

TenantLoad load(std::vector<std::int64_t> operation_cycles, int priority = 0, std::int64_t arrival = 0,
                std::int64_t deadline = 0) {
  TenantLoad out;
  out.operation_cycles = std::move(operation_cycles);
  out.priority = priority;
  out.arrival_cycle = arrival;
  out.deadline_cycle = deadline;
  return out;
}

/// "0a 0b 1a" …: tenant and operation of every entry, '|' between slices.
std::string text_of(const TenancyPlan& plan) {
  std::string out;
  for (std::size_t n = 0; n < plan.order.size(); ++n) {
    if (n > 0) out += !plan.slices.empty() && plan.slices[n] != plan.slices[n - 1] ? "|" : " ";
    out += std::to_string(plan.order[n].network) + static_cast<char>('a' + plan.order[n].operation);
  }
  return out;
}

TenancyPlan plan_of(const std::string& policy, const std::vector<TenantLoad>& tenants,
                    Json parameters = Json::object()) {
  return tenancy_policy_registry().make({policy, std::move(parameters)})->plan(tenants);
}

TEST_CASE("tenancy: figures by hand", "[sim]") {
  TenancyResult result;
  result.tenants.resize(2);
  // Alone 100 and 50 cycles; together 150, and 100 from cycle 30 on.
  result.tenants[0].alone_cycles = 100;
  result.tenants[0].done_cycle = 150;
  result.tenants[0].deadline_cycle = 150;
  result.tenants[1].alone_cycles = 50;
  result.tenants[1].arrival_cycle = 30;
  result.tenants[1].done_cycle = 130;
  result.tenants[1].deadline_cycle = 129;
  CHECK(result.tenants[0].slowdown() == 1.5);
  CHECK(result.tenants[1].latency_cycles() == 100);
  CHECK(result.tenants[1].slowdown() == 2);
  CHECK(result.stp() == Approx(100.0 / 150 + 0.5));
  CHECK(result.antt() == 1.75);
  CHECK(result.fairness() == Approx(0.5 / (100.0 / 150)));
  CHECK(result.deadline_misses() == 1);
  CHECK(result.sequential_cycles() == 150);
}

TEST_CASE("tenancy: orders of policies by hand", "[sim]") {
  const std::vector<TenantLoad> equal{load({5, 5}), load({5}), load({5, 5})};
  CHECK(text_of(plan_of("mix", equal)) == "0a 0b 1a 2a 2b");
  // By priority, then deadline, then arrival.
  const std::vector<TenantLoad> urgent{load({5}, 0, 3), load({5}, 0, 2), load({5}, 0, 9, 100), load({5}, 1, 50)};
  CHECK(text_of(plan_of("mix", urgent)) == "3a 2a 1a 0a");
  CHECK(plan_of("split", urgent).splits_pods);
  // Slices of 10 cycles end with the first layer behind them; tenants take turns.
  const Json ten{{"slice_cycles", 10}};
  CHECK(text_of(plan_of("time_slices", {load({4, 4, 4, 4}), load({20, 1})}, ten)) == "0a 0b 0c|1a|0d|1b");
  // The more urgent one has the machine to its end, once it is there: it comes in cycle 5, after a slice of 12.
  CHECK(text_of(plan_of("time_slices", {load({4, 4, 4, 4}), load({20, 1}, 1, 5)}, ten)) == "0a 0b 0c|1a|1b|0d");
  // Nobody is there before cycle 30.
  CHECK(text_of(plan_of("time_slices", {load({4}, 0, 40), load({4}, 0, 30)}, ten)) == "1a|0a");
}

TEST_CASE("tenancy: pods are split by MACs, one at least, unless tenants say how many", "[sim]") {
  HardwareConfig hardware;  // 256 pods
  auto split = [&hardware](const std::vector<std::int64_t>& macs,
                           const std::vector<std::optional<std::int64_t>>& pods) {
    std::vector<TenantConfig> tenants(macs.size());
    std::vector<TenantLoad> loads(macs.size());
    for (std::size_t t = 0; t < macs.size(); ++t) {
      tenants[t].name = std::string(1, static_cast<char>('a' + t));
      tenants[t].pods = pods.empty() ? std::nullopt : pods[t];
      loads[t].macs = macs[t];
    }
    std::vector<int> out;
    const HardwareConfig machine = split_pods(hardware, tenants, loads);
    CHECK(machine.pod_count() == 256);
    CHECK(machine.bank_count() == 256);
    for (const PodConfig& group : machine.pods.groups) out.push_back(group.count);
    return out;
  };
  // 254 pods to share beside one each: 190.5 and 63.5, the first of equal remainders gets the last.
  CHECK(split({300, 100}, {}) == std::vector<int>{192, 64});
  CHECK(split({1'000'000, 1}, {}) == std::vector<int>{255, 1});
  CHECK(split({5, 5, 5}, {std::nullopt, 100, std::nullopt}) == std::vector<int>{78, 100, 78});
  const auto error = error_of([&] { split({1, 1}, {256, std::nullopt}); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::bad_input);
}

TEST_CASE("tenancy: rounds of arrivals", "[sim]") {
  const RoundClock even(10);
  CHECK(even.round_at(0) == 0);
  CHECK(even.round_at(1) == 1);
  CHECK(even.round_at(10) == 1);
  CHECK(even.round_at(11) == 2);
  std::vector<RoundResult> rounds(3);
  rounds[0].stream_start = 5;
  rounds[1].stream_start = 20;
  rounds[2].stream_start = 28;
  rounds[2].stream_end = 30;
  const RoundClock measured(rounds);  // ten cycles a round
  CHECK(measured.round_at(5) == 0);
  CHECK(measured.round_at(6) == 1);
  CHECK(measured.round_at(20) == 1);
  CHECK(measured.round_at(28) == 2);
  CHECK(measured.round_at(29) == 4);  // one begins ten cycles behind the last known
  CHECK(measured.round_at(48) == 5);
}

Report run(const std::string& tenants, const std::string& policy, const std::string& more = "{}") {
  Json experiment{{"tenants", Json::parse(tenants)}};
  experiment["hardware"] = Json::parse(R"({"pods": {"count": 16}})");
  experiment["hardware"].merge_patch(Json::parse(more));
  experiment["mapping"]["tenancy"] = Json::parse(policy[0] == '{' ? policy : "\"" + policy + "\"");
  RunOptions options;
  options.record_rounds = true;
  return run_experiment(read_experiment({"tenants", experiment}), options);
}

TEST_CASE("tenancy: one tenant has the machine as if alone", "[sim]") {
  for (const std::string& policy : kPolicies) {
    CAPTURE(policy);
    const Report report = run(R"([{"workload": "zoo:resnet20"}])", policy);
    REQUIRE(report.tenancy);
    REQUIRE(report.tenancy->tenants.size() == 1);
    CHECK(report.tenancy->tenants[0].name == "resnet20");
    CHECK(report.tenancy->tenants[0].slowdown() == 1);
    CHECK(report.tenancy->stp() == 1);
    CHECK(report.tenancy->fairness() == 1);
    CHECK(report.layers[0].name.rfind("resnet20/", 0) == 0);
  }
}

TEST_CASE("tenancy: networks together are legal, above their bound, and what they count adds up", "[sim]") {
  const std::string tenants = R"([{"workload": "zoo:resnet20"}, {"workload": "zoo:bert_medium:sequence=16",
    "name": "text"}, {"workload": "zoo:resnet20", "arrival_cycle": 3000, "priority": 1}])";
  for (const std::string& policy : kPolicies) {
    for (const char* scheduler : {"sosa_greedy", "layer_sequential"}) {
      CAPTURE(policy, scheduler);
      Json experiment{{"tenants", Json::parse(tenants)},
                      {"hardware", {{"pods", {{"count", 16}}}}},
                      {"mapping", {{"tenancy", policy}, {"scheduler", scheduler}}}};
      const Experiment read = read_experiment({"tenants", experiment});
      RunOptions options;
      options.record_rounds = true;
      const auto program = prepare(read, options);
      const RunResult result = simulate(*program, options);
      REQUIRE(result.complete);
      const auto broken = broken_identities(*program, result);
      CAPTURE(broken);
      CHECK(broken.empty());
      const Report report = run_experiment(read, {});
      REQUIRE(report.tenancy);
      REQUIRE(report.tenancy->tenants.size() == 3);
      CHECK(report.tenancy->tenants[2].name == "resnet20#2");
      CHECK(report.result.cycles >= report.bound.limit());
      CHECK(report.result.macs == report.network_macs);
      double joules = 0;
      for (const TenantResult& tenant : report.tenancy->tenants) {
        CHECK(tenant.done_cycle > tenant.arrival_cycle);
        CHECK(tenant.done_cycle <= report.result.cycles);
        joules += tenant.joules;
      }
      CHECK(joules == Approx(report.energy.total()).epsilon(1e-9));
      // Nothing of a tenant that is not there yet enters a pod.
      for (std::size_t o = 0; o < program->work.network.operations.size(); ++o) {
        if (program->work.network.operations[o].network == 2) CHECK(result.operations[o].first_cycle >= 3000);
      }
    }
  }
}

TEST_CASE("tenancy: a tenant that arrives when the others are done is as fast as alone", "[sim]") {
  for (const std::string& policy : kPolicies) {
    CAPTURE(policy);
    const Report report = run(R"([{"workload": "zoo:resnet20", "name": "first"},
                                  {"workload": "zoo:resnet20", "name": "late", "arrival_cycle": 100000}])",
                              policy);
    const TenantResult& late = report.tenancy->tenants[1];
    CHECK(late.done_cycle > 100000);
    if (policy != "split") {
      CHECK(report.tenancy->tenants[0].slowdown() == 1);
      CHECK(late.slowdown() <= 1);   // its weights were fetched before
      CHECK(late.slowdown() > 0.3);  // but its inputs were not
    }
  }
}

TEST_CASE("tenancy: inputs are fetched in the cycle of their arrival, not one before", "[sim]") {
  Setup setup = crossbar_setup(1, 8, 8);
  setup.hardware.dram.bandwidth_gb_per_s = 1;  // a byte per cycle
  const auto alone = make(one_linear(4, 8, 8), setup);
  const RunResult before = simulate(*alone, {});
  // 64 bytes of weights, then 32 of inputs.
  for (const std::int64_t arrival : {63, 64, 65, 1000}) {
    auto program = make(one_linear(4, 8, 8), setup);
    program->work.releases = {{arrival, 0, 0}};
    const RunResult result = simulate(*program, {});
    CAPTURE(arrival);
    // Weights come first; inputs take 32 cycles from their arrival on.
    CHECK(result.operations[0].first_cycle - before.operations[0].first_cycle ==
          std::max<std::int64_t>(64, arrival) - 64);
  }
}

TEST_CASE("tenancy: time slices do not overlap, split tenants stay on their pods", "[sim]") {
  const Json tenants = Json::parse(R"([{"workload": "zoo:resnet20"}, {"workload": "zoo:resnet20"}])");
  for (const std::string policy : {"split", "time_slices"}) {
    CAPTURE(policy);
    Json tenancy{{"type", policy}};
    if (policy == "time_slices") tenancy["slice_cycles"] = 500;
    const Json experiment{
        {"tenants", tenants}, {"hardware", {{"pods", {{"count", 16}}}}}, {"mapping", {{"tenancy", tenancy}}}};
    const auto program = prepare(read_experiment({"tenants", experiment}), {});
    std::vector<std::set<std::uint32_t>> rounds(2);
    std::vector<std::set<int>> pods(2);
    for (std::uint32_t op = 0; op < program->schedule.main.size(); ++op) {
      const auto tenant = static_cast<std::size_t>(
          program->work.network.operations[static_cast<std::size_t>(program->work.gemm_of_op(op).operation)].network);
      rounds[tenant].insert(program->schedule.main[op].round);
      pods[tenant].insert(program->schedule.main[op].pod);
    }
    for (const PostPlacement& pass : program->schedule.post) {
      rounds[static_cast<std::size_t>(program->work.network.operations[pass.operation].network)].insert(pass.round);
    }
    int shared_rounds = 0, shared_pods = 0;
    for (const std::uint32_t round : rounds[0]) shared_rounds += rounds[1].count(round) != 0 ? 1 : 0;
    for (const int pod : pods[0]) shared_pods += pods[1].count(pod) != 0 ? 1 : 0;
    CHECK((shared_rounds == 0) == (policy == "time_slices"));
    CHECK((shared_pods == 0) == (policy == "split"));
    // They take turns: neither is done before the other begins.
    if (policy == "time_slices") CHECK(*rounds[1].begin() < *rounds[0].rbegin());
  }
}

TEST_CASE("tenancy: of a run that was stopped there are no figures", "[sim]") {
  RunOptions options;
  options.max_cycles = 1000;
  const Report report = run_experiment(
      read_experiment({"t", Json::parse(R"({"tenants": [{"workload": "zoo:resnet20"}, {"workload": "zoo:resnet20",
                                                         "arrival_cycle": 5000}]})")}),
      options);
  CHECK_FALSE(report.result.complete);
  const Json json = to_json(*report.tenancy, report.clock_mhz);
  CHECK(json["complete"] == false);
  CHECK_FALSE(json.contains("stp"));
  CHECK_FALSE(json["tenants"][1].contains("slowdown"));
  CHECK(json["tenants"][1]["arrival_cycle"] == 5000);
  CHECK(tenancy_text(*report.tenancy, report.clock_mhz).find("no figures") != std::string::npos);
}

TEST_CASE("tenancy: mistakes name the place", "[sim]") {
  auto problem = [](const std::string& text) {
    const auto error = error_of([&] { run_experiment(read_experiment({"e.json", Json::parse(text)}), {}); });
    return error ? error->issues().front().text() : std::string();
  };
  auto has = [](const std::string& text, const std::string& part) {
    INFO(text);
    return text.find(part) != std::string::npos;
  };
  CHECK(has(problem(R"({"workload": "zoo:resnet20", "tenants": [{"workload": "zoo:resnet20"}]})"), "/tenants"));
  CHECK(has(problem(R"({"tenants": [{"name": "a"}]})"), "workload"));
  CHECK(has(problem(R"({"tenants": [{"workload": "zoo:resnet20", "nam": "a"}]})"), "did you mean \"name\"?"));
  CHECK(has(problem(R"({"tenants": [{"workload": "zoo:resnet20", "name": "a/b"}]})"), "/tenants/0/name"));
  CHECK(has(
      problem(R"({"tenants": [{"workload": "zoo:resnet20", "name": "a"}, {"workload": "zoo:resnet20", "name": "a"}]})"),
      "/tenants/1/name"));
  CHECK(has(problem(R"({"tenants": [{"workload": "zoo:resnet20", "arrival_cycle": 9, "deadline_cycle": 9}]})"),
            "/tenants/0/deadline_cycle"));
  CHECK(has(problem(R"({"tenants": [{"workload": "zoo:resnet20"}], "repeat": 2})"), "/repeat"));
  CHECK(has(problem(R"({"tenants": [{"workload": "zoo:resnet20"}], "mapping": {"tenancy": "spilt"}})"),
            "did you mean \"split\"?"));
  CHECK(has(problem(R"({"tenants": [{"workload": "zoo:resnet20", "pods": 500}], "mapping": {"tenancy": "split"}})"),
            "more pods than the machine has"));
  CHECK(has(problem(R"({"tenants": [{"workload": "zoo:resnet20", "pods": 5}]})"), "/tenants/0/pods"));
}

}  // namespace
}  // namespace podsim::test

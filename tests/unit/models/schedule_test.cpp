// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/schedule.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "podsim/workloads/network_builder.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"
#include "support/programs.hpp"

namespace podsim {
namespace {

using test::crossbar_setup;
using test::error_of;
using test::Setup;

/// Two chained linear layers and a softmax: chains, adds, finalise and vector passes.
Network small_network() {
  NetworkBuilder b("small");
  const std::string x = b.input("x", {24, 40});
  const std::string y = b.linear("a", x, {40, 40, false, {}});
  const std::string z = b.linear("b", y, {40, 24, false, {}});
  return b.build({b.unary("s", Op::softmax, z)});
}

Setup small_setup(const std::string& topology = "butterfly") {
  Setup setup = crossbar_setup(8, 8, 8);
  setup.hardware.interconnect = {topology, Json::object()};
  if (topology == "butterfly") setup.hardware.interconnect.parameters["expansion"] = 1;
  return setup;
}

/// The problems that the check finds in a schedule.
std::vector<Issue> problems(const Schedule& schedule, const Program& program) {
  const auto error =
      error_of([&] { check_schedule(schedule, order_by_round(schedule), program.work, program.machine, false); });
  if (!error) return {};
  CHECK(error->kind() == ErrorKind::bad_input);
  return error->issues();
}

/// Searches the schedule for a change that breaks exactly the rule in question; `change` says whether it could.
bool finds(const Program& program, const std::string& text, const std::function<bool(Schedule&)>& change) {
  Schedule broken = program.schedule;
  REQUIRE(change(broken));
  std::string found;
  for (const Issue& issue : problems(broken, program)) {
    found += issue.message + "\n";
  }
  CAPTURE(text, found);
  CHECK(found.find(text) != std::string::npos);
  return found.find(text) != std::string::npos;
}

/// Two tile operations of one round.
std::optional<std::pair<std::uint32_t, std::uint32_t>> two_of_a_round(const Program& program) {
  for (std::size_t r = 0; r + 1 < program.order.main_first.size(); ++r) {
    const std::uint32_t first = program.order.main_first[r];
    if (program.order.main_first[r + 1] - first >= 2) {
      return std::pair(program.order.main_ids[first], program.order.main_ids[first + 1]);
    }
  }
  return std::nullopt;
}

TEST_CASE("schedule: ordering by round lists every operation once, by round and unit", "[models]") {
  const auto program = test::make(small_network(), small_setup());
  const Schedule& schedule = program->schedule;
  const RoundOrder order = order_by_round(schedule);
  REQUIRE(order.main_ids.size() == schedule.main.size());
  REQUIRE(order.post_ids.size() == schedule.post.size());
  REQUIRE(order.main_first.size() == schedule.round_count() + 1);
  std::vector<int> seen(schedule.main.size(), 0);
  for (std::uint32_t r = 0; r < schedule.round_count(); ++r) {
    for (std::uint32_t n = order.main_first[r]; n < order.main_first[r + 1]; ++n) {
      ++seen[order.main_ids[n]];
      CHECK(schedule.main[order.main_ids[n]].round == r);
      if (n > order.main_first[r]) {
        CHECK(schedule.main[order.main_ids[n - 1]].pod < schedule.main[order.main_ids[n]].pod);
      }
    }
    for (std::uint32_t n = order.post_first[r]; n < order.post_first[r + 1]; ++n) {
      CHECK(schedule.post[order.post_ids[n]].round == r);
    }
  }
  CHECK(std::all_of(seen.begin(), seen.end(), [](int count) { return count == 1; }));
}

TEST_CASE("schedule: an empty schedule has no rounds", "[models]") {
  const Schedule empty;
  CHECK(empty.round_count() == 0);
  CHECK(empty.last_main_round() == 0);
  CHECK(order_by_round(empty).main_first == std::vector<std::uint32_t>{0});
}

TEST_CASE("schedule: both schedulers make legal schedules of zoo networks on every topology", "[models]") {
  for (const std::string scheduler : {"sosa_greedy", "layer_sequential"}) {
    for (const std::string topology : {"crossbar", "butterfly", "mesh"}) {
      Setup setup = crossbar_setup(12, 32, 32);
      setup.hardware.interconnect = {topology, Json::object()};
      setup.scheduler.type = scheduler;
      for (const char* name : {"zoo:resnet50:image=64", "zoo:mobilenet_v2:image=64", "zoo:bert_medium:sequence=16"}) {
        CAPTURE(scheduler, topology, name);
        const auto program = test::make(load_network(name), setup);  // make_program checks
        CHECK(problems(program->schedule, *program).empty());
        CHECK(program->schedule.main.size() == program->work.op_count);
      }
    }
  }
}

TEST_CASE("schedule: layer_sequential never mixes layers in the rounds of the pods", "[models]") {
  Setup setup = small_setup();
  setup.scheduler.type = "layer_sequential";
  const auto program = test::make(small_network(), setup);
  std::uint32_t last = 0;
  for (const GemmTiles& gemm : program->work.gemms) {
    std::uint32_t lowest = kNone, highest = 0;
    for (std::uint32_t op = gemm.first_op; op < gemm.first_op + gemm.op_count; ++op) {
      lowest = std::min(lowest, program->schedule.main[op].round);
      highest = std::max(highest, program->schedule.main[op].round);
    }
    CHECK((gemm.first_op == 0 || lowest > last));
    last = highest;
  }
}

TEST_CASE("schedule: layer_sequential keeps an output tile on its pod", "[models]") {
  Setup setup = crossbar_setup(5, 8, 8);
  setup.scheduler = {"layer_sequential", Json::object()};
  const TiledWorkload work = test::cut(test::one_linear(24, 40, 8), setup);  // three output tiles, five operations each
  const Schedule schedule = scheduler_registry().make(setup.scheduler)->schedule(work, Machine(setup.hardware), {});
  const GemmTiles& gemm = work.gemms[0];
  REQUIRE((gemm.i_count == 3 && gemm.j_count == 5 && gemm.k_count == 1));
  for (std::int64_t i = 0; i < 3; ++i) {
    for (std::int64_t j = 1; j < 5; ++j) {
      CHECK(schedule.main[gemm.op(0, i, j, 0)].pod == schedule.main[gemm.op(0, i, 0, 0)].pod);
    }
  }
}

TEST_CASE("schedule: JSON export and import give the same schedule", "[models]") {
  for (const std::string topology : {"crossbar", "butterfly", "mesh"}) {
    const auto program = test::make(small_network(), small_setup(topology));
    const std::string text = schedule_to_json(program->schedule, program->work);
    const Schedule again = schedule_from_json(parse_json(text, "s.json"), program->work, program->machine);
    CHECK(again.scheduler == program->schedule.scheduler);
    CHECK(schedule_to_json(again, program->work) == text);
    REQUIRE(again.main.size() == program->schedule.main.size());
    for (std::size_t n = 0; n < again.main.size(); ++n) {
      CHECK(again.main[n].round == program->schedule.main[n].round);
      CHECK(again.main[n].pod == program->schedule.main[n].pod);
      CHECK(again.main[n].p_bank == program->schedule.main[n].p_bank);
      CHECK(again.main[n].partial_sum_in == program->schedule.main[n].partial_sum_in);
    }
    CHECK(again.post.size() == program->schedule.post.size());
  }
}

TEST_CASE("schedule: a broken schedule file is bad input that names the place", "[models]") {
  const auto program = test::make(small_network(), small_setup());
  const Json good = parse_json(schedule_to_json(program->schedule, program->work), "s.json").root;
  auto issue = [&](const std::function<void(Json&)>& change) {
    Json broken = good;
    change(broken);
    const auto error = error_of([&] { schedule_from_json({"s.json", broken}, program->work, program->machine); });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::bad_input);
    CAPTURE(std::string(error->what()));
    CHECK_FALSE(error->issues().empty());
    return std::string(error->what());
  };
  auto contains = [](const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; };
  CHECK(contains(issue([](Json& s) { s["format"] = "other"; }), "s.json:/format"));
  CHECK(contains(issue([](Json& s) { s["version"] = 2; }), "/version"));
  CHECK(contains(issue([](Json& s) { s["workload_fingerprint"] = "0123456789abcdef"; }), "/workload_fingerprint"));
  CHECK(contains(issue([](Json& s) { s.erase("main"); }), "main"));
  CHECK(contains(issue([](Json& s) { s["post"] = 3; }), "/post"));
  CHECK(contains(issue([](Json& s) { s["extra"] = 3; }), "extra"));
  CHECK(contains(issue([](Json& s) { s["main"]["round"].erase(0); }), "/main/round"));
  CHECK(contains(issue([](Json& s) { s["main"]["pod"][3] = 8; }), "/main/pod/3"));
  CHECK(contains(issue([](Json& s) { s["main"]["p_bank"][0] = -2; }), "/main/p_bank/0"));
  CHECK(contains(issue([](Json& s) { s["main"]["p_bank"][0] = -1; }), "leaves its sums in the array"));
  CHECK(contains(issue([](Json& s) { s["main"]["round"][2] = 1.5; }), "/main/round/2"));
  CHECK(contains(issue([](Json& s) { s["main"]["round"][2] = "2"; }), "/main/round/2"));
  CHECK(contains(issue([](Json& s) { s["main"]["partial_sum_in"][0] = 1 << 30; }), "/main/partial_sum_in/0"));
  CHECK(contains(issue([](Json& s) { s["post"]["kind"][0] = 99; }), "/post/kind/0"));
  CHECK(contains(issue([](Json& s) { s["post"]["operation"][0] = 99; }), "/post/operation/0"));
  CHECK(contains(issue([](Json& s) { s["post"]["tile"][0] = 1 << 30; }), "/post/tile"));
  CHECK(contains(issue([](Json& s) { s["post"]["in1"][0] = 1 << 30; }), "/post/in1"));
  CHECK(contains(issue([](Json& s) { s["post"]["in1_kind"][0] = 0; }), "/post/in1_kind"));
  CHECK(contains(issue([](Json& s) { s["post"]["columns"].push_back(1); }), "/post/columns"));
  // Legal columns, illegal schedule.
  CHECK(contains(issue([](Json& s) {
                   for (Json& pod : s["main"]["pod"]) pod = 0;
                 }),
                 "pod"));
  CHECK(contains(issue([](Json& s) {
                   for (Json& round : s["post"]["round"]) round = 0;
                 }),
                 "round"));
}

TEST_CASE("schedule: a schedule of one workload is refused for another", "[models]") {
  const auto program = test::make(small_network(), small_setup());
  const auto other = test::make(test::one_linear(24, 40, 40), small_setup());
  const std::string text = schedule_to_json(program->schedule, program->work);
  const auto error = error_of([&] { schedule_from_json(parse_json(text, "s.json"), other->work, other->machine); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::bad_input);
  CHECK(error->issues().front().pointer == "/workload_fingerprint");
}

TEST_CASE("schedule: the check finds every kind of fault that is planted", "[models]") {
  const auto program = test::make(small_network(), small_setup());
  const Schedule& legal = program->schedule;
  REQUIRE(problems(legal, *program).empty());
  const auto two = two_of_a_round(*program);
  REQUIRE(two);

  SECTION("two operations on one pod") {
    CHECK(finds(*program, "two operations on pod", [&](Schedule& s) {
      s.main[two->first].pod = s.main[two->second].pod;
      return true;
    }));
  }
  SECTION("two partial sums into one P bank") {
    CHECK(finds(*program, "P-out port of bank", [&](Schedule& s) {
      s.main[two->first].p_bank = s.main[two->second].p_bank;
      return true;
    }));
  }
  SECTION("two tiles out of one X bank") {
    // Two operations whose different X tiles share a bank are moved into one round.
    CHECK(finds(*program, "X port of bank", [&](Schedule& s) {
      const GemmTiles& gemm = program->work.gemms[0];
      const std::uint32_t x = program->work.operands[gemm.activation].first_tile;
      for (std::uint32_t a = 0; a < gemm.op_count; ++a) {
        for (std::uint32_t b = a + 1; b < gemm.op_count; ++b) {
          const OpIndex p = op_index(gemm, a), q = op_index(gemm, b);
          const std::uint32_t first = gemm.activation_tile(x, p.g, p.i, p.j),
                              second = gemm.activation_tile(x, q.g, q.i, q.j);
          if (first == second || program->work.tiles[first].bank != program->work.tiles[second].bank) continue;
          s.main[b].round = s.main[a].round;
          return true;
        }
      }
      return false;
    }));
  }
  SECTION("two circuits over one link") {
    // Some permutation of pods among the operations of a round blocks a butterfly without expansion.
    bool found = false;
    for (std::uint32_t n = 0; n + 1 < program->order.main_ids.size() && !found; ++n) {
      const std::uint32_t a = program->order.main_ids[n], b = program->order.main_ids[n + 1];
      if (legal.main[a].round != legal.main[b].round) continue;
      Schedule broken = legal;
      std::swap(broken.main[a].pod, broken.main[b].pod);
      for (const Issue& issue : problems(broken, *program)) {
        found = found || issue.message.find("shares a link") != std::string::npos;
      }
    }
    CHECK(found);
  }
  SECTION("a consumer before its producer") {
    // The second layer is moved to the front.
    CHECK(finds(*program, "produce it until round", [&](Schedule& s) {
      s.main[program->work.gemms[1].first_op].round = 0;
      return true;
    }));
  }
  SECTION("a chain against the order of rounds") {
    CHECK(finds(*program, "of a round that is not earlier", [&](Schedule& s) {
      for (std::uint32_t op = 0; op < s.main.size(); ++op) {
        if (s.main[op].partial_sum_in == kNone) continue;
        s.main[s.main[op].partial_sum_in].round = s.main[op].round;
        return true;
      }
      return false;
    }));
  }
  SECTION("partial sums of another output tile") {
    CHECK(finds(*program, "partial sums of another tile", [&](Schedule& s) {
      const GemmTiles& gemm = program->work.gemms[0];
      for (std::uint32_t op = 0; op < gemm.op_count; ++op) {
        for (std::uint32_t from = 0; from < gemm.op_count; ++from) {
          if (s.main[op].partial_sum_in == kNone || s.main[from].round >= s.main[op].round) continue;
          if (op_index(gemm, from).i == op_index(gemm, op).i) continue;
          s.main[op].partial_sum_in = from;
          return true;
        }
      }
      return false;
    }));
  }
  SECTION("partial sums that are used twice") {
    CHECK(finds(*program, "its partial sums are used twice", [&](Schedule& s) {
      for (PostPlacement& pass : s.post) {
        if (pass.kind != PostPlacement::Kind::finalize || pass.in1.kind != PostSource::Kind::main_sum) continue;
        pass.in2 = pass.in1;
        return true;
      }
      return false;
    }));
  }
  SECTION("partial sums that are dropped") {
    CHECK(finds(*program, "its partial sums are never used", [&](Schedule& s) {
      for (MainPlacement& place : s.main) {
        if (place.partial_sum_in == kNone) continue;
        place.partial_sum_in = kNone;
        return true;
      }
      return false;
    }));
  }
  SECTION("an operation that is missing") {
    CHECK(finds(*program, "tile operations; the workload has", [&](Schedule& s) {
      s.main.pop_back();
      return true;
    }));
  }
  SECTION("an output tile that is never written") {
    CHECK(finds(*program, "output tiles are written", [&](Schedule& s) {
      for (PostPlacement& pass : s.post) {
        if (!pass.writes_output || pass.kind != PostPlacement::Kind::normalize) continue;
        pass.writes_output = false;
        return true;
      }
      return false;
    }));
  }
  SECTION("two passes on one post-processor") {
    CHECK(finds(*program, "two passes on post-processor", [&](Schedule& s) {
      for (std::size_t n = 0; n + 1 < s.post.size(); ++n) {
        for (std::size_t o = n + 1; o < s.post.size(); ++o) {
          if (s.post[n].round != s.post[o].round) continue;
          s.post[n].post_processor = s.post[o].post_processor;
          return true;
        }
      }
      return false;
    }));
  }
  SECTION("an output tile as a partial sum") {
    CHECK(finds(*program, "reads a finished output tile as a partial sum", [&](Schedule& s) {
      for (PostPlacement& pass : s.post) {
        for (std::uint32_t from = 0; from < s.post.size(); ++from) {
          if (!s.post[from].writes_output || s.post[from].round >= pass.round) continue;
          if (s.post[from].operation != pass.operation) continue;
          pass.in2 = {PostSource::Kind::post_sum, from};
          return true;
        }
      }
      return false;
    }));
  }
  SECTION("a pass before what it reads") {
    CHECK(finds(*program, "of a round that is not earlier", [&](Schedule& s) {
      for (PostPlacement& pass : s.post) {
        if (pass.in1.kind != PostSource::Kind::main_sum) continue;
        pass.round = s.main[pass.in1.index].round;
        return true;
      }
      return false;
    }));
  }
}

TEST_CASE("schedule: a tile may be read in the round after its last pass, and not in that pass's round", "[models]") {
  NetworkBuilder b("two");
  const std::string x = b.input("x", {8, 8});
  const std::string y = b.linear("a", x, {8, 8, false, {}});
  const auto program = test::make(b.build({b.linear("b", y, {8, 8, false, {}})}), crossbar_setup(1, 8, 8));
  // One tile operation and one finalise pass per layer.
  REQUIRE(program->schedule.main.size() == 2);
  REQUIRE(program->schedule.post.size() == 2);
  for (const std::uint32_t reads_in : {1U, 2U}) {
    CAPTURE(reads_in);
    Schedule schedule = program->schedule;
    schedule.main[0].round = 0;
    schedule.post[0].round = 1;
    schedule.main[1].round = reads_in;
    schedule.post[1].round = reads_in + 1;
    const std::vector<Issue> found = problems(schedule, *program);
    REQUIRE(found.size() == (reads_in == 1 ? 1 : 0));
    if (reads_in == 1) CHECK(found[0].message.find("is read in round 1 but \"a\"") != std::string::npos);
  }
}

TEST_CASE("schedule: pods without an input for partial sums get none, and the check refuses schedules that give them",
          "[models]") {
  for (const char* scheduler : {"sosa_greedy", "layer_sequential"}) {
    Setup setup = small_setup();
    setup.scheduler.type = scheduler;
    auto chained = [](const Schedule& schedule) {
      return std::count_if(schedule.main.begin(), schedule.main.end(),
                           [](const MainPlacement& place) { return place.partial_sum_in != kNone; });
    };
    const auto with = test::make(small_network(), setup);
    REQUIRE(chained(with->schedule) > 0);
    setup.hardware.pods.partial_sum_input = false;
    const auto without = test::make(small_network(), setup);
    CHECK(chained(without->schedule) == 0);
    std::string found;
    for (const Issue& issue : problems(with->schedule, *without)) found += issue.message + "\n";
    CHECK(found.find("has no input for them") != std::string::npos);
  }
}

TEST_CASE("schedule: a fault of our own scheduler is an internal error", "[models]") {
  const auto program = test::make(small_network(), small_setup());
  Schedule broken = program->schedule;
  broken.main.pop_back();
  const auto error =
      error_of([&] { check_schedule(broken, order_by_round(broken), program->work, program->machine, true); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::internal);
}

TEST_CASE("schedule: a shared P port delivers one operand of a pass, independent ports both", "[models]") {
  // Sums of two tile operations of an add out of one bank.
  Setup setup = small_setup();
  setup.hardware.pods.partial_sum_input = false;
  for (const char* ports : {"independent", "shared"}) {
    setup.hardware.banks.p_ports = ports;
    const auto program = test::make(small_network(), setup);
    Schedule schedule = program->schedule;
    const auto add = std::find_if(schedule.post.begin(), schedule.post.end(), [](const PostPlacement& pass) {
      return pass.in1.kind == PostSource::Kind::main_sum && pass.in2.kind == PostSource::Kind::main_sum;
    });
    REQUIRE(add != schedule.post.end());
    schedule.main[add->in2.index].p_bank = schedule.main[add->in1.index].p_bank;
    std::string found;
    for (const Issue& issue : problems(schedule, *program)) found += issue.message + "\n";
    CAPTURE(ports, found);
    const bool is_found =
        found.find("round " + std::to_string(add->round) + ": PP-in1 and PP-in2 both need the shared port of P bank " +
                   std::to_string(schedule.main[add->in1.index].p_bank)) != std::string::npos;
    CHECK(is_found == (std::string(ports) == "shared"));
  }
}

}  // namespace
}  // namespace podsim

// SPDX-License-Identifier: Apache-2.0
// Every pod of a functional run against an array of PEs: the operands that the run's value plane says entered the pod,
// in the cycles in which a probe on the fabrics saw them arrive. Every partial-sum row has to leave the PEs in the
// cycle in which the run launched it, with the run's values. Pods that keep activations are arrays that keep weights,
// at work on the transposed product; pods that keep sums have PEs of their own (support/os_pe_array.hpp).
// PODSIM_PE_CASES and PODSIM_PE_SEED change how many random cases there are and with which they begin.
#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "podsim/models/values/int8_gemm.hpp"
#include "podsim/models/values/value_plane.hpp"
#include "podsim/sim/functional.hpp"
#include "podsim/workloads/network_builder.hpp"
#include "property/property_case.hpp"
#include "support/catch.hpp"
#include "support/observed_run.hpp"
#include "support/os_replay.hpp"
#include "support/pod_bench.hpp"

namespace podsim::test {
namespace {

/// Operations of the run with their operands, and the rows it computed.
class Recorder final : public OperationObserver {
 public:
  explicit Recorder(const Program& program) : config_(program.machine.config), program_(program) {}

  const PodConfig& kind_of(std::uint32_t op) const {
    return config_.pod_group(config_.group_of_pod(program_.schedule.main.at(op).pod));
  }

  /// The circuits tell when, but of sums that stay.
  void started(const Transfer& result, std::int64_t start, const Transfer& w, const Transfer& x,
               const Transfer* sums_in) override {
    const PodConfig& pods = kind_of(result.id);
    if (pods.dataflow.type != "output_stationary") return;
    OsGeometry array{pods.rows, pods.cols, pods.fan_in, pods.broadcast};
    array.double_buffered = pods.output_buffers == "double";
    OsOperation op;
    op.start = start;
    op.drain = result.bank == kNoBank ? -1 : result.launch - array.col_stages();
    op.m = result.rows;
    op.k = x.rows;
    op.n = program_.work.tiles[w.item].columns;
    op.accumulates = sums_in != nullptr;
    drains[result.id] = op.drain;
    starts[result.id] = start;
    kept.started(result.id, result.unit, array, op);
  }

  void computed(const ComputedRows& rows) override {
    const std::string& dataflow = kind_of(rows.op).dataflow.type;
    if (dataflow == "output_stationary") {
      kept.computed(rows);
    } else if (dataflow == "input_stationary") {
      computed_transposed(rows);
    } else {
      computed_rows(rows);
    }
  }

  std::map<std::uint32_t, PodOperation> operations;
  std::map<std::uint32_t, std::vector<std::vector<std::int32_t>>> sums;  ///< per operation its rows
  OsRecorder kept;                                                       ///< operations of pods that keep sums
  std::map<std::uint32_t, std::int64_t> starts, drains;                  ///< of these

 private:
  /// m rows of k activations are what was loaded, n columns of k weights what streamed.
  void computed_transposed(const ComputedRows& rows) {
    const PodConfig& pods = kind_of(rows.op);
    const OpTiles tiles = tiles_of_op(program_.work, rows.op);
    PodOperation& op = operations[rows.op];
    op.m = program_.work.tiles[tiles.x_tile].rows;
    op.k = program_.work.tiles[tiles.w_tile].rows;
    op.n = program_.work.tiles[tiles.w_tile].columns;
    if (rows.from != 0 || rows.to != op.n) FAIL("operation " << rows.op << ": not all rows are computed at once");
    op.takes_sums = rows.sums_in != nullptr;
    for (int t = 0; t < op.m; ++t) {
      for (int r = 0; r < pods.rows; ++r) {
        op.activations.push_back(r < op.k ? static_cast<std::int8_t>(rows.weights[packed_index(r, t, rows.padded)])
                                          : std::int8_t{0});
      }
      std::vector<std::int32_t>& row = sums[rows.op].emplace_back();
      for (int c = 0; c < op.n; ++c) row.push_back(rows.sums_out[c * rows.padded + t]);
      for (int c = 0; op.takes_sums && c < pods.cols; ++c) {
        op.sums.push_back(c < op.n ? rows.sums_in[c * rows.padded + t] : 0);
      }
    }
    for (int d = 0; d < op.k; ++d) {
      for (int c = 0; c < pods.cols; ++c) {
        op.weights.push_back(c < op.n ? static_cast<std::int8_t>(rows.activations[c * 2 * rows.pairs + d])
                                      : std::int8_t{0});
      }
    }
  }

  void computed_rows(const ComputedRows& rows) {
    const PodConfig& pods = kind_of(rows.op);
    PodOperation& op = operations[rows.op];
    if (rows.from != op.m) FAIL("operation " << rows.op << ": rows are not computed in order");
    const OpTiles tiles = tiles_of_op(program_.work, rows.op);
    const int count = rows.to - rows.from;
    op.m += count;
    op.k = program_.work.tiles[tiles.w_tile].rows;
    op.n = program_.work.tiles[tiles.w_tile].columns;
    op.takes_sums = rows.sums_in != nullptr;
    for (int t = 0; t < count; ++t) {
      for (int r = 0; r < pods.rows; ++r) {
        op.activations.push_back(r < op.k ? static_cast<std::int8_t>(rows.activations[t * 2 * rows.pairs + r])
                                          : std::int8_t{0});
      }
      const std::int32_t* sum = rows.sums_out + t * rows.padded;
      sums[rows.op].emplace_back(sum, sum + op.n);
      for (int c = 0; op.takes_sums && c < pods.cols; ++c) {
        op.sums.push_back(c < op.n ? rows.sums_in[t * rows.padded + c] : 0);
      }
    }
    if (!op.weights.empty()) return;
    for (int d = 0; d < op.k; ++d) {
      for (int c = 0; c < pods.cols; ++c) {
        op.weights.push_back(c < op.n ? static_cast<std::int8_t>(rows.weights[packed_index(d, c, rows.padded)])
                                      : std::int8_t{0});
      }
    }
  }

  const HardwareConfig& config_;
  const Program& program_;
};

/// Tile operations compared.
std::int64_t replay(const Network& network, const Program& program, std::uint64_t seed) {
  const ValuedRun reference = value_network(network, {}, seed);
  ValuePlane values(program, network, reference.values);
  Recorder recorder(program);
  values.observe(recorder);
  const ObservedRun run = observe(program, seed % 2 == 0 ? seed : 0, &values);
  REQUIRE(run.result.complete);
  REQUIRE(compare_outputs(network, program.work.network, values.tensors(), reference.outputs.tensors).is_equal());
  REQUIRE(recorder.operations.size() + recorder.kept.operations() == program.schedule.main.size());

  // When the operands entered, and the results left, each pod.
  std::map<std::uint32_t, std::int64_t> left;
  for (const SeenCircuit& seen : run.circuits) {
    const Transfer& transfer = seen.transfer;
    if (static_cast<int>(seen.fabric) > static_cast<int>(FabricId::p_out)) continue;
    if (const auto start = recorder.starts.find(transfer.id); start != recorder.starts.end()) {
      REQUIRE(seen.fabric != FabricId::p_in);
      if (seen.fabric != FabricId::p_out) {
        REQUIRE(transfer.arrival == start->second);
        continue;
      }
      // The sums of a round drain from its end on.
      REQUIRE(recorder.drains.at(transfer.id) ==
              run.result.round_results.at(program.schedule.main[transfer.id].round).stream_end);
      recorder.kept.launched(transfer.id, transfer.launch);
      continue;
    }
    if (seen.fabric == FabricId::w) recorder.operations.at(transfer.id).load = transfer.arrival;
    if (seen.fabric == FabricId::x) recorder.operations.at(transfer.id).start = transfer.arrival;
    if (seen.fabric == FabricId::p_in) REQUIRE(recorder.operations.at(transfer.id).takes_sums);
    if (seen.fabric == FabricId::p_out) left[transfer.id] = transfer.launch;
  }
  std::map<int, std::vector<std::pair<std::int64_t, std::uint32_t>>> by_pod;  // start, operation
  for (const auto& [id, op] : recorder.operations) {
    by_pod[program.schedule.main[id].pod].emplace_back(op.start, id);
  }
  for (auto& [pod, order] : by_pod) {
    CAPTURE(pod);
    std::sort(order.begin(), order.end());
    const PodConfig& kind = recorder.kind_of(order.front().second);
    PeGeometry array{kind.rows, kind.cols, kind.fan_in, kind.broadcast};
    array.double_buffered = kind.weight_buffers == "double";
    array.has_full_edges = kind.edge_folds == "full";
    array.is_drain_charged = kind.drain == "charged";
    // Where everything has left the array before the next weights come, a new one goes on: idle cycles are not stepped.
    for (std::size_t first = 0, end = 0; first < order.size(); first = end) {
      std::vector<PodOperation> ops;
      std::vector<OutputRow> expected;
      const std::int64_t base = recorder.operations[order[first].second].load;
      for (; end < order.size(); ++end) {
        const std::uint32_t id = order[end].second;
        PodOperation op = recorder.operations[id];
        op.load -= base;
        op.start -= base;
        if (end > first && op.load > ops.back().stream_end() + array.row_stages() + array.col_stages()) break;
        for (int t = 0; t < op.m; ++t) {
          expected.push_back({left.at(id) - base + t, recorder.sums[id].at(static_cast<std::size_t>(t))});
        }
        ops.push_back(std::move(op));
      }
      check_equal(expected, run_pes(array, ops));
    }
  }
  for (const auto& [pod, record] : recorder.kept.pods()) {
    CAPTURE(pod);
    check_equal(record.rows, replay_os(record, 0, [array = record.array](const std::vector<OsOperation>& ops) {
                  return run_os_pes(array, ops);
                }));
  }
  return static_cast<std::int64_t>(program.schedule.main.size());
}

/// Convolutions with a shortcut, and a linear layer.
Network small_network() {
  NetworkBuilder net("small");
  std::string x = net.input("image", {3, 9, 9});
  Conv2d conv;
  conv.in_channels = 3;
  conv.out_channels = 20;
  conv.kernel = {3, 3};
  conv.padding = {1, 1};
  x = net.conv2d("conv", x, conv, Activation::relu);
  conv.in_channels = 20;
  const std::string second = net.conv2d("second", x, conv);
  x = net.add("sum", {x, second}, Activation::relu);
  x = net.pool("pool", x, Pool::Kind::global_avg);
  x = net.unary("flat", Op::flatten, x);
  Linear linear;
  linear.in_features = 20;
  linear.out_features = 37;
  x = net.linear("classes", x, linear);
  return net.build({x});
}

TEST_CASE("pods of runs: a network on one and on four pods computes what arrays of PEs do", "[sim]") {
  for (const char* dataflow : {"weight_stationary", "input_stationary", "output_stationary"}) {
    for (const int pods : {1, 4}) {
      for (const char* buffers : {"double", "single"}) {
        for (const int stages : {1, 16}) {
          CAPTURE(dataflow, pods, buffers, stages);
          Setup setup = crossbar_setup(pods, 8, 12);
          setup.hardware.pods.dataflow.type = dataflow;
          setup.hardware.pods.weight_buffers = setup.hardware.pods.output_buffers = buffers;
          setup.hardware.pods.fan_in = setup.hardware.pods.broadcast = stages;
          setup.tiling.partition_rows = 8;
          const Network network = small_network();
          CHECK(replay(network, *make(network, setup), 1) > 100);
        }
      }
    }
  }
}

TEST_CASE("pods of runs: random networks on random machines compute what arrays of PEs do", "[sim]") {
  const std::int64_t cases = from_environment("PODSIM_PE_CASES", 40);
  const std::int64_t first = from_environment("PODSIM_PE_SEED", 1);
  std::int64_t operations = 0;
  for (std::int64_t n = 0; n < cases; ++n) {
    Case random = random_case(static_cast<std::uint64_t>(first + n));
    INFO(random.text);
    const auto program = make_or_advise(random);
    if (program->schedule.without_finalize) continue;  // has no values
    operations += replay(random.network, *program, static_cast<std::uint64_t>(first + n));
  }
  CHECK(operations > 50 * cases);
}

}  // namespace
}  // namespace podsim::test

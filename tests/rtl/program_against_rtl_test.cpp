// SPDX-License-Identifier: Apache-2.0
// Functional runs of whole networks: what entered every pod, and when, enters the array in SystemVerilog in the same
// cycles; the rows that leave it are those that the machine went on with.
#include <algorithm>
#include <map>
#include <memory>

#include "podsim/models/values/int8_gemm.hpp"
#include "podsim/models/values/value_plane.hpp"
#include "podsim/sim/functional.hpp"
#include "podsim/sim/simulator.hpp"
#include "podsim/workloads/value_network.hpp"
#include "rtl/pod_testbench.hpp"
#include "support/catch.hpp"
#include "support/random_case.hpp"

namespace podsim::test {
namespace {

/// Writes down what goes through the ports of every pod.
class PortRecorder final : public OperationObserver {
 public:
  PortRecorder(const Program& program, const PeGeometry& array) : work_(program.work), array_(array) {}

  void started(const Transfer& result, std::int64_t start, const Transfer& weights, const Transfer& activations,
               const Transfer* sums) override {
    REQUIRE(activations.arrival == start);
    REQUIRE((sums == nullptr || sums->arrival == start));
    Record& record = records_[result.id];
    record.pod = result.unit;
    record.leaves = result.launch;
    record.op.load = weights.arrival;
    record.op.start = start;
    record.op.m = result.rows;
    record.op.k = weights.rows;
    record.op.n = work_.tiles[weights.item].columns;
    record.op.takes_sums = sums != nullptr;
    record.op.activations.resize(static_cast<std::size_t>(record.op.m * array_.rows));
    record.op.weights.resize(static_cast<std::size_t>(record.op.k * array_.cols));
    if (sums != nullptr) record.op.sums.resize(static_cast<std::size_t>(record.op.m * array_.cols));
    record.out.resize(static_cast<std::size_t>(record.op.m));
  }

  void computed(const ComputedRows& rows) override {
    Record& record = records_.at(rows.op);
    PodOperation& op = record.op;
    for (int d = 0; d < op.k; ++d) {
      for (int c = 0; c < op.n; ++c) {
        op.weights[static_cast<std::size_t>(d * array_.cols + c)] =
            static_cast<std::int8_t>(rows.weights[packed_index(d, c, rows.padded)]);
      }
    }
    REQUIRE((rows.sums_in != nullptr) == op.takes_sums);
    for (int t = rows.from; t < rows.to; ++t) {
      const std::int16_t* x = rows.activations + (t - rows.from) * 2 * rows.pairs;
      std::transform(x, x + op.k, op.activations.begin() + t * array_.rows,
                     [](std::int16_t v) { return static_cast<std::int8_t>(v); });
      const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(t - rows.from) * rows.padded;
      if (op.takes_sums) std::copy_n(rows.sums_in + at, op.n, op.sums.begin() + t * array_.cols);
      record.out[static_cast<std::size_t>(t)] = {record.leaves + t, {rows.sums_out + at, rows.sums_out + at + op.n}};
    }
  }

  struct PodRecord {
    std::vector<PodOperation> ops;
    std::vector<OutputRow> rows;
  };
  /// Per pod, in the order of time.
  std::map<int, PodRecord> pods() const {
    std::vector<const Record*> order;
    for (const auto& [id, record] : records_) order.push_back(&record);
    std::sort(order.begin(), order.end(), [](const Record* a, const Record* b) { return a->op.start < b->op.start; });
    std::map<int, PodRecord> pods;
    for (const Record* record : order) {
      PodRecord& pod = pods[record->pod];
      pod.ops.push_back(record->op);
      pod.rows.insert(pod.rows.end(), record->out.begin(), record->out.end());
    }
    return pods;
  }

 private:
  struct Record {
    int pod = 0;
    std::int64_t leaves = 0;
    PodOperation op;
    std::vector<OutputRow> out;
  };
  const TiledWorkload& work_;
  PeGeometry array_;
  std::map<std::uint32_t, Record> records_;
};

Setup machine_of(const PeGeometry& array, RandomStream& random) {
  Setup setup = crossbar_setup(static_cast<int>(random.between(1, 4)), array.rows, array.cols);
  setup.hardware.pods.fan_in = array.fan_in;
  setup.hardware.pods.broadcast = array.broadcast;
  setup.hardware.pods.weight_buffers = array.double_buffered ? "double" : "single";
  if (random.below(2) == 0) setup.hardware.interconnect = {"butterfly", {{"expansion", 2}}};
  return setup;
}

TEST_CASE("program against RTL: pods of functional runs give what the RTL gives, in every cycle", "[rtl]") {
  std::size_t operations = 0, chained = 0, pods = 0;
  for (const RtlPodKind& kind : rtl_pods()) {
    if (kind.geometry.rows * kind.geometry.cols < 9) continue;  // thousands of operations even for small networks
    RandomStream random(8, "networks on " + kind.name());
    for (int run = 0; run < 6; ++run) {
      CAPTURE(kind.name(), run);
      const Network network = random_network(random, 30);
      const auto program = make(network, machine_of(kind.geometry, random));
      const ValuedRun reference = value_network(network, {}, random.next());
      ValuePlane values(*program, network, reference.values);
      PortRecorder recorder(*program, kind.geometry);
      values.observe(recorder);
      RunOptions options;
      if (run % 2 == 1) options.stall_seed = random.next();
      REQUIRE(simulate(*program, options, &values).complete);
      REQUIRE(compare_outputs(network, program->work.network, values.tensors(), reference.outputs.tensors).is_equal());
      std::size_t recorded = 0;
      for (const auto& [pod, record] : recorder.pods()) {
        CAPTURE(pod);
        const RtlRun rtl = run_rtl(kind, record.ops, random.next());
        REQUIRE(rtl.flaw == "");
        REQUIRE(first_difference(record.rows, rtl.rows) == "");
        recorded += record.ops.size();
        ++pods;
        for (const PodOperation& op : record.ops) chained += op.takes_sums ? 1 : 0;
      }
      REQUIRE(recorded == program->work.op_count);
      operations += recorded;
    }
  }
  CAPTURE(operations, chained, pods);
  CHECK(operations >= 10000);
  CHECK(chained >= 1000);
}

}  // namespace
}  // namespace podsim::test

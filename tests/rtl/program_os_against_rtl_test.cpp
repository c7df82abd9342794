// SPDX-License-Identifier: Apache-2.0
// Functional runs of whole networks on output-stationary pods: what entered every pod, and when, enters the PEs and the
// array in SystemVerilog in the same cycles; the rows that leave them are those that the machine went on with.
// When a pod began to drain is taken from the launch of its first row, ceil(cols / broadcast) cycles later.
#include <map>

#include "podsim/models/values/value_plane.hpp"
#include "podsim/sim/functional.hpp"
#include "podsim/sim/simulator.hpp"
#include "podsim/workloads/value_network.hpp"
#include "rtl/pod_os_testbench.hpp"
#include "support/catch.hpp"
#include "support/os_replay.hpp"
#include "support/random_case.hpp"

namespace podsim::test {
namespace {

class PortRecorder final : public OperationObserver {
 public:
  PortRecorder(const Program& program, const OsGeometry& array) : work_(program.work), array_(array) {}

  void started(const Transfer& result, std::int64_t start, const Transfer& weights, const Transfer& activations,
               const Transfer* sums) override {
    REQUIRE(activations.arrival == start);
    REQUIRE(weights.arrival == start);
    REQUIRE(activations.rows == weights.rows);
    OsOperation op;
    op.start = start;
    op.m = result.rows;
    op.k = activations.rows;
    op.n = work_.tiles[weights.item].columns;
    op.accumulates = sums != nullptr;
    const bool drains = result.bank != kNoBank;
    if (drains) op.drain = result.launch - array_.col_stages();
    recorder.started(result.id, result.unit, array_, op);
    if (drains) recorder.launched(result.id, result.launch);
  }
  void computed(const ComputedRows& rows) override { recorder.computed(rows); }

  OsRecorder recorder;

 private:
  const TiledWorkload& work_;
  OsGeometry array_;
};

TEST_CASE("program against RTL: output-stationary pods of functional runs give what PEs and RTL give", "[rtl]") {
  std::size_t operations = 0, accumulating = 0;
  for (const RtlOsPodKind& kind : rtl_os_pods()) {
    const OsGeometry& array = kind.geometry;
    if (array.rows * array.cols < 9) continue;  // thousands of operations even for small networks
    RandomStream random(8, "networks on " + kind.name());
    for (int run = 0; run < 20; ++run) {
      CAPTURE(kind.name(), run);
      const Network network = random_network(random, 30);
      Setup setup = crossbar_setup(static_cast<int>(random.between(1, 4)), array.rows, array.cols);
      setup.hardware.pods.dataflow.type = "output_stationary";
      setup.hardware.pods.fan_in = array.fan_in;
      setup.hardware.pods.broadcast = array.broadcast;
      setup.hardware.pods.output_buffers = array.double_buffered ? "double" : "single";
      const auto program = make(network, setup);
      const ValuedRun reference = value_network(network, {}, random.next());
      ValuePlane values(*program, network, reference.values);
      PortRecorder observer(*program, array);
      values.observe(observer);
      RunOptions options;
      if (run % 2 == 1) options.stall_seed = random.next();
      REQUIRE(simulate(*program, options, &values).complete);
      REQUIRE(compare_outputs(network, program->work.network, values.tensors(), reference.outputs.tensors).is_equal());
      REQUIRE(observer.recorder.operations() == program->work.op_count);
      for (const auto& [pod, record] : observer.recorder.pods()) {
        CAPTURE(pod);
        REQUIRE(first_difference(record.rows, replay_os(record, 0, [&](const std::vector<OsOperation>& ops) {
                                   return run_os_pes(array, ops);
                                 })) == "");
        REQUIRE(first_difference(record.rows, replay_os(record, kRtlFirstCycle, [&](const auto& ops) {
                                   const RtlRun rtl = run_os_rtl(kind, ops, random.next());
                                   REQUIRE(rtl.flaw == "");
                                   return rtl.rows;
                                 })) == "");
        for (const OsOperation& op : record.ops) accumulating += op.accumulates ? 1 : 0;
      }
      operations += observer.recorder.operations();
    }
  }
  CAPTURE(operations, accumulating);
  CHECK(operations >= 10000);
  CHECK(accumulating >= 2000);
}

}  // namespace
}  // namespace podsim::test

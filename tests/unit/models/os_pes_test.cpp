// SPDX-License-Identifier: Apache-2.0
// The array of output-stationary PEs that an output-stationary pod is to be compared with: what it computes is the
// product, its rows leave when they should, and every rule that keeps operations apart is as tight as the wires are.
//
// An operand pair that enters in cycle t is multiplied in PE (i, j) in t + floor(i / f) + floor(j / b); its sum is
// there from the next cycle on. The order to capture takes as long. Row i, column stage q is read q cycles after it is
// addressed: in drain + 1 + i from the shadow plane, in drain + i from the accumulators. From this alone:
//
//     operands on the ports     start of the next >= start + k
//     sums complete             drain >= start + k
//     sums captured             start of the next >= drain
//     sums read (no shadow)     start of the next >= drain + max over i < m of (i - floor(i / f))
//     rows on the output        drain of the next >= drain + m
//
// PODSIM_PE_SCALE multiplies the number of random operations, PODSIM_PE_SEED changes them.
#include <algorithm>
#include <iostream>
#include <vector>

#include "property/property_case.hpp"
#include "support/catch.hpp"
#include "support/os_operations.hpp"
#include "support/pod_bench.hpp"

namespace podsim::test {
namespace {

const std::vector<OsGeometry> kGeometries{{1, 1, 1, 1},   {1, 9, 1, 2},     {7, 1, 2, 1},    {4, 4, 1, 1},
                                          {8, 8, 2, 16},  {5, 13, 16, 1},   {9, 6, 4, 2},    {16, 16, 16, 16},
                                          {12, 3, 5, 2},  {17, 11, 1, 2},   {16, 16, 2, 2},  {33, 7, 2, 1},
                                          {32, 32, 1, 1}, {32, 32, 16, 16}, {64, 16, 16, 2}, {64, 64, 16, 16}};

TEST_CASE("output-stationary PEs: rows are the product and leave in drain + Cs + i, over random geometries",
          "[models]") {
  const auto scale = static_cast<int>(from_environment("PODSIM_PE_SCALE", 1));
  RandomStream random(static_cast<std::uint64_t>(from_environment("PODSIM_PE_SEED", 4)), "output-stationary PEs");
  std::int64_t operations = 0, accumulating = 0, back_to_back = 0;
  std::size_t compared = 0;
  std::vector<OsGeometry> geometries = kGeometries;
  geometries.push_back({64, 64, 1, 1});
  for (int g = 0; g < 40; ++g) {
    const int most = random.below(4) == 0 ? 64 : 16;
    const int steps[] = {1, 2, 16};
    geometries.push_back({static_cast<int>(random.between(1, most)), static_cast<int>(random.between(1, most)),
                          steps[random.below(3)], steps[random.below(3)]});
  }
  for (OsGeometry array : geometries) {
    for (const bool double_buffered : {true, false}) {
      array.double_buffered = double_buffered;
      CAPTURE(array.rows, array.cols, array.fan_in, array.broadcast, double_buffered);
      int left = std::clamp(400000 / (array.rows * array.cols * (3 * array.rows + array.cols)), 12, 200) * scale;
      for (int count = 0; left > 0; left -= count) {
        count = std::min(left, 400);
        const std::vector<OsOperation> ops = random_os_operations(array, count, 0, random);
        const std::vector<OutputRow> rows = run_os_pes(array, ops);
        check_equal(meant_os_rows(array, ops), rows);
        operations += count;
        compared += rows.size();
        for (std::size_t q = 0; q < ops.size(); ++q) {
          accumulating += ops[q].accumulates ? 1 : 0;
          back_to_back += q > 0 && ops[q].start == ops[q - 1].stream_end() ? 1 : 0;
        }
      }
    }
  }
  CHECK(accumulating > operations / 4);
  CHECK(back_to_back > operations / 8);
  if (scale > 1) std::cout << operations << " operations, " << compared << " rows equal\n";
}

TEST_CASE("output-stationary PEs: an operation multiplies for k + Rs + Cs - 2 cycles", "[models]") {
  RandomStream random(1, "closed form");
  for (const OsGeometry& array : kGeometries) {
    for (const int k : {1, 2, 7, 100}) {
      CAPTURE(array.rows, array.cols, array.fan_in, array.broadcast, k);
      OsOperation op;
      op.m = array.rows;
      op.n = array.cols;
      op.k = k;
      op.drain = k;
      draw_os_operands(op, array, random);
      std::int64_t cycles = 0;
      check_equal(meant_os_rows(array, {op}), run_os_pes(array, {op}, &cycles));
      CHECK(cycles == k + array.row_stages() + array.col_stages() - 2);
      // With a stage per row and column that is the textbook's R + C + T - 2.
      if (array.fan_in == 1 && array.broadcast == 1) CHECK(cycles == array.rows + array.cols + k - 2);
    }
  }
}

/// Operands without zeros, and such that no product of `second` equals that of `first`.
OsOperation operation(const OsGeometry& array, int m, int k, std::int8_t factor) {
  OsOperation op;
  op.m = m;
  op.n = array.cols;
  op.k = k;
  for (int i = 0; i < k * array.rows; ++i) op.activations.push_back(static_cast<std::int8_t>(1 + i % 11));
  for (int i = 0; i < k * array.cols; ++i) op.weights.push_back(static_cast<std::int8_t>(factor * (1 + i % 7)));
  return op;
}

bool is_right(const OsGeometry& array, const std::vector<OsOperation>& ops) {
  return run_os_pes(array, ops) == meant_os_rows(array, ops);
}

template <class Check>
void for_all_arrays(const Check& check) {
  for (OsGeometry array : kGeometries) {
    for (const bool double_buffered : {true, false}) {
      array.double_buffered = double_buffered;
      for (const int m : {1, (array.rows + 1) / 2, array.rows}) {
        CAPTURE(array.rows, array.cols, array.fan_in, array.broadcast, double_buffered, m);
        check(array, m);
      }
    }
  }
}

TEST_CASE("output-stationary PEs: operands enter once the ports are free, not a cycle earlier", "[models]") {
  for_all_arrays([](const OsGeometry& array, int m) {
    for (const int k : {1, 5}) {
      OsOperation first = operation(array, m, k, 3);
      OsOperation second = operation(array, m, k, -5);
      for (const bool accumulates : {false, true}) {
        // Sums that accumulate leave once, those that do not are captured in time.
        second.accumulates = accumulates;
        if (accumulates) first.drain = -1;
        for (std::int64_t early = -1; early <= 1; ++early) {
          CAPTURE(k, accumulates, early);
          second.start = first.stream_end() - early;
          second.drain = second.stream_end() + array.rows;
          CHECK(is_right(array, {first, second}) == (early <= 0));
        }
      }
    }
  });
}

TEST_CASE("output-stationary PEs: sums are captured once they are complete, not a cycle earlier", "[models]") {
  for_all_arrays([](const OsGeometry& array, int m) {
    OsOperation op = operation(array, m, 6, 3);
    for (std::int64_t early = -2; early <= 2; ++early) {
      CAPTURE(early);
      op.drain = op.stream_end() - early;
      CHECK(is_right(array, {op}) == (early <= 0));
    }
  });
}

TEST_CASE("output-stationary PEs: new products arrive once the sums are captured, or read, not a cycle earlier",
          "[models]") {
  for_all_arrays([](const OsGeometry& array, int m) {
    OsOperation first = operation(array, m, 4, 3);
    first.drain = first.stream_end() + array.rows + 3;  // so late that the ports set no bound
    std::int64_t needed = first.drain;
    for (int i = 0; i < m && !array.double_buffered; ++i) {
      needed = std::max(needed, first.drain + i - i / array.fan_in);
    }
    for (const bool accumulates : {false, true}) {
      for (std::int64_t start = first.drain - 2; start <= needed + 2; ++start) {
        OsOperation second = operation(array, m, 4, -5);
        second.accumulates = accumulates;
        second.start = start;
        second.drain = first.drain + 2 * array.rows + second.k + 5;
        CAPTURE(accumulates, start - first.drain, needed - first.drain);
        CHECK(is_right(array, {first, second}) == (start >= needed));
      }
    }
    CHECK(os_start_after(array, first) == needed);
  });
}

TEST_CASE("output-stationary PEs: a tile drains once the rows of the one before have left, not a cycle earlier",
          "[models]") {
  for_all_arrays([](const OsGeometry& array, int m) {
    // k = 1: the next sums are complete long before the output port is free.
    OsOperation first = operation(array, m, 1, 3);
    first.drain = first.stream_end();
    OsOperation second = operation(array, m, 1, -5);
    second.start = os_start_after(array, first);
    for (std::int64_t drain = std::max(second.stream_end(), first.drain + m - 2); drain <= first.drain + m + 2;
         ++drain) {
      CAPTURE(drain - first.drain);
      second.drain = drain;
      CHECK(is_right(array, {first, second}) == (drain >= first.drain + m));
    }
  });
}

TEST_CASE("input-stationary: weight-stationary PEs that hold activations give the product, transposed", "[models]") {
  // The activation tile takes the place of the weights, k rows of m; n weight columns of k values stream through.
  RandomStream random(2, "input-stationary");
  for (const PeGeometry& array : {PeGeometry{1, 1, 1, 1}, PeGeometry{4, 6, 1, 1}, PeGeometry{16, 16, 16, 16},
                                  PeGeometry{9, 5, 2, 2}, PeGeometry{32, 32, 16, 16}}) {
    for (int repetition = 0; repetition < 5; ++repetition) {
      const int m = static_cast<int>(random.between(1, array.cols)),
                k = static_cast<int>(random.between(1, array.rows));
      const int n = static_cast<int>(random.between(1, 40));
      CAPTURE(array.rows, array.cols, m, k, n);
      std::vector<int> x(static_cast<std::size_t>(m * k)), w(static_cast<std::size_t>(k * n));
      for (int& v : x) v = static_cast<int>(random.between(-128, 127));
      for (int& v : w) v = static_cast<int>(random.between(-128, 127));
      PodOperation op;
      op.m = n;  // rows that stream
      op.k = k;
      op.n = m;  // columns that are held
      op.start = k;
      for (int j = 0; j < n; ++j) {
        for (int d = 0; d < array.rows; ++d) {
          op.activations.push_back(d < k ? static_cast<std::int8_t>(w[static_cast<std::size_t>(d * n + j)])
                                         : std::int8_t{0});
        }
      }
      for (int d = 0; d < k; ++d) {
        for (int i = 0; i < array.cols; ++i) {
          op.weights.push_back(i < m ? static_cast<std::int8_t>(x[static_cast<std::size_t>(i * k + d)])
                                     : std::int8_t{0});
        }
      }
      std::vector<OutputRow> expected;
      for (int j = 0; j < n; ++j) {
        OutputRow row;
        row.cycle = k + j + array.row_stages() + array.col_stages() - 1;
        for (int i = 0; i < m; ++i) {
          std::int32_t sum = 0;
          for (int d = 0; d < k; ++d) {
            sum += x[static_cast<std::size_t>(i * k + d)] * w[static_cast<std::size_t>(d * n + j)];
          }
          row.values.push_back(sum);
        }
        expected.push_back(std::move(row));
      }
      check_equal(expected, run_pes(array, {op}));
    }
  }
}

}  // namespace
}  // namespace podsim::test

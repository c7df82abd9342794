// SPDX-License-Identifier: Apache-2.0
#include "support/os_operations.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace podsim::test {

std::int64_t os_start_after(const OsGeometry& array, const OsOperation& before) {
  std::int64_t start = before.stream_end();
  if (!before.drains()) return start;
  start = std::max(start, before.drain);
  if (array.double_buffered) return start;
  // Row i is read in drain + i, and its accumulators take new products floor(i / fan_in) cycles after the start.
  const int last = before.m - 1;
  return std::max(start, before.drain + last - last / array.fan_in);
}

std::int64_t os_drain_after(const OsOperation& op, const OsOperation* before) {
  return before == nullptr ? op.stream_end() : std::max(op.stream_end(), before->drain + before->m);
}

void draw_os_operands(OsOperation& op, const OsGeometry& array, RandomStream& random) {
  auto draw = [&random] {
    return static_cast<std::int8_t>(random.below(5) == 0 ? (random.below(2) == 0 ? -128 : 127)
                                                         : random.between(-128, 127));
  };
  for (int i = 0; i < op.k * array.rows; ++i) op.activations.push_back(draw());
  for (int i = 0; i < op.k * array.cols; ++i) op.weights.push_back(draw());
}

std::vector<OsOperation> random_os_operations(const OsGeometry& array, int count, std::int64_t first,
                                              RandomStream& random) {
  std::vector<OsOperation> ops;
  ops.reserve(static_cast<std::size_t>(count));
  // The full extent is as likely as all remainders together.
  auto extent = [&random](int most) { return static_cast<int>(random.below(2) == 0 ? most : random.between(1, most)); };
  auto delay = [&random](int most) { return random.below(2) == 0 ? 0 : random.between(1, most); };
  int parts = 0;  // of the sum that are still to come
  const OsOperation* drained = nullptr;
  for (int q = 0; q < count; ++q) {
    OsOperation op;
    if (parts > 0) {
      op.m = ops.back().m;
      op.n = ops.back().n;
      op.accumulates = true;
      --parts;
    } else {
      op.m = extent(array.rows);
      op.n = extent(array.cols);
      parts = random.below(2) == 0 ? 0 : static_cast<int>(random.between(1, 3));
    }
    switch (random.below(4)) {
      case 0:
        op.k = 1;
        break;
      case 1:
        op.k = static_cast<int>(random.between(1, 3 * array.rows));
        break;
      default:
        op.k = static_cast<int>(random.between(1, array.rows + 1));
    }
    op.start = (ops.empty() ? first : os_start_after(array, ops.back())) + delay(array.rows + array.cols);
    // Some sums leave before they are complete, too.
    if (parts == 0 || q == count - 1 || random.below(8) == 0) {
      op.drain = os_drain_after(op, drained) + delay(array.rows + array.cols);
    }
    draw_os_operands(op, array, random);
    ops.push_back(std::move(op));
    if (ops.back().drains()) drained = &ops.back();
  }
  return ops;
}

std::vector<OutputRow> meant_os_rows(const OsGeometry& array, const std::vector<OsOperation>& ops) {
  std::vector<OutputRow> rows;
  std::vector<std::uint32_t> sums;
  for (const OsOperation& op : ops) {
    if (!op.accumulates) sums.assign(static_cast<std::size_t>(array.rows * array.cols), 0);
    for (int t = 0; t < op.k; ++t) {
      for (int i = 0; i < op.m; ++i) {
        const int x = op.activations[static_cast<std::size_t>(t * array.rows + i)];
        for (int j = 0; j < op.n; ++j) {
          sums[static_cast<std::size_t>(i * array.cols + j)] +=
              static_cast<std::uint32_t>(x * op.weights[static_cast<std::size_t>(t * array.cols + j)]);
        }
      }
    }
    for (int i = 0; op.drains() && i < op.m; ++i) {
      OutputRow row;
      row.cycle = op.drain + array.col_stages() + i;
      for (int j = 0; j < op.n; ++j) {
        row.values.push_back(static_cast<std::int32_t>(sums[static_cast<std::size_t>(i * array.cols + j)]));
      }
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

OsPorts OsFeeder::ports(std::int64_t cycle) {
  OsPorts ports;
  while (streaming_ < ops_.size() && cycle >= ops_[streaming_].stream_end()) ++streaming_;
  if (streaming_ < ops_.size() && cycle >= ops_[streaming_].start) {
    const OsOperation& op = ops_[streaming_];
    const auto t = static_cast<std::ptrdiff_t>(cycle - op.start);
    const auto x = op.activations.begin() + t * array_.rows;
    const auto w = op.weights.begin() + t * array_.cols;
    ports.activations.assign(x, x + array_.rows);
    ports.weights.assign(w, w + array_.cols);
    ports.replaces = t == 0 && !op.accumulates;
  }
  while (draining_ < ops_.size() && (!ops_[draining_].drains() || ops_[draining_].drain < cycle)) ++draining_;
  if (draining_ < ops_.size() && ops_[draining_].drain == cycle) ports.drain_rows = ops_[draining_].m;
  return ports;
}

int OsFeeder::columns_of_row(int row) {
  // Row 0 is the first of the next operation that drains, even if rows of the one before are missing.
  if (row == 0) {
    while (left_ < ops_.size() && !ops_[left_].drains()) ++left_;
    ++left_;
  }
  if (left_ == 0 || left_ > ops_.size()) throw std::logic_error("a row leaves that nobody asked for");
  return ops_[left_ - 1].n;
}

std::int64_t OsFeeder::cycles() const {
  std::int64_t end = 0;
  for (const OsOperation& op : ops_) {
    end = std::max({end, op.stream_end() + array_.row_stages(), op.drain + op.m});
  }
  return end + 2 * array_.col_stages() + 2;
}

std::vector<OutputRow> run_os_pes(const OsGeometry& array, const std::vector<OsOperation>& ops,
                                  std::int64_t* products) {
  OsPeArray pes(array, 77);
  OsFeeder feeder(array, ops);
  std::vector<OutputRow> rows;
  std::int64_t busy = 0;
  const std::int64_t end = feeder.cycles();
  for (std::int64_t cycle = 0; cycle < end; ++cycle) {
    OsOutputs out = pes.step(feeder.ports(cycle));
    busy += out.products > 0 ? 1 : 0;
    if (!out.sums) continue;
    out.sums->resize(static_cast<std::size_t>(feeder.columns_of_row(out.row)));
    rows.push_back({cycle, std::move(*out.sums)});
  }
  if (products != nullptr) *products = busy;
  return rows;
}

}  // namespace podsim::test

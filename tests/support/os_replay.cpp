// SPDX-License-Identifier: Apache-2.0
#include "support/os_replay.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace podsim::test {

void OsRecorder::started(std::uint32_t id, int pod, const OsGeometry& array, OsOperation op) {
  Record record;
  record.pod = pod;
  record.array = array;
  record.op = std::move(op);
  record.op.activations.assign(static_cast<std::size_t>(record.op.k * array.rows), 0);
  record.op.weights.assign(static_cast<std::size_t>(record.op.k * array.cols), 0);
  record.sums.resize(static_cast<std::size_t>(record.op.m));
  if (!records_.emplace(id, std::move(record)).second) {
    throw std::logic_error("operation " + std::to_string(id) + " starts twice");
  }
}

void OsRecorder::computed(const ComputedRows& rows) {
  Record& record = records_.at(rows.op);
  OsOperation& op = record.op;
  const OsGeometry& array = record.array;
  for (int i = rows.from; i < rows.to; ++i) {
    const std::int16_t* x = rows.activations + static_cast<std::ptrdiff_t>(i - rows.from) * 2 * rows.pairs;
    for (int t = 0; t < op.k; ++t) {
      op.activations.at(static_cast<std::size_t>(t * array.rows + i)) = static_cast<std::int8_t>(x[t]);
    }
    const std::int32_t* sums = rows.sums_out + static_cast<std::ptrdiff_t>(i - rows.from) * rows.padded;
    record.sums.at(static_cast<std::size_t>(i)).assign(sums, sums + op.n);
    ++record.rows_computed;
  }
  for (int t = 0; t < op.k; ++t) {
    for (int j = 0; j < op.n; ++j) {
      op.weights.at(static_cast<std::size_t>(t * array.cols + j)) =
          static_cast<std::int8_t>(rows.weights[packed_index(t, j, rows.padded)]);
    }
  }
}

void OsRecorder::launched(std::uint32_t id, std::int64_t cycle) {
  records_.at(id).launch = cycle;
}

std::map<int, OsPodRecord> OsRecorder::pods() const {
  std::vector<const Record*> order;
  for (const auto& [id, record] : records_) {
    if (record.rows_computed != record.op.m || record.op.drains() != (record.launch >= 0)) {
      throw std::logic_error("operation " + std::to_string(id) + " is not complete");
    }
    order.push_back(&record);
  }
  std::sort(order.begin(), order.end(), [](const Record* a, const Record* b) { return a->op.start < b->op.start; });
  std::map<int, OsPodRecord> pods;
  for (const Record* record : order) {
    OsPodRecord& pod = pods[record->pod];
    pod.array = record->array;
    pod.ops.push_back(record->op);
    for (int i = 0; record->op.drains() && i < record->op.m; ++i) {
      pod.rows.push_back({record->launch + i, record->sums[static_cast<std::size_t>(i)]});
    }
  }
  return pods;
}

std::vector<OutputRow> replay_os(
    const OsPodRecord& record, std::int64_t first,
    const std::function<std::vector<OutputRow>(const std::vector<OsOperation>& ops)>& array) {
  const int stages = record.array.row_stages() + record.array.col_stages();
  std::vector<OutputRow> rows;
  for (std::size_t begin = 0, end = 0; begin < record.ops.size(); begin = end) {
    const std::int64_t shift = record.ops[begin].start - first;
    std::vector<OsOperation> ops;
    std::int64_t busy = 0;
    for (; end < record.ops.size(); ++end) {
      OsOperation op = record.ops[end];
      if (end > begin && !op.accumulates && op.start > busy) break;
      busy = std::max({busy, op.stream_end() + stages, op.drain + op.m + stages});
      op.start -= shift;
      if (op.drains()) op.drain -= shift;
      ops.push_back(std::move(op));
    }
    for (OutputRow& row : array(ops)) rows.push_back({row.cycle + shift, std::move(row.values)});
  }
  return rows;
}

}  // namespace podsim::test

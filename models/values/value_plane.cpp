// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/values/value_plane.hpp"

#include <algorithm>
#include <optional>

namespace podsim {
namespace {

std::optional<PostStep::Kind> activation_step(Op op) {
  switch (op) {
    case Op::relu:
      return PostStep::Kind::relu;
    case Op::relu6:
      return PostStep::Kind::relu6;
    case Op::gelu:
      return PostStep::Kind::gelu;
    case Op::tanh:
      return PostStep::Kind::tanh;
    case Op::sigmoid:
      return PostStep::Kind::sigmoid;
    default:
      return std::nullopt;
  }
}

}  // namespace

ValuePlane::ValuePlane(const Program& program, const Network& network, const NetworkValues& values)
    : program_(program),
      work_(program.work),
      network_(network),
      values_(values),
      store_(network, program.work.network, values),
      operands_(program.work, network, values, store_),
      multiply_(int8_gemm_kernels().back().run) {
  contents_.resize(work_.tiles.size() + program.schedule.main.size() + program.schedule.post.size());
  std::size_t largest = 0;
  for (ItemId item = 0; item < tiles(); ++item) {
    const StoredTile& stored = work_.tiles[item];
    // What passes write is there row by row; what DRAM holds has to be fetched first.
    contents_[item].place = stored.dram_bytes > 0 ? Place::nowhere : Place::bank;
    contents_[item].bank = stored.bank;
    const auto wider = static_cast<std::size_t>(
        std::max(padded_columns(operands_.columns(item)), 2 * depth_pairs(operands_.columns(item))));
    largest = std::max(largest, static_cast<std::size_t>(2 * depth_pairs(operands_.rows(item))) * wider);
  }
  for (const ItemId item : program.memory.resident) contents_[item].place = Place::bank;
  unwritten_.assign(largest, kUnwritten);
  writers_.resize(work_.block_count);
  if (work_.relayout.by_circuits() && !program.schedule.without_finalize) {
    copies_missing_.assign(work_.tiles.size(), 0);
    copied_from_.assign(work_.tiles.size(), 0);
    for (const TileReader& reader : work_.relayout.readers) ++copies_missing_[reader.tile];
  }
}

ValuePlane::Read ValuePlane::read_of(const Transfer& transfer) {
  return {transfer.item, transfer.bank, transfer.launch - 1 - transfer.ahead};
}

int ValuePlane::new_running() {
  if (spare_running_.empty()) {
    running_.emplace_back();
    return static_cast<int>(running_.size()) - 1;
  }
  const std::int32_t index = spare_running_.back();
  spare_running_.pop_back();
  running_[static_cast<std::size_t>(index)] = Running{};
  return index;
}

ValuePlane::Buffer& ValuePlane::buffer_of(Content& content) {
  if (content.buffer < 0) {
    if (spare_buffers_.empty()) {
      content.buffer = static_cast<std::int32_t>(buffers_.size());
      buffers_.emplace_back();
    } else {
      content.buffer = spare_buffers_.back();
      spare_buffers_.pop_back();
    }
    content.rows = 0;
    content.gathered = 0;
    buffers_[static_cast<std::size_t>(content.buffer)].statistics.clear();
  }
  return buffers_[static_cast<std::size_t>(content.buffer)];
}

void ValuePlane::release(Content& content) {
  if (content.buffer >= 0) spare_buffers_.push_back(content.buffer);
  content.buffer = -1;
  content.rows = 0;
  content.gathered = 0;
}

std::int64_t ValuePlane::stride_of(ItemId tile) const {
  return 2 * depth_pairs(operands_.columns(tile));
}

void ValuePlane::forget(int index) {
  const Running& running = running_[static_cast<std::size_t>(index)];
  contents_[tiles() + (running.is_pass ? mains() : 0) + running.id].running = -1;
  if (running.is_pass && running.written != kNeverWritten && program_.schedule.post[running.id].writes_output) {
    const PostPlacement& pass = program_.schedule.post[running.id];
    for (const std::size_t block : output_blocks_of(work_, pass.operation, pass.tile)) {
      auto& list = writers_[block];
      list.erase(std::remove(list.begin(), list.end(), index), list.end());
    }
  }
  spare_running_.push_back(index);
}

// --- reports ---------------------------------------------------------------------------------------------------------

void ValuePlane::start_operation(const Transfer& result, std::int64_t start, const Transfer& w, const Transfer& x,
                                 const Transfer* sums) {
  if (observer_ != nullptr) observer_->started(result, start, w, x, sums);
  const OperandFlow& flow = work_.gemm_of_op(result.id).flow;
  Running running;
  running.activations = read_of(flow.is_transposed ? w : x);
  running.weights = read_of(flow.is_transposed ? x : w);
  if (sums != nullptr) running.sums = read_of(*sums);
  running.is_whole = flow.activations_by_columns();
  running.rows = flow.is_transposed ? operands_.rows(w.item) : result.rows;
  running.length = x.rows;
  begin(running, result, start);
  if (result.bank == kNoBank) {
    Content& content = contents_[result.item];
    content.place = Place::bank;
    content.bank = kNoBank;
    content.ready = 0;
  }
}

void ValuePlane::start_pass(const Transfer& result, std::int64_t start, const Transfer& in1, const Transfer* in2) {
  // A copy computes nothing; when it arrives, the tiles that wait for it have their rows.
  if (program_.schedule.post[result.id].kind == PostPlacement::Kind::copy) return;
  Running running;
  running.is_pass = true;
  running.rows = rows_of(program_.schedule.post[result.id]);
  running.length = result.rows;
  running.is_whole = is_transposed(program_.schedule.post[result.id]);
  running.activations = read_of(in1);
  if (in2 != nullptr) running.sums = read_of(*in2);
  begin(running, result, start);
}

void ValuePlane::begin(Running running, const Transfer& result, std::int64_t start) {
  running.id = result.id;
  running.start = start;
  const int index = new_running();
  running_[static_cast<std::size_t>(index)] = running;
  contents_[result.item].running = index;
  events_.push({start + running.length - 1, Event::Kind::compute, static_cast<std::uint32_t>(index)});
}

void ValuePlane::copied(BankClass bank_class, int bank, const Transfer& result) {
  const PostPlacement& pass = program_.schedule.post[result.id];
  const std::uint32_t number = work_.relayout.number(pass.operation, pass.tile);
  for (std::uint32_t r = work_.relayout.first_reader[number]; r < work_.relayout.first_reader[number + 1]; ++r) {
    const TileReader& reader = work_.relayout.readers[r];
    const StoredTile& tile = work_.tiles[reader.tile];
    if (tile.bank != bank || tile.bank_class != bank_class) continue;
    --copies_missing_[reader.tile];
    copied_from_[reader.tile] = std::max(copied_from_[reader.tile], result.arrival + 1 + reader.offset);
  }
}

void ValuePlane::stored(BankClass bank_class, int bank, const Transfer& result) {
  const ItemId first_pass = tiles() + mains();
  if (!copies_missing_.empty() && result.item >= first_pass &&
      program_.schedule.post[result.item - first_pass].writes_output) {
    copied(bank_class, bank, result);
  }
  Content& content = contents_[result.item];
  if (content.running < 0) return;  // the other bank classes of the same result
  Running& running = running_[static_cast<std::size_t>(content.running)];
  if (running.written != kNeverWritten) return;
  running.written = result.arrival;
  if (running.is_pass && program_.schedule.post[running.id].writes_output) {
    const PostPlacement& pass = program_.schedule.post[running.id];
    for (const std::size_t block : output_blocks_of(work_, pass.operation, pass.tile)) {
      writers_[block].push_back(content.running);
    }
    return;
  }
  if (bank_class != BankClass::p) return;
  content.place = Place::bank;
  content.bank = static_cast<std::uint16_t>(bank);
  content.ready = result.arrival + 1;
}

void ValuePlane::filled(std::uint32_t fill, std::int64_t end, std::int64_t now) {
  const ItemId item = program_.memory.fills[fill].item;
  contents_[item].fill_begun = now;
  contents_[item].fill_end = end;
  events_.push({now, Event::Kind::fill, item});
}

void ValuePlane::delayed(std::uint32_t fill, std::int64_t end) {
  const ItemId item = program_.memory.fills[fill].item;
  contents_[item].fill_end = end;
  events_.push({contents_[item].fill_begun, Event::Kind::fill, item});
}

void ValuePlane::leave(ItemId item, std::int64_t cycle, bool to_dram) {
  events_.push({cycle, to_dram ? Event::Kind::spill : Event::Kind::leave, item});
}

void ValuePlane::advance(std::int64_t cycle) {
  while (!events_.empty() && events_.top().cycle < cycle) {
    const Event event = events_.top();
    events_.pop();
    if (event.kind == Event::Kind::compute) {
      compute(static_cast<int>(event.id), event.cycle);
      forget(static_cast<int>(event.id));
      continue;
    }
    Content& content = contents_[event.id];
    if (event.kind == Event::Kind::fill) {
      content.place = Place::bank;
      content.ready = content.fill_end;
      continue;
    }
    if (event.kind == Event::Kind::spill) {
      // All of it moves to DRAM, row by row behind the last write.
      if (event.id < tiles()) {
        const StoredTile& stored = work_.tiles[event.id];
        const Read whole{event.id, stored.bank, event.cycle};
        if (operands_.is_second(event.id)) {
          weights(whole, event.cycle);
        } else {
          tile(whole, operands_.rows(event.id), stride_of(event.id), event.cycle);
        }
      }
      content.gathered = 0;
      content.place = Place::dram;
      continue;
    }
    if (content.place == Place::dram) continue;  // the space that a spill has left
    release(content);
    content.place = Place::nowhere;
  }
}

// --- reading ---------------------------------------------------------------------------------------------------------

void ValuePlane::need(int tensor, std::int64_t row, std::int64_t until) {
  const int operation = work_.network.tensors[static_cast<std::size_t>(tensor)].operation;
  const OutputBlocks& blocks = work_.outputs[static_cast<std::size_t>(operation)];
  RowInterval rows{row, row};
  if (const Window* pool = store_.pool_of(tensor)) rows = pool->input_rows_of(row);
  if (rows.empty()) return;
  // The windows of a pooling may lie across the end of a block's group.
  const std::int64_t last = blocks.block_of(rows.last);
  for (std::int64_t block = blocks.block_of(rows.first); block <= last; ++block) {
    // Computing changes the list of a block only when it is complete, and never that of another.
    for (const std::int32_t writer : writers_[blocks.first_block + static_cast<std::size_t>(block)]) {
      compute(writer, until);
    }
  }
}

const std::int16_t* ValuePlane::tile(const Read& read, std::int32_t to, std::int64_t stride, std::int64_t until) {
  Content& content = contents_[read.item];
  const StoredTile& stored = work_.tiles[read.item];
  // A copy with the last rows may start after the first row is read, but not after the last one is.
  const std::int32_t rows_of_tile = operands_.rows(read.item);
  const bool by_columns = work_.operands[stored.operand].by_columns;
  if (!copies_missing_.empty() && to == rows_of_tile &&
      (copies_missing_[read.item] != 0 || read.first_row < copied_from_[read.item])) {
    return unwritten_.data();
  }
  const bool is_fetched = stored.dram_bytes > 0 || content.rows == rows_of_tile;
  if (content.place != Place::bank || read.bank != content.bank || to > rows_of_tile ||
      (is_fetched && read.first_row < content.ready)) {
    return unwritten_.data();
  }
  if (content.buffer >= 0 && read.first_row < content.gathered) release(content);  // as it was at that time
  Buffer& first = buffer_of(content);
  const auto size = static_cast<std::size_t>(rows_of_tile * stride);
  if (first.narrow.size() != size) first.narrow.resize(size);
  if (content.rows >= to) return first.narrow.data();
  const auto catch_up = [this, until](int tensor, std::int64_t row) { need(tensor, row, until); };
  bool hazard = false;
  for (std::int32_t t = content.rows; t < to; ++t) {
    // Gathering may compute other operations, which may take new buffers.
    std::int16_t* out = buffers_[static_cast<std::size_t>(content.buffer)].narrow.data() + t * stride;
    out[stride - 1] = 0;  // the odd depth is padded
    const std::int64_t ready = operands_.gather_row(read.item, t, out, catch_up);
    // Column by column, the first needs all rows.
    const std::int64_t first_row_ready = by_columns ? ready : ready - t;
    if (read.first_row < first_row_ready) {
      std::fill_n(out, operands_.columns(read.item), std::int16_t{kUnwritten});
      hazard = true;
    } else {
      content.gathered = std::max(content.gathered, first_row_ready);
    }
  }
  const std::int16_t* rows = buffers_[static_cast<std::size_t>(content.buffer)].narrow.data();
  content.rows = hazard ? 0 : to;
  return rows;
}

const std::int16_t* ValuePlane::weights(const Read& read, std::int64_t until) {
  Content& content = contents_[read.item];
  const StoredTile& stored = work_.tiles[read.item];
  if (!copies_missing_.empty() && (copies_missing_[read.item] != 0 || read.first_row < copied_from_[read.item])) {
    return unwritten_.data();
  }
  const bool is_fetched = stored.dram_bytes > 0 || content.rows > 0;
  if (content.place != Place::bank || read.bank != content.bank || (is_fetched && read.first_row < content.ready)) {
    return unwritten_.data();
  }
  if (content.buffer >= 0 && read.first_row < content.gathered) release(content);
  buffer_of(content);
  if (content.rows > 0) return buffers_[static_cast<std::size_t>(content.buffer)].narrow.data();
  std::vector<std::int16_t> packed = std::move(buffers_[static_cast<std::size_t>(content.buffer)].narrow);
  packed.assign(static_cast<std::size_t>(2 * depth_pairs(operands_.rows(read.item)) *
                                         padded_columns(operands_.columns(read.item))),
                0);
  const std::int64_t ready = operands_.gather_weights(
      read.item, packed.data(), [this, until](int tensor, std::int64_t row) { need(tensor, row, until); });
  const bool hazard = read.first_row < ready;
  if (hazard) std::fill(packed.begin(), packed.end(), std::int16_t{kUnwritten});
  content.gathered = hazard ? 0 : ready;
  content.rows = hazard ? 0 : operands_.rows(read.item);
  Buffer& buffer = buffers_[static_cast<std::size_t>(content.buffer)];
  buffer.narrow = std::move(packed);
  return buffer.narrow.data();
}

const ValuePlane::Content* ValuePlane::readable_sums(const Read& read, std::int32_t to, std::int64_t until) {
  Content& content = contents_[read.item];
  if (content.place != Place::bank || content.bank != read.bank || read.first_row < content.ready) return nullptr;
  if (content.running >= 0) compute(content.running, until);
  return content.buffer >= 0 && content.rows >= to ? &content : nullptr;
}

const std::int32_t* ValuePlane::sums(const Read& read, std::int32_t to, std::int64_t until) {
  const Content* content = readable_sums(read, to, until);
  return content == nullptr ? nullptr : buffers_[static_cast<std::size_t>(content->buffer)].wide.data();
}

// --- computing -------------------------------------------------------------------------------------------------------

void ValuePlane::compute(int index, std::int64_t until) {
  Running& running = running_[static_cast<std::size_t>(index)];
  const std::int64_t entered = until - running.start + 1;
  const auto to = static_cast<std::int32_t>(running.is_whole ? (entered >= running.length ? running.rows : 0)
                                                             : std::min<std::int64_t>(running.rows, entered));
  if (to <= running.done) return;
  const std::int32_t from = running.done;
  running.done = to;
  Running now = running;  // others may begin to run while this is computed
  if (now.is_pass) {
    compute_pass(now, from, to, until);
  } else {
    compute_operation(now, from, to, until);
  }
}

void ValuePlane::compute_operation(const Running& running, std::int32_t from, std::int32_t to, std::int64_t until) {
  const ItemId item = tiles() + running.id;
  const int padded = padded_columns(operands_.columns(running.weights.item));
  const int pairs = depth_pairs(operands_.columns(running.activations.item));
  const std::int16_t* weight = weights(running.weights, until);
  const std::int16_t* activation = tile(running.activations, to, 2 * pairs, until);
  const std::int32_t* add = nullptr;
  if (running.sums.is_used()) add = sums(running.sums, to, until);

  Content& content = contents_[item];
  Buffer& buffer = buffer_of(content);
  const auto size = static_cast<std::size_t>(running.rows) * static_cast<std::size_t>(padded);
  if (buffer.wide.size() != size) buffer.wide.resize(size);
  std::int32_t* out = buffer.wide.data() + static_cast<std::ptrdiff_t>(from) * padded;
  const auto count = static_cast<std::size_t>(to - from) * static_cast<std::size_t>(padded);
  if (!running.sums.is_used()) {
    std::fill_n(out, count, 0);
  } else if (add == nullptr) {
    std::fill_n(out, count, std::int32_t{kUnwritten});
  } else {
    std::copy_n(add + static_cast<std::ptrdiff_t>(from) * padded, count, out);
  }
  // An array that is fed the wrong tiles multiplies what comes in.
  const int common = std::min(pairs, depth_pairs(operands_.rows(running.weights.item)));
  if (common == pairs) {
    multiply_(activation + static_cast<std::ptrdiff_t>(from) * pairs * 2, to - from, pairs, weight, padded, out);
  }
  if (observer_ != nullptr) {
    const std::int32_t* added = add == nullptr ? nullptr : add + static_cast<std::ptrdiff_t>(from) * padded;
    observer_->computed({running.id, from, to, pairs, padded,
                         activation + static_cast<std::ptrdiff_t>(from) * pairs * 2, weight, added, out});
  }
  content.rows = to;
  // Sums that stayed in the pod have become these.
  if (running.sums.is_used() && running.sums.bank == kNoBank) release(contents_[running.sums.item]);
}

ValuePlane::Input ValuePlane::input(const Read& read, std::int32_t to, std::int64_t until) {
  Input out;
  if (!read.is_used()) return out;
  out.connected = true;
  if (read.item < tiles()) {
    out.stride = stride_of(read.item);
    out.narrow = tile(read, to, out.stride, until);
    return out;
  }
  const Content* content = readable_sums(read, to, until);
  if (content == nullptr) return out;
  const Buffer& buffer = buffers_[static_cast<std::size_t>(content->buffer)];
  if (!buffer.statistics.empty()) {
    out.statistics = buffer.statistics.data();
  } else {
    out.wide = buffer.wide.data();
  }
  return out;
}

void ValuePlane::Input::row(std::int32_t t, std::int32_t columns, std::int32_t* out) const {
  if (narrow != nullptr) {
    const std::int16_t* from = narrow + t * stride;
    std::copy(from, from + columns, out);
  } else if (wide != nullptr) {
    std::copy_n(wide + static_cast<std::ptrdiff_t>(t) * padded_columns(columns), columns, out);
  } else {
    std::fill_n(out, columns, std::int32_t{kUnwritten});
  }
}

RowStatistics ValuePlane::Input::statistics_of(std::int32_t t) const {
  return statistics == nullptr ? RowStatistics{kUnwritten, kUnwritten} : statistics[t];
}

void ValuePlane::compute_pass(const Running& running, std::int32_t from, std::int32_t to, std::int64_t until) {
  const PostPlacement& pass = program_.schedule.post[running.id];
  // All that this may have to catch up with comes first; the scratch rows below are this pass's own.
  const Input in1 = input(running.activations, to, until);
  const Input in2 = input(running.sums, to, until);
  const bool is_statistics = pass.kind == PostPlacement::Kind::statistics ||
                             pass.kind == PostPlacement::Kind::combine || in1.statistics != nullptr;
  std::int32_t columns = columns_of(pass);
  if (pass.kind == PostPlacement::Kind::statistics && running.activations.item < tiles()) {
    columns = work_.tiles[running.activations.item].columns;
  }
  const int padded = padded_columns(columns);
  Content& content = contents_[tiles() + mains() + running.id];
  Buffer* buffer = nullptr;
  if (!pass.writes_output) {
    buffer = &buffer_of(content);
    if (is_statistics) {
      buffer->statistics.resize(static_cast<std::size_t>(running.rows));
    } else {
      buffer->statistics.clear();
      buffer->wide.resize(static_cast<std::size_t>(running.rows) * static_cast<std::size_t>(padded));
    }
  }
  if (static_cast<std::size_t>(padded) > row_.size()) {
    row_.resize(static_cast<std::size_t>(padded));
    second_.resize(static_cast<std::size_t>(padded));
    narrow_.resize(static_cast<std::size_t>(padded));
  }
  for (std::int32_t t = from; t < to; ++t) {
    std::int32_t* out = row_.data();
    if (buffer != nullptr && !is_statistics) out = buffer->wide.data() + static_cast<std::ptrdiff_t>(t) * padded;
    RowStatistics sum;
    pass_row(pass, in1, in2, t, columns, out, sum);
    if (is_statistics) {
      buffer->statistics[static_cast<std::size_t>(t)] = sum;
    } else if (pass.writes_output) {
      // Column by column, all rows are whole with the last.
      const std::int64_t after = running.is_whole ? running.length - 1 : t;
      write_output(pass, running.written == kNeverWritten ? kNeverWritten : running.written + after, t, out);
    }
  }
  content.rows = to;
}

void ValuePlane::pass_row(const PostPlacement& pass, const Input& in1, const Input& in2, std::int32_t t,
                          std::int32_t columns, std::int32_t* out, RowStatistics& sum) {
  const Operation& operation = work_.network.operations[pass.operation];
  const LayerValues& layer = values_.layers[static_cast<std::size_t>(operation.layer)];
  const Op op = network_.layers[static_cast<std::size_t>(operation.layer)].op;
  if (pass.kind == PostPlacement::Kind::combine) {
    const RowStatistics a = in1.statistics_of(t);
    const RowStatistics b = in2.statistics_of(t);
    sum = {a.sum + b.sum, a.squares + b.squares};
    return;
  }
  if (in1.statistics != nullptr) {  // moved
    sum = in1.statistics_of(t);
    return;
  }
  in1.row(t, columns, out);
  switch (pass.kind) {
    case PostPlacement::Kind::statistics:
      std::transform(out, out + columns, narrow_.begin(), [](std::int32_t v) { return static_cast<std::int16_t>(v); });
      if (op == Op::softmax) {
        gather_softmax(layer, narrow_.data(), columns, sum);
      } else {
        gather_layernorm(narrow_.data(), columns, sum);
      }
      return;
    case PostPlacement::Kind::normalize: {
      const VectorTiles& vector = work_.vectors[work_.tiles_of_operation[pass.operation]];
      PostRow row;
      row.values = out;
      row.count = columns;
      row.column = pass.tile % vector.k_count * work_.tiles[work_.operands[vector.inputs[0]].first_tile].columns;
      if (op == Op::softmax) {
        normalize_softmax(layer, in2.statistics_of(t), row);
      } else {
        normalize_layernorm(layer, in2.statistics_of(t), vector.columns, row);
      }
      return;
    }
    default:
      break;
  }
  if (!in2.is_connected()) return;
  in2.row(t, columns, second_.data());
  if (pass.kind == PostPlacement::Kind::finalize && !operation.gemm()->residual.parts.empty()) return;
  if (pass.kind == PostPlacement::Kind::vector && op == Op::mul) {
    for (std::int32_t c = 0; c < columns; ++c) out[c] = wrap_multiply(out[c], second_[static_cast<std::size_t>(c)]);
  } else {
    for (std::int32_t c = 0; c < columns; ++c) out[c] = wrap_add(out[c], second_[static_cast<std::size_t>(c)]);
  }
}

void ValuePlane::write_output(const PostPlacement& pass, std::int64_t written, std::int32_t t, std::int32_t* values) {
  const Operation& operation = work_.network.operations[pass.operation];
  const std::uint32_t place = work_.tiles_of_operation[pass.operation];
  if (operation.gemm() != nullptr) {
    write_gemm_row(work_.gemms[place], pass, written, t, values);
    return;
  }
  const VectorTiles& vector = work_.vectors[place];
  const OutputBlocks& blocks = work_.outputs[pass.operation];
  PostRow row;
  row.values = values;
  row.count = pass.columns;
  row.column = pass.tile % vector.k_count * work_.tiles[work_.operands[vector.inputs[0]].first_tile].columns;
  const LayerValues& layer = values_.layers[static_cast<std::size_t>(operation.layer)];
  const Op op = network_.layers[static_cast<std::size_t>(operation.layer)].op;
  if (operation.vector()->kind != VectorOperation::Kind::pool) {  // behind a pooling they follow it
    if (op == Op::add || op == Op::mul) {
      requantize_row(layer, row);
    } else if (op == Op::batchnorm) {
      for (std::int64_t c = 0; c < row.count; ++c) {
        values[c] = wrap_multiply(values[c], layer.weight[static_cast<std::size_t>(row.column + c)]);
      }
      requantize_row(layer, row);
    } else if (const auto activation = activation_step(op)) {
      activate_row(*activation, layer, row);
    }
    apply_steps(operation.vector()->post_steps, operation.layer, values_, row);
  }
  const std::int64_t tensor_row = pass.tile / vector.k_count * blocks.block_rows + t;
  store_.write(operation.output, tensor_row, row.column, values, row.count, written);
}

void ValuePlane::write_gemm_row(const GemmTiles& gemm, const PostPlacement& pass, std::int64_t written, std::int32_t t,
                                std::int32_t* values) {
  const Operation& operation = work_.network.operations[pass.operation];
  const std::uint32_t local = pass.tile - gemm.first_output;
  const std::int64_t k = local % gemm.k_count;
  const std::int64_t i = local / gemm.k_count % gemm.i_count;
  const std::int64_t g = local / gemm.k_count / gemm.i_count;
  if (gemm.residual >= 0) {
    std::transform(second_.begin(), second_.begin() + columns_of(pass), narrow_.begin(),
                   [](std::int32_t v) { return static_cast<std::int16_t>(v); });
  }
  // Packed groups that write side by side are one row.
  const bool is_one_row = gemm.packing == 1 || !gemm.output_rows_per_group;
  const std::int64_t width = is_one_row ? columns_of(pass) : gemm.shape.n;
  const std::int64_t pieces = is_one_row ? 1 : gemm.groups_in(g);
  for (std::int64_t q = 0; q < pieces; ++q) {
    const std::int64_t group = gemm.first_group(g) + q;
    PostRow row;
    row.values = values + q * width;
    row.count = width;
    row.column = (gemm.output_rows_per_group ? 0 : group % gemm.groups_per_image * gemm.shape.n) +
                 (gemm.packing > 1 ? 0 : k * gemm.tile_n);
    row.residual = gemm.residual >= 0 ? narrow_.data() + q * width : nullptr;
    apply_steps(operation.gemm()->post_steps, operation.layer, values_, row);
    const std::int64_t tensor_row =
        (gemm.output_rows_per_group ? group : group / gemm.groups_per_image) * gemm.m + i * gemm.tile_m + t;
    store_.write(operation.output, tensor_row, row.column, row.values, row.count, written);
  }
}

}  // namespace podsim

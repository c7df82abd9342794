// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/element_map.hpp"

#include <algorithm>
#include <utility>

namespace podsim {
namespace {

class TensorMap final : public ElementMap {
 public:
  TensorMap(int tensor, std::int64_t rows) : ElementMap(tensor, rows), tensor_(tensor), rows_(rows) {}
  void locate(std::int64_t row, std::int64_t column, std::int64_t count, std::vector<Segment>& out) const override {
    out.push_back({tensor_, row < rows_ ? row : row % rows_, column, count});
  }

 private:
  int tensor_;
  std::int64_t rows_;
};

class BesideMap final : public ElementMap {
 public:
  BesideMap(std::vector<ElementMapPointer> parts, const std::vector<std::int64_t>& columns) : parts_(std::move(parts)) {
    for (const std::int64_t c : columns) first_.push_back(first_.back() + c);
  }
  void locate(std::int64_t row, std::int64_t column, std::int64_t count, std::vector<Segment>& out) const override {
    const std::int64_t end = column + count;
    auto p = static_cast<std::size_t>(std::upper_bound(first_.begin(), first_.end(), column) - first_.begin()) - 1;
    for (; p < parts_.size() && first_[p] < end; ++p) {
      const std::int64_t from = std::max(column, first_[p]);
      const std::int64_t to = std::min(end, first_[p + 1]);
      if (from < to) parts_[p]->locate(row, from - first_[p], to - from, out);
    }
  }

 private:
  std::vector<ElementMapPointer> parts_;
  std::vector<std::int64_t> first_{0};  ///< column of each part, and the end
};

class BelowMap final : public ElementMap {
 public:
  BelowMap(std::vector<ElementMapPointer> parts, std::vector<std::int64_t> rows)
      : parts_(std::move(parts)), rows_(std::move(rows)) {
    for (const std::int64_t r : rows_) block_rows_ += r;
  }
  void locate(std::int64_t row, std::int64_t column, std::int64_t count, std::vector<Segment>& out) const override {
    const std::int64_t block = row / block_rows_;
    std::int64_t rest = row % block_rows_;
    std::size_t p = 0;
    while (rest >= rows_[p]) rest -= rows_[p++];
    parts_[p]->locate(block * rows_[p] + rest, column, count, out);
  }

 private:
  std::vector<ElementMapPointer> parts_;
  std::vector<std::int64_t> rows_;
  std::int64_t block_rows_ = 0;
};

class RowsMap final : public ElementMap {
 public:
  RowsMap(ElementMapPointer inner, std::int64_t stride, std::int64_t offset)
      : inner_(std::move(inner)), stride_(stride), offset_(offset) {}
  void locate(std::int64_t row, std::int64_t column, std::int64_t count, std::vector<Segment>& out) const override {
    inner_->locate(row * stride_ + offset_, column, count, out);
  }

 private:
  ElementMapPointer inner_;
  std::int64_t stride_, offset_;
};

class FlatMap final : public ElementMap {
 public:
  FlatMap(ElementMapPointer inner, std::int64_t rows, std::int64_t columns, bool by_columns)
      : inner_(std::move(inner)), rows_(rows), columns_(columns), by_columns_(by_columns) {}
  void locate(std::int64_t row, std::int64_t column, std::int64_t count, std::vector<Segment>& out) const override {
    const std::int64_t end = column + count;
    while (column < end) {
      if (by_columns_) {
        inner_->locate(row * rows_ + column % rows_, column / rows_, 1, out);
        ++column;
        continue;
      }
      const std::int64_t at = column % columns_;
      const std::int64_t run = std::min(end - column, columns_ - at);
      inner_->locate(row * rows_ + column / columns_, at, run, out);
      column += run;
    }
  }

 private:
  ElementMapPointer inner_;
  std::int64_t rows_, columns_;
  bool by_columns_;
};

}  // namespace

ElementMapPointer map_tensor(int tensor, std::int64_t rows) {
  return std::make_shared<TensorMap>(tensor, rows);
}

ElementMapPointer map_beside(std::vector<ElementMapPointer> parts, const std::vector<std::int64_t>& columns) {
  return std::make_shared<BesideMap>(std::move(parts), columns);
}

ElementMapPointer map_below(std::vector<ElementMapPointer> parts, std::vector<std::int64_t> rows) {
  return std::make_shared<BelowMap>(std::move(parts), std::move(rows));
}

ElementMapPointer map_rows(ElementMapPointer inner, std::int64_t stride, std::int64_t offset) {
  return std::make_shared<RowsMap>(std::move(inner), stride, offset);
}

ElementMapPointer map_flat(ElementMapPointer inner, std::int64_t rows, std::int64_t columns, bool by_columns) {
  return std::make_shared<FlatMap>(std::move(inner), rows, columns, by_columns);
}

}  // namespace podsim

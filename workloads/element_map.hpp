#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Where every element of a view is stored: what a View's row maps bound, exactly.

#include <cstdint>
#include <memory>
#include <vector>

namespace podsim {

/// Elements of one row of a view that lie side by side in one row of a tensor.
struct Segment {
  int tensor = -1;
  std::int64_t row = 0;
  std::int64_t column = 0;
  std::int64_t count = 0;
};

/// An immutable map from the elements of a matrix to tensors, composed like the layers that rearrange.
class ElementMap {
 public:
  virtual ~ElementMap() = default;
  /// Appends where the elements [column, column + count) of a row are, from left to right.
  virtual void locate(std::int64_t row, std::int64_t column, std::int64_t count, std::vector<Segment>& out) const = 0;
  /// The tensor, if the elements of this row lie in the same row and columns of one; otherwise -1. Spares `locate`.
  int same_row_of(std::int64_t row) const { return row < same_rows_ ? same_tensor_ : -1; }

 protected:
  ElementMap() = default;
  ElementMap(int tensor, std::int64_t rows) : same_tensor_(tensor), same_rows_(rows) {}

 private:
  int same_tensor_ = -1;
  std::int64_t same_rows_ = 0;
};

using ElementMapPointer = std::shared_ptr<const ElementMap>;

/// A stored matrix with `rows` rows; repeated for further rows.
ElementMapPointer map_tensor(int tensor, std::int64_t rows);
/// Matrices side by side; `columns` of each.
ElementMapPointer map_beside(std::vector<ElementMapPointer> parts, const std::vector<std::int64_t>& columns);
/// Matrices below each other, block by block: a block has `rows[p]` rows of each part p.
ElementMapPointer map_below(std::vector<ElementMapPointer> parts, std::vector<std::int64_t> rows);
/// Row r is row r * stride + offset of the inner matrix.
ElementMapPointer map_rows(ElementMapPointer inner, std::int64_t stride, std::int64_t offset);
/// Row r is the `rows` rows from r * rows on of the inner matrix, which has `columns` columns: one after the other, or
/// `by_columns`: column after column (a flattened image: channel by channel).
ElementMapPointer map_flat(ElementMapPointer inner, std::int64_t rows, std::int64_t columns, bool by_columns);

}  // namespace podsim

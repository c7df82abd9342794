// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/element_map.hpp"

#include "support/catch.hpp"

namespace podsim {

static bool operator==(const Segment& a, const Segment& b) {
  return a.tensor == b.tensor && a.row == b.row && a.column == b.column && a.count == b.count;
}

namespace test {
namespace {

std::vector<Segment> locate(const ElementMapPointer& map, std::int64_t row, std::int64_t column, std::int64_t count) {
  std::vector<Segment> out;
  map->locate(row, column, count, out);
  return out;
}

TEST_CASE("element map: a tensor is itself, and repeats", "[workloads]") {
  const auto map = map_tensor(3, 4);
  CHECK(locate(map, 2, 5, 7) == std::vector<Segment>{{3, 2, 5, 7}});
  CHECK(locate(map, 6, 0, 1) == std::vector<Segment>{{3, 2, 0, 1}});
  CHECK(map->same_row_of(3) == 3);
  CHECK(map->same_row_of(4) == -1);
}

TEST_CASE("element map: beside, a run of columns is cut where parts meet", "[workloads]") {
  const auto map = map_beside({map_tensor(0, 9), map_tensor(1, 9), map_tensor(2, 9)}, {4, 1, 5});
  CHECK(locate(map, 7, 0, 4) == std::vector<Segment>{{0, 7, 0, 4}});
  CHECK(locate(map, 7, 3, 4) == std::vector<Segment>{{0, 7, 3, 1}, {1, 7, 0, 1}, {2, 7, 0, 2}});
  CHECK(locate(map, 7, 9, 1) == std::vector<Segment>{{2, 7, 4, 1}});
  CHECK(map->same_row_of(0) == -1);
}

TEST_CASE("element map: below, blocks of rows of each part take turns", "[workloads]") {
  // Per image 2 rows of tensor 0, then 1 row of tensor 1.
  const auto map = map_below({map_tensor(0, 4), map_tensor(1, 2)}, {2, 1});
  CHECK(locate(map, 1, 0, 3) == std::vector<Segment>{{0, 1, 0, 3}});
  CHECK(locate(map, 2, 0, 3) == std::vector<Segment>{{1, 0, 0, 3}});
  CHECK(locate(map, 3, 0, 3) == std::vector<Segment>{{0, 2, 0, 3}});
  CHECK(locate(map, 5, 1, 2) == std::vector<Segment>{{1, 1, 1, 2}});
}

TEST_CASE("element map: selected and flattened rows", "[workloads]") {
  CHECK(locate(map_rows(map_tensor(0, 20), 5, 2), 3, 1, 2) == std::vector<Segment>{{0, 17, 1, 2}});
  // Tokens: 3 rows of 4 features, one after the other.
  const auto tokens = map_flat(map_tensor(0, 6), 3, 4, false);
  CHECK(locate(tokens, 1, 2, 7) == std::vector<Segment>{{0, 3, 2, 2}, {0, 4, 0, 4}, {0, 5, 0, 1}});
  // An image: channel by channel, so that pixels (rows) follow each other.
  const auto image = map_flat(map_tensor(0, 6), 3, 4, true);
  CHECK(locate(image, 1, 2, 3) == std::vector<Segment>{{0, 5, 0, 1}, {0, 3, 1, 1}, {0, 4, 1, 1}});
}

}  // namespace
}  // namespace test
}  // namespace podsim

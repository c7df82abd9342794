// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/tiling.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "podsim/sim/core/random.hpp"
#include "podsim/workloads/network_builder.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"
#include "support/programs.hpp"
#include "support/random_case.hpp"

namespace podsim {
namespace {

using test::crossbar_setup;
using test::cut;
using test::Setup;

/// Whether the requirements of a tile say that its row `row` waits for row `needed` of the operation's output.
bool covers(const TiledWorkload& work, const StoredTile& tile, std::uint32_t operation, std::int64_t needed,
            std::int64_t row) {
  const OutputBlocks& blocks = work.outputs[operation];
  const RequirementRange range = work.requirements_of(tile);
  for (std::uint32_t r = range.first; r < range.first + range.count; ++r) {
    const Requirement& need = work.requirements[r];
    if (need.operation != operation) continue;
    const std::int64_t first = blocks.first_row(need.block);
    const std::int64_t in_group = first % blocks.group_rows;
    const std::int64_t size = std::min(blocks.block_rows, blocks.group_rows - in_group);
    if (needed < first || needed >= first + size) continue;
    // Row `row` may be read once row `row + offset` of the block is stored: that must not be before `needed` is.
    return row + need.offset >= needed - first;
  }
  return false;
}

Conv2d conv(std::int64_t in, std::int64_t out, Size2 kernel, Size2 stride, Size2 padding, Size2 dilation,
            std::int64_t groups = 1) {
  Conv2d a;
  a.in_channels = in;
  a.out_channels = out;
  a.kernel = kernel;
  a.stride = stride;
  a.padding = padding;
  a.dilation = dilation;
  a.groups = groups;
  return a;
}

TEST_CASE("tiling: tile counts, remainders and indices of a linear layer", "[models]") {
  for (const int rows : {1, 4, 32}) {
    for (const int cols : {3, 8, 32}) {
      for (const std::int64_t partition : {0, 1, 5, 32}) {
        Setup setup = crossbar_setup(3, rows, cols);
        setup.tiling.partition_rows = partition;
        const std::int64_t m = 21, k = 33, n = 17;
        const TiledWorkload work = cut(test::one_linear(m, k, n), setup);
        REQUIRE(work.gemms.size() == 1);
        const GemmTiles& gemm = work.gemms[0];
        const std::int64_t p = partition == 0 ? m : partition;
        CHECK(gemm.i_count == (m + p - 1) / p);
        CHECK(gemm.j_count == (k + rows - 1) / rows);
        CHECK(gemm.k_count == (n + cols - 1) / cols);
        CHECK(work.op_count == gemm.i_count * gemm.j_count * gemm.k_count);
        CHECK(work.output_count == gemm.i_count * gemm.k_count);
        std::int64_t macs = 0;
        for (std::uint32_t op = 0; op < work.op_count; ++op) {
          const OpIndex at = op_index(gemm, op);
          CHECK(gemm.op(at.g, at.i, at.j, at.k) == op);
          CHECK(tile_rows(gemm, at.i) == std::min(p, m - at.i * p));
          CHECK(tile_depth(gemm, 0, at.j) == std::min<std::int64_t>(rows, k - at.j * rows));
          CHECK(tile_columns(gemm, 0, at.k) == std::min<std::int64_t>(cols, n - at.k * cols));
          macs += tile_macs(gemm, at);
        }
        CHECK(macs == m * k * n);
      }
    }
  }
}

TEST_CASE("tiling: the partition defaults to the rows of the array", "[models]") {
  const TiledWorkload work = cut(test::one_linear(100, 8, 8), crossbar_setup(1, 12, 8));
  CHECK(work.gemms[0].tile_m == 12);
  CHECK(work.gemms[0].i_count == 9);
}

TEST_CASE("tiling: operations are numbered k fastest, then i, then j, and tiles go round the banks", "[models]") {
  Setup setup = crossbar_setup(4, 8, 8);
  setup.hardware.banks.count = 3;
  const TiledWorkload work = cut(test::one_linear(20, 20, 20), setup);
  const GemmTiles& gemm = work.gemms[0];
  std::uint32_t op = 0;
  for (std::int64_t j = 0; j < 3; ++j) {
    for (std::int64_t i = 0; i < 3; ++i) {
      for (std::int64_t k = 0; k < 3; ++k) CHECK(gemm.op(0, i, j, k) == op++);
    }
  }
  for (const Operand& operand : work.operands) {
    for (std::uint32_t t = 0; t < operand.tile_count; ++t) CHECK(work.tiles[operand.first_tile + t].bank == t % 3);
  }
}

TEST_CASE("tiling: small groups share an array, and their MACs are conserved", "[models]") {
  struct Case {
    std::int64_t channels, out, groups;
    int rows, cols;
  };
  for (const Case& c : std::vector<Case>{{16, 16, 16, 32, 32},    // depthwise 3x3: k = 9, three fit along k
                                         {10, 20, 5, 32, 8},      // k = 18, n = 4: one along k
                                         {7, 7, 7, 27, 2},        // two fit along n
                                         {64, 64, 64, 128, 128},  // fourteen
                                         {6, 6, 1, 32, 32}}) {
    NetworkBuilder b("groups", 2);
    const std::string x = b.input("x", {c.channels, 6, 5});
    const Network network =
        b.build({b.conv2d("c", x, conv(c.channels, c.out, {3, 3}, {1, 1}, {1, 1}, {1, 1}, c.groups))});
    const TiledWorkload work = cut(network, crossbar_setup(2, c.rows, c.cols));
    const GemmTiles& gemm = work.gemms[0];
    const std::int64_t k = 9 * c.channels / c.groups, n = c.out / c.groups;
    std::int64_t fit = std::min<std::int64_t>(c.rows / k, c.cols / n);
    fit = std::max<std::int64_t>(1, std::min(fit, c.groups));
    CAPTURE(c.channels, c.groups, c.rows, c.cols);
    CHECK(gemm.packing == fit);
    CHECK(gemm.groups == (c.groups + fit - 1) / fit);
    std::int64_t macs = 0, members = 0;
    for (std::uint32_t op = 0; op < work.op_count; ++op) macs += tile_macs(gemm, op_index(gemm, op));
    for (std::int64_t g = 0; g < gemm.groups; ++g) {
      CHECK(gemm.first_group(g) == members);
      members += gemm.groups_in(g);
    }
    CHECK(members == c.groups);
    CHECK(macs == network.totals().macs);
    // The zeros between packed groups are stored, but not fetched.
    CHECK(work.weight_bytes == network.totals().weight_bytes);
  }
}

TEST_CASE("tiling: every output tile belongs to as many row blocks as its groups have rows of their own", "[models]") {
  NetworkBuilder b("heads", 2);
  const std::string x = b.input("x", {9, 12});
  const std::string q = b.linear("q", x, {12, 12, false, {}});
  const std::string k = b.linear("k", x, {12, 12, false, {}});
  const std::string v = b.linear("v", x, {12, 12, false, {}});
  const std::string scores = b.layer("qk", Op::matmul, {q, k}, Matmul{4, true, false});
  const Network network = b.build({b.layer("pv", Op::matmul, {scores, v}, Matmul{4, false, true})});
  Setup setup = crossbar_setup(2, 16, 32);
  setup.tiling.partition_rows = 4;
  const TiledWorkload work = cut(network, setup);
  for (const GemmTiles& gemm : work.gemms) {
    const OutputBlocks& blocks = work.outputs[static_cast<std::size_t>(gemm.operation)];
    std::vector<std::uint32_t> tiles(blocks.block_count, 0);
    for (std::int64_t g = 0; g < gemm.groups; ++g) {
      for (std::int64_t i = 0; i < gemm.i_count; ++i) {
        for (const std::size_t block : output_blocks_of(work, gemm, g, i)) {
          REQUIRE(block >= blocks.first_block);
          REQUIRE(block < blocks.first_block + blocks.block_count);
          tiles[block - blocks.first_block] += static_cast<std::uint32_t>(gemm.k_count);
        }
      }
    }
    for (const std::uint32_t count : tiles) CHECK(count == blocks.tiles_per_block);
  }
  // QK: k = 3, n = 9, 16 / 3 and 32 / 9 give three heads per array; rows of every head are blocks of their own.
  const GemmTiles& qk = work.gemms[3];
  CHECK(qk.packing == 3);
  CHECK(qk.groups == 2 * 2);
  CHECK(work.outputs[3].block_count == 2 * 4 * 3);
  std::vector<std::size_t> second_set;
  for (const std::size_t block : output_blocks_of(work, qk, 1, 2)) second_set.push_back(block);
  CHECK(second_set == std::vector<std::size_t>{work.outputs[3].first_block + 3 * 3 + 2});
}

TEST_CASE("tiling: blocks and rows of an output translate into each other", "[models]") {
  OutputBlocks blocks;
  blocks.group_rows = 10;
  blocks.block_rows = 4;
  blocks.blocks_per_group = 3;
  for (std::int64_t row = 0; row < 30; ++row) {
    const std::int64_t block = blocks.block_of(row);
    CHECK(block == row / 10 * 3 + row % 10 / 4);
    CHECK(blocks.first_row(block) <= row);
    CHECK(row < blocks.first_row(block) + 4);
  }
}

TEST_CASE("tiling: the capacity of im2col tiles adds up to the distinct elements they hold", "[models]") {
  for (const std::int64_t stride : {1, 2, 3}) {
    for (const std::int64_t kernel : {1, 3, 4}) {
      NetworkBuilder b("conv", 2);
      const std::string x = b.input("x", {5, 11, 9});
      const Network network =
          b.build({b.conv2d("c", x, conv(5, 6, {kernel, kernel}, {stride, stride}, {1, 1}, {1, 1}))});
      const TiledWorkload work = cut(network, crossbar_setup(2, 8, 4));
      // Distinct pixels by marking.
      std::set<std::pair<std::int64_t, std::int64_t>> pixels;
      const Shape& out = network.layers[0].shape;
      for (std::int64_t oy = 0; oy < out[1]; ++oy) {
        for (std::int64_t ox = 0; ox < out[2]; ++ox) {
          for (std::int64_t ky = 0; ky < kernel; ++ky) {
            for (std::int64_t kx = 0; kx < kernel; ++kx) {
              const std::int64_t y = oy * stride - 1 + ky, xx = ox * stride - 1 + kx;
              if (y >= 0 && y < 11 && xx >= 0 && xx < 9) pixels.emplace(y, xx);
            }
          }
        }
      }
      const auto distinct = static_cast<std::int64_t>(pixels.size()) * 2 * 5;
      const Operand& operand = work.operands[work.gemms[0].activation];
      std::int64_t bytes = 0, fetched = 0;
      for (std::uint32_t t = 0; t < operand.tile_count; ++t) {
        bytes += work.tiles[operand.first_tile + t].bytes;
        fetched += work.tiles[operand.first_tile + t].dram_bytes;
      }
      CAPTURE(stride, kernel);
      CHECK(bytes == distinct);
      CHECK(fetched == distinct);
    }
  }
}

TEST_CASE("tiling: bytes fetched from DRAM are those of inputs, weights and caches, once per operand", "[models]") {
  for (const char* name : {"zoo:resnet50:image=64", "zoo:mobilenet_v2:image=64", "zoo:vit_b16:image=32",
                           "zoo:bert_medium:sequence=10", "zoo:gpt2_small_decode:context=9"}) {
    const Network network = load_network(name);
    Setup setup;
    setup.hardware.pods.count = 8;
    const TiledWorkload work = cut(network, setup);
    std::int64_t weights = 0;
    for (const StoredTile& tile : work.tiles) {
      const Operand& operand = work.operands[tile.operand];
      if (tile.bank_class == BankClass::w && !operand.on_chip) weights += tile.dram_bytes;
    }
    CAPTURE(name);
    // Caches go to W banks as well.
    std::int64_t matrices = 0;
    for (const Layer& layer : network.layers) matrices += layer.weight_bytes;
    CHECK(work.weight_bytes == matrices);
    CHECK(weights == matrices);
    for (const Operand& operand : work.operands) {
      std::int64_t bytes = 0;
      for (std::uint32_t t = 0; t < operand.tile_count; ++t) bytes += work.tiles[operand.first_tile + t].dram_bytes;
      CHECK((bytes > 0) == operand.from_dram);
    }
  }
}

TEST_CASE("tiling: cached keys and values are fetched once, new ones come from their layers", "[models]") {
  NetworkBuilder b("decode");
  const std::string x = b.input("x", {2, 8});
  const std::string past = b.input("past", {7, 8}, NetworkInput::Kind::kv_cache);
  const std::string q = b.linear("q", x, {8, 8, false, {}});
  const std::string k = b.linear("k", x, {8, 8, false, {}});
  const std::string all = b.concat("all", {past, k});
  const Network network = b.build({b.layer("qk", Op::matmul, {q, all}, Matmul{2, true, false})});
  const TiledWorkload work = cut(network, crossbar_setup(1, 4, 4));
  const Operand& keys = work.operands[work.gemms[2].stationary];
  CHECK(keys.bank_class == BankClass::w);
  CHECK(keys.from_dram);
  CHECK(keys.on_chip);
  std::int64_t bytes = 0;
  for (std::uint32_t t = 0; t < keys.tile_count; ++t) bytes += work.tiles[keys.first_tile + t].dram_bytes;
  CHECK(bytes == 7 * 8);
  // n = 9 keys in tiles of 4: rows 0-3 come from the cache alone.
  CHECK(work.tiles[keys.first_tile].requirements == kNoRequirements);
  const StoredTile& last = work.tiles[keys.first_tile + 2];
  CHECK(last.dram_bytes == 0);
  CHECK(covers(work, last, 1, 1, 0));
}

TEST_CASE("tiling: every pixel that a convolution's rows need is required from its producer", "[models]") {
  RandomStream random(7, "requirements");
  for (int round = 0; round < 150; ++round) {
    const std::int64_t channels = random.between(1, 6), height = random.between(1, 9), width = random.between(1, 9);
    const std::int64_t batch = random.between(1, 3);
    const Size2 stride{random.between(1, 3), random.between(1, 3)}, padding{random.between(0, 2), random.between(0, 2)};
    const Size2 dilation{random.between(1, 2), random.between(1, 2)};
    const Size2 kernel{
        random.between(1, std::min<std::int64_t>(3, (height + 2 * padding.height - 1) / dilation.height + 1)),
        random.between(1, std::min<std::int64_t>(3, (width + 2 * padding.width - 1) / dilation.width + 1))};
    const std::int64_t middle = random.between(1, 6);
    NetworkBuilder b("pair", batch);
    const std::string x = b.input("x", {channels, height, width});
    const std::string y = b.conv2d("first", x, conv(channels, middle, {1, 1}, {1, 1}, {0, 0}, {1, 1}));
    const Network network = b.build({b.conv2d("second", y,
                                              conv(middle, 3, kernel, stride, padding, dilation,
                                                   random.below(2) == 0 ? 1
                                                   : middle == 3        ? 3
                                                                        : 1))});
    Setup setup = crossbar_setup(2, static_cast<int>(random.between(1, 12)), 4);
    setup.tiling.partition_rows = random.between(0, 12);
    const TiledWorkload work = cut(network, setup);
    const GemmTiles& gemm = work.gemms[1];
    const Shape& out = network.layers[1].shape;
    const std::uint32_t first_tile = work.operands[gemm.activation].first_tile;
    for (std::int64_t g = 0; g < gemm.groups; ++g) {
      for (std::int64_t j = 0; j < gemm.j_count; ++j) {
        for (std::int64_t i = 0; i < gemm.i_count; ++i) {
          const StoredTile& tile = work.tiles[gemm.activation_tile(first_tile, g, i, j)];
          for (std::int64_t t = 0; t < tile.rows; ++t) {
            const std::int64_t pixel = i * gemm.tile_m + t;
            const std::int64_t image = pixel / (out[1] * out[2]);
            const std::int64_t oy = pixel / out[2] % out[1], ox = pixel % out[2];
            for (std::int64_t ky = 0; ky < kernel.height; ++ky) {
              for (std::int64_t kx = 0; kx < kernel.width; ++kx) {
                const std::int64_t iy = oy * stride.height - padding.height + ky * dilation.height;
                const std::int64_t ix = ox * stride.width - padding.width + kx * dilation.width;
                if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
                CAPTURE(round, g, i, j, t, iy, ix);
                REQUIRE(covers(work, tile, 0, (image * height + iy) * width + ix, t));
              }
            }
          }
        }
      }
    }
  }
}

TEST_CASE("tiling: rows of linear layers and residuals wait for the same row of their producers", "[models]") {
  NetworkBuilder b("residual", 2);
  const std::string x = b.input("x", {13, 10});
  const std::string y = b.linear("a", x, {10, 10, false, {}});
  const std::string z = b.linear("b", y, {10, 10, false, {}});
  const Network network = b.build({b.add("sum", {z, y})});
  Setup setup = crossbar_setup(2, 4, 4);
  setup.tiling.partition_rows = 5;
  const TiledWorkload work = cut(network, setup);
  REQUIRE(work.gemms.size() == 2);
  REQUIRE(work.gemms[1].residual >= 0);
  for (const std::uint32_t operand : {work.gemms[1].activation, static_cast<std::uint32_t>(work.gemms[1].residual)}) {
    for (std::uint32_t t = 0; t < work.operands[operand].tile_count; ++t) {
      const StoredTile& tile = work.tiles[work.operands[operand].first_tile + t];
      const std::int64_t i = work.operands[operand].bank_class == BankClass::x ? t % 6 : t / 3;
      for (std::int64_t row = 0; row < tile.rows; ++row) {
        CAPTURE(operand, t, row);
        CHECK(covers(work, tile, 0, i * 5 + row, row));
      }
      // Equal blocks line up, so that nothing more than the row itself is waited for.
      const RequirementRange range = work.requirements_of(tile);
      REQUIRE(range.count == 1);
      CHECK(work.requirements[range.first].offset == 0);
    }
  }
}

TEST_CASE("tiling: what waits for which row follows from the columns or rows in which tiles arrive and are read",
          "[models]") {
  // Row t of a tile is read in y + t, or column by column, when all of its rows have to be there. Row s of a block can
  // be read s cycles after the first, or column by column, when all of them come with the last.
  const std::vector<std::string> dataflows{"weight_stationary", "input_stationary", "output_stationary"};
  constexpr std::int64_t kM = 13;
  NetworkBuilder b("two");
  const std::string x = b.input("x", {kM, 7});
  const std::string y = b.linear("fc1", x, {7, 9, false, {}});
  const std::string z = b.linear("fc2", y, {9, 9, false, {}});
  const Network network = b.build({b.add("sum", {z, y})});
  for (const std::string& writer : dataflows) {
    for (const std::string& reader : dataflows) {
      Setup setup = crossbar_setup(1, 1, 1);
      PodConfig one = setup.hardware.pods, two = setup.hardware.pods;
      one.name = "one", one.rows = 4, one.cols = 3, one.dataflow.type = writer;
      two.name = "two", two.rows = 6, two.cols = 5, two.dataflow.type = reader;
      setup.hardware.pods.groups = {one, two};
      setup.tiling.pod_groups = {{"fc1", "one"}, {"fc2", "two"}};
      const TiledWorkload work = cut(network, setup);
      REQUIRE(work.gemms[1].residual >= 0);
      // Rows of activations per tile: as many as the array has rows; the columns, if activations stay.
      const std::int64_t written = writer == "input_stationary" ? 3 : 4, read = reader == "input_stationary" ? 5 : 6;
      auto check = [&](const StoredTile& tile, std::int64_t i, bool by_columns) {
        std::map<std::uint32_t, std::int64_t> expected, found;
        for (std::int64_t t = 0; t < read && i * read + t < kM; ++t) {
          const std::int64_t row = i * read + t;
          const std::int64_t offset = (writer == "input_stationary" ? 0 : row % written) - (by_columns ? 0 : t);
          const auto known = expected.emplace(static_cast<std::uint32_t>(row / written), offset).first;
          known->second = std::max(known->second, offset);
        }
        const RequirementRange range = work.requirements_of(tile);
        for (std::uint32_t r = range.first; r < range.first + range.count; ++r) {
          CHECK(work.requirements[r].operation == 0);
          found[work.requirements[r].block] = work.requirements[r].offset;
        }
        CAPTURE(writer, reader, i, by_columns);
        CHECK(found == expected);
      };
      const GemmTiles& gemm = work.gemms[1];
      const std::uint32_t activations = work.operands[gemm.activation].first_tile;
      const std::uint32_t residuals = work.operands[static_cast<std::size_t>(gemm.residual)].first_tile;
      for (std::int64_t i = 0; i < (kM + read - 1) / read; ++i) {
        check(work.tiles[gemm.activation_tile(activations, 0, i, 0)], i, reader != "weight_stationary");
        // Post-processors take residuals as sums leave the array.
        check(work.tiles[residuals + static_cast<std::uint32_t>(i * gemm.k_count)], i, reader == "input_stationary");
      }
    }
  }
}

TEST_CASE("tiling: a stationary activation waits for the whole of its tile", "[models]") {
  NetworkBuilder b("attention");
  const std::string x = b.input("x", {11, 6});
  const std::string q = b.linear("q", x, {6, 6, false, {}});
  const std::string k = b.linear("k", x, {6, 6, false, {}});
  const Network network = b.build({b.layer("qk", Op::matmul, {q, k}, Matmul{1, true, false})});
  Setup setup = crossbar_setup(1, 4, 4);
  setup.tiling.partition_rows = 3;
  const TiledWorkload work = cut(network, setup);
  const GemmTiles& gemm = work.gemms[2];
  const std::uint32_t first_tile = work.operands[gemm.stationary].first_tile;
  for (std::int64_t j = 0; j < gemm.j_count; ++j) {
    for (std::int64_t kk = 0; kk < gemm.k_count; ++kk) {
      const StoredTile& tile = work.tiles[gemm.stationary_tile(first_tile, 0, j, kk)];
      // Transposed: columns of the tile are rows of k, and all have to be there when the first weight row is loaded.
      for (std::int64_t row = kk * 4; row < std::min<std::int64_t>(11, kk * 4 + 4); ++row) {
        CHECK(covers(work, tile, 1, row, 0));
      }
    }
  }
}

TEST_CASE("tiling: layers that read the same matrix in the same way share its X tiles", "[models]") {
  NetworkBuilder b("qkv");
  const std::string x = b.input("x", {40, 16});
  const std::string q = b.linear("q", x, {16, 16, false, {}});
  const std::string k = b.linear("k", x, {16, 24, false, {}});
  const std::string v = b.linear("v", q, {16, 16, false, {}});
  const Network network = b.build({k, v});
  Setup setup = crossbar_setup(2, 8, 8);
  const TiledWorkload shared = cut(network, setup);
  CHECK(shared.gemms[0].activation == shared.gemms[1].activation);
  CHECK(shared.gemms[0].activation != shared.gemms[2].activation);
  setup.tiling.share_activation_tiles = false;
  const TiledWorkload separate = cut(network, setup);
  CHECK(separate.gemms[0].activation != separate.gemms[1].activation);
  auto fetched = [](const TiledWorkload& work) {
    return std::accumulate(work.tiles.begin(), work.tiles.end(), std::int64_t{0},
                           [](std::int64_t sum, const StoredTile& tile) { return sum + tile.dram_bytes; });
  };
  CHECK(fetched(separate) - fetched(shared) == 40 * 16);
}

TEST_CASE("tiling: what operations must wait for and write back follows the network", "[models]") {
  NetworkBuilder b("diamond");
  const std::string x = b.input("x", {6, 8});
  const std::string a = b.linear("a", x, {8, 8, false, {}});
  const std::string l = b.linear("l", a, {8, 4, false, {}});
  const std::string r = b.linear("r", a, {8, 4, false, {}});
  const std::string c = b.concat("c", {l, r}, 1);
  const Network network = b.build({b.linear("out", c, {8, 5, false, {}}), a});
  const TiledWorkload work = cut(network, crossbar_setup(2, 8, 8));
  CHECK(work.dependencies == std::vector<std::vector<int>>{{}, {0}, {0}, {1, 2}});
  CHECK(work.write_back_bytes == std::vector<std::int64_t>{6 * 8, 0, 0, 6 * 5});
}

TEST_CASE("tiling: work that is too large is refused before memory is taken", "[models]") {
  NetworkBuilder b("huge");
  const std::string x = b.input("x", {1 << 20, 1 << 10});
  const Network network = b.build({b.linear("fc", x, {1 << 10, 1 << 10, false, {}})});
  const Machine machine(crossbar_setup(1, 1, 1).hardware);
  const auto error = test::error_of([&] { tile(lower(network), machine, TilingConfig{}, std::int64_t{1} << 40); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::run_failed);
  const auto small =
      test::error_of([&] { tile(lower(test::one_linear(100, 100, 100)), machine, TilingConfig{}, 1000); });
  REQUIRE(small);
  CHECK(std::string(small->what()).find("--max-memory") != std::string::npos);
}

TEST_CASE("tiling: with kernel positions no weight tile spans two of them", "[models]") {
  // 70 channels on 32 rows: 32 + 32 + 6 per position of a 3 x 2 kernel.
  NetworkBuilder b("one_conv");
  Conv2d a;
  a.in_channels = 70;
  a.out_channels = 40;
  a.kernel = {3, 2};
  const Network network = b.build({b.conv2d("conv", b.input("x", {70, 9, 9}), a)});
  Setup setup = crossbar_setup(1, 32, 32);
  setup.tiling.convolution = "kernel_positions";
  const TiledWorkload work = cut(network, setup);
  REQUIRE(work.gemms.size() == 1);
  const GemmTiles& gemm = work.gemms[0];
  REQUIRE(gemm.j_count == 3 * 2 * 3);
  std::int64_t next = 0;
  for (std::int64_t j = 0; j < gemm.j_count; ++j) {
    CAPTURE(j);
    CHECK(tile_first_k(gemm, j) == next);
    const std::int64_t depth = j % 3 == 2 ? 6 : 32;
    CHECK(tile_depth(gemm, 0, j) == depth);
    CHECK(next / 70 == (next + depth - 1) / 70);
    next += depth;
  }
  CHECK(next == 70 * 3 * 2);

  // Grouped convolutions are cut as ever.
  a.groups = 2;
  NetworkBuilder grouped("grouped");
  const Network two = grouped.build({grouped.conv2d("conv", grouped.input("x", {70, 9, 9}), a)});
  CHECK(cut(two, setup).gemms[0].j_count == (35 * 6 + 31) / 32);
}

TEST_CASE("tiling: convolutions may be cut along m in a way of their own, and groups be kept apart", "[models]") {
  NetworkBuilder b("conv_and_linear");
  Conv2d a;
  a.in_channels = 8;
  a.out_channels = 8;
  a.groups = 8;
  const std::string conv = b.conv2d("conv", b.input("x", {8, 10, 10}), a);
  const std::string flat = b.unary("flat", Op::flatten, conv);
  const Network network = b.build({b.linear("fc", flat, {800, 5, false, {}})});
  Setup setup = crossbar_setup(1, 16, 16);
  setup.tiling.convolution_partition_rows = 0;
  TiledWorkload work = cut(network, setup);
  CHECK(work.gemms[0].tile_m == 100);
  CHECK(work.gemms[0].packing == 8);
  setup.tiling.convolution_partition_rows.reset();
  setup.tiling.pack_groups = false;
  work = cut(network, setup);
  CHECK(work.gemms[0].tile_m == 16);
  CHECK(work.gemms[0].packing == 1);
  CHECK(work.gemms[0].groups == 8);
}

TEST_CASE("tiling: random networks keep MACs and tile tables consistent", "[models]") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    RandomStream random(seed, "tiling test");
    Setup setup = test::random_setup(random);
    RandomStream conventions(seed, "conventions of the tiling test");
    test::draw_conventions(setup, conventions);
    setup.hardware.pods.rows = std::max(4, setup.hardware.pods.rows);
    setup.hardware.pods.cols = std::max(4, setup.hardware.pods.cols);
    const Network network = test::random_network(random, 20);
    const TiledWorkload work = cut(network, setup);
    std::int64_t macs = 0;
    std::uint32_t ops = 0, outputs = 0;
    OpCursor cursor(work);
    RandomStream jumps(seed, "jumps of the tiling test");
    for (const GemmTiles& gemm : work.gemms) {
      CHECK(gemm.first_op == ops);
      CHECK(gemm.first_output == outputs);
      ops += gemm.op_count;
      outputs += gemm.output_count;
      for (std::uint32_t op = gemm.first_op; op < gemm.first_op + gemm.op_count; ++op) {
        CHECK(&work.gemm_of_op(op) == &gemm);
        const OpIndex at = op_index(gemm, op);
        if (jumps.below(9) == 0) cursor.at(static_cast<std::uint32_t>(jumps.below(work.op_count)));
        const OpTiles tiles = tiles_of_op(work, op);
        const OpTiles& found = cursor.at(op);
        CHECK(found.gemm == &gemm);
        CHECK(found.x_tile == tiles.x_tile);
        CHECK(found.w_tile == tiles.w_tile);
        CHECK(std::tie(found.at.g, found.at.i, found.at.j, found.at.k) == std::tie(at.g, at.i, at.j, at.k));
        macs += tile_macs(gemm, at);
        const StoredTile& x =
            work.tiles[gemm.activation_tile(work.operands[gemm.activation].first_tile, at.g, at.i, at.j)];
        const StoredTile& w =
            work.tiles[gemm.stationary_tile(work.operands[gemm.stationary].first_tile, at.g, at.j, at.k)];
        // Rows and columns of the matrices, delivered by rows or by columns, at the port that the dataflow gives them.
        const std::int64_t m = tile_rows(gemm, at.i), k = tile_depth(gemm, at.g, at.j),
                           n = tile_columns(gemm, at.g, at.k);
        const std::string dataflow = setup.hardware.pod_group(gemm.pod_group).dataflow.type;
        const bool is_transposed = dataflow == "input_stationary";
        const bool by_columns = dataflow != "weight_stationary";
        CHECK(x.rows == (by_columns ? k : m));
        CHECK(x.columns == (by_columns ? m : k));
        CHECK(w.rows == (is_transposed ? n : k));
        CHECK(w.columns == (is_transposed ? k : n));
        CHECK(x.bank_class == (is_transposed ? BankClass::w : BankClass::x));
        CHECK(w.bank_class == (is_transposed ? BankClass::x : BankClass::w));
        CHECK(&work.tiles[tiles.x_tile] == (is_transposed ? &w : &x));
        CHECK(&work.tiles[tiles.w_tile] == (is_transposed ? &x : &w));
        const PodConfig& pods = setup.hardware.pod_group(gemm.pod_group);
        CHECK((dataflow == "output_stationary" ? m : k) <= pods.rows);
        CHECK((is_transposed ? m : n) <= pods.cols);
      }
    }
    CHECK(macs == network.totals().macs);
    CHECK(ops == work.op_count);
    CHECK(outputs == work.output_count);
  }
}

TEST_CASE("tiling: a tile stays below 2^31 bytes", "[models]") {
  // 2^10 columns of X, counted in partial sums of 2 bytes, which take more than activations.
  Setup setup = crossbar_setup(1, 1 << 10, 1);
  setup.tiling.partition_rows = 0;
  REQUIRE(setup.hardware.partial_sum_bytes == 2);
  CHECK(cut(test::one_linear((1 << 20) - 1, 1 << 10, 1), setup).gemms[0].i_count == 1);
  const auto error = test::error_of([&] { cut(test::one_linear(1 << 20, 1 << 10, 1), setup); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::run_failed);
  REQUIRE(error->issues().size() == 1);
  CHECK(error->issues()[0].pointer == "/mapping/tiling/partition_rows");
  CHECK(error->issues()[0].message.find("has 1,048,576 x 1,024 elements; it has to stay below 2^31 bytes") !=
        std::string::npos);
}

}  // namespace
}  // namespace podsim

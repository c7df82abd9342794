// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/published/tiling.hpp"

#include <algorithm>
#include <limits>
#include <string>

namespace podsim::published {
namespace {

void check(const std::vector<GemmLayer>& layers) {
  std::vector<Issue> issues;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const GemmLayer& layer = layers[l];
    auto add = [&](const std::string& message) {
      issues.push_back({"published workload", "/" + std::to_string(l), "layer \"" + layer.name + "\" " + message, {}});
    };
    if (layer.gemm.m < 1 || layer.gemm.k < 1 || layer.gemm.n < 1) add("has an empty GEMM");
    if (layer.kernel_area < 1) add("has an empty kernel");
    for (const int dependency : layer.dependencies) {
      if (dependency < 0 || dependency >= static_cast<int>(l)) {
        add("depends on layer " + std::to_string(dependency) + ", which is not before it");
      }
    }
  }
  if (layers.empty()) issues.push_back({"published workload", {}, "there are no layers", {}});
  if (!issues.empty()) throw Error(ErrorKind::bad_input, issues);
}

/// Appends a grid of `outer` x `inner` tiles, inner index fastest; tile t lies in bank t mod N.
/// \param size_of sets rows, columns and bytes of tile (outer index, inner index)
template <class TileSize>
std::uint32_t add_operand(TiledWorkload& work, BankClass bank_class, std::size_t layer, std::int64_t outer,
                          std::int64_t inner, int banks, TileSize size_of) {
  Operand operand;
  operand.first_tile = static_cast<std::uint32_t>(work.tiles.size());
  operand.tile_count = static_cast<std::uint32_t>(outer * inner);
  operand.operation = static_cast<std::uint32_t>(layer);
  operand.bank_class = bank_class;
  const auto number = static_cast<std::uint32_t>(work.operands.size());
  for (std::int64_t o = 0; o < outer; ++o) {
    for (std::int64_t i = 0; i < inner; ++i) {
      StoredTile tile;
      tile.operand = number;
      tile.bank = static_cast<std::uint16_t>((o * inner + i) % banks);
      tile.bank_class = bank_class;
      size_of(tile, o, i);
      work.tiles.push_back(tile);
    }
  }
  work.operands.push_back(operand);
  return number;
}

/// Elements of part `index` of `total` cut into parts of `step`.
std::int32_t part(std::int64_t total, std::int64_t step, std::int64_t index) {
  return static_cast<std::int32_t>(std::min(step, total - index * step));
}

}  // namespace

TiledWorkload tile(const std::vector<GemmLayer>& layers, const MachineConfig& machine) {
  check(layers);
  TiledWorkload work;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const GemmLayer& layer = layers[l];
    Operation operation;
    operation.name = layer.name;
    operation.layer = static_cast<int>(l);
    GemmOperation gemm_operation;
    gemm_operation.gemm = layer.gemm;
    operation.work = gemm_operation;
    work.network.operations.push_back(operation);

    GemmTiles gemm;
    gemm.operation = static_cast<int>(l);
    gemm.shape = layer.gemm;
    gemm.m = layer.gemm.m;
    gemm.k = layer.gemm.k;
    gemm.n = layer.gemm.n;
    gemm.tile_m = machine.tile_rows();
    gemm.tile_k = machine.rows;
    gemm.tile_n = machine.cols;
    gemm.i_count = ceil_div(gemm.m, gemm.tile_m);
    gemm.j_count = ceil_div(gemm.k, gemm.tile_k);
    gemm.k_count = ceil_div(gemm.n, gemm.tile_n);
    constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
    const std::int64_t most_products = (kMost - work.op_count) / gemm.j_count;
    if (gemm.i_count > most_products || gemm.i_count * gemm.k_count > most_products) {
      throw Error::run_failed("layer \"" + layer.name + "\" makes more than 2^31 tile operations");
    }
    gemm.activation = add_operand(
        work, BankClass::x, l, gemm.j_count, gemm.i_count, machine.pods,
        [&](StoredTile& tile, std::int64_t j, std::int64_t i) {
          tile.rows = part(gemm.m, gemm.tile_m, i);
          tile.columns = part(gemm.k, gemm.tile_k, j);
          tile.bytes = static_cast<std::uint32_t>(std::int64_t{1} * tile.rows * tile.columns / layer.kernel_area);
          tile.dram_bytes = layer.reads_network_input ? tile.bytes : 0;
        });
    work.operands.back().from_dram = layer.reads_network_input;
    work.operands.back().on_chip = !layer.reads_network_input;
    gemm.stationary = add_operand(work, BankClass::w, l, gemm.j_count, gemm.k_count, machine.pods,
                                  [&](StoredTile& tile, std::int64_t j, std::int64_t k) {
                                    tile.rows = part(gemm.k, gemm.tile_k, j);
                                    tile.columns = part(gemm.n, gemm.tile_n, k);
                                    tile.bytes = static_cast<std::uint32_t>(std::int64_t{1} * tile.rows * tile.columns);
                                    tile.dram_bytes = tile.bytes;
                                  });
    work.operands.back().from_dram = true;
    work.operands.back().is_learned = true;
    gemm.first_op = work.op_count;
    gemm.op_count = static_cast<std::uint32_t>(gemm.i_count * gemm.j_count * gemm.k_count);
    gemm.first_output = work.output_count;
    gemm.output_count = static_cast<std::uint32_t>(gemm.i_count * gemm.k_count);
    work.op_count += gemm.op_count;
    work.output_count += gemm.output_count;
    work.tiles_of_operation.push_back(static_cast<std::uint32_t>(work.gemms.size()));
    work.gemms.push_back(gemm);
    work.dependencies.push_back(layer.dependencies);
  }
  return work;
}

}  // namespace podsim::published

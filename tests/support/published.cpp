// SPDX-License-Identifier: Apache-2.0
#include "support/published.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <tuple>

#include "podsim/workloads/lowering.hpp"

namespace podsim::test {
namespace {

using Shape3 = std::tuple<std::int64_t, std::int64_t, std::int64_t>;

std::vector<std::vector<std::string>> rows_of(const std::string& file) {
  std::ifstream in(std::string(PODSIM_TEST_DATA) + "/" + file);
  if (!in) throw std::runtime_error("cannot read " + file);
  std::vector<std::vector<std::string>> rows;
  std::string line;
  std::getline(in, line);  // header
  while (std::getline(in, line)) {
    std::vector<std::string> cells;
    std::stringstream cell_stream(line);
    std::string cell;
    while (std::getline(cell_stream, cell, ',')) cells.push_back(cell);
    rows.push_back(cells);
  }
  return rows;
}

/// The GEMM of every matrix layer, by layer name.
std::vector<std::pair<std::string, Shape3>> gemms_of(const Network& network) {
  std::vector<std::pair<std::string, Shape3>> out;
  for (const Operation& operation : lower(network).operations) {
    if (const GemmOperation* work = operation.gemm()) {
      out.emplace_back(operation.name, Shape3{work->gemm.m, work->gemm.k, work->gemm.n});
    }
  }
  return out;
}

/// Layers on the longest way from each layer to an output.
std::map<std::string, int> distances_to_output(const Network& network) {
  std::map<std::string, int> distance;
  for (auto layer = network.layers.rbegin(); layer != network.layers.rend(); ++layer) {
    const int own = distance[layer->name];
    for (const std::string& input : layer->inputs) distance[input] = std::max(distance[input], own + 1);
  }
  return distance;
}

}  // namespace

std::vector<PublishedRun> published_runs() {
  std::vector<PublishedRun> out;
  for (const auto& cells : rows_of("published_runs.csv")) {
    PublishedRun run;
    run.network = cells[0];
    run.interconnect = cells[2];
    run.pods = std::stoi(cells[3]);
    run.cycles = std::stoll(cells[4]);
    run.last_main_round = std::stoll(cells[5]);
    run.last_post_round = std::stoll(cells[6]);
    run.tile_ops = std::stoll(cells[10]);
    out.push_back(run);
  }
  return out;
}

Network in_published_order(const Network& network, const std::string& published_name) {
  const auto gemms = gemms_of(network);
  std::set<std::string> placed;
  for (const NetworkInput& input : network.inputs) placed.insert(input.name);
  std::vector<Layer> order;
  auto is_gemm = [&](const Layer& layer) {
    for (const auto& [name, shape] : gemms) {
      if (name == layer.name) return true;
    }
    return false;
  };
  auto ready = [&](const Layer& layer) {
    for (const std::string& input : layer.inputs) {
      if (placed.count(input) == 0) return false;
    }
    return placed.count(layer.name) == 0;
  };
  auto place = [&](const Layer& layer) {
    placed.insert(layer.name);
    order.push_back(layer);
  };
  auto place_others = [&] {
    for (bool found = true; found;) {
      found = false;
      for (const Layer& layer : network.layers) {
        if (!is_gemm(layer) && ready(layer)) {
          place(layer);
          found = true;
        }
      }
    }
  };
  const std::map<std::string, int> distance = distances_to_output(network);
  for (const auto& cells : rows_of("published_layer_order.csv")) {
    if (cells[0] != published_name) continue;
    const Shape3 wanted{std::stoll(cells[4]), std::stoll(cells[5]), std::stoll(cells[6])};
    place_others();
    // Keras lists layers by falling distance to the output, equally far ones as they were created. It creates the
    // projection of a residual block first, which our networks list last.
    const Layer* next = nullptr;
    for (const auto& [name, shape] : gemms) {
      const Layer& layer = network.layers[static_cast<std::size_t>(network.layer_index(name))];
      if (shape != wanted || !ready(layer)) continue;
      const bool is_projection = name.size() > 5 && name.substr(name.size() - 5) == "_proj";
      const int lead = next == nullptr ? 1 : distance.at(name) - distance.at(next->name);
      if (lead > 0 || (lead == 0 && is_projection)) next = &layer;
    }
    if (next != nullptr) place(*next);
    if (next == nullptr)
      throw std::runtime_error(published_name + ": no layer for row " + cells[2] + " (" + cells[3] + ")");
  }
  place_others();
  if (order.size() != network.layers.size()) throw std::runtime_error(published_name + ": layers are left over");
  Network out = network;
  out.layers = order;
  out.infer();
  return out;
}

}  // namespace podsim::test

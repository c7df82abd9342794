// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/report_page/pareto.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace podsim {

std::vector<std::size_t> pareto_front(const std::vector<std::pair<double, double>>& points) {
  std::vector<std::size_t> order;
  for (std::size_t n = 0; n < points.size(); ++n) {
    if (!std::isnan(points[n].first) && !std::isnan(points[n].second)) order.push_back(n);
  }
  std::sort(order.begin(), order.end(),
            [&points](std::size_t a, std::size_t b) { return points[a] != points[b] ? points[a] < points[b] : a < b; });
  std::vector<std::size_t> out;
  for (const std::size_t n : order) {
    // Of equal points all are on the front, or none.
    const bool is_best = out.empty() || points[n].second < points[out.back()].second;
    if (is_best || points[n] == points[out.back()]) out.push_back(n);
  }
  return out;
}

}  // namespace podsim

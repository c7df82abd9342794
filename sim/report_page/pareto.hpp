#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The points of a sweep that no other point beats.

#include <cstddef>
#include <utility>
#include <vector>

namespace podsim {

/// The Pareto front of points with two figures, of which less is better: those that no other point equals or beats in
/// both and beats in one. Points with a NaN are never on it. Numbers of points, by the first figure, then the second,
/// then the number.
std::vector<std::size_t> pareto_front(const std::vector<std::pair<double, double>>& points);

}  // namespace podsim

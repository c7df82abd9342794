#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Builds a network layer by layer in C++; each function returns the name that later layers read.

#include <string>
#include <vector>

#include "podsim/workloads/network.hpp"

namespace podsim {

/// \code
/// NetworkBuilder b("tiny");
/// std::string x = b.input("image", {3, 32, 32});
/// x = b.conv2d("c1", x, {3, 16, {3, 3}}, Activation::relu);
/// Network network = b.build({x});
/// \endcode
class NetworkBuilder {
 public:
  explicit NetworkBuilder(std::string name, std::int64_t batch = 1);

  void describe(std::string description, std::string reference);
  std::string input(const std::string& name, Shape shape, NetworkInput::Kind kind = NetworkInput::Kind::activation);

  std::string layer(const std::string& name, Op op, std::vector<std::string> inputs, LayerAttributes attributes = {},
                    Activation activation = Activation::none);
  std::string conv2d(const std::string& name, const std::string& x, const Conv2d& attributes,
                     Activation activation = Activation::none);
  std::string linear(const std::string& name, const std::string& x, const Linear& attributes,
                     Activation activation = Activation::none);
  std::string pool(const std::string& name, const std::string& x, Pool::Kind kind, std::int64_t kernel = 1,
                   std::int64_t stride = 1, std::int64_t padding = 0);
  /// A layer with one input and no attributes.
  std::string unary(const std::string& name, Op op, const std::string& x, Activation activation = Activation::none);
  std::string add(const std::string& name, std::vector<std::string> inputs, Activation activation = Activation::none);
  std::string concat(const std::string& name, std::vector<std::string> inputs, std::int64_t axis = 0);

  /// The network so far, checked and with inferred shapes.
  /// \throws Error (bad_input) with all mistakes
  Network build(std::vector<std::string> outputs) const;

 private:
  Network network_;
};

}  // namespace podsim

#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What the builders of the zoo share: parameters and registration.

#include <memory>
#include <utility>

#include "podsim/workloads/network_builder.hpp"
#include "podsim/workloads/workload_source.hpp"

namespace podsim::zoo {

inline void batch_field(Fields& f, std::int64_t& batch) {
  f.integer("batch", batch, {1, kMaximumBatch}, "images or sequences", "how many are processed together");
}

inline void image_field(Fields& f, std::int64_t& image) {
  f.integer("image", image, {1, 1 << 14}, "pixels", "height and width of the image");
}

/// Parameters of a network that reads images of `Default` by `Default` pixels.
template <std::int64_t Default>
struct ImageParameters {
  std::int64_t image = Default;
  std::int64_t batch = 1;
  void fields(Fields& f) {
    image_field(f, image);
    batch_field(f, batch);
  }
};

/// Registers `build(parameters)` as a zoo network.
template <class Parameters, class Build>
Registered<Parameters> register_network(const char* name, const char* summary, Build build) {
  class Built final : public ZooNetwork {
   public:
    Built(Parameters parameters, Build make) : parameters_(std::move(parameters)), make_(std::move(make)) {}
    Network build() const override { return make_(parameters_); }

   private:
    Parameters parameters_;
    Build make_;
  };
  return Registered<Parameters>(zoo_registry(), name, summary, [build](const Parameters& parameters) {
    return std::make_unique<Built>(parameters, build);
  });
}

/// A square convolution, by default with batchnorm and without bias.
inline Conv2d square_conv(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride = 1,
                          std::int64_t padding = 0) {
  Conv2d a;
  a.in_channels = in;
  a.out_channels = out;
  a.kernel = {kernel, kernel};
  a.stride = {stride, stride};
  a.padding = {padding, padding};
  a.batchnorm = true;
  return a;
}

/// A fully connected layer with bias.
inline Linear dense(std::int64_t in, std::int64_t out) {
  return Linear{in, out, true, {}};
}

/// "name3"
inline std::string numbered(const std::string& name, std::int64_t number) {
  return name + std::to_string(number);
}

}  // namespace podsim::zoo

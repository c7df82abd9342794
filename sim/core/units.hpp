#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Quantities with a unit in their type. Mixing two of them does not compile.

#include <cstdint>
#include <ostream>

namespace podsim {

/// A whole number of something. Adds and compares with its own kind only; `count()` gives the bare number.
template <class Tag>
class Quantity {
 public:
  constexpr Quantity() = default;
  constexpr explicit Quantity(std::int64_t count) : count_(count) {}
  constexpr std::int64_t count() const { return count_; }

  constexpr Quantity& operator+=(Quantity other) {
    count_ += other.count_;
    return *this;
  }
  constexpr Quantity& operator-=(Quantity other) {
    count_ -= other.count_;
    return *this;
  }
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity(a.count_ + b.count_); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity(a.count_ - b.count_); }
  friend constexpr Quantity operator*(Quantity a, std::int64_t n) { return Quantity(a.count_ * n); }
  friend constexpr Quantity operator*(std::int64_t n, Quantity a) { return Quantity(a.count_ * n); }
  friend constexpr bool operator==(Quantity a, Quantity b) { return a.count_ == b.count_; }
  friend constexpr bool operator!=(Quantity a, Quantity b) { return a.count_ != b.count_; }
  friend constexpr bool operator<(Quantity a, Quantity b) { return a.count_ < b.count_; }
  friend constexpr bool operator<=(Quantity a, Quantity b) { return a.count_ <= b.count_; }
  friend constexpr bool operator>(Quantity a, Quantity b) { return a.count_ > b.count_; }
  friend constexpr bool operator>=(Quantity a, Quantity b) { return a.count_ >= b.count_; }
  friend std::ostream& operator<<(std::ostream& out, Quantity q) { return out << q.count_; }

 private:
  std::int64_t count_ = 0;
};

/// Clock cycles: a duration, or a point in time counted from the start of the run.
using Cycles = Quantity<struct CyclesTag>;
/// Bytes (8 bit).
using Bytes = Quantity<struct BytesTag>;

/// 1 KiB = 1024 bytes.
constexpr Bytes kibibytes(std::int64_t n) {
  return Bytes(n * 1024);
}

/// ceil(a / b) for a >= 0, b > 0.
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

}  // namespace podsim

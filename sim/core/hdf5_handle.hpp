#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What the HDF5 reader and builder share. Private to sim/core: nothing else sees the C library.

#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <hdf5.h>

namespace podsim::hdf5 {

/// Keeps HDF5 from printing its error stack, for as long as it lives.
class Silence {
 public:
  Silence() {
    H5Eget_auto2(H5E_DEFAULT, &handler_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~Silence() { H5Eset_auto2(H5E_DEFAULT, handler_, data_); }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  H5E_auto2_t handler_ = nullptr;
  void* data_ = nullptr;
};

/// An identifier and how it is closed.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Handle() = default;
  Handle(hid_t id, Close close) : id_(id), close_(close) {}
  ~Handle() { reset(); }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  bool is_valid() const { return id_ >= 0; }
  hid_t get() const { return id_; }
  void reset() {
    if (id_ >= 0) close_(std::exchange(id_, H5I_INVALID_HID));
  }

 private:
  hid_t id_ = H5I_INVALID_HID;
  Close close_ = nullptr;
};

/// The innermost entry of HDF5's error stack.
inline std::string reason() {
  std::string out;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned, const H5E_error2_t* error, void* data) -> herr_t {
        auto& text = *static_cast<std::string*>(data);
        if (text.empty() && error->desc != nullptr) text = error->desc;
        return 0;
      },
      &out);
  return out.empty() ? "HDF5 gives no reason" : out;
}

/// A type for strings of `bytes` bytes, or of any length if that is H5T_VARIABLE.
inline Handle string_type(std::size_t bytes) {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.get(), bytes);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  if (bytes != H5T_VARIABLE) H5Tset_strpad(type.get(), H5T_STR_NULLPAD);
  return type;
}

/// File access in memory: nothing of the file system is touched.
inline Handle memory_access() {
  Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fapl_core(access.get(), std::size_t{1} << 22, 0);
  return access;
}

/// Makes an object keep its attributes in the order in which they were added, in its header.
inline void keep_attribute_order(hid_t creation) {
  H5Pset_attr_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  H5Pset_attr_phase_change(creation, 1000, 900);
  H5Pset_obj_track_times(creation, false);
}

/// What a file of podsim's own ends in.
inline constexpr std::string_view kChecksumMark = "PODSIMCK";
inline constexpr std::size_t kChecksumBytes = 16;

/// The mark and a 64-bit hash of the content, after FNV-1a but by words.
inline std::string checksum(std::string_view content) {
  constexpr std::uint64_t kPrime = 1099511628211U;
  std::uint64_t hash = 14695981039346656037U ^ content.size();
  auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * kPrime;
    hash ^= hash >> 29;
  };
  while (content.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, content.data(), 8);
    mix(word);
    content.remove_prefix(8);
  }
  for (const char c : content) mix(static_cast<unsigned char>(c));
  std::string out(kChecksumMark);
  for (int n = 0; n < 8; ++n) out += static_cast<char>(hash >> (8 * n) & 0xff);
  return out;
}

/// A name for a file in memory. HDF5 takes two of the same name for one file.
inline std::string memory_name() {
  static std::atomic<unsigned long> next{0};
  return "podsim-" + std::to_string(next++) + ".h5";
}

}  // namespace podsim::hdf5

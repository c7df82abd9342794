// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

#include "podsim/sim/core/hdf5_file.hpp"
#include "podsim/sim/core/hdf5_handle.hpp"
#include "podsim/sim/core/text.hpp"

namespace podsim {
namespace {

using hdf5::Handle;

constexpr int kMaximumDepth = 32;

std::string fixed_text(const char* from, std::size_t width) {
  return std::string(from, ::strnlen(from, width));
}

/// What a type is called in messages.
std::string type_name(hid_t type) {
  const std::string bits = std::to_string(H5Tget_size(type) * 8);
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return (H5Tget_sign(type) == H5T_SGN_NONE ? "uint" : "int") + bits;
    case H5T_FLOAT:
      return "float" + bits;
    case H5T_STRING:
      return "strings";
    case H5T_COMPOUND:
      return "a compound type";
    case H5T_ENUM:
      return "an enumeration";
    default:
      return "another type";
  }
}

}  // namespace

struct Hdf5Reader::State {
  std::string file_name;
  Handle file;

  Error error(const std::string& path, const std::string& message) const {
    return {ErrorKind::bad_input, {Issue{file_name, path == "/" ? std::string{} : path, message, {}}}};
  }
  Error unreadable(const std::string& path) const { return error(path, "cannot be read as HDF5: " + hdf5::reason()); }

  void visit(const std::string& path, int depth, std::vector<std::string>* datasets,
             std::vector<std::string>* groups) const {
    const Handle group(H5Gopen2(file.get(), path.c_str(), H5P_DEFAULT), H5Gclose);
    H5G_info_t info;
    if (!group.is_valid() || H5Gget_info(group.get(), &info) < 0) throw unreadable(path);
    for (hsize_t n = 0; n < info.nlinks; ++n) {
      const ssize_t size = H5Lget_name_by_idx(group.get(), ".", H5_INDEX_NAME, H5_ITER_INC, n, nullptr, 0, H5P_DEFAULT);
      if (size < 0) throw unreadable(path);
      std::string name(static_cast<std::size_t>(size) + 1, '\0');
      H5Lget_name_by_idx(group.get(), ".", H5_INDEX_NAME, H5_ITER_INC, n, name.data(), name.size(), H5P_DEFAULT);
      name.pop_back();
      const std::string child = path == "/" ? path + name : path + "/" + name;
      H5L_info_t link;
      if (H5Lget_info(group.get(), name.c_str(), &link, H5P_DEFAULT) < 0) throw unreadable(child);
      if (link.type != H5L_TYPE_HARD) continue;
      const Handle object(H5Oopen(group.get(), name.c_str(), H5P_DEFAULT), H5Oclose);
      if (!object.is_valid()) throw unreadable(child);
      const H5I_type_t kind = H5Iget_type(object.get());
      if (kind == H5I_DATASET && datasets != nullptr) datasets->push_back(child);
      if (kind != H5I_GROUP) continue;
      if (groups != nullptr) groups->push_back(name);
      if (datasets == nullptr) continue;
      // Hard links can make a circle.
      if (depth == kMaximumDepth) {
        throw error(child, "groups are nested deeper than " + std::to_string(kMaximumDepth) + " levels");
      }
      visit(child, depth + 1, datasets, groups);
    }
  }

  Handle open_dataset(const std::string& path) const {
    Handle dataset(H5Dopen2(file.get(), path.c_str(), H5P_DEFAULT), H5Dclose);
    if (!dataset.is_valid()) {
      throw H5Lexists(file.get(), path.c_str(), H5P_DEFAULT) > 0 ? unreadable(path)
                                                                 : error(path, "the dataset is missing");
    }
    return dataset;
  }

  std::vector<std::int64_t> shape(const std::string& path, hid_t dataset) const {
    const Handle space(H5Dget_space(dataset), H5Sclose);
    const int rank = H5Sget_simple_extent_ndims(space.get());
    if (rank < 0) throw unreadable(path);
    if (H5Sget_simple_extent_type(space.get()) == H5S_NULL) throw error(path, "has no elements, not even a shape");
    std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
    H5Sget_simple_extent_dims(space.get(), extents.data(), nullptr);
    return {extents.begin(), extents.end()};
  }

  /// Elements of a dataset, if they take no more than `limit` bytes and chunks can be taken apart in as much.
  std::size_t count(const std::string& path, hid_t dataset, std::size_t element_bytes, std::int64_t limit) const {
    const Handle creation(H5Dget_create_plist(dataset), H5Pclose);
    std::vector<std::int64_t> chunk;
    if (H5Pget_layout(creation.get()) == H5D_CHUNKED) {
      hsize_t extents[H5S_MAX_RANK];
      const int rank = H5Pget_chunk(creation.get(), H5S_MAX_RANK, extents);
      for (int n = 0; n < rank; ++n) chunk.push_back(static_cast<std::int64_t>(extents[n]));
    }
    const auto most = static_cast<double>(limit);
    for (const std::vector<std::int64_t>& extents : {chunk, shape(path, dataset)}) {
      auto bytes = static_cast<double>(element_bytes);
      for (const std::int64_t extent : extents) bytes *= static_cast<double>(static_cast<std::uint64_t>(extent));
      if (bytes > most) {
        throw error(path, "would take more than " + with_thousands(limit) + " bytes, which is the most allowed");
      }
    }
    std::size_t out = 1;
    for (const std::int64_t extent : shape(path, dataset)) out *= static_cast<std::size_t>(extent);
    // Data that was never written reads as zeros, which nobody means.
    if (out > 0 && H5Dget_storage_size(dataset) == 0) throw error(path, "claims a shape but has no data");
    return out;
  }

  template <class T>
  std::vector<T> read(const std::string& path, hid_t dataset, hid_t type, std::int64_t limit) const {
    std::vector<T> out(count(path, dataset, sizeof(T), limit));
    if (!out.empty() && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out.data()) < 0) throw unreadable(path);
    return out;
  }

  Hdf5Elements integers(const std::string& path, hid_t dataset, hid_t type, std::int64_t limit) const {
    const bool has_sign = H5Tget_sign(type) != H5T_SGN_NONE;
    switch (H5Tget_size(type)) {
      case 1:
        if (has_sign) return read<std::int8_t>(path, dataset, H5T_NATIVE_INT8, limit);
        return read<std::uint8_t>(path, dataset, H5T_NATIVE_UINT8, limit);
      case 2:
        if (has_sign) return read<std::int16_t>(path, dataset, H5T_NATIVE_INT16, limit);
        return read<std::uint16_t>(path, dataset, H5T_NATIVE_UINT16, limit);
      case 4:
        if (has_sign) return read<std::int32_t>(path, dataset, H5T_NATIVE_INT32, limit);
        return read<std::uint32_t>(path, dataset, H5T_NATIVE_UINT32, limit);
      case 8:
        break;
      default:
        throw error(path, "holds " + type_name(type) + "; integers of 8 to 64 bits are read");
    }
    if (has_sign) return read<std::int64_t>(path, dataset, H5T_NATIVE_INT64, limit);
    const auto large = read<std::uint64_t>(path, dataset, H5T_NATIVE_UINT64, limit);
    std::vector<std::int64_t> out;
    out.reserve(large.size());
    for (const std::uint64_t value : large) {
      if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        throw error(path, "holds " + std::to_string(value) + "; at most 2^63 - 1 is allowed");
      }
      out.push_back(static_cast<std::int64_t>(value));
    }
    return out;
  }

  std::string variable_text(const std::string& path, hid_t attribute, hid_t type) const {
    const Handle memory = hdf5::string_type(H5T_VARIABLE);
    H5Tset_cset(memory.get(), H5Tget_cset(type));
    char* text = nullptr;
    if (H5Aread(attribute, memory.get(), &text) < 0) throw unreadable(path);
    std::string out = text == nullptr ? "" : text;
    H5free_memory(text);
    return out;
  }
};

Hdf5Reader::Hdf5Reader(std::string bytes, std::string file) : state_(std::make_unique<State>()) {
  const hdf5::Silence silence;
  state_->file_name = std::move(file);
  if (bytes.empty()) throw state_->error("/", "is empty; an HDF5 file is expected");
  if (!is_hdf5(bytes)) throw state_->error("/", "is no HDF5 file");
  if (has_hdf5_checksum(bytes)) {
    const std::size_t end = bytes.size() - hdf5::kChecksumBytes;
    if (hdf5::checksum(std::string_view(bytes).substr(0, end)) != std::string_view(bytes).substr(end)) {
      throw state_->error("/", "is damaged: its checksum is wrong");
    }
    bytes.resize(end);
  }
  const Handle access = hdf5::memory_access();
  // HDF5 keeps a copy of its own.
  if (H5Pset_file_image(access.get(), bytes.data(), bytes.size()) < 0) throw state_->unreadable("/");
  state_->file = Handle(H5Fopen(hdf5::memory_name().c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose);
  if (!state_->file.is_valid()) throw state_->unreadable("/");
}

Hdf5Reader::~Hdf5Reader() {
  const hdf5::Silence silence;
  state_.reset();
}

const std::string& Hdf5Reader::file() const {
  return state_->file_name;
}

bool Hdf5Reader::has(const std::string& path) const {
  const hdf5::Silence silence;
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    if (H5Lexists(state_->file.get(), path.substr(0, slash).c_str(), H5P_DEFAULT) <= 0) return false;
  }
  return path == "/" || H5Lexists(state_->file.get(), path.c_str(), H5P_DEFAULT) > 0;
}

std::vector<std::string> Hdf5Reader::datasets() const {
  const hdf5::Silence silence;
  std::vector<std::string> out;
  state_->visit("/", 0, &out, nullptr);
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> Hdf5Reader::groups(const std::string& path) const {
  const hdf5::Silence silence;
  std::vector<std::string> out;
  state_->visit(path, 0, nullptr, &out);
  return out;
}

std::vector<std::pair<std::string, Hdf5Scalar>> Hdf5Reader::attributes(const std::string& path) const {
  const hdf5::Silence silence;
  std::vector<std::pair<std::string, Hdf5Scalar>> out;
  const Handle object(H5Oopen(state_->file.get(), path.c_str(), H5P_DEFAULT), H5Oclose);
  H5O_info_t info;
  if (!object.is_valid() || H5Oget_info(object.get(), &info) < 0) throw state_->unreadable(path);
  // Fails where the order was not kept.
  const Handle probe(H5Aopen_by_idx(object.get(), ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, 0, H5P_DEFAULT, H5P_DEFAULT),
                     H5Aclose);
  const H5_index_t order = probe.is_valid() ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
  for (hsize_t n = 0; n < info.num_attrs; ++n) {
    const Handle attribute(H5Aopen_by_idx(object.get(), ".", order, H5_ITER_INC, n, H5P_DEFAULT, H5P_DEFAULT),
                           H5Aclose);
    if (!attribute.is_valid()) throw state_->unreadable(path);
    const ssize_t size = H5Aget_name(attribute.get(), 0, nullptr);
    std::string name(static_cast<std::size_t>(std::max<ssize_t>(0, size)) + 1, '\0');
    H5Aget_name(attribute.get(), name.size(), name.data());
    name.pop_back();
    const Handle space(H5Aget_space(attribute.get()), H5Sclose);
    const Handle type(H5Aget_type(attribute.get()), H5Tclose);
    if (!space.is_valid() || !type.is_valid()) throw state_->unreadable(path);
    if (H5Sget_simple_extent_npoints(space.get()) != 1) continue;
    auto read = [&](hid_t memory, void* to) {
      if (H5Aread(attribute.get(), memory, to) < 0) throw state_->unreadable(path);
    };
    switch (H5Tget_class(type.get())) {
      case H5T_STRING:
        if (H5Tis_variable_str(type.get()) > 0) {
          out.emplace_back(name, state_->variable_text(path, attribute.get(), type.get()));
        } else {
          std::vector<char> text(H5Tget_size(type.get()) + 1, '\0');
          read(type.get(), text.data());
          out.emplace_back(name, fixed_text(text.data(), text.size()));
        }
        break;
      case H5T_INTEGER: {
        std::int64_t value = 0;
        read(H5T_NATIVE_INT64, &value);
        out.emplace_back(name, value);
        break;
      }
      case H5T_FLOAT: {
        double value = 0;
        read(H5T_NATIVE_DOUBLE, &value);
        out.emplace_back(name, value);
        break;
      }
      case H5T_ENUM:
        if (H5Tget_size(type.get()) == 1) {
          std::int8_t value = 0;
          read(type.get(), &value);
          out.emplace_back(name, value != 0);
        }
        break;
      default:
        break;
    }
  }
  return out;
}

Hdf5Table Hdf5Reader::table(const std::string& path, std::int64_t limit_bytes) const {
  const hdf5::Silence silence;
  const Handle dataset = state_->open_dataset(path);
  const Handle stored(H5Dget_type(dataset.get()), H5Tclose);
  if (H5Tget_class(stored.get()) != H5T_COMPOUND || state_->shape(path, dataset.get()).size() != 1) {
    throw state_->error(path, "must be a one-dimensional dataset of a compound type");
  }
  Hdf5Table out;
  std::vector<std::size_t> offsets;
  std::vector<Handle> types;
  std::size_t row_bytes = 0;
  const int members = H5Tget_nmembers(stored.get());
  for (int m = 0; m < members; ++m) {
    const auto index = static_cast<unsigned>(m);
    char* name = H5Tget_member_name(stored.get(), index);
    Hdf5Column column;
    column.name = name == nullptr ? "" : name;
    H5free_memory(name);
    Handle type(H5Tget_member_type(stored.get(), index), H5Tclose);
    switch (H5Tget_class(type.get())) {
      case H5T_INTEGER:
        types.emplace_back(H5Tcopy(H5T_NATIVE_INT64), H5Tclose);
        column.values = std::vector<std::int64_t>{};
        break;
      case H5T_FLOAT:
        types.emplace_back(H5Tcopy(H5T_NATIVE_DOUBLE), H5Tclose);
        column.values = std::vector<double>{};
        break;
      case H5T_STRING:
        if (H5Tis_variable_str(type.get()) == 0) {
          types.push_back(std::move(type));
          column.values = std::vector<std::string>{};
          break;
        }
        [[fallthrough]];
      default:
        throw state_->error(path, "the column \"" + column.name +
                                      "\" must hold integers, floating-point numbers or strings of fixed length");
    }
    offsets.push_back(row_bytes);
    row_bytes += H5Tget_size(types.back().get());
    out.columns.push_back(std::move(column));
  }
  const Handle memory(H5Tcreate(H5T_COMPOUND, std::max<std::size_t>(1, row_bytes)), H5Tclose);
  for (std::size_t c = 0; c < types.size(); ++c) {
    H5Tinsert(memory.get(), out.columns[c].name.c_str(), offsets[c], types[c].get());
  }
  const std::size_t rows = state_->count(path, dataset.get(), row_bytes, limit_bytes);
  std::vector<char> block(rows * row_bytes);
  if (rows > 0 && H5Dread(dataset.get(), memory.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, block.data()) < 0) {
    throw state_->unreadable(path);
  }
  for (std::size_t c = 0; c < types.size(); ++c) {
    const std::size_t bytes = H5Tget_size(types[c].get());
    std::visit(
        [&](auto& values) {
          using Value = typename std::decay_t<decltype(values)>::value_type;
          values.reserve(rows);
          for (std::size_t r = 0; r < rows; ++r) {
            const char* from = &block[r * row_bytes + offsets[c]];
            if constexpr (std::is_same_v<Value, std::string>) {
              values.push_back(fixed_text(from, bytes));
            } else {
              Value value{};
              std::memcpy(&value, from, sizeof value);
              values.push_back(value);
            }
          }
        },
        out.columns[c].values);
  }
  return out;
}

Hdf5Array Hdf5Reader::array(const std::string& path, std::int64_t limit_bytes) const {
  const hdf5::Silence silence;
  const Handle dataset = state_->open_dataset(path);
  const Handle type(H5Dget_type(dataset.get()), H5Tclose);
  Hdf5Array out;
  out.shape = state_->shape(path, dataset.get());
  switch (H5Tget_class(type.get())) {
    case H5T_INTEGER:
      out.elements = state_->integers(path, dataset.get(), type.get(), limit_bytes);
      break;
    case H5T_FLOAT:
      out.elements = state_->read<double>(path, dataset.get(), H5T_NATIVE_DOUBLE, limit_bytes);
      break;
    default:
      throw state_->error(path, "holds " + type_name(type.get()) + "; integers or floating-point numbers are read");
  }
  return out;
}

}  // namespace podsim

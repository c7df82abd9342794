// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/hdf5_file.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>

#include "podsim/sim/core/hdf5_handle.hpp"

namespace podsim {
namespace {

using hdf5::Handle;

template <class T>
hid_t native_type() {
  if constexpr (std::is_same_v<T, std::int8_t>) return H5T_NATIVE_INT8;
  if constexpr (std::is_same_v<T, std::uint8_t>) return H5T_NATIVE_UINT8;
  if constexpr (std::is_same_v<T, std::int16_t>) return H5T_NATIVE_INT16;
  if constexpr (std::is_same_v<T, std::uint16_t>) return H5T_NATIVE_UINT16;
  if constexpr (std::is_same_v<T, std::int32_t>) return H5T_NATIVE_INT32;
  if constexpr (std::is_same_v<T, std::uint32_t>) return H5T_NATIVE_UINT32;
  if constexpr (std::is_same_v<T, std::int64_t>) return H5T_NATIVE_INT64;
  if constexpr (std::is_same_v<T, double>) return H5T_NATIVE_DOUBLE;
}

/// Misuse, or memory that is not there: files are built from podsim's own data.
[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw Error::internal("HDF5", path + ": " + what);
}

void require(bool good, const std::string& path) {
  if (!good) fail(path, hdf5::reason());
}

Handle bool_type() {
  Handle type(H5Tenum_create(H5T_NATIVE_INT8), H5Tclose);
  const std::int8_t no = 0;
  const std::int8_t yes = 1;
  H5Tenum_insert(type.get(), "FALSE", &no);
  H5Tenum_insert(type.get(), "TRUE", &yes);
  return type;
}

std::size_t length(const Hdf5Column& column) {
  return std::visit([](const auto& values) { return values.size(); }, column.values);
}

/// Bytes of a column in a row.
std::size_t width(const Hdf5Column& column) {
  if (const auto* texts = std::get_if<std::vector<std::string>>(&column.values)) {
    std::size_t out = 1;
    for (const std::string& text : *texts) out = std::max(out, text.size());
    return out;
  }
  return 8;
}

/// Writes one value of a column where it belongs in a row that is all zero.
void put(const Hdf5Column& column, std::size_t row, char* to) {
  std::visit(
      [&](const auto& values) {
        const auto& value = values[row];
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>) {
          std::memcpy(to, value.data(), value.size());
        } else {
          std::memcpy(to, &value, sizeof value);
        }
      },
      column.values);
}

}  // namespace

std::int64_t Hdf5Table::rows() const {
  return columns.empty() ? 0 : static_cast<std::int64_t>(length(columns.front()));
}

const Hdf5Column* Hdf5Table::find(const std::string& name) const {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const auto& each) { return each.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

bool is_hdf5(std::string_view first_bytes) {
  constexpr std::string_view kSignature("\x89HDF\r\n\x1a\n", 8);
  return first_bytes.substr(0, kSignature.size()) == kSignature;
}

bool has_hdf5_checksum(std::string_view bytes) {
  return bytes.size() > hdf5::kChecksumBytes &&
         bytes.substr(bytes.size() - hdf5::kChecksumBytes, hdf5::kChecksumMark.size()) == hdf5::kChecksumMark;
}

void hdf5_without_exit_handler() {
  H5dont_atexit();
}

struct Hdf5Builder::State {
  Handle file;

  /// Makes the groups that a path ends in, or that lead to it.
  void make_groups(const std::string& path, bool with_last) const {
    for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
      const std::string group = path.substr(0, slash);
      if (slash == std::string::npos && !with_last) return;
      if (group.size() > 1 && H5Lexists(file.get(), group.c_str(), H5P_DEFAULT) <= 0) {
        const Handle creation(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
        hdf5::keep_attribute_order(creation.get());
        const Handle made(H5Gcreate2(file.get(), group.c_str(), H5P_DEFAULT, creation.get(), H5P_DEFAULT), H5Gclose);
        require(made.is_valid(), group);
      }
      if (slash == std::string::npos) return;
    }
  }

  Handle dataset(const std::string& path, hid_t type, const std::vector<hsize_t>& shape,
                 const std::vector<hsize_t>& chunk) const {
    make_groups(path, false);
    const Handle space(
        shape.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr),
        H5Sclose);
    const Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    hdf5::keep_attribute_order(creation.get());
    if (!chunk.empty()) {
      require(H5Pset_chunk(creation.get(), static_cast<int>(chunk.size()), chunk.data()) >= 0 &&
                  H5Pset_shuffle(creation.get()) >= 0 && H5Pset_deflate(creation.get(), 1) >= 0,
              path);
    }
    Handle out(H5Dcreate2(file.get(), path.c_str(), type, space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT),
               H5Dclose);
    require(out.is_valid(), path);
    return out;
  }
};

Hdf5Builder::Hdf5Builder() : state_(std::make_unique<State>()) {
  const hdf5::Silence silence;
  const Handle access = hdf5::memory_access();
  const Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  hdf5::keep_attribute_order(creation.get());
  state_->file = Handle(H5Fcreate(hdf5::memory_name().c_str(), H5F_ACC_TRUNC, creation.get(), access.get()), H5Fclose);
  require(state_->file.is_valid(), "/");
}

Hdf5Builder::~Hdf5Builder() {
  const hdf5::Silence silence;
  state_.reset();
}

void Hdf5Builder::attribute(const std::string& path, const std::string& name, const Hdf5Scalar& value) {
  const hdf5::Silence silence;
  if (H5Lexists(state_->file.get(), path.c_str(), H5P_DEFAULT) <= 0) state_->make_groups(path, true);
  const Handle object(H5Oopen(state_->file.get(), path.c_str(), H5P_DEFAULT), H5Oclose);
  require(object.is_valid(), path);
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  auto write = [&](hid_t type, const void* data) {
    const Handle attribute(H5Acreate2(object.get(), name.c_str(), type, space.get(), H5P_DEFAULT, H5P_DEFAULT),
                           H5Aclose);
    require(attribute.is_valid() && H5Awrite(attribute.get(), type, data) >= 0, path + " " + name);
  };
  if (const auto* text = std::get_if<std::string>(&value)) {
    const char* pointer = text->c_str();
    write(hdf5::string_type(H5T_VARIABLE).get(), &pointer);
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    write(H5T_NATIVE_INT64, integer);
  } else if (const auto* number = std::get_if<double>(&value)) {
    write(H5T_NATIVE_DOUBLE, number);
  } else {
    const std::int8_t flag = std::get<bool>(value) ? 1 : 0;
    write(bool_type().get(), &flag);
  }
}

void Hdf5Builder::table(const std::string& path, const Hdf5Table& table) {
  const hdf5::Silence silence;
  const auto rows = static_cast<std::size_t>(table.rows());
  std::vector<std::size_t> offsets;
  std::size_t row_bytes = 0;
  for (const Hdf5Column& column : table.columns) {
    if (length(column) != rows) fail(path, "the column \"" + column.name + "\" has another length than the first");
    offsets.push_back(row_bytes);
    row_bytes += width(column);
  }
  const Handle type(H5Tcreate(H5T_COMPOUND, std::max<std::size_t>(1, row_bytes)), H5Tclose);
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const Hdf5Column& column = table.columns[c];
    const Handle text = hdf5::string_type(width(column));
    const std::array<hid_t, 3> types{H5T_NATIVE_INT64, H5T_NATIVE_DOUBLE, text.get()};
    require(H5Tinsert(type.get(), column.name.c_str(), offsets[c], types.at(column.values.index())) >= 0, path);
  }
  std::vector<hsize_t> chunk;
  if (rows > 0) chunk = {std::min<hsize_t>(rows, kHdf5ChunkRows)};
  const Handle dataset = state_->dataset(path, type.get(), {rows}, chunk);

  const Handle file_space(H5Dget_space(dataset.get()), H5Sclose);
  std::vector<char> block;
  for (std::size_t first = 0; first < rows; first += kHdf5ChunkRows) {
    const std::size_t count = std::min<std::size_t>(kHdf5ChunkRows, rows - first);
    block.assign(count * row_bytes, 0);
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      for (std::size_t r = 0; r < count; ++r) put(table.columns[c], first + r, &block[r * row_bytes + offsets[c]]);
    }
    const hsize_t start = first;
    const hsize_t extent = count;
    const Handle memory_space(H5Screate_simple(1, &extent, nullptr), H5Sclose);
    H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, &start, nullptr, &extent, nullptr);
    require(H5Dwrite(dataset.get(), type.get(), memory_space.get(), file_space.get(), H5P_DEFAULT, block.data()) >= 0,
            path);
  }
}

void Hdf5Builder::array(const std::string& path, const Hdf5Array& array) {
  const hdf5::Silence silence;
  std::vector<hsize_t> shape;
  std::size_t count = 1;
  for (const std::int64_t extent : array.shape) {
    shape.push_back(static_cast<hsize_t>(extent));
    count *= static_cast<std::size_t>(extent);
  }
  std::visit(
      [&](const auto& elements) {
        if (elements.size() != count) fail(path, "has another number of elements than its shape");
        const hid_t type = native_type<typename std::decay_t<decltype(elements)>::value_type>();
        const Handle dataset = state_->dataset(path, type, shape, {});
        if (count == 0) return;
        require(H5Dwrite(dataset.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, elements.data()) >= 0, path);
      },
      array.elements);
}

std::string Hdf5Builder::finish() {
  const hdf5::Silence silence;
  const hid_t file = state_->file.get();
  require(H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0, "/");
  const ssize_t size = H5Fget_file_image(file, nullptr, 0);
  require(size >= 0, "/");
  std::string bytes(static_cast<std::size_t>(size), '\0');
  require(H5Fget_file_image(file, bytes.data(), bytes.size()) == size, "/");
  state_->file.reset();
  return bytes + hdf5::checksum(bytes);
}

}  // namespace podsim

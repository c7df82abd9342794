#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file HDF5 files: attributes, tables and arrays. A file is built and read in memory, so that it is stored like any
/// other output (sim/core/output_file.hpp). HDF5 itself never prints.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "podsim/sim/core/error.hpp"

namespace podsim {

/// The value of an attribute. In the file: variable-length UTF-8, int64, float64, and the enumeration {FALSE, TRUE}
/// over int8 that h5py takes for bool.
using Hdf5Scalar = std::variant<std::string, std::int64_t, double, bool>;

/// The elements of an array, row-major.
using Hdf5Elements = std::variant<std::vector<std::int8_t>, std::vector<std::uint8_t>, std::vector<std::int16_t>,
                                  std::vector<std::uint16_t>, std::vector<std::int32_t>, std::vector<std::uint32_t>,
                                  std::vector<std::int64_t>, std::vector<double>>;

/// An array of any rank; a single number has the empty shape.
struct Hdf5Array {
  std::vector<std::int64_t> shape;
  Hdf5Elements elements;
};

/// A column of a table. Strings are stored null-padded, as wide as the longest.
struct Hdf5Column {
  std::string name;
  std::variant<std::vector<std::int64_t>, std::vector<double>, std::vector<std::string>> values;
};

/// Rows of one compound type.
struct Hdf5Table {
  std::vector<Hdf5Column> columns;  ///< all of the same length

  std::int64_t rows() const;
  /// The column of that name, or nullptr.
  const Hdf5Column* find(const std::string& name) const;
};

/// Rows per chunk of a table; elements per chunk of an array along its first axis are chosen to match.
inline constexpr std::int64_t kHdf5ChunkRows = 16384;

/// True if these are the first bytes of an HDF5 file.
bool is_hdf5(std::string_view first_bytes);

/// True if a file ends in the checksum that `Hdf5Builder` writes, right or wrong.
bool has_hdf5_checksum(std::string_view bytes);

/// For programs, first thing: HDF5 does not tidy up at exit, where it would print if a damaged file had been read. A
/// library must not call it for its host, which may rely on that to flush files.
void hdf5_without_exit_handler();

/// Builds a file. Paths begin with '/'; groups on the way are made. Equal calls give equal bytes: no times are stored.
class Hdf5Builder {
 public:
  Hdf5Builder();
  ~Hdf5Builder();
  Hdf5Builder(const Hdf5Builder&) = delete;
  Hdf5Builder& operator=(const Hdf5Builder&) = delete;

  /// Gives a group (made if there is none) or dataset an attribute.
  void attribute(const std::string& path, const std::string& name, const Hdf5Scalar& value);
  /// Adds a one-dimensional dataset of rows; shuffle and deflate 1, unless it is empty.
  void table(const std::string& path, const Hdf5Table& table);
  /// Adds a dataset; shuffle and deflate 1, unless it is a single number or empty.
  void array(const std::string& path, const Hdf5Array& array);
  /// The content of the file. The builder is of no use afterwards. Ends in a checksum, behind what HDF5 reads: HDF5
  /// 1.10 may crash on damaged files, so that damage is to be found before it sees them.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Reads a file from memory. Everything throws Error (bad_input) naming the file, the path and what is wrong.
class Hdf5Reader {
 public:
  /// \param bytes the whole file
  /// \param file what errors call it
  Hdf5Reader(std::string bytes, std::string file);
  ~Hdf5Reader();
  Hdf5Reader(const Hdf5Reader&) = delete;
  Hdf5Reader& operator=(const Hdf5Reader&) = delete;

  const std::string& file() const;
  bool has(const std::string& path) const;
  /// The paths of all datasets in all groups, sorted. Soft and external links are not followed.
  std::vector<std::string> datasets() const;
  /// The names of the groups right below a group, sorted.
  std::vector<std::string> groups(const std::string& path) const;
  /// The attributes of a group or dataset, in the order in which they were added where the file keeps it, otherwise by
  /// name; those of other types than Hdf5Scalar are left out.
  std::vector<std::pair<std::string, Hdf5Scalar>> attributes(const std::string& path) const;
  /// A one-dimensional dataset of rows whose members are integers, floating-point numbers or strings.
  /// \param limit_bytes refuse more than this in memory: a small file can claim any size
  Hdf5Table table(const std::string& path, std::int64_t limit_bytes = std::int64_t{1} << 30) const;
  /// A dataset of integers or floating-point numbers. uint64 becomes int64 if the values fit, float32 double.
  Hdf5Array array(const std::string& path, std::int64_t limit_bytes = std::int64_t{1} << 30) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace podsim

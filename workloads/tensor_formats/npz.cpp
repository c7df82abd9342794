// SPDX-License-Identifier: Apache-2.0
// NumPy's archives (numpy.savez, numpy.savez_compressed): a zip file of .npy files, one array each. The .npy format:
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#include <zip.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>

#include "podsim/sim/core/text.hpp"
#include "podsim/workloads/tensor_file.hpp"

namespace podsim {
namespace {

constexpr std::string_view kSuffix = ".npy";
constexpr std::string_view kTypes =
    "little-endian integers are read: int8, uint8, int16, uint16, int32, uint32, int64, uint64";

/// The fields of the dictionary in a .npy header, e.g. {'descr': '<i4', 'fortran_order': False, 'shape': (3, 4), }.
struct Header {
  std::string type;
  bool fortran_order = false;
  Shape shape;
};

/// Reads the Python literal that a header is. Anything unexpected: false.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  bool parse(Header& out) {
    bool has_type = false;
    bool has_order = false;
    bool has_shape = false;
    if (!take('{')) return false;
    while (!take('}')) {
      std::string key;
      if (!quoted(key) || !take(':')) return false;
      bool good = false;
      if (key == "descr") good = has_type = quoted(out.type);
      if (key == "fortran_order") good = has_order = boolean(out.fortran_order);
      if (key == "shape") good = has_shape = shape(out.shape);
      if (!good) return false;
      if (!take(',')) {
        if (!take('}')) return false;
        break;
      }
    }
    blanks();
    return text_.empty() && has_type && has_order && has_shape;
  }

 private:
  void blanks() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\n' || text_[0] == '\t')) text_.remove_prefix(1);
  }
  bool take(char c) {
    blanks();
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool quoted(std::string& out) {
    blanks();
    if (text_.empty() || (text_[0] != '\'' && text_[0] != '"')) return false;
    const std::size_t end = text_.find(text_[0], 1);
    if (end == std::string_view::npos) return false;
    out = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return true;
  }
  bool boolean(bool& out) {
    blanks();
    for (const auto& [word, value] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}}) {
      if (text_.substr(0, word.size()) != word) continue;
      text_.remove_prefix(word.size());
      out = value;
      return true;
    }
    return false;
  }
  bool shape(Shape& out) {
    if (!take('(')) return false;
    while (!take(')')) {
      blanks();
      std::int64_t extent = 0;
      const auto parsed = std::from_chars(text_.data(), text_.data() + text_.size(), extent);
      if (parsed.ec != std::errc{} || extent < 0 || out.size() == 32) return false;
      text_.remove_prefix(static_cast<std::size_t>(parsed.ptr - text_.data()));
      out.push_back(extent);
      if (take(',')) continue;
      return take(')');
    }
    return true;
  }

  std::string_view text_;
};

/// Element types, by NumPy's name for them.
template <class T>
struct Tag {
  using type = T;
};

template <class Body>
bool with_type(const std::string& name, Body body) {
  // One byte has no order; NumPy writes '|', others '<'.
  if (name == "|i1" || name == "<i1") return body(Tag<std::int8_t>{}), true;
  if (name == "|u1" || name == "<u1") return body(Tag<std::uint8_t>{}), true;
  if (name == "<i2") return body(Tag<std::int16_t>{}), true;
  if (name == "<u2") return body(Tag<std::uint16_t>{}), true;
  if (name == "<i4") return body(Tag<std::int32_t>{}), true;
  if (name == "<u4") return body(Tag<std::uint32_t>{}), true;
  if (name == "<i8") return body(Tag<std::int64_t>{}), true;
  if (name == "<u8") return body(Tag<std::uint64_t>{}), true;
  return false;
}

/// The integer of sizeof(T) bytes, least significant first.
template <class T>
T little_endian(const char* from) {
  std::uint64_t out = 0;
  for (std::size_t n = 0; n < sizeof(T); ++n) {
    out |= static_cast<std::uint64_t>(static_cast<unsigned char>(from[n])) << (8 * n);
  }
  return static_cast<T>(out);
}

class Archive {
 public:
  Archive(const std::string& bytes, std::string file) : file_(std::move(file)) {
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &why);
    if (source != nullptr) zip_ = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &why);
    if (zip_ == nullptr) {
      const std::string reason = zip_error_strerror(&why);
      zip_error_fini(&why);
      if (source != nullptr) zip_source_free(source);
      throw error({}, "cannot be read as a zip archive: " + reason);
    }
    zip_error_fini(&why);
  }
  ~Archive() {
    if (zip_ != nullptr) zip_discard(zip_);
  }
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  Error error(const std::string& entry, const std::string& message, const std::string& hint = {}) const {
    return {ErrorKind::bad_input, {Issue{file_, entry, message, hint}}};
  }

  std::int64_t entries() const { return zip_get_num_entries(zip_, 0); }

  NamedTensor read(std::int64_t index, std::int64_t limit_bytes) const {
    zip_stat_t status;
    if (zip_stat_index(zip_, static_cast<zip_uint64_t>(index), 0, &status) != 0 ||
        (status.valid & ZIP_STAT_NAME) == 0 || (status.valid & ZIP_STAT_SIZE) == 0) {
      throw error({}, "entry " + std::to_string(index) + " of the archive cannot be read");
    }
    const std::string name = status.name;
    if (name.size() <= kSuffix.size() || name.compare(name.size() - kSuffix.size(), kSuffix.size(), kSuffix) != 0) {
      throw error(name, "is no .npy file; an archive of numpy.savez is expected");
    }
    if (status.size > static_cast<std::uint64_t>(limit_bytes)) {
      throw error(name, "would take more than " + with_thousands(limit_bytes) + " bytes, which is the most allowed");
    }
    zip_file_t* opened = zip_fopen_index(zip_, static_cast<zip_uint64_t>(index), 0);
    if (opened == nullptr) throw error(name, std::string("cannot be unpacked: ") + zip_strerror(zip_));
    const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(opened, zip_fclose);
    NamedTensor out;
    out.name = name.substr(0, name.size() - kSuffix.size());
    const Header header = read_header(name, file.get());
    out.shape = header.shape;
    read_elements(name, header, file.get(), limit_bytes, out.data);
    return out;
  }

 private:
  /// Reads `count` bytes, growing as they come: what an archive claims may not be there.
  std::string take(const std::string& name, zip_file_t* file, std::int64_t count) const {
    constexpr std::int64_t kBlock = 1 << 20;
    std::string out;
    while (static_cast<std::int64_t>(out.size()) < count) {
      const std::size_t before = out.size();
      out.resize(before + static_cast<std::size_t>(std::min(kBlock, count - static_cast<std::int64_t>(before))));
      const zip_int64_t got = zip_fread(file, &out[before], out.size() - before);
      if (got < 0) throw error(name, std::string("cannot be unpacked: ") + zip_file_strerror(file));
      out.resize(before + static_cast<std::size_t>(got));
      if (got == 0) throw error(name, "is truncated");
    }
    return out;
  }

  Header read_header(const std::string& name, zip_file_t* file) const {
    constexpr std::string_view kMagic("\x93NUMPY", 6);
    const std::string start = take(name, file, 8);
    if (start.compare(0, kMagic.size(), kMagic) != 0) throw error(name, "does not begin as a .npy file");
    const int major = start[6];
    if (major != 1 && major != 2) {
      throw error(name, "has version " + std::to_string(major) + " of the .npy format; 1 and 2 are read");
    }
    const std::string size = take(name, file, major == 1 ? 2 : 4);
    const std::int64_t length = major == 1 ? little_endian<std::uint16_t>(size.data())
                                           : static_cast<std::int64_t>(little_endian<std::uint32_t>(size.data()));
    if (length > 1 << 16) throw error(name, "has a header of " + with_thousands(length) + " bytes");
    Header header;
    const std::string text = take(name, file, length);
    if (!HeaderParser(text).parse(header)) {
      throw error(name, "has a header that is not understood; " + std::string(kTypes));
    }
    if (header.fortran_order && header.shape.size() > 1) {
      throw error(name, "is in Fortran order; C order is expected", "save numpy.ascontiguousarray(x)");
    }
    return header;
  }

  void read_elements(const std::string& name, const Header& header, zip_file_t* file, std::int64_t limit_bytes,
                     TensorData& out) const {
    const bool known = with_type(header.type, [&](auto tag) {
      using T = typename decltype(tag)::type;
      std::int64_t count = 1;
      for (const std::int64_t extent : header.shape) {
        if (__builtin_mul_overflow(count, extent, &count)) count = std::numeric_limits<std::int64_t>::max();
      }
      const auto width = static_cast<std::int64_t>(sizeof(T));
      if (count > limit_bytes / width) {
        throw error(name, "has a shape of more than " + with_thousands(limit_bytes) + " bytes");
      }
      const std::string bytes = take(name, file, count * width);
      char more = 0;
      if (zip_fread(file, &more, 1) != 0) {
        throw error(name, "does not end after the " + with_thousands(count) + " elements of its shape, or is damaged");
      }
      using Stored = std::conditional_t<std::is_same_v<T, std::uint64_t>, std::int64_t, T>;
      std::vector<Stored> values(static_cast<std::size_t>(count));
      for (std::size_t n = 0; n < values.size(); ++n) {
        const T value = little_endian<T>(&bytes[n * sizeof(T)]);
        if constexpr (std::is_same_v<T, std::uint64_t>) {
          if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
            throw error(name, "holds " + std::to_string(value) + "; at most 2^63 - 1 is allowed");
          }
        }
        values[n] = static_cast<Stored>(value);
      }
      out = std::move(values);
    });
    if (!known) throw error(name, "has elements of type \"" + header.type + "\"; " + std::string(kTypes));
  }

  std::string file_;
  zip_t* zip_ = nullptr;
};

class NpzTensors final : public TensorFormat {
 public:
  /// An archive without entries begins with its end record.
  bool probe(std::string_view first_bytes) const override {
    const std::string_view start = first_bytes.substr(0, 4);
    return start == std::string_view("PK\x03\x04", 4) || start == std::string_view("PK\x05\x06", 4);
  }

  std::vector<NamedTensor> read(std::string bytes, const std::string& file, const TensorLimits& limits) const override {
    const Archive archive(bytes, file);
    if (archive.entries() > limits.tensors) {
      throw archive.error({}, "holds " + with_thousands(archive.entries()) + " tensors; at most " +
                                  with_thousands(limits.tensors) + " are allowed");
    }
    std::vector<NamedTensor> out;
    std::vector<Issue> issues;
    std::int64_t left = limits.bytes;
    for (std::int64_t n = 0; n < archive.entries(); ++n) {
      try {
        out.push_back(archive.read(n, left));
        left -=
            std::visit([](const auto& values) { return static_cast<std::int64_t>(values.size() * sizeof(values[0])); },
                       out.back().data);
      } catch (const Error& error) {
        issues.insert(issues.end(), error.issues().begin(), error.issues().end());
      }
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    for (std::size_t n = 1; n < out.size(); ++n) {
      if (out[n].name == out[n - 1].name) issues.push_back({file, out[n].name, "is in the archive twice", {}});
    }
    if (!issues.empty()) throw Error(ErrorKind::bad_input, std::move(issues));
    return out;
  }
};

const Registered<NoParameters> entry{tensor_format_registry(), "npz", "NumPy archives of integers (numpy.savez)",
                                     [](const NoParameters&) { return std::make_unique<NpzTensors>(); }};

}  // namespace
}  // namespace podsim

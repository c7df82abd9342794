// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/tensor_file.hpp"

#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include "podsim/sim/core/hdf5_file.hpp"
#include "podsim/sim/core/output_file.hpp"
#include "support/catch.hpp"

using namespace podsim;
namespace fs = std::filesystem;

namespace {

class Folder {
 public:
  Folder() {
    std::string path = (fs::temp_directory_path() / "podsim-tensors-XXXXXX").string();
    REQUIRE(::mkdtemp(path.data()) != nullptr);
    path_ = path;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// This program reads damaged files.
const bool is_quiet_at_exit = (hdf5_without_exit_handler(), true);

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The error that reading ends in, or "accepted".
std::string complaint(const std::string& path, const TensorLimits& limits = {}) {
  try {
    (void)read_tensor_file(path, limits);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::bad_input);
    for (const Issue& issue : error.issues()) CHECK(issue.file == path);
    return error.what();
  }
  return "accepted";
}

/// A .npy file after NumPy's description of the format: magic, version, length of the header, header, elements.
std::string npy(const std::string& header, const std::string& elements, int version = 1) {
  const std::size_t prefix = version == 1 ? 10 : 12;
  std::string text = header;
  text.append((64 - (prefix + text.size() + 1) % 64) % 64, ' ');
  text += '\n';
  std::string out("\x93NUMPY", 6);
  out += static_cast<char>(version);
  out += '\0';
  for (std::size_t n = 0; n < prefix - 8; ++n) out += static_cast<char>(text.size() >> (8 * n) & 0xff);
  return out + text + elements;
}

std::string header(const std::string& type, const std::string& shape, const std::string& fortran = "False") {
  return "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
}

void write_npz(const std::string& path, const std::vector<std::pair<std::string, std::string>>& entries,
               bool store = false) {
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  REQUIRE(archive != nullptr);
  for (const auto& [name, content] : entries) {
    zip_source_t* source = zip_source_buffer(archive, content.data(), content.size(), 0);
    const zip_int64_t index = zip_file_add(archive, name.c_str(), source, 0);
    REQUIRE(index >= 0);
    if (store) zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
  }
  REQUIRE(zip_close(archive) == 0);
}

}  // namespace

TEST_CASE("tensor file: HDF5 keeps names, shapes, types and values", "[workloads]") {
  const Folder folder;
  const std::string path = folder / "t.h5";
  const std::vector<NamedTensor> tensors{
      {"conv1/weight", {2, 1, 1, 2}, std::vector<std::int8_t>{-128, 127, 0, 5}},
      {"conv1/shift", {}, std::vector<std::int32_t>{31}},
      {"fc/exponentials", {3}, std::vector<std::uint32_t>{1, 2, std::numeric_limits<std::uint32_t>::max()}},
      {"tokens", {1, 2}, std::vector<std::int64_t>{0, std::numeric_limits<std::int64_t>::max()}},
  };
  write_tensor_file(path, tensors);
  const std::string first = read(path);
  write_tensor_file(path, tensors);
  CHECK(read(path) == first);
  const TensorFile file = read_tensor_file(path);
  CHECK(file.file == path);
  REQUIRE(file.tensors.size() == 4);
  // Sorted by name.
  for (std::size_t n = 0; n < 4; ++n) {
    const NamedTensor& expected = tensors[n == 0 ? 1 : n == 1 ? 0 : n];
    CHECK(file.tensors[n].name == expected.name);
    CHECK(file.tensors[n].shape == expected.shape);
    CHECK(file.tensors[n].data == expected.data);
  }
}

TEST_CASE("tensor file: NPZ in every integer type, stored and compressed, versions 1 and 2", "[workloads]") {
  const Folder folder;
  const std::string path = folder / "t.npz";
  for (const bool store : {true, false}) {
    write_npz(path,
              {{"layer/weight.npy", npy(header("|i1", "(2, 3)"), std::string("\x01\x02\x03\x80\xff\x7f", 6))},
               {"bias.npy", npy(header("<i4", "(2,)"), std::string("\x01\x00\x00\x00\xfe\xff\xff\xff", 8), 2)},
               {"shift.npy", npy(header("<i8", "()"), std::string("\x1f\0\0\0\0\0\0\0", 8))},
               {"u8.npy", npy(header("|u1", "(1,)"), "\xff")},
               {"i16.npy", npy(header("<i2", "(1,)"), std::string("\x00\x80", 2))},
               {"u16.npy", npy(header("<u2", "(1,)"), std::string("\x01\x80", 2))},
               {"u32.npy", npy(header("<u4", "(1,)"), std::string("\x00\x00\x00\x80", 4))},
               {"u64.npy", npy(header("<u8", "(1,)"), std::string("\xff\xff\xff\xff\xff\xff\xff\x7f", 8))},
               // Of one axis both orders are the same.
               {"fortran.npy", npy(header("<i4", "(1,)", "True"), std::string("\x05\0\0\0", 4))},
               {"none.npy", npy(header("<i4", "(0, 3)"), "")}},
              store);
    const TensorFile file = read_tensor_file(path);
    REQUIRE(file.tensors.size() == 10);
    auto tensor = [&](const std::string& name) -> const NamedTensor& {
      for (const NamedTensor& each : file.tensors) {
        if (each.name == name) return each;
      }
      throw std::runtime_error("no tensor " + name);
    };
    CHECK(tensor("layer/weight").shape == Shape{2, 3});
    CHECK(tensor("layer/weight").data == TensorData(std::vector<std::int8_t>{1, 2, 3, -128, -1, 127}));
    CHECK(tensor("bias").data == TensorData(std::vector<std::int32_t>{1, -2}));
    CHECK(tensor("shift").shape.empty());
    CHECK(tensor("shift").data == TensorData(std::vector<std::int64_t>{31}));
    CHECK(tensor("u8").data == TensorData(std::vector<std::uint8_t>{255}));
    CHECK(tensor("i16").data == TensorData(std::vector<std::int16_t>{-32768}));
    CHECK(tensor("u16").data == TensorData(std::vector<std::uint16_t>{32769}));
    CHECK(tensor("u32").data == TensorData(std::vector<std::uint32_t>{0x80000000U}));
    CHECK(tensor("u64").data == TensorData(std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::max()}));
    CHECK(tensor("fortran").data == TensorData(std::vector<std::int32_t>{5}));
    CHECK(tensor("none").shape == Shape{0, 3});
    CHECK(std::is_sorted(file.tensors.begin(), file.tensors.end(),
                         [](const auto& a, const auto& b) { return a.name < b.name; }));
  }
}

TEST_CASE("tensor file: a bad array in an NPZ names file, array, what was found and what is allowed", "[workloads]") {
  const Folder folder;
  const std::string path = folder / "t.npz";
  const std::string four("\x01\0\0\0", 4);
  const std::vector<std::pair<std::string, std::string>> cases{
      {npy(header("<f4", "(1,)"), four), "elements of type \"<f4\"; little-endian integers are read: int8,"},
      {npy(header(">i4", "(1,)"), four), "elements of type \">i4\""},
      {npy(header("|b1", "(1,)"), "\x01"), "elements of type \"|b1\""},
      {npy(header("|i1", "(2, 2)", "True"), four), "is in Fortran order; C order is expected"},
      {npy(header("<i4", "(2,)"), four), "is truncated"},
      {npy(header("<i4", "(1,)"), four + "x"), "does not end after the 1 elements of its shape"},
      {npy(header("<i4", "(1,)"), four, 3), "has version 3 of the .npy format; 1 and 2 are read"},
      {npy(header("<i4", "(-1,)"), four), "header that is not understood"},
      {npy(header("<i4", "(1"), four), "header that is not understood"},
      {npy("{'descr': '<i4', 'shape': (1,), }", four), "header that is not understood"},
      {npy("{}", four), "header that is not understood"},
      {npy(header("<i4", "(4294967296, 4294967296)"), four), "has a shape of more than"},
      {npy(header("<i4", "(1000000000, 1)"), four), "is truncated"},
      {npy(header("<u8", "(1,)"), std::string(8, '\xff')), "holds 18446744073709551615; at most 2^63 - 1"},
      {"not numpy", "does not begin as a .npy file"},
      {std::string("\x93NUMPY", 6), "is truncated"},
      {"", "is truncated"},
  };
  for (const auto& [content, message] : cases) {
    write_npz(path, {{"good.npy", npy(header("<i4", "(1,)"), four)}, {"bad.npy", content}});
    const std::string found = complaint(path);
    INFO(found);
    CHECK(contains(found, ":bad.npy: "));
    CHECK(contains(found, message));
    CHECK_FALSE(contains(found, "good.npy"));
  }
  write_npz(path, {{"readme.txt", "hello"}});
  CHECK(contains(complaint(path), "readme.txt: is no .npy file"));
  // All mistakes at once.
  write_npz(path, {{"a.npy", "x"}, {"b.npy", "x"}});
  CHECK(contains(complaint(path), "a.npy"));
  CHECK(contains(complaint(path), "b.npy"));
}

TEST_CASE("tensor file: the header of an NPZ's array may end without a comma", "[workloads]") {
  const Folder folder;
  const std::string path = folder / "t.npz";
  write_npz(path, {{"a.npy", npy("{'shape': (2,), 'fortran_order': False, 'descr': '|i1'}", "\x03\x04")}});
  const std::vector<NamedTensor> tensors = read_tensor_file(path).tensors;
  REQUIRE(tensors.size() == 1);
  CHECK(tensors[0].shape == Shape{2});
  CHECK(std::get<std::vector<std::int8_t>>(tensors[0].data) == std::vector<std::int8_t>{3, 4});
  write_npz(path, {{"a.npy", npy("{'shape': (2,), 'fortran_order': False, 'descr': '|i1'", "\x03\x04")}});
  CHECK(contains(complaint(path), "header that is not understood"));
}

TEST_CASE("tensor file: limits on what a file may hold", "[workloads]") {
  const Folder folder;
  // A thousand times smaller as a file than in memory.
  write_npz(folder / "bomb.npz", {{"a.npy", npy(header("|i1", "(1000000,)"), std::string(1000000, '\0'))}});
  write_npz(folder / "two.npz",
            {{"a.npy", npy(header("|i1", "(4,)"), "abcd")}, {"b.npy", npy(header("|i1", "(4,)"), "abcd")}});
  TensorLimits limits;
  limits.bytes = 999999;
  CHECK(contains(complaint(folder / "bomb.npz", limits), "more than 999,999 bytes"));
  limits.bytes = 2000000;
  CHECK(complaint(folder / "bomb.npz", limits) == "accepted");
  limits = {};
  limits.tensors = 1;
  CHECK(contains(complaint(folder / "two.npz", limits), "holds 2 tensors; at most 1"));
  write_tensor_file(folder / "two.h5",
                    {{"a", {4}, std::vector<std::int8_t>(4)}, {"b", {4}, std::vector<std::int8_t>(4)}});
  CHECK(contains(complaint(folder / "two.h5", limits), "holds 2 tensors; at most 1"));
  limits = {};
  limits.bytes = 8;
  CHECK(complaint(folder / "two.h5", limits) == "accepted");
  limits.bytes = 7;
  CHECK(contains(complaint(folder / "two.h5", limits), ":/b: "));
}

TEST_CASE("tensor file: what is no tensor file", "[workloads]") {
  const Folder folder;
  CHECK(contains(complaint(folder / "none.h5"), "No such file"));
  CHECK(contains(complaint(folder / "."), "is a directory"));
  write_file(folder / "empty", "");
  CHECK(contains(complaint(folder / "empty"), "is empty; a file of tensors is expected (known: hdf5, npz)"));
  write_file(folder / "text", "hello");
  CHECK(contains(complaint(folder / "text"), "is not a file of tensors in any known format (known: hdf5, npz)"));
  // Truncated; the last 16 bytes of our HDF5 files are a checksum, without which they are still whole.
  write_tensor_file(folder / "t.h5", {{"a/b", {300}, std::vector<std::int32_t>(300, 7)}});
  write_npz(folder / "t.npz", {{"a.npy", npy(header("|i1", "(300,)"), std::string(300, 'x'))}}, true);
  for (const char* name : {"t.h5", "t.npz"}) {
    const std::string whole = read(folder / name);
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{3}, std::size_t{8}, whole.size() / 3, whole.size() / 2, whole.size() - 17}) {
      write_file(folder / "cut", whole.substr(0, size));
      INFO(name << " cut to " << size);
      CHECK(complaint(folder / "cut") != "accepted");
    }
  }
}

TEST_CASE("tensor file: a damaged archive is an error", "[workloads]") {
  const Folder folder;
  write_npz(folder / "t.npz", {{"a.npy", npy(header("|i1", "(300,)"), std::string(300, 'x'))}}, true);
  const std::string whole = read(folder / "t.npz");
  const std::size_t data = whole.find("xxxx");
  REQUIRE(data != std::string::npos);
  std::string damaged = whole;
  damaged[data] = 'y';
  write_file(folder / "damaged", damaged);
  CHECK(complaint(folder / "damaged") != "accepted");  // the checksum is wrong
  for (std::size_t at = 4; at < whole.size(); at += 3) {
    damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x15);
    write_file(folder / "damaged", damaged);
    (void)complaint(folder / "damaged");
  }
}

TEST_CASE("tensor file: floating-point numbers and tables in HDF5 are refused, all at once", "[workloads]") {
  const Folder folder;
  Hdf5Builder builder;
  builder.array("/a/float", {{1}, std::vector<double>{0.5}});
  builder.table("/table", {{{"v", std::vector<std::int64_t>{1}}}});
  builder.array("/good", {{1}, std::vector<std::int32_t>{1}});
  write_file(folder / "t.h5", builder.finish());
  const std::string found = complaint(folder / "t.h5");
  CHECK(contains(found, ":/a/float: holds floating-point numbers; integers are expected"));
  CHECK(contains(found, ":/table: holds a compound type"));
  CHECK_FALSE(contains(found, "good"));
}

// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/hdf5_file.hpp"

#include <algorithm>
#include <limits>

#include "support/catch.hpp"

using namespace podsim;

namespace {

template <class T>
Hdf5Array extremes() {
  return {{2}, std::vector<T>{std::numeric_limits<T>::lowest(), std::numeric_limits<T>::max()}};
}

/// The message of the error that the body ends in.
template <class Body>
std::string complaint(Body body) {
  try {
    body();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::bad_input);
    CHECK(error.issues().front().file == "x.h5");
    return error.what();
  }
  return "accepted";
}

// This program reads damaged files.
const bool is_quiet_at_exit = (hdf5_without_exit_handler(), true);

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string example() {
  Hdf5Builder builder;
  builder.attribute("/", "title", std::string("Grüße"));
  builder.attribute("/", "count", std::int64_t{1} << 62);
  builder.attribute("/", "ratio", 0.1);
  builder.attribute("/", "good", true);
  builder.attribute("/a/b", "inner", std::int64_t{-3});
  builder.array("/a/x", {{2, 3}, std::vector<std::int8_t>{1, 2, 3, -4, 5, -128}});
  builder.table("/rows", {{{"name", std::vector<std::string>{"one", "", "three"}},
                           {"value", std::vector<std::int64_t>{7, -8, 9}},
                           {"share", std::vector<double>{0.25, 0.5, 1e-300}}}});
  return builder.finish();
}

}  // namespace

TEST_CASE("hdf5: what is built is read back", "[core]") {
  const std::string bytes = example();
  CHECK(is_hdf5(bytes));
  const Hdf5Reader reader(bytes, "x.h5");
  const auto attributes = reader.attributes("/");
  REQUIRE(attributes.size() == 4);
  // In the order in which they were added, not by name.
  CHECK(attributes[0] == std::pair<std::string, Hdf5Scalar>("title", std::string("Grüße")));
  CHECK(attributes[1] == std::pair<std::string, Hdf5Scalar>("count", std::int64_t{1} << 62));
  CHECK(attributes[2] == std::pair<std::string, Hdf5Scalar>("ratio", 0.1));
  CHECK(attributes[3] == std::pair<std::string, Hdf5Scalar>("good", true));
  CHECK(reader.attributes("/a/b").front().second == Hdf5Scalar(std::int64_t{-3}));
  CHECK(reader.datasets() == std::vector<std::string>{"/a/x", "/rows"});
  CHECK(reader.groups("/") == std::vector<std::string>{"a"});
  CHECK(reader.has("/a/b"));
  CHECK_FALSE(reader.has("/a/none"));
  CHECK_FALSE(reader.has("/none/a"));

  const Hdf5Array x = reader.array("/a/x");
  CHECK(x.shape == std::vector<std::int64_t>{2, 3});
  CHECK(std::get<std::vector<std::int8_t>>(x.elements) == std::vector<std::int8_t>{1, 2, 3, -4, 5, -128});

  const Hdf5Table rows = reader.table("/rows");
  REQUIRE(rows.rows() == 3);
  CHECK(std::get<std::vector<std::string>>(rows.find("name")->values) == std::vector<std::string>{"one", "", "three"});
  CHECK(std::get<std::vector<std::int64_t>>(rows.find("value")->values) == std::vector<std::int64_t>{7, -8, 9});
  CHECK(std::get<std::vector<double>>(rows.find("share")->values) == std::vector<double>{0.25, 0.5, 1e-300});
  CHECK(rows.find("none") == nullptr);
}

TEST_CASE("hdf5: every element type keeps its extremes", "[core]") {
  Hdf5Builder builder;
  const std::vector<Hdf5Array> arrays{extremes<std::int8_t>(),   extremes<std::uint8_t>(), extremes<std::int16_t>(),
                                      extremes<std::uint16_t>(), extremes<std::int32_t>(), extremes<std::uint32_t>(),
                                      extremes<std::int64_t>(),  extremes<double>()};
  for (std::size_t n = 0; n < arrays.size(); ++n) builder.array("/" + std::to_string(n), arrays[n]);
  builder.array("/number", {{}, std::vector<std::int32_t>{5}});
  builder.array("/empty", {{0, 4}, std::vector<std::int32_t>{}});
  const Hdf5Reader reader(builder.finish(), "x.h5");
  for (std::size_t n = 0; n < arrays.size(); ++n)
    CHECK(reader.array("/" + std::to_string(n)).elements == arrays[n].elements);
  CHECK(reader.array("/number").shape.empty());
  CHECK(std::get<std::vector<std::int32_t>>(reader.array("/number").elements) == std::vector<std::int32_t>{5});
  CHECK(reader.array("/empty").shape == std::vector<std::int64_t>{0, 4});
}

TEST_CASE("hdf5: tables around the size of a chunk", "[core]") {
  for (const std::int64_t rows : {std::int64_t{0}, std::int64_t{1}, kHdf5ChunkRows - 1, kHdf5ChunkRows,
                                  kHdf5ChunkRows + 1, 2 * kHdf5ChunkRows + 5}) {
    std::vector<std::int64_t> values;
    for (std::int64_t n = 0; n < rows; ++n) values.push_back(n * n - 1000);
    Hdf5Builder builder;
    builder.table("/t", {{{"v", values}}});
    const std::string bytes = builder.finish();
    const Hdf5Reader reader(bytes, "x.h5");
    CHECK(std::get<std::vector<std::int64_t>>(reader.table("/t").find("v")->values) == values);
    // Deflated: 8 bytes a row without.
    if (rows > kHdf5ChunkRows) CHECK(static_cast<std::int64_t>(bytes.size()) < 6 * rows);
  }
}

TEST_CASE("hdf5: equal calls give equal bytes, and files do not meet in memory", "[core]") {
  const std::string first = example();
  Hdf5Builder other;
  other.array("/y", {{1}, std::vector<std::int32_t>{1}});
  CHECK(example() == first);
  const Hdf5Reader a(first, "x.h5");
  const Hdf5Reader b(other.finish(), "x.h5");
  CHECK(a.datasets() == std::vector<std::string>{"/a/x", "/rows"});
  CHECK(b.datasets() == std::vector<std::string>{"/y"});
}

TEST_CASE("hdf5: bad files are errors that name the file", "[core]") {
  const std::string bytes = example();
  CHECK(contains(complaint([] { Hdf5Reader({}, "x.h5"); }), "is empty"));
  CHECK(contains(complaint([] { Hdf5Reader("hello", "x.h5"); }), "is no HDF5 file"));
  CHECK(contains(complaint([&] { Hdf5Reader(bytes.substr(0, bytes.size() / 2), "x.h5"); }), "cannot be read as HDF5"));
  CHECK(contains(complaint([&] { Hdf5Reader(bytes.substr(0, 8), "x.h5"); }), "cannot be read as HDF5"));
  const Hdf5Reader reader(bytes, "x.h5");
  CHECK(contains(complaint([&] { (void)reader.array("/none"); }), "/none: the dataset is missing"));
  CHECK(contains(complaint([&] { (void)reader.array("/rows"); }), "/rows: holds a compound type"));
  CHECK(contains(complaint([&] { (void)reader.table("/a/x"); }), "one-dimensional dataset of a compound type"));
  CHECK(contains(complaint([&] { (void)reader.attributes("/none"); }), "/none"));
  // A limit of exactly what it takes is enough.
  CHECK(reader.array("/a/x", 6).shape.size() == 2);
  CHECK(contains(complaint([&] { (void)reader.array("/a/x", 5); }), "more than 5 bytes"));
}

TEST_CASE("hdf5: every damaged byte of a file of our own is found", "[core]") {
  const std::string bytes = example();
  for (std::size_t at = 0; at < bytes.size(); at += 7) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x5a);
    INFO("byte " << at);
    if (at < 8) {
      CHECK(contains(complaint([&] { Hdf5Reader(damaged, "x.h5"); }), "is no HDF5 file"));
    } else if (at < bytes.size() - 16 || at >= bytes.size() - 8) {
      CHECK(contains(complaint([&] { Hdf5Reader(damaged, "x.h5"); }), "its checksum is wrong"));
    }
  }
}

TEST_CASE("hdf5: damage to a file without checksum is an error or goes unseen", "[core]") {
  Hdf5Builder builder;
  builder.array("/a/x", {{2, 3}, std::vector<std::int8_t>{1, 2, 3, -4, 5, -128}});
  builder.array("/b", {{300}, std::vector<std::int32_t>(300, 9)});
  std::string bytes = builder.finish();
  bytes.resize(bytes.size() - 16);
  CHECK(Hdf5Reader(bytes, "x.h5").datasets().size() == 2);
  std::size_t refused = 0;
  for (std::size_t at = 8; at < bytes.size(); at += 5) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x5a);
    try {
      const Hdf5Reader reader(damaged, "x.h5");
      for (const std::string& path : reader.datasets()) (void)reader.array(path, 1 << 20);
    } catch (const Error& error) {
      ++refused;
      CHECK(error.kind() == ErrorKind::bad_input);
    }
  }
  CHECK(refused > 0);
}

TEST_CASE("hdf5: columns of a table have one length", "[core]") {
  Hdf5Builder builder;
  try {
    builder.table("/t", {{{"a", std::vector<std::int64_t>{1, 2}}, {"b", std::vector<double>{1}}}});
    FAIL_CHECK("accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::internal);
  }
}

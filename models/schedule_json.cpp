// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/schedule.hpp"

#include <algorithm>

#include "podsim/sim/core/random.hpp"

namespace podsim {
namespace {

const std::vector<std::string> kPostKinds{"add",     "finalize",  "vector", "statistics",
                                          "combine", "normalize", "move",   "copy"};
const std::vector<std::string> kSourceKinds{"none", "main_sum", "post_sum", "stored"};

/// Identifies a tiled workload well enough to refuse a schedule that was made for another one.
std::string fingerprint(const TiledWorkload& work) {
  std::string text;
  auto put = [&text](std::int64_t value) { text += std::to_string(value) + ','; };
  for (const GemmTiles& gemm : work.gemms) {
    for (const std::int64_t v : {gemm.m, gemm.k, gemm.n, gemm.groups, gemm.tile_m, gemm.tile_k, gemm.tile_n}) put(v);
    if (gemm.k_run != gemm.k) put(gemm.k_run);
    // Only where it says something: schedules for pods of one kind keep their fingerprint.
    if (gemm.flow.is_transposed) text += "t,";
    if (gemm.flow.keeps_sums) text += "s,";
    if (gemm.pod_group != 0) text += "g" + std::to_string(gemm.pod_group) + ',';
  }
  for (const VectorTiles& vector : work.vectors) {
    for (const std::int64_t v : {vector.rows, vector.columns, vector.i_count, vector.k_count}) put(v);
  }
  put(static_cast<std::int64_t>(work.tiles.size()));
  return hash_text(text);
}

/// Appends "name":[…] with one number per item.
template <class T, class Get>
void put_column(std::string& out, const char* column, const std::vector<T>& items, Get get) {
  out += std::string("\n    \"") + column + "\": [";
  bool first = true;
  for (const T& item : items) {
    if (!first) out += ',';
    first = false;
    out += std::to_string(get(item));
  }
  out += ']';
}

/// Reads a column of `count` integers in [0, limit), with -1 allowed if `or_none`.
std::vector<std::int64_t> get_column(JsonReader& reader, const char* column, std::size_t count, std::int64_t limit,
                                     bool or_none = false) {
  std::vector<std::int64_t> out;
  auto member = reader.required_member(column);
  if (!member || !member->expect_array()) return std::vector<std::int64_t>(count, 0);
  if (member->value().size() != count) {
    member->fail("must have " + std::to_string(count) + " entries, has " + std::to_string(member->value().size()));
    return std::vector<std::int64_t>(count, 0);
  }
  out.reserve(count);
  std::size_t at = 0;
  for (const Json& value : member->value()) {
    const bool is_integer = value.is_number_integer();
    const std::int64_t number = is_integer && (!value.is_number_unsigned() || value.get<std::uint64_t>() < (1ULL << 62))
                                    ? value.get<std::int64_t>()
                                    : -2;
    if (number >= limit || number < (or_none ? -1 : 0)) {
      JsonReader(value, member->file(), pointer_append(member->pointer(), std::to_string(at)), member->issues())
          .fail("must be an integer in [" + std::to_string(or_none ? -1 : 0) + ", " + std::to_string(limit - 1) +
                "], got " + JsonReader::describe(value));
      return std::vector<std::int64_t>(count, 0);
    }
    out.push_back(number);
    ++at;
  }
  return out;
}

}  // namespace

std::string schedule_to_json(const Schedule& schedule, const TiledWorkload& work) {
  using Main = MainPlacement;
  using Post = PostPlacement;
  auto signed_id = [](std::uint32_t id) { return id == kNone ? std::int64_t{-1} : std::int64_t{id}; };
  std::string out =
      "{\n  \"format\": \"podsim-schedule\",\n  \"version\": 1,\n  \"scheduler\": " + Json(schedule.scheduler).dump() +
      ",\n  \"network\": " + Json(work.network.name).dump() + ",\n  \"workload_fingerprint\": \"" + fingerprint(work) +
      "\",\n  \"without_finalize\": " + (schedule.without_finalize ? "true" : "false") +
      ",\n  \"post_kinds\": " + Json(kPostKinds).dump() + ",\n  \"source_kinds\": " + Json(kSourceKinds).dump() +
      ",\n  \"main\": {";
  put_column(out, "round", schedule.main, [](const Main& p) { return p.round; });
  out += ',';
  put_column(out, "pod", schedule.main, [](const Main& p) { return p.pod; });
  out += ',';
  put_column(out, "p_bank", schedule.main,
             [](const Main& p) { return p.p_bank == kNoBank ? std::int64_t{-1} : std::int64_t{p.p_bank}; });
  out += ',';
  put_column(out, "partial_sum_in", schedule.main, [&](const Main& p) { return signed_id(p.partial_sum_in); });
  out += "\n  },\n  \"post\": {";
  const char* comma = "";
  auto column = [&](const char* column_name, auto get) {
    out += comma;
    comma = ",";
    put_column(out, column_name, schedule.post, get);
  };
  column("round", [](const Post& p) { return p.round; });
  column("kind", [](const Post& p) { return static_cast<int>(p.kind); });
  column("writes_output", [](const Post& p) { return p.writes_output ? 1 : 0; });
  column("post_processor", [](const Post& p) { return p.post_processor; });
  column("bank", [](const Post& p) { return p.bank; });
  column("operation", [](const Post& p) { return p.operation; });
  column("rows", [](const Post& p) { return p.rows; });
  column("columns", [](const Post& p) { return p.columns; });
  column("tile", [](const Post& p) { return p.tile; });
  column("in1_kind", [](const Post& p) { return static_cast<int>(p.in1.kind); });
  column("in1", [](const Post& p) { return p.in1.index; });
  column("in2_kind", [](const Post& p) { return static_cast<int>(p.in2.kind); });
  column("in2", [](const Post& p) { return p.in2.index; });
  out += "\n  }\n}\n";
  return out;
}

Schedule schedule_from_json(const JsonDocument& document, const TiledWorkload& work, const Machine& machine) {
  IssueList issues;
  JsonReader reader(document, issues);
  Schedule schedule;
  if (!reader.expect_object()) issues.throw_if_any();
  reader.ignore("post_kinds");
  reader.ignore("source_kinds");
  reader.ignore("network");
  if (reader.required_string("format") != "podsim-schedule") {
    reader.fail_at("format", "must be \"podsim-schedule\"");
  }
  reader.required_integer("version", {1, 1});
  schedule.scheduler = reader.required_string("scheduler");
  schedule.without_finalize = reader.optional_boolean("without_finalize", false);
  if (reader.required_string("workload_fingerprint") != fingerprint(work)) {
    reader.fail_at("workload_fingerprint",
                   "the schedule was made for another network, array or partition; this one has the fingerprint \"" +
                       fingerprint(work) + "\"");
  }
  auto main = reader.required_member("main");
  auto post = reader.required_member("post");
  issues.throw_if_any();
  if (!main->expect_object() || !post->expect_object()) issues.throw_if_any();

  const std::int64_t banks = machine.config.bank_count();
  const std::size_t ops = work.op_count;
  const std::size_t passes =
      post->has("round") && post->value()["round"].is_array() ? post->value()["round"].size() : 0;
  // Tables have a row per round: empty rounds are welcome, but not any number of them.
  const std::int64_t maximum_rounds =
      std::min<std::int64_t>(1 << 28, (1 << 16) + 64 * static_cast<std::int64_t>(ops + passes));
  const auto round = get_column(*main, "round", ops, maximum_rounds);
  const auto pod = get_column(*main, "pod", ops, machine.config.pod_count());
  const auto p_bank = get_column(*main, "p_bank", ops, banks, true);
  const auto chained = get_column(*main, "partial_sum_in", ops, static_cast<std::int64_t>(ops), true);
  main->finish();
  schedule.main.resize(ops);
  for (std::size_t n = 0; n < ops; ++n) {
    schedule.main[n] = {static_cast<std::uint32_t>(round[n]), static_cast<std::uint16_t>(pod[n]),
                        p_bank[n] < 0 ? kNoBank : static_cast<std::uint16_t>(p_bank[n]),
                        chained[n] < 0 ? kNone : static_cast<std::uint32_t>(chained[n])};
  }

  const auto operations = static_cast<std::int64_t>(work.network.operations.size());
  const std::int64_t any = std::int64_t{1} << 31;
  const auto p_round = get_column(*post, "round", passes, maximum_rounds);
  const auto kind = get_column(*post, "kind", passes, static_cast<std::int64_t>(kPostKinds.size()));
  const auto writes = get_column(*post, "writes_output", passes, 2);
  const auto unit = get_column(*post, "post_processor", passes, machine.config.post_processor_count());
  const auto bank = get_column(*post, "bank", passes, banks);
  const auto operation = get_column(*post, "operation", passes, operations);
  const auto rows = get_column(*post, "rows", passes, any);
  const auto columns = get_column(*post, "columns", passes, any);
  const auto tile = get_column(*post, "tile", passes, any);
  const auto in1_kind = get_column(*post, "in1_kind", passes, static_cast<std::int64_t>(kSourceKinds.size()));
  const auto in1 = get_column(*post, "in1", passes, any);
  const auto in2_kind = get_column(*post, "in2_kind", passes, static_cast<std::int64_t>(kSourceKinds.size()));
  const auto in2 = get_column(*post, "in2", passes, any);
  post->finish();
  reader.finish();
  issues.throw_if_any();

  auto source = [&](std::int64_t source_kind, std::int64_t index, std::size_t n, const char* key) {
    const PostSource out{static_cast<PostSource::Kind>(source_kind), static_cast<std::uint32_t>(index)};
    const std::int64_t limit = out.kind == PostSource::Kind::main_sum   ? static_cast<std::int64_t>(ops)
                               : out.kind == PostSource::Kind::post_sum ? static_cast<std::int64_t>(passes)
                               : out.kind == PostSource::Kind::stored   ? static_cast<std::int64_t>(work.tiles.size())
                                                                        : any;
    if (index >= limit) post->fail_at(key, "entry " + std::to_string(n) + " is out of range");
    return out;
  };
  schedule.post.resize(passes);
  for (std::size_t n = 0; n < passes; ++n) {
    PostPlacement& pass = schedule.post[n];
    pass.round = static_cast<std::uint32_t>(p_round[n]);
    pass.kind = static_cast<PostPlacement::Kind>(kind[n]);
    pass.writes_output = writes[n] != 0;
    pass.post_processor = static_cast<std::uint16_t>(unit[n]);
    pass.bank = static_cast<std::uint16_t>(bank[n]);
    pass.operation = static_cast<std::uint32_t>(operation[n]);
    pass.rows = static_cast<std::int32_t>(rows[n]);
    pass.columns = static_cast<std::int32_t>(columns[n]);
    pass.tile = static_cast<std::uint32_t>(tile[n]);
    pass.in1 = source(in1_kind[n], in1[n], n, "in1");
    pass.in2 = source(in2_kind[n], in2[n], n, "in2");
    if (pass.in1.kind == PostSource::Kind::none)
      post->fail_at("in1_kind", "entry " + std::to_string(n) + " reads nothing");
    const std::uint32_t tiles = work.tiles_of_operation[pass.operation];
    const bool is_gemm = work.network.operations[pass.operation].gemm() != nullptr;
    const bool in_range =
        is_gemm ? pass.tile >= work.gemms[tiles].first_output &&
                      pass.tile < work.gemms[tiles].first_output + work.gemms[tiles].output_count
                : pass.tile < static_cast<std::uint64_t>(work.vectors[tiles].i_count * work.vectors[tiles].k_count);
    if (!in_range) post->fail_at("tile", "entry " + std::to_string(n) + " is out of range");
  }
  issues.throw_if_any();
  check_schedule(schedule, order_by_round(schedule), work, machine, false);
  return schedule;
}

}  // namespace podsim

// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/decode.hpp"

#include "podsim/sim/simulator.hpp"
#include "support/catch.hpp"
#include "support/programs.hpp"

namespace podsim {
namespace {

Report run(const std::string& json) {
  return run_experiment(read_experiment(parse_json(json, "test.json")), {});
}

TEST_CASE("decode: steps are runs with a growing context, one after the other", "[sim]") {
  const Report both = run(R"({"workload": "zoo:gpt2_small_decode:context=16", "decode_steps": 2})");
  REQUIRE(both.decode);
  REQUIRE(both.decode->steps.size() == 2);
  std::int64_t sum = 0;
  for (std::size_t n = 0; n < 2; ++n) {
    const DecodeStep& step = both.decode->steps[n];
    CHECK(step.context == 16 + static_cast<std::int64_t>(n));
    const Report one = run(R"({"workload": "zoo:gpt2_small_decode:context=)" + std::to_string(16 + n) + R"("})");
    CHECK(step.cycles == one.result.cycles);
    CHECK(step.limit == one.bound.limit());
    sum += step.cycles;
  }
  // A longer cache by one token: 12 layers of 768 keys and values.
  CHECK(both.decode->steps[1].dram_bytes - both.decode->steps[0].dram_bytes == 12 * 2 * 768);
  CHECK(both.decode->cycles() == sum);
  CHECK(both.decode->steps[1].joules == both.energy.total());
  CHECK(both.decode->joules() == both.decode->steps[0].joules + both.decode->steps[1].joules);
  CHECK(both.decode->steps[0].joules > 0);
  CHECK(both.decode->tokens_per_second(1000) == Approx(2e9 / static_cast<double>(sum)));
  // Decoding is bound by DRAM, and comes within 10 % of that bound.
  CHECK(both.decode->tokens_per_second(1000) >= 0.9 * both.decode->tokens_per_second_limit(1000));
}

TEST_CASE("decode: what cannot be decoded is refused before anything runs", "[sim]") {
  const auto other = test::error_of([] { run(R"({"workload": "zoo:resnet50", "decode_steps": 2})"); });
  REQUIRE(other);
  CHECK(other->kind() == ErrorKind::bad_input);
  CHECK(other->issues()[0].pointer == "/decode_steps");
  CHECK(other->issues()[0].message.find("gpt2_small_decode") != std::string::npos);
  const auto far =
      test::error_of([] { run(R"({"workload": "zoo:gpt2_small_decode:context=1023", "decode_steps": 3})"); });
  REQUIRE(far);
  CHECK(far->kind() == ErrorKind::bad_input);
  CHECK(far->issues()[0].message.find("1025") != std::string::npos);
  const auto twice =
      test::error_of([] { run(R"({"workload": "zoo:gpt2_small_decode", "decode_steps": 2, "repeat": 2})"); });
  REQUIRE(twice);
  CHECK(twice->issues()[0].pointer == "/repeat");
}

}  // namespace
}  // namespace podsim

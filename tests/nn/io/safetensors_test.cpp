#include "nn/io/safetensors.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "nn/io/file.h"
#include "tensor/check.h"
#include "tests/nn/io/safetensors_bytes.h"

namespace banel {
namespace {

TensorFile sample_file() {
  return {{{"format", "test"}, {"step", "12 \"quoted\" \xC3\xA9"}},
          {{"z.weight", {2, 3}, {1, -2, 3.5F, 0, -0.0F, 1e-45F}},
           {"empty", {0, 4}, {}},
           {"a.bias", {1}, {7}},
           {"scalar", {}, {-1e30F}}}};
}

// Bit for bit, so that -0 and NaN count.
bool same_values(const TensorFile& a, const TensorFile& b) {
  if (a.tensors.size() != b.tensors.size()) return false;
  for (std::size_t i = 0; i < a.tensors.size(); ++i)
    if (raw(a.tensors[i].values) != raw(b.tensors[i].values)) return false;
  return true;
}

bool same(const TensorFile& a, const TensorFile& b) {
  if (a.metadata != b.metadata || !same_values(a, b)) return false;
  for (std::size_t i = 0; i < a.tensors.size(); ++i)
    if (a.tensors[i].name != b.tensors[i].name || a.tensors[i].shape != b.tensors[i].shape) return false;
  return true;
}

TEST_CASE("tensors and metadata survive a round trip and encode to the same bytes again") {
  TensorFile file = sample_file();
  file.tensors[0].values[1] = std::nanf("");
  file.tensors[0].values[2] = -std::numeric_limits<float>::infinity();
  const std::string bytes = encode_safetensors(file);
  const TensorFile back = decode_safetensors(bytes, "memory");
  CHECK(same(file, back));
  CHECK((encode_safetensors(back) == bytes));
}

TEST_CASE("a file without tensors or metadata is an empty object") {
  const std::string bytes = encode_safetensors({});
  CHECK((bytes == framed("{}      ")));
  CHECK(same(decode_safetensors(bytes, "memory"), {}));
}

TEST_CASE("the bytes of a small file are those of the format") {
  const std::string header =
      R"({"__metadata__":{"k":"v"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}})";
  const std::string padding((8 - header.size() % 8) % 8, ' ');
  const std::string expected = framed(header + padding, raw<float>({1, 2}));
  CHECK((encode_safetensors({{{"k", "v"}}, {{"w", {1, 2}, {1, 2}}}}) == expected));
  CHECK(expected.size() % 8 == 0);
}

TEST_CASE("the header is padded to a multiple of 8 bytes and no further") {
  for (std::size_t length = 1; length <= 8; ++length) {
    const std::string bytes = encode_safetensors({{}, {{std::string(length, 'n'), {0}, {}}}});
    CHECK(bytes.size() % 8 == 0);
    CHECK(bytes.size() - (bytes.rfind('}') + 1) < 8);
  }
}

TEST_CASE("double tensors are read as floats") {
  const std::string header = R"({"d":{"dtype":"F64","shape":[3],"data_offsets":[0,24]},)"
                             R"("f":{"shape":[1],"data_offsets":[24,28],"dtype":"F32"}})";
  const double infinity = std::numeric_limits<double>::infinity();
  const std::string data = raw<double>({0.1, -3, infinity}) + raw<float>({5});
  const TensorFile file = decode_safetensors(framed(header, data), "memory");
  REQUIRE(file.tensors.size() == 2);
  CHECK(file.tensors[0].values == std::vector<float>{0.1F, -3, std::numeric_limits<float>::infinity()});
  CHECK(file.tensors[1].values == std::vector<float>{5});
  CHECK_THROWS_AS(decode_safetensors(framed(header, raw<double>({1, 1e39, 1}) + raw<float>({5})), "m"),
                  InputError);
}

TEST_CASE("tensors come in the order of their data whatever the order of the header") {
  const std::string header = R"({"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},)"
                             R"("a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}})";
  const TensorFile file = decode_safetensors(framed(header, raw<float>({1, 2})), "memory");
  REQUIRE(file.tensors.size() == 2);
  CHECK(file.tensors[0].name == "a");
  CHECK(file.tensors[0].values == std::vector<float>{1});
  CHECK(file.tensors[1].values == std::vector<float>{2});
}

TEST_CASE("an empty tensor may come behind the one that begins where it does") {
  const std::string header = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                             R"("none":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})";
  const TensorFile file = decode_safetensors(framed(header, raw<float>({1})), "memory");
  REQUIRE(file.tensors.size() == 2);
  CHECK(file.tensors[0].name == "none");
  CHECK(file.tensors[1].values == std::vector<float>{1});
}

TEST_CASE("the writer refuses what it could not read back") {
  CHECK_THROWS_AS(encode_safetensors({{}, {{"w", {2}, {1}}}}), UsageError);
  CHECK_THROWS_AS(encode_safetensors({{}, {{"w", {-1}, {}}}}), UsageError);
  CHECK_THROWS_AS(encode_safetensors({{}, {{"w", {1LL << 62, 4}, {}}}}), UsageError);
  CHECK_THROWS_AS(encode_safetensors({{}, {{"w", {1}, {1}}, {"w", {1}, {1}}}}), UsageError);
  CHECK_THROWS_AS(encode_safetensors({{}, {{"__metadata__", {1}, {1}}}}), UsageError);
  CHECK_THROWS_AS(encode_safetensors({{}, {{"\xFF", {1}, {1}}}}), UsageError);
  CHECK_THROWS_AS(encode_safetensors({{{"k", "\xC3"}}, {}}), UsageError);
  CHECK_THROWS_AS(encode_safetensors({{}, {{"w", std::vector<std::int64_t>(33, 1), {1}}}}), UsageError);
}

TEST_CASE("a file cut at any byte is refused") {
  const std::string bytes = encode_safetensors(sample_file());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_THROWS_AS(decode_safetensors(std::string_view(bytes).substr(0, size), "cut"), InputError);
}

TEST_CASE("a flipped bit in the header is refused or changes names and texts but no value") {
  const TensorFile original = sample_file();
  const std::string bytes = encode_safetensors(original);
  std::uint64_t header_size = 0;
  std::memcpy(&header_size, bytes.data(), 8);
  int refused = 0, accepted = 0;
  for (std::size_t i = 0; i < 8 + header_size; ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = bytes;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      try {
        const TensorFile decoded = decode_safetensors(flipped, "flipped");
        ++accepted;
        CHECK(same_values(decoded, original));
      } catch (const InputError&) {
        ++refused;
      }
    }
  CHECK(refused > accepted);
  CHECK(accepted > 0);
}

TEST_CASE("a saved file loads again and damage is reported with the path") {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / "banel_safetensors_test.safetensors";
  save_safetensors(path, sample_file());
  CHECK(same(load_safetensors(path), sample_file()));
  write_file(path, "damaged");
  try {
    load_safetensors(path);
    FAIL("accepted");
  } catch (const InputError& error) {
    CHECK(std::string(error.what()).starts_with(path.string() + ": not a valid"));
  }
  std::filesystem::remove(path);
  CHECK_THROWS_AS(load_safetensors(path), IoError);
}

}  // namespace
}  // namespace banel

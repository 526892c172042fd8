#include "nn/io/safetensors.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "tests/support/allocations.h"
#include "nn/io/file.h"
#include "tensor/check.h"

namespace banel {
namespace {

std::string framed(std::string_view header, std::string_view data = {}) {
  std::string bytes(8, '\0');
  const std::uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, 8);
  return bytes.append(header).append(data);
}

template <class T>
std::string raw(const std::vector<T>& numbers) {
  return std::string(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(T));
}

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
  const std::string header =
      R"({"d":{"dtype":"F64","shape":[3],"data_offsets":[0,24]},"f":{"shape":[1],"data_offsets":[24,28],"dtype":"F32"}})";
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
  const std::string header =
      R"({"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}})";
  const TensorFile file = decode_safetensors(framed(header, raw<float>({1, 2})), "memory");
  REQUIRE(file.tensors.size() == 2);
  CHECK(file.tensors[0].name == "a");
  CHECK(file.tensors[0].values == std::vector<float>{1});
  CHECK(file.tensors[1].values == std::vector<float>{2});
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

// One tensor of two floats with the given description.
std::string with_tensor(const std::string& description) {
  return framed(R"({"w":)" + description + "}", raw<float>({1, 2}));
}

struct Malformed {
  std::string bytes, reason;
};

std::vector<Malformed> malformed_frames() {
  const std::string good = R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  const std::string two = raw<float>({1, 2});
  std::string huge = framed(good, two), long_header = framed(good, two);
  const std::uint64_t over_limit = 100'000'001, beyond_file = good.size() + two.size() + 1;
  std::memcpy(huge.data(), &over_limit, 8);
  std::memcpy(long_header.data(), &beyond_file, 8);
  return {
      {"", "it has 0 bytes only"},
      {"1234567", "it has 7 bytes only"},
      {std::string(8, '\xFF') + good, "the format allows 100,000,000"},
      {huge, "the format allows 100,000,000"},
      {long_header, "more than the file has"},
      {framed(""), "not a JSON object"},
      {framed("[]"), "not a JSON object"},
      {framed(" {}"), "not a JSON object"},
      {framed("\xEF\xBB\xBF{}"), "not a JSON object"},
      {framed("{"), "not JSON at its byte"},
      {framed("{} {}"), "not JSON at its byte"},
      {framed(good + ",", two), "not JSON at its byte"},
      {framed(std::string("{}\0x", 4)), "zero byte"},
      {framed("{\"\xFF\":{}}"), "not JSON at its byte"},
      {framed(good, two + "x"), "unused bytes after"},
      {framed("{}", "x"), "unused bytes after"},
      {framed(good, two.substr(1)), "goes beyond the end"},
  };
}

std::vector<Malformed> malformed_headers() {
  const auto in_metadata = [](const std::string& text) { return framed(R"({"__metadata__":)" + text + "}"); };
  return {
      {framed(R"({"w":1})"), "a number in the header"},
      {framed(R"({"w":null})"), "null in the header"},
      {framed(R"({"w":true})"), "true or false in the header"},
      {framed(R"({"w":"x"})"), "a text in the header"},
      {framed(R"({"w":[]})"), "an array in the header"},
      {framed(R"({"w":{}})"), "dtype, shape or data_offsets is missing"},
      {in_metadata("[]"), "an array in the header"},
      {in_metadata(R"({"k":1})"), "a number in the header"},
      {in_metadata(R"({"k":{}})"), "an object in the header"},
      {in_metadata(R"({"k":"a","k":"a"})"), R"(the metadata key "k" twice)"},
      {in_metadata(R"({},"__metadata__":{})"), R"(the key "__metadata__" twice)"},
      {framed(R"({"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},)"
              R"("w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})"),
       R"(the key "w" twice)"},
      {with_tensor(R"({"dtype":"F32","shape":[2]})"), "is missing"},
      {with_tensor(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1})"), "a number in the header"},
      {with_tensor(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":"y"})"), "a text in the header"},
      {with_tensor(R"({"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]})"), "twice in one"},
      {with_tensor(R"({"dtype":"F16","shape":[4],"data_offsets":[0,8]})"), R"(dtype "F16")"},
      {with_tensor(R"({"dtype":32,"shape":[2],"data_offsets":[0,8]})"), "a number in the header"},
      {with_tensor(R"({"dtype":"F32","shape":2,"data_offsets":[0,8]})"), "a number in the header"},
      {with_tensor(R"({"dtype":"F32","shape":[[2]],"data_offsets":[0,8]})"), "an array in the header"},
      {with_tensor(R"({"dtype":"F32","shape":["2"],"data_offsets":[0,8]})"), "a text in the header"},
      {with_tensor(R"({"dtype":"F32","shape":[2.0],"data_offsets":[0,8]})"), R"(the number "2.0")"},
      {with_tensor(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})"), "the negative number -2"},
      {with_tensor(R"({"dtype":"F32","shape":[-2,-1],"data_offsets":[0,8]})"), "the negative number -2"},
      {with_tensor(R"({"dtype":"F32","shape":[2],"data_offsets":[-8,8]})"), "the negative number -8"},
      {with_tensor(R"({"dtype":"F32","shape":[2],"data_offsets":[8]})"), "needs two numbers"},
      {with_tensor(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8,8]})"), "needs two numbers"},
  };
}

std::vector<Malformed> malformed_layouts() {
  const std::string many(33 * 2 - 1, '1');
  std::string rank_33 = many;
  for (std::size_t i = 1; i < rank_33.size(); i += 2) rank_33[i] = ',';
  const auto shape = [](const std::string& dims) {
    return with_tensor(R"({"dtype":"F32","shape":[)" + dims + R"(],"data_offsets":[0,8]})");
  };
  const auto offsets = [](const std::string& range) {
    return with_tensor(R"({"dtype":"F32","shape":[2],"data_offsets":[)" + range + "]}");
  };
  const auto second = [](const std::string& range) {
    return framed(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                  R"("v":{"dtype":"F32","shape":[1],"data_offsets":[)" +
                      range + "]}}",
                  raw<float>({1, 2}));
  };
  return {
      {shape("3"), "not what its shape needs"},
      {shape("1"), "not what its shape needs"},
      {shape("0"), "not what its shape needs"},
      {shape(""), "not what its shape needs"},
      {shape(rank_33), "more than 32 dimensions"},
      {shape("9223372036854775807,2"), "too large to count"},
      {shape("4294967296,4294967296"), "too large to count"},  // 2^64: 0 if it wrapped
      {shape("4611686018427387906"), "too large to count"},    // times 4 bytes: 8 if it wrapped
      {shape("9223372036854775808"), "is too large"},
      {shape("99999999999999999999999"), "the number"},
      {offsets("0,12"), "goes beyond the end"},
      {offsets("0,9223372036854775807"), "goes beyond the end"},
      {offsets("8,0"), "ends before it begins"},
      {offsets("0,4"), "not what its shape needs"},
      {offsets("4,8"), "unused bytes before"},
      {second("0,4"), "overlaps"},
      {second("2,6"), "overlaps"},
      {second("4,7"), "not what its shape needs"},
      {second("5,8"), "unused bytes before"},
      {second("8,12"), "goes beyond the end"},
  };
}

TEST_CASE("every malformed file is refused with its place and reason on one line") {
  for (const auto& list : {malformed_frames(), malformed_headers(), malformed_layouts()})
    for (const Malformed& file : list) {
      CAPTURE(file.reason);
      std::string message = "accepted";
      try {
        decode_safetensors(file.bytes, "run/w.safetensors");
      } catch (const InputError& error) {
        message = error.what();
      }
      CAPTURE(message);
      CHECK(message.starts_with("run/w.safetensors: not a valid safetensors file: "));
      CHECK(message.find(file.reason) != message.npos);
      CHECK(message.find('\n') == message.npos);
    }
}

TEST_CASE("a name with control characters or of great length cannot disturb the message") {
  for (const std::string& name : {std::string(R"(a\n\u0000\u001b[31m)"), std::string(100'000, 'n')}) {
    std::string message;
    try {
      decode_safetensors(framed("{\"" + name + "\":{}}"), "w");
    } catch (const InputError& error) {
      message = error.what();
    }
    CHECK(message.size() > 0);
    CHECK(message.size() < 300);
    for (const char c : message) CHECK(static_cast<unsigned char>(c) >= ' ');
  }
}

TEST_CASE("deep nesting and long arrays and countless keys are refused on sight") {
  CHECK_THROWS_AS(decode_safetensors(framed("{\"w\":" + std::string(2'000'000, '[')), "w"), InputError);
  std::string nested;
  for (int i = 0; i < 300'000; ++i) nested += "{\"w\":";
  CHECK_THROWS_AS(decode_safetensors(framed(nested), "w"), InputError);
  std::string ones = "1";
  for (int i = 0; i < 500'000; ++i) ones += ",1";
  CHECK_THROWS_AS(decode_safetensors(framed(R"({"w":{"shape":[)" + ones + "]}}"), "w"), InputError);
  TensorFile many;  // with the key "__metadata__", 100,000 keys
  for (int i = 1; i < 100'000; ++i) many.metadata[std::to_string(i)] = "";
  std::string header = encode_safetensors(many).substr(8);
  CHECK(decode_safetensors(framed(header), "w").metadata.size() == 99'999);
  many.metadata["one more"] = "";
  CHECK_THROWS_AS(encode_safetensors(many), UsageError);
  header.insert(header.find("\"1\""), R"("one more":"",)");
  CHECK_THROWS_AS(decode_safetensors(framed(header), "w"), InputError);
}

TEST_CASE("a text of the header that is a MiB long is read and a longer one or a number as long is refused") {
  constexpr std::size_t longest = 1 << 20;
  const auto with_text = [](const std::string& text) { return framed(R"({"__metadata__":{"k":")" + text + "\"}}"); };
  std::string escaped;
  for (std::size_t i = 0; i < longest / 2; ++i) escaped += R"(\")";
  CHECK(decode_safetensors(with_text(std::string(longest - 1, 'x')), "w").metadata.at("k").size() == longest - 1);
  CHECK(decode_safetensors(with_text(escaped.substr(2)), "w").metadata.at("k").size() == longest / 2 - 1);
  for (const std::string& bytes : {with_text(std::string(longest, 'x')), with_text(escaped + escaped), framed("{\"" + std::string(longest, 'x') + "\":{}}"),
                                   framed(R"({"w":{"shape":[)" + std::string(longest + 1, '1') + "]}}"), framed("{\"" + std::string(longest, 'x'))})
    CHECK_THROWS_WITH_AS(decode_safetensors(bytes, "w"), doctest::Contains("more than a million bytes"), InputError);
}

TEST_CASE("a file never takes more memory than its size and 20 MB whatever its header claims") {
  const auto header = [](int count, const std::string& entry) {
    std::string text = "{\"0\":" + entry;
    for (int i = 1; i < count; ++i) text += ",\"" + std::to_string(i) + "\":" + entry;
    return text + "}";
  };
  std::string ones = "0";
  for (int i = 1; i < 32; ++i) ones += ",1";
  const std::string text(1'000'000, 'x'), data(10'000'000, '\0');
  for (const std::string& bytes :
       {framed(R"({"w":{"dtype":"F32","shape":[2500000],"data_offsets":[0,10000000]}})", data),
        framed(R"({"w":{"dtype":"F64","shape":[1250000],"data_offsets":[0,10000000]}})", data),
        framed(R"({"w":{"dtype":"F32","shape":[9999999999],"data_offsets":[0,39999999996]}})"),
        framed(R"({"w":{"dtype":"F32","shape":[1152921504606846975],"data_offsets":[0,4611686018427387900]}})"),
        framed(header(24'999, R"({"dtype":"F32","shape":[)" + ones + R"(],"data_offsets":[0,0]})")), framed(header(24'999, R"({"dtype":"F32","shape":[0],"data_offsets":[0,0]})")),
        framed("{\"__metadata__\":" + header(99'999, "\"\"") + "}"), framed("{\"__metadata__\":" + header(20, "\"" + text + "\"") + "}"),
        framed(header(20, "\"" + text)), framed("{\"" + std::string(20'000'000, 'x')), framed("{\"w\":{\"shape\":[" + std::string(20'000'000, '1'))}) {
    const Allocations allocations;
    try {
      decode_safetensors(bytes, "w");
    } catch (const InputError&) {
    }
    CAPTURE(bytes.substr(8, 80));
    CHECK(allocations.largest() <= std::max(bytes.size(), std::size_t{5'000'000}));
    CHECK(allocations.peak() <= bytes.size() + 20'000'000);
    CHECK((allocations.peak() > 0) == Allocations::counted);
  }
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

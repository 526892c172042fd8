// Files that are not safetensors, or not those that we read, or made to take much memory.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "nn/io/file.h"
#include "nn/io/safetensors.h"
#include "tensor/check.h"
#include "tests/nn/io/safetensors_bytes.h"
#include "tests/support/allocations.h"

namespace banel {
namespace {

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
      {"", "it has only 0 bytes"},
      {"1234567", "it has only 7 bytes"},
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
      {with_tensor(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":[1]})"), "an array in the header"},
      {with_tensor(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":{}})"), "an object in the header"},
      {with_tensor(R"({"dtype":"F32","shape":[2],"x":1})"), "is missing"},
      {with_tensor(R"({"dtype":"F32","shape":null,"data_offsets":[0,8]})"), "null in the header"},
      {with_tensor(R"({"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]})"), "twice in one"},
      {with_tensor(R"({"dtype":"I7","shape":[4],"data_offsets":[0,8]})"),
       R"(dtype "I7", which the format does not have)"},
      {with_tensor(R"({"dtype":"F16","shape":[2],"data_offsets":[0,8]})"), "not what its shape needs"},
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
  TensorFile many;  // with the key "__metadata__", 80,000 keys
  for (int i = 1; i < 80'000; ++i) many.metadata[std::to_string(i)] = "";
  std::string header = encode_safetensors(many).substr(8);
  CHECK(decode_safetensors(framed(header), "w").metadata.size() == 79'999);
  many.metadata["one more"] = "";
  CHECK_THROWS_AS(encode_safetensors(many), UsageError);
  header.insert(header.find("\"1\""), R"("one more":"",)");
  CHECK_THROWS_AS(decode_safetensors(framed(header), "w"), InputError);
}

TEST_CASE("a valid file with other dtypes or keys is told from a damaged one") {
  const auto message_of = [](const std::string& bytes) -> std::string {
    try {
      decode_safetensors(bytes, "w");
      return "accepted";
    } catch (const InputError& error) {
      return error.what();
    }
  };
  const std::filesystem::path cases = std::filesystem::path(BANEL_SOURCE_DIR) / "tests/system/cases";
  CHECK(message_of(read_file(cases / "valid_i64.safetensors"))
            .starts_with(R"(w: a valid safetensors file, but tensor "n" has dtype I64, and only F32)"));
  CHECK(message_of(read_file(cases / "valid_extra_key.safetensors"))
            .starts_with(
                R"(w: a valid safetensors file, but tensor "w" has the key "device", which is not read; )"));
  for (const char* value : {"1", "-1", "1.5", "\"y\"", "true", "null"})
    CHECK(message_of(with_tensor(R"({"x":)" + std::string(value) +
                                 R"(,"dtype":"F32","shape":[2],"data_offsets":[0,8]})"))
              .find("the key \"x\"") != std::string::npos);
  const std::map<int, std::vector<std::string>> dtypes{
      {1, {"BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0"}},
      {2, {"BF16", "F16", "I16", "U16"}},
      {4, {"I32", "U32"}},
      {8, {"I64", "U64", "C64"}}};
  for (const auto& [width, names] : dtypes)
    for (const std::string& dtype : names) {
      const std::string shape = std::to_string(8 / width);
      CHECK(message_of(with_tensor(R"({"dtype":")" + dtype + R"(","shape":[)" + shape +
                                   R"(],"data_offsets":[0,8]})"))
                .starts_with("w: a valid safetensors file, but tensor \"w\" has dtype " + dtype));
    }
}

TEST_CASE("metadata that are null are no metadata") {
  const auto path =
      std::filesystem::path(BANEL_SOURCE_DIR) / "tests/system/cases/mlx_null_metadata.safetensors";
  const TensorFile file = load_safetensors(path);
  CHECK(file.metadata.empty());
  REQUIRE(file.tensors.size() == 1);
  CHECK(file.tensors[0].name == "w");
  CHECK(file.tensors[0].values.size() == 2);
}

TEST_CASE(
    "padding of any length is read and takes no memory and other white space of a million bytes is refused") {
  const std::string spaces(20'000'000, ' ');
  const std::string header = R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
                    two = raw<float>({1, 2});
  const std::string padded = framed(header + spaces, two);
  const Allocations allocations;
  CHECK(decode_safetensors(padded, "w").tensors[0].values == std::vector<float>{1, 2});
  CHECK(allocations.peak() < 1'000'000);
  CHECK_THROWS_WITH_AS(decode_safetensors(framed("{" + spaces + header.substr(1), two), "w"),
                       doctest::Contains("run of white space"), InputError);
}

TEST_CASE("a text of the header that is a MiB long is read and a longer one or a number as long is refused") {
  constexpr std::size_t longest = 1 << 20;
  const auto with_text = [](const std::string& text) {
    return framed(R"({"__metadata__":{"k":")" + text + "\"}}");
  };
  std::string escaped;
  for (std::size_t i = 0; i < longest / 2; ++i) escaped += R"(\")";
  CHECK(decode_safetensors(with_text(std::string(longest - 1, 'x')), "w").metadata.at("k").size() ==
        longest - 1);
  CHECK(decode_safetensors(with_text(escaped.substr(2)), "w").metadata.at("k").size() == longest / 2 - 1);
  for (const std::string& bytes : {with_text(std::string(longest, 'x')), with_text(escaped + escaped),
                                   framed("{\"" + std::string(longest, 'x') + "\":{}}"),
                                   framed(R"({"w":{"shape":[)" + std::string(longest + 1, '1') + "]}}"),
                                   framed("{\"" + std::string(longest, 'x'))})
    CHECK_THROWS_WITH_AS(decode_safetensors(bytes, "w"), doctest::Contains("more than a million bytes"),
                         InputError);
}

TEST_CASE("a file never takes more memory than its size and 16 MB whatever its header claims") {
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
        framed(
            R"({"w":{"dtype":"F32","shape":[1152921504606846975],"data_offsets":[0,4611686018427387900]}})"),
        framed(header(19'999, R"({"dtype":"F32","shape":[)" + ones + R"(],"data_offsets":[0,0]})")),
        framed(header(19'999, R"({"dtype":"F32","shape":[0],"data_offsets":[0,0]})")),
        framed("{\"__metadata__\":" + header(79'999, "\"\"") + "}"),
        framed("{\"__metadata__\":" + header(20, "\"" + text + "\"") + "}"), framed(header(20, "\"" + text)),
        framed("{\"" + std::string(20'000'000, 'x')),
        framed("{\"w\":{\"shape\":[" + std::string(20'000'000, '1'))}) {
    const Allocations allocations;
    try {
      decode_safetensors(bytes, "w");
    } catch (const InputError&) {
    }
    CAPTURE(bytes.substr(8, 80));
    CHECK(allocations.largest() <= std::max(bytes.size(), std::size_t{5'000'000}));
    CHECK(allocations.peak() <= bytes.size() + 16'000'000);
    CHECK((allocations.peak() > 0) == Allocations::counted);
  }
}

}  // namespace
}  // namespace banel

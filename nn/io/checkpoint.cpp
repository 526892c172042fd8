#include "nn/io/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "nn/io/file.h"
#include "nn/io/safetensors.h"
#include "tensor/check.h"

namespace banel {

namespace {

constexpr const char *moment1 = "optimizer.m", *moment2 = "optimizer.v", *step_count = "optimizer.steps";

// The fields of the configuration with their names in the metadata.
template <class Visit>
void visit_config(GPTConfig& c, Visit visit) {
  visit("vocabulary", c.vocabulary);
  visit("context", c.context);
  visit("d_model", c.d_model);
  visit("layers", c.layers);
  visit("heads", c.heads);
}

NamedTensor flat(const std::string& name, const Reals& values) {
  return {name, {static_cast<std::int64_t>(values.size())}, std::vector<float>(values.begin(), values.end())};
}

std::vector<std::int64_t> dimensions(const Shape& shape) {
  return {shape.dims.begin(), shape.dims.begin() + shape.rank};
}

GPTConfig config_from(const TensorFile& file, std::string_view where) {
  GPTConfig config;
  visit_config(config, [&](const char* name, int& value) {
    value = static_cast<int>(metadata_integer(file.metadata, name, std::numeric_limits<int>::max(), where));
  });
  double numbers = 0;
  for (const NamedTensor& t : file.tensors) numbers += static_cast<double>(t.values.size());
  // A lower bound of the weights, so that a configuration cannot ask for more memory than the file has
  // numbers.
  const double d = config.d_model;
  ENSURE_AS(12 * d * d * config.layers + (2.0 * config.vocabulary + config.context) * d <= numbers,
            InputError, where,
            "the file has fewer numbers than the network of its metadata; restore it from a copy");
  return config;
}

GPT network(const GPTConfig& config, std::string_view where) {
  try {
    return GPT(config, Rng(0, "replaced by the file"));
  } catch (const UsageError& error) {
    throw InputError(std::string(where) + ": " + error.what());
  }
}

NamedTensor* find(TensorFile& file, const std::string& name) {
  const auto found = std::find_if(file.tensors.begin(), file.tensors.end(),
                                  [&](const NamedTensor& t) { return t.name == name; });
  return found == file.tensors.end() ? nullptr : &*found;
}

// Moves the values out of a tensor, which must be there in this shape with finite values.
std::vector<float> take(TensorFile& file, const std::string& name, const std::vector<std::int64_t>& shape,
                        std::string_view where) {
  NamedTensor* t = find(file, name);
  ENSURE_AS(t, InputError, where, "tensor '" << name << "' is missing; restore the file from a copy");
  ENSURE_AS(
      t->shape == shape, InputError, where,
      "tensor '" << name << "' has another shape than the configuration says; restore the file from a copy");
  ENSURE_AS(std::all_of(t->values.begin(), t->values.end(), [](float x) { return std::isfinite(x); }),
            InputError, where,
            "tensor '" << name << "' has a number that is not finite; restore the file from a copy");
  return std::move(t->values);
}

AdamW::State optimizer_from(TensorFile& file, const GPT& model, std::string_view where) {
  const std::vector<std::int64_t> shape = {static_cast<std::int64_t>(model.parameters.values.size())};
  const std::vector<float> m = take(file, moment1, shape, where), v = take(file, moment2, shape, where);
  ENSURE_AS(std::all_of(v.begin(), v.end(), [](float x) { return x >= 0; }), InputError, where,
            "tensor '" << moment2 << "' has a negative mean of squares; restore the file from a copy");
  return {{m.begin(), m.end()},
          {v.begin(), v.end()},
          metadata_integer(file.metadata, step_count, std::numeric_limits<std::int64_t>::max(), where)};
}

}  // namespace

std::string encode_checkpoint(const GPT& model, const Metadata& metadata, const AdamW::State* optimizer) {
  TensorFile file{metadata, {}};
  GPTConfig config = model.config();
  visit_config(config, [&](const char* name, int value) { file.metadata[name] = std::to_string(value); });
  for (const Slice& slice : model.parameters.slices()) {
    const real* values = model.parameters.values.data() + slice.offset;
    file.tensors.push_back(
        {slice.name, dimensions(slice.shape), std::vector<float>(values, values + slice.shape.size())});
  }
  if (optimizer) {
    file.metadata[step_count] = std::to_string(optimizer->steps);
    file.tensors.push_back(flat(moment1, optimizer->m));
    file.tensors.push_back(flat(moment2, optimizer->v));
  }
  return encode_safetensors(file);
}

void save_checkpoint(const std::filesystem::path& path, const GPT& model, const Metadata& metadata,
                     const AdamW::State* optimizer) {
  write_file(path, encode_checkpoint(model, metadata, optimizer));
}

Checkpoint decode_checkpoint(std::string_view bytes, std::string_view where) {
  TensorFile file = decode_safetensors(bytes, where);
  GPT model = network(config_from(file, where), where);
  std::size_t used = 0;
  for (const Slice& slice : model.parameters.slices()) {
    const std::vector<float> values = take(file, slice.name, dimensions(slice.shape), where);
    std::copy(values.begin(), values.end(),
              model.parameters.values.begin() + static_cast<std::ptrdiff_t>(slice.offset));
    ++used;
  }
  std::optional<AdamW::State> optimizer;
  if (find(file, moment1)) {
    optimizer = optimizer_from(file, model, where);
    used += 2;
  }
  ENSURE_AS(used == file.tensors.size(), InputError, where,
            "there are tensors that belong to no part of the network; restore the file from a copy");
  return {std::move(model), std::move(file.metadata), std::move(optimizer)};
}

Checkpoint load_checkpoint(const std::filesystem::path& path) {
  return decode_checkpoint(read_file(path), path.string());
}

std::int64_t metadata_integer(const Metadata& metadata, const std::string& key, std::int64_t highest,
                              std::string_view where) {
  const auto found = metadata.find(key);
  ENSURE_AS(
      found != metadata.end(), InputError, where,
      "the metadata has no '" << key << "'; name a checkpoint of banel of the right kind, or restore it");
  const std::string& text = found->second;
  std::int64_t value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  ENSURE_AS(error == std::errc() && std::to_string(value) == text && value >= 0 && value <= highest,
            InputError, where,
            "metadata '" << key << "' is not a whole number from 0 to " << highest
                         << " in plain digits; restore the file from a copy");
  return value;
}

}  // namespace banel

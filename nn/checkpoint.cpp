#include "nn/checkpoint.h"

#include <algorithm>
#include <charconv>

#include "nn/safetensors.h"
#include "tensor/check.h"

namespace banel {

namespace {

constexpr const char *moment1 = "optimizer.m", *moment2 = "optimizer.v", *step_count = "optimizer.steps";

// The fields of the configuration and their names in the metadata, stated once.
template <class Visit>
void visit_config(GPTConfig& c, Visit visit) {
  visit("vocabulary", c.vocabulary);
  visit("context", c.context);
  visit("d_model", c.d_model);
  visit("layers", c.layers);
  visit("heads", c.heads);
}

std::int64_t integer(const Metadata& metadata, const std::string& key, const std::string& where) {
  const auto found = metadata.find(key);
  ENSURE_AS(found != metadata.end(), InputError, where,
            "the metadata has no '" << key << "'; this is not a checkpoint of banel");
  const std::string& text = found->second;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  ENSURE_AS(error == std::errc() && end == text.data() + text.size() && value >= 0 &&
                value < (std::int64_t{1} << 31),
            InputError, where,
            "metadata '" << key << "' is '" << text << "'; expected a whole number from 0 to 2^31 - 1");
  return value;
}

NamedTensor flat(const std::string& name, const std::vector<real>& values) {
  return {name, {static_cast<std::int64_t>(values.size())}, std::vector<float>(values.begin(), values.end())};
}

std::vector<std::int64_t> dimensions(const Shape& shape) {
  return {shape.dims.begin(), shape.dims.begin() + shape.rank};
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const GPT& model, const Metadata& metadata,
                     const AdamW::State* optimizer) {
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
  save_safetensors(path, file);
}

Checkpoint load_checkpoint(const std::filesystem::path& path) {
  const TensorFile file = load_safetensors(path);
  const std::string where = path.string();
  GPTConfig config;
  visit_config(config, [&](const char* name, int& value) {
    value = static_cast<int>(integer(file.metadata, name, where));
  });
  double numbers = 0;
  for (const NamedTensor& t : file.tensors) numbers += static_cast<double>(t.values.size());
  const double d =
      config.d_model;  // a lower bound of the weights: no memory is taken that the file does not account for
  ENSURE_AS(12 * d * d * config.layers + (2.0 * config.vocabulary + config.context) * d <= numbers,
            InputError, where, "the file has fewer numbers than the network of its metadata");
  std::optional<GPT> model;
  try {
    model.emplace(config, Rng(0, "replaced by the file"));
  } catch (const UsageError& error) {
    ENSURE_AS(false, InputError, where, error.what());
  }
  const auto tensor = [&](const std::string& name) {
    const auto found = std::find_if(file.tensors.begin(), file.tensors.end(),
                                    [&](const NamedTensor& t) { return t.name == name; });
    return found == file.tensors.end() ? nullptr : &*found;
  };
  std::size_t used = 0;
  for (const Slice& slice : model->parameters.slices()) {
    const NamedTensor* t = tensor(slice.name);
    ENSURE_AS(t, InputError, where, "tensor '" << slice.name << "' is missing");
    ENSURE_AS(t->shape == dimensions(slice.shape), InputError, where,
              "tensor '" << slice.name << "' has another shape than the configuration says, " << slice.shape);
    std::copy(t->values.begin(), t->values.end(),
              model->parameters.values.begin() + static_cast<std::ptrdiff_t>(slice.offset));
    ++used;
  }
  std::optional<AdamW::State> optimizer;
  const NamedTensor *m = tensor(moment1), *v = tensor(moment2);
  if (m && v) {
    optimizer = AdamW::State{{m->values.begin(), m->values.end()},
                             {v->values.begin(), v->values.end()},
                             integer(file.metadata, step_count, where)};
    used += 2;
  }
  ENSURE_AS(used == file.tensors.size(), InputError, where,
            "there are tensors that belong to no part of the network");
  return {std::move(*model), file.metadata, std::move(optimizer)};
}

}  // namespace banel

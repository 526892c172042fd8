#include "banel/ledger.h"

#include <array>
#include <string_view>
#include <utility>

#include "nn/io/file.h"
#include "nn/io/json.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace {

// The end of a line, after the bytes that are hashed.
std::string seal(std::uint64_t hash) { return R"(,"hash":")" + hex(hash) + R"("})"; }

// Adds bytes under `key`, or under `key`_hex if they are no UTF-8.
void put(Json& json, const std::string& key, const std::string& bytes) {
  const Json value = json_of_bytes(bytes);
  if (value.is_text())
    json[key] = value;
  else
    json[key + "_hex"] = value.at("hex");
}

// The bytes that put() added.
std::string get(const Field& json, const std::string& key) {
  const std::string key_hex = key + "_hex";
  if (!json.has(key_hex)) return json[key].text();
  const Json value{{"hex", json[key_hex].text()}};
  return bytes_from(Field(value, key_hex));
}

// The bytes of line n that are hashed.
std::string content(std::size_t n, const Attempt& attempt, const Verdict& verdict) {
  Json json{{"n", n}};
  put(json, "attempt", attempt);
  put(json, "answer", verdict.answer);
  if (!verdict.kind.empty()) put(json, "kind", verdict.kind);
  const std::array<Json, 3> rewards{0, 1, nullptr};
  json["reward"] = rewards[static_cast<std::size_t>(verdict.reward)];
  std::string text = json.dump();
  text.pop_back();  // the brace closes after the hash
  return text;
}

Reward reward_of(const Json& value) {
  return value.is_null() ? Reward::unjudged : value == 1 ? Reward::success : Reward::failure;
}

Evaluation evaluation_from(const Field& json, std::uint64_t hash) {
  const bool has_kind = json.has("kind") || json.has("kind_hex");
  return {get(json, "attempt"),
          {get(json, "answer"), reward_of(json["reward"].value()), has_kind ? get(json, "kind") : ""},
          hash};
}

// Line n, which follows lines of the hash `before`.
Evaluation parse(std::string_view line, std::size_t n, std::uint64_t before) {
  const std::string_view hashed = line.substr(0, line.rfind(R"(,"hash":)"));
  const std::uint64_t hash = fnv1a(hashed, before);
  ENSURE_AS(line.substr(hashed.size()) == seal(hash), InputError, "hash",
            "it is not " << hex(hash) << ", the hash of the file up to here");
  Evaluation read;
  bool as_written = false;  // no number out of order or out of range, no reward of 2
  try {
    const Json json = parse_json(line, "form", 1, line.size());
    read = evaluation_from(Field(json, "form"), hash);
    as_written = content(n, read.attempt, read.verdict) == hashed;
  } catch (const InputError&) {  // it is no JSON, or a member is missing
  }
  ENSURE_AS(as_written, InputError, "form", "it is not evaluation " << n << " as the oracle writes it");
  return read;
}

}  // namespace

std::string ledger_line(std::size_t n, Evaluation& evaluation, std::uint64_t before) {
  const std::string text = content(n, evaluation.attempt, evaluation.verdict);
  evaluation.hash = fnv1a(text, before);
  return text + seal(evaluation.hash) + '\n';
}

Ledger read_ledger(const std::filesystem::path& path, const LedgerMark& mark) {
  Ledger ledger;
  std::vector<Evaluation>& read = ledger.evaluations;
  std::uint64_t hash = LedgerMark().hash;
  const auto take = [&](std::string_view line) {
    try {
      read.push_back(parse(line, read.size() + 1, hash));
    } catch (const InputError& error) {
      ENSURE_AS(false, InputError, path.string(),
                "line " << read.size() + 1 << " is damaged (" << error.what()
                        << "); restore the file, or remove the run folder and start again");
    }
    hash = read.back().hash;
    ledger.bytes += line.size() + 1;
    ENSURE_AS(std::ssize(read) != mark.evaluations || hash == mark.hash, InputError, path.string(),
              "line " << mark.evaluations << " has the hash " << hex(hash) << ", but the checkpoint has "
                      << hex(mark.hash) << ": this is the ledger of another run; restore the right one");
  };
  if (std::filesystem::exists(path)) {
    InputFile file(path);
    // A vector that grows by itself would take up to three times as much. Room that stays empty is free.
    const Evaluation nothing;
    const std::size_t shortest = content(1, nothing.attempt, nothing.verdict).size() + seal(0).size() + 1;
    file.make_room(read, file.size() / shortest);
    std::string line;  // as much of it as the blocks before had
    for (std::string_view block; !(block = file.next()).empty();) {
      check_stop();
      for (std::size_t end; (end = block.find('\n')) != block.npos; block.remove_prefix(end + 1)) {
        take(line.append(block.substr(0, end)));
        line.clear();
      }
      line += block;
    }
  }
  ENSURE_AS(0 <= mark.evaluations && mark.evaluations <= std::ssize(read), InputError, path.string(),
            "has " << read.size() << " evaluations, but the checkpoint was made after " << mark.evaluations
                   << ": the file was cut or replaced; restore it, or remove the run folder and start again");
  return ledger;
}

}  // namespace banel

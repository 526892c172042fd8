#include "nn/io/json_value.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

namespace banel {

namespace {

// Of a value without others in it.
std::string text_of(const nlohmann::json& value) {
  try {
    return value.dump();
  } catch (const nlohmann::json::type_error& error) {
    throw NotUtf8(error.what());
  }
}

template <class Members>
auto place(Members& members, std::string_view key) {
  return std::ranges::find(members, key, [](const auto& member) -> std::string_view { return member.first; });
}

}  // namespace

Json::Json(std::nullptr_t) {}
Json::Json(std::string text) : value_(Box<std::string>(std::move(text))) {}
Json::Json(const Json&) = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(const Json&) = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;

Json::Json(std::initializer_list<Json> elements) {
  const auto is_member = [](const Json& x) { return x.is_array() && x.size() == 2 && x[0].is_text(); };
  if (!std::ranges::all_of(elements, is_member)) {
    value_ = Box<Items>(Items(elements));
    return;
  }
  Members members;
  for (const Json& member : elements) members.emplace_back(member[0].text(), member[1]);
  value_ = Box<Members>(std::move(members));
}

Json Json::array() {
  Json json;
  json.value_ = Box<Items>({});
  return json;
}

Json Json::object(Members members) {
  Json json;
  json.value_ = Box<Members>(std::move(members));
  return json;
}

void Json::set(bool x) { value_ = x; }
void Json::set(std::int64_t x) { value_ = x; }
void Json::set(std::uint64_t x) {
  if (x <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    value_ = static_cast<std::int64_t>(x);
  else
    value_ = x;
}
void Json::set(double x) { value_ = x; }

const char* Json::type_name() const {
  return is_null()      ? "null"
         : is_boolean() ? "boolean"
         : is_number()  ? "number"
         : is_text()    ? "string"
         : is_array()   ? "array"
                        : "object";
}

double Json::number() const {
  if (is_integer()) return static_cast<double>(integer());
  if (holds<std::uint64_t>()) return static_cast<double>(std::get<std::uint64_t>(value_));
  return std::get<double>(value_);
}

const Json* Json::find(std::string_view key) const {
  const auto found = place(members(), key);
  return found == members().end() ? nullptr : &found->second;
}

const Json& Json::at(std::string_view key) const {
  const Json* const found = find(key);
  if (!found) throw std::out_of_range("the JSON object has no \"" + std::string(key) + '"');
  return *found;
}

Json& Json::operator[](std::string_view key) {
  if (is_null()) *this = object();
  Members& all = *std::get<Box<Members>>(value_);
  const auto found = place(all, key);
  return found == all.end() ? all.emplace_back(key, nullptr).second : found->second;
}

void Json::update(const Json& object) {
  for (const auto& [key, value] : object.members()) (*this)[key] = value;
}

void Json::erase(std::string_view key) {
  std::erase_if(*std::get<Box<Members>>(value_), [&](const auto& member) { return member.first == key; });
}

Json& Json::push_back(Json item) {
  if (is_null()) *this = array();
  return items().emplace_back(std::move(item));
}

void Json::write(std::string& out, int indent, int level) const {
  const auto new_line = [&](int spaces) {
    if (indent >= 0) out.append(1, '\n').append(static_cast<std::size_t>(spaces), ' ');
  };
  const auto write_all = [&](const char* brackets, const auto& parts, const auto& write_one) {
    out += brackets[0];
    for (const auto& part : parts) {
      if (&part != &parts.front()) out += ',';
      new_line((level + 1) * indent);
      write_one(part);
    }
    if (!parts.empty()) new_line(level * indent);
    out += brackets[1];
  };
  if (is_array()) {
    write_all("[]", items(), [&](const Json& item) { item.write(out, indent, level + 1); });
  } else if (is_object()) {
    write_all("{}", members(), [&](const auto& member) {
      out += text_of(member.first) + (indent < 0 ? ":" : ": ");
      member.second.write(out, indent, level + 1);
    });
  } else {
    out += text_of(is_text()                ? nlohmann::json(text())
                   : is_null()              ? nlohmann::json(nullptr)
                   : is_boolean()           ? nlohmann::json(boolean())
                   : is_integer()           ? nlohmann::json(integer())
                   : holds<std::uint64_t>() ? nlohmann::json(std::get<std::uint64_t>(value_))
                                            : nlohmann::json(std::get<double>(value_)));
  }
}

std::string Json::dump(int indent) const {
  std::string out;
  write(out, indent, 0);
  return out;
}

bool operator==(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number() && a.holds<double>() != b.holds<double>())
    return a.number() == b.number();
  return a.value_ == b.value_;
}

}  // namespace banel

// A JSON value in memory: null, true or false, a number, a text, an array, or an object whose members keep
// their order. json.h reads one from a text.
//
//   Json json{{"task", "addition"}, {"rate", 0.5}, {"seeds", {1, 2}}};
//   json["seeds"].push_back(3);
//   json["warning"] = nullptr;
//   json.dump();  // {"task":"addition","rate":0.5,"seeds":[1,2,3],"warning":null}
//
// The JSON library stays behind it: every room uses values, and none spends seconds on the library's header.
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace banel {

// A text in a value is not UTF-8, so the value has no JSON text.
struct NotUtf8 : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Json {
 public:
  using Items = std::vector<Json>;
  using Members = std::vector<std::pair<std::string, Json>>;

  // NOLINTBEGIN(google-explicit-constructor): values are written as {{"rate", 0.5}, {"seeds", {1, 2}}}
  Json(std::nullptr_t = nullptr);
  Json(std::same_as<bool> auto x) : Json() { set(x); }
  Json(std::signed_integral auto x) : Json() { set(std::int64_t{x}); }
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) Json(T x) : Json() { set(std::uint64_t{x}); }
  Json(std::floating_point auto x) : Json() { set(double{x}); }
  Json(std::string);
  Json(std::string_view text) : Json(std::string(text)) {}
  Json(const char* text) : Json(std::string(text)) {}
  template <class T>
  Json(const std::vector<T>& items) : Json(array()) {
    for (const T& item : items) push_back(item);
  }
  // NOLINTEND(google-explicit-constructor)
  // An object if every element is an array of a text and a value, otherwise an array.
  Json(std::initializer_list<Json> elements);
  static Json array();
  static Json object(Members = {});  // the keys differ

  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  ~Json();

  bool is_null() const { return holds<std::nullptr_t>(); }
  bool is_boolean() const { return holds<bool>(); }
  bool is_integer() const { return holds<std::int64_t>(); }  // a whole number that fits into 64 bits
  bool is_number() const { return is_integer() || holds<std::uint64_t>() || holds<double>(); }
  bool is_text() const { return holds<Box<std::string>>(); }
  bool is_array() const { return holds<Box<Items>>(); }
  bool is_object() const { return holds<Box<Members>>(); }
  const char* type_name() const;  // "null", "boolean", "number", "string", "array" or "object"

  // What the value is. Errors: std::bad_variant_access if it is something else.
  bool boolean() const { return std::get<bool>(value_); }
  std::int64_t integer() const { return std::get<std::int64_t>(value_); }
  double number() const;  // of any number
  const std::string& text() const { return *std::get<Box<std::string>>(value_); }
  const Items& items() const& { return *std::get<Box<Items>>(value_); }
  Items& items() & { return *std::get<Box<Items>>(value_); }
  Items items() && { return std::move(items()); }  // of a temporary they outlive it
  const Members& members() const { return *std::get<Box<Members>>(value_); }

  // Of an object. To look up a key takes time in proportion to the size.
  const Json* find(std::string_view key) const;  // nullptr if there is no such member
  bool contains(std::string_view key) const { return find(key); }
  const Json& at(std::string_view key) const;  // Errors: std::out_of_range if there is no such member
  Json& operator[](std::string_view key);      // adds null if there is none; makes an object of null
  void update(const Json& object);             // takes over its members
  void erase(std::string_view key);

  // Of an array; an object has a size, too.
  Json& push_back(Json);  // makes an array of null
  const Json& operator[](std::size_t i) const { return items().at(i); }
  Json& operator[](std::size_t i) { return items().at(i); }
  std::size_t size() const { return is_object() ? members().size() : items().size(); }

  // The text, on one line or with so many spaces a level. A number that is not finite is written as null.
  // Errors: NotUtf8.
  std::string dump(int indent = -1) const;

  // Numbers are equal if their values are, objects if their members are and have the same order.
  friend bool operator==(const Json&, const Json&);

 private:
  // A T on the heap, copied with its Box. So a Json takes 16 bytes whatever it holds.
  template <class T>
  class Box {
   public:
    explicit Box(T x) : held_(std::make_unique<T>(std::move(x))) {}
    Box(const Box& other) : Box(*other) {}
    Box(Box&&) noexcept = default;
    Box& operator=(const Box& other) {
      *this = Box(other);
      return *this;
    }
    Box& operator=(Box&&) noexcept = default;
    ~Box() = default;
    T& operator*() const { return *held_; }
    friend bool operator==(const Box& a, const Box& b) { return *a == *b; }

   private:
    std::unique_ptr<T> held_;
  };

  template <class T>
  bool holds() const {
    return std::holds_alternative<T>(value_);
  }
  void set(bool);
  void set(std::int64_t);
  void set(std::uint64_t);
  void set(double);
  void write(std::string& out, int indent, int level) const;

  // std::uint64_t only for what does not fit into std::int64_t
  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, Box<std::string>, Box<Items>,
               Box<Members>>
      value_;
};

}  // namespace banel

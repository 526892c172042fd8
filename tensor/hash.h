// FNV-1a, 64 bits (Fowler, Noll & Vo): tells accidents and careless edits, and is quick and five lines long.
// It is no seal against a forger, who can compute it as well.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace banel {

// Of the bytes; with `before`, the hash of earlier bytes, of these followed by the new ones. A single changed
// byte always changes it: every step is one-to-one.
constexpr std::uint64_t fnv1a(std::string_view bytes, std::uint64_t before = 14695981039346656037u) {
  for (const char c : bytes) before = (before ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return before;
}

// 16 hexadecimal digits.
inline std::string hex(std::uint64_t hash) {
  std::string digits(16, '0');
  for (auto digit = digits.rbegin(); hash; hash >>= 4) *digit++ = "0123456789abcdef"[hash & 15];
  return digits;
}

}  // namespace banel

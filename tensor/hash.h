// The hash FNV-1a in 64 bits (Fowler, Noll & Vo). It detects accidents and careless edits, not forgery:
// anybody can compute it.
//
//   hex(fnv1a("one line"));                   // 16 digits
//   fnv1a("more", fnv1a("some "));            // the hash of "some more"
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace banel {

// The hash of the bytes, or, with the hash `before` of earlier bytes, of both together. It always changes if
// one byte changes, because each step is one-to-one.
constexpr std::uint64_t fnv1a(std::string_view bytes, std::uint64_t before = 14695981039346656037u) {
  for (const char c : bytes) before = (before ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return before;
}

// The hash in 16 hexadecimal digits.
inline std::string hex(std::uint64_t hash) {
  std::string digits(16, '0');
  for (auto digit = digits.rbegin(); hash; hash >>= 4) *digit++ = "0123456789abcdef"[hash & 15];
  return digits;
}

}  // namespace banel

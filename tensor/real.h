#pragma once
namespace banel {
// The one number type of the library. The double build exists for tests only: central differences then
// confirm every gradient to 1e-6 (tests/CMakeLists.txt builds the same sources with BANEL_DOUBLE).
#ifdef BANEL_DOUBLE
using real = double;
#else
using real = float;
#endif
}  // namespace banel

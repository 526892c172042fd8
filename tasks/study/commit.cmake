# Writes the commit of the source tree into a C++ source, if it has changed since the last build:
#   cmake -DSOURCE=folder -DOUTPUT=commit.cpp -P commit.cmake
execute_process(COMMAND git -C "${SOURCE}" describe --always --dirty --abbrev=12 --exclude=*
                OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
set(text "// Made by commit.cmake; do not edit.
namespace banel {
const char* source_commit() { return \"${commit}\"; }
}  // namespace banel
")
if(EXISTS "${OUTPUT}")
  file(READ "${OUTPUT}" before)
endif()
if(NOT text STREQUAL before)
  file(WRITE "${OUTPUT}" "${text}")
endif()

# Turns files into a C++ source, so that the installed program needs none of them (base/embedded.h):
#   cmake "-DINPUTS=a.toml;b.toml" -DOUTPUT=files.cpp -DNAME=study_files -P embed.cmake
# The bytes of a file become one string literal: compilers read that far faster than a list of numbers.
if(NOT OUTPUT OR NOT NAME)
  message(FATAL_ERROR "embed: give -DINPUTS=a;b -DOUTPUT=files.cpp -DNAME=symbol before -P")
endif()

set(entries "")
foreach(input ${INPUTS})
  if(NOT EXISTS "${input}")
    message(FATAL_ERROR "embed: ${input} does not exist; on Debian, DejaVuSans.ttf is in fonts-dejavu-core")
  endif()
  file(READ "${input}" bytes HEX)
  string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${bytes}")
  file(SIZE "${input}" size)
  get_filename_component(name "${input}" NAME)
  string(APPEND entries "    {\"${name}\", {\"${bytes}\", ${size}}},\n")
endforeach()
set(definition "const std::span<const EmbeddedFile> ${NAME};")
if(entries)
  set(definition "namespace {
const EmbeddedFile files[] = {
${entries}};
}  // namespace
const std::span<const EmbeddedFile> ${NAME}(files);")
endif()
file(WRITE "${OUTPUT}" "// Made by embed.cmake; do not edit.
#include \"tasks/base/embedded.h\"

namespace banel {
extern const std::span<const EmbeddedFile> ${NAME};
${definition}
}  // namespace banel
")

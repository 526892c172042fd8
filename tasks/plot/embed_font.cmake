# Writes a font as a C++ source, so that the program needs no font file when it runs:
#   cmake -DINPUT=font.ttf -DOUTPUT=font.cpp -P embed_font.cmake
# The bytes are one string literal, which compiles far faster than a list of numbers.
if(NOT INPUT OR NOT OUTPUT)
  message(FATAL_ERROR "embed_font: give -DINPUT=font.ttf and -DOUTPUT=font.cpp before -P")
endif()
if(NOT EXISTS "${INPUT}")
  message(FATAL_ERROR "embed_font: ${INPUT} does not exist; on Debian: apt install fonts-dejavu-core")
endif()

file(READ "${INPUT}" bytes HEX)
string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${bytes}")
get_filename_component(name "${INPUT}" NAME)
file(WRITE "${OUTPUT}" "// Made from ${name} by embed_font.cmake; do not edit.
namespace banel {
extern const unsigned char dejavu_sans[];
extern const unsigned long dejavu_sans_size;
const unsigned char dejavu_sans[] = \"${bytes}\";
const unsigned long dejavu_sans_size = sizeof(dejavu_sans) - 1;  // without the zero that ends a literal
}  // namespace banel
")

# Every source includes its own header first: so a build without BANEL_UNITY finds what a header lacks.
#   cmake -DSOURCE=... -P own_header_test.cmake
file(GLOB_RECURSE sources RELATIVE ${SOURCE}
     ${SOURCE}/tensor/*.cpp ${SOURCE}/nn/*.cpp ${SOURCE}/banel/*.cpp ${SOURCE}/tasks/*.cpp)
foreach(source ${sources})
  string(REGEX REPLACE "cpp$" "h" header ${source})
  file(STRINGS ${SOURCE}/${source} first REGEX "^#include" LIMIT_COUNT 1)
  if(EXISTS ${SOURCE}/${header} AND NOT first STREQUAL "#include \"${header}\"")
    message(SEND_ERROR "${source} includes ${first} before ${header}; put its own header first")
  endif()
endforeach()

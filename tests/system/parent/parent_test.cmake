# banel as a part of another project: its headers compile under that project's warnings, its sources in spite
# of them, and neither options nor tests nor installed files of banel reach that project.
#   cmake -DSOURCE=... -DBUILD=... -DCOMPILER=... -P parent/parent_test.cmake
set(work ${BUILD}/tests/parent)
set(fatal COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE_RECURSE ${work})

execute_process(COMMAND ${CMAKE_COMMAND} -S ${SOURCE}/tests/system/parent -B ${work} -DBANEL=${SOURCE}
                        -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_BUILD_TYPE=Plain OUTPUT_QUIET ${fatal})
execute_process(COMMAND ${CMAKE_COMMAND} --build ${work} --parallel 2 --target parent banel_tensor
                OUTPUT_QUIET ${fatal})

file(READ ${work}/compile_commands.json commands)
string(REGEX MATCH "[^\n]*-o CMakeFiles/parent.dir[^\n]*" command "${commands}")
if(command STREQUAL "" OR command MATCHES "-march|-ffp-contract|-fopenmp|-DBANEL")
  message(FATAL_ERROR "an option of banel reached the project around it:\n${command}")
endif()
execute_process(COMMAND ${CMAKE_CTEST_COMMAND} --test-dir ${work} -N OUTPUT_VARIABLE tests ${fatal})
if(NOT tests MATCHES "Total Tests: 0")
  message(FATAL_ERROR "tests of banel reached the project around it:\n${tests}")
endif()
execute_process(COMMAND ${CMAKE_COMMAND} --install ${work} --prefix ${work}/prefix OUTPUT_QUIET ${fatal})
file(GLOB_RECURSE installed RELATIVE ${work}/prefix ${work}/prefix/*)
if(NOT installed MATCHES "^lib/[^;]*counting.cpp.o$")
  message(FATAL_ERROR "files of banel are installed with the project around it: ${installed}")
endif()

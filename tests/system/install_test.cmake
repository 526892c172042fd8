# Installs the build to an empty folder, moves it, and builds and runs tests/system/consumer against it alone:
#   cmake -DBUILD=... -DCONSUMER=... -DCOMPILER=... -P install_test.cmake
set(work ${BUILD}/tests/installed)
set(fatal COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE_RECURSE ${work})

execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${work}/prefix OUTPUT_QUIET ${fatal})
file(RENAME ${work}/prefix ${work}/moved)  # nothing may remember where it was installed
execute_process(COMMAND ${CMAKE_COMMAND} -S ${CONSUMER} -B ${work}/consumer -DCMAKE_PREFIX_PATH=${work}/moved
                        -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
                OUTPUT_QUIET ${fatal})
execute_process(COMMAND ${CMAKE_COMMAND} --build ${work}/consumer OUTPUT_QUIET ${fatal})
execute_process(COMMAND ${work}/consumer/counting ${fatal})

# Task and method of the other project are listed, attacked, shown and verified like the built-in ones.
set(program ${work}/consumer/multiples)
set(run ${work}/run)
execute_process(COMMAND ${program} study ${CONSUMER}/multiples.toml --out ${run} --quiet
                OUTPUT_VARIABLE table ${fatal})
execute_process(COMMAND ${program} methods OUTPUT_VARIABLE methods ERROR_QUIET ${fatal})
execute_process(COMMAND ${program} tasks multiples OUTPUT_VARIABLE settings ERROR_QUIET ${fatal})
execute_process(COMMAND ${program} verify ${run} --quiet OUTPUT_VARIABLE verified ${fatal})
file(READ ${run}/rows.json rows)
file(READ ${run}/report.html report)
foreach(text IN ITEMS "${table}" "${methods}" "${rows}" "${report}")
  if(NOT text MATCHES "mine")
    message(FATAL_ERROR "the method of the other project is missing in:\n${text}")
  endif()
endforeach()
if(NOT report MATCHES "multiples study")
  message(FATAL_ERROR "the report names another program than the one that made it:\n${report}")
endif()
if(NOT settings MATCHES "2..1000" OR NOT verified MATCHES " 0 differences")
  message(FATAL_ERROR
          "the task of the other project is not listed or not verified:\n${settings}\n${verified}")
endif()

# The project chose its own options, so it is compiled with them and no others.
file(READ ${work}/consumer/compile_commands.json commands)
if(commands MATCHES "-march|-W|-ffp-contract")
  message(FATAL_ERROR "an option of banel reached the project that links it:\n${commands}")
endif()

# pkg-config says the same to a project without CMake.
find_program(PKG_CONFIG NAMES pkg-config pkgconf)
if(NOT PKG_CONFIG)
  message(STATUS "no pkg-config here: banel.pc is not tried")
  return()
endif()
file(GLOB_RECURSE described ${work}/moved/*/banel.pc)  # lib or lib64
cmake_path(GET described PARENT_PATH folder)
set(ENV{PKG_CONFIG_PATH} ${folder})
execute_process(COMMAND ${PKG_CONFIG} --cflags --libs banel OUTPUT_VARIABLE flags ${fatal})
separate_arguments(flags UNIX_COMMAND "${flags}")
execute_process(COMMAND ${COMPILER} -std=c++20 ${CONSUMER}/counting.cpp ${flags} -o ${work}/counting ${fatal})
execute_process(COMMAND ${work}/counting ${fatal})

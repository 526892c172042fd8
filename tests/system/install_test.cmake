# Installs the build to an empty folder, moves it, and builds and runs tests/consumer against it alone:
#   cmake -DBUILD=... -DCONSUMER=... -DCOMPILER=... -P install_test.cmake
set(work ${BUILD}/tests/installed)
set(fatal COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE_RECURSE ${work})

execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${work}/prefix OUTPUT_QUIET ${fatal})
file(RENAME ${work}/prefix ${work}/moved)  # nothing may remember where it was installed
execute_process(COMMAND ${CMAKE_COMMAND} -S ${CONSUMER} -B ${work}/consumer -DCMAKE_PREFIX_PATH=${work}/moved
                        -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_EXPORT_COMPILE_COMMANDS=ON OUTPUT_QUIET ${fatal})
execute_process(COMMAND ${CMAKE_COMMAND} --build ${work}/consumer OUTPUT_QUIET ${fatal})
execute_process(COMMAND ${work}/consumer/consumer ${fatal})

# The project chose its own options, so it is compiled with them and no others.
file(READ ${work}/consumer/compile_commands.json commands)
if(commands MATCHES "-march|-W|-ffp-contract")
  message(FATAL_ERROR "an option of banel reached the project that links it:\n${commands}")
endif()

# Installs the build to an empty folder, builds tests/consumer against it alone, runs it; then makes the packages,
# unpacks them and runs the program they hold. Usage: cmake -DBUILD=... -DSOURCE=... -DWORK=... -P install_test.cmake
set(command_error COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK}/packages ${WORK}/tgz ${WORK}/deb)

execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix OUTPUT_QUIET ${command_error})
file(RENAME ${WORK}/prefix ${WORK}/moved)  # nothing may remember where it was installed
execute_process(COMMAND ${CMAKE_COMMAND} -S ${SOURCE}/tests/consumer -B ${WORK}/consumer -DCMAKE_PREFIX_PATH=${WORK}/moved
                -DCMAKE_BUILD_TYPE=Release OUTPUT_QUIET ${command_error})
execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK}/consumer OUTPUT_QUIET ${command_error})
execute_process(COMMAND ${WORK}/consumer/consumer ${command_error})

find_program(CPACK cpack REQUIRED)
execute_process(COMMAND ${CPACK} --config ${BUILD}/CPackConfig.cmake -B ${WORK}/packages OUTPUT_QUIET ${command_error})
file(GLOB tgz ${WORK}/packages/*.tar.gz)
file(GLOB deb ${WORK}/packages/*.deb)
execute_process(COMMAND tar -x -f ${tgz} -C ${WORK}/tgz --strip-components=1 ${command_error})
execute_process(COMMAND dpkg-deb -x ${deb} ${WORK}/deb ${command_error})
execute_process(COMMAND dpkg-deb --field ${deb} Depends OUTPUT_VARIABLE depends ${command_error})
foreach(needed libopenblas0 libgomp1 libstdc++6)
  string(FIND "${depends}" ${needed} at)
  if(at EQUAL -1)
    message(FATAL_ERROR "the .deb does not depend on ${needed}: ${depends}")
  endif()
endforeach()
foreach(program ${WORK}/tgz/bin/banel ${WORK}/deb/usr/bin/banel)
  execute_process(COMMAND ${program} toy1d --quiet --out ${WORK}/toy OUTPUT_QUIET ${command_error})
  file(REMOVE_RECURSE ${WORK}/toy)
endforeach()

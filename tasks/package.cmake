# What `cmake --install` puts where, and the packages that CPack makes of it (.tar.gz and .deb).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/banel)
install(TARGETS banel RUNTIME)
get_property(rooms GLOBAL PROPERTY BANEL_ROOMS)
install(TARGETS banel_api ${rooms} EXPORT banelTargets ARCHIVE)
foreach(room tensor nn banel tasks)  # without what only the libraries and the program themselves include
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${room} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/banel
          FILES_MATCHING PATTERN "*.h" PATTERN simd.h EXCLUDE PATTERN commands.h EXCLUDE
          PATTERN results EXCLUDE)
endforeach()
install(EXPORT banelTargets NAMESPACE banel:: DESTINATION ${package_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/banelConfig.cmake.in banelConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(banelConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/banelConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/banelConfigVersion.cmake
        DESTINATION ${package_dir})

# A static library stands before those that it needs. Relative to the file, so that the package may be moved.
list(TRANSFORM rooms PREPEND -l OUTPUT_VARIABLE BANEL_PC_LIBRARIES)
list(REVERSE BANEL_PC_LIBRARIES)
list(JOIN BANEL_PC_LIBRARIES " " BANEL_PC_LIBRARIES)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH BANEL_PREFIX_FROM_PC /prefix/${pkgconfig_dir} /prefix)
configure_file(${CMAKE_CURRENT_LIST_DIR}/banel.pc.in banel.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/banel.pc DESTINATION ${pkgconfig_dir})

install(FILES ${PROJECT_BINARY_DIR}/tasks/banel.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 OPTIONAL)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/cli/completion.bash RENAME banel
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/tests/system/consumer/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/example)

# The program holds a font and code of these packages of Debian; their licences want to be passed on with it.
foreach(package fonts-dejavu-core libcli11-dev librandom123-dev libstb-dev libtomlplusplus-dev
                nlohmann-json3-dev)
  install(FILES /usr/share/doc/${package}/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR}
          RENAME ${package}.copyright OPTIONAL)
endforeach()

set(CPACK_GENERATOR TGZ DEB)
set(CPACK_SOURCE_GENERATOR "")
set(CPACK_PACKAGE_VENDOR banel)
set(CPACK_PACKAGE_CONTACT "the banel authors <banel@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "search by a generative model that learns from failures")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "${PROJECT_DESCRIPTION}: the program
with the tasks, methods and studies of its tables, and the libraries for tasks
of your own.")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
set(CPACK_STRIP_FILES TRUE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
# OpenBLAS is loaded by name when the program starts computing, so the linker does not know of it.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libopenblas0-pthread | libopenblas0-openmp | libopenblas0-serial")
include(CPack)

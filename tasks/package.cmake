# What `cmake --install` puts where, and the packages that CPack makes of it (.tar.gz and .deb).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/banel)
install(TARGETS banel RUNTIME)
install(TARGETS banel_flags banel_tensor banel_nn banel_method banel_tasks EXPORT banelTargets ARCHIVE)
foreach(room tensor nn banel tasks)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${room} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/banel
          FILES_MATCHING PATTERN "*.h" PATTERN results EXCLUDE)
endforeach()
install(EXPORT banelTargets NAMESPACE banel:: DESTINATION ${package_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/banelConfig.cmake.in banelConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(banelConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/banelConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/banelConfigVersion.cmake
        DESTINATION ${package_dir})

set(CPACK_GENERATOR TGZ DEB)
set(CPACK_PACKAGE_VENDOR banel)
set(CPACK_PACKAGE_CONTACT "the banel authors <banel@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES TRUE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# OpenBLAS is loaded by name when the program starts computing, so the linker does not know of it. The headers
# of tasks/ need those of nlohmann-json.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libopenblas0-pthread | libopenblas0-openmp | libopenblas0-serial")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libopenblas-dev, nlohmann-json3-dev")
set(CPACK_SOURCE_GENERATOR "")
include(CPack)

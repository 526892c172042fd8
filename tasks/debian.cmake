# What a Debian package has besides what `cmake --install` makes; CPack runs it before it packs.
if(NOT CPACK_GENERATOR STREQUAL "DEB")
  return()
endif()
set(usr ${CPACK_TEMPORARY_DIRECTORY}/usr)
set(doc ${usr}/share/doc/banel)
file(READ ${CPACK_RESOURCE_FILE_LICENSE} licence)
file(WRITE ${doc}/copyright "The licences of what it holds of others stand beside this file.\n\n${licence}")
file(WRITE ${doc}/changelog "banel (${CPACK_PACKAGE_VERSION}) unstable; urgency=low

  * See the repository.

 -- ${CPACK_PACKAGE_CONTACT}  Sat, 28 Nov 2026 12:00:00 +0000
")
execute_process(COMMAND gzip -9n ${doc}/changelog ${usr}/share/man/man1/banel.1 COMMAND_ERROR_IS_FATAL ANY)
file(RENAME ${usr}/lib/pkgconfig ${usr}/share/pkgconfig)  # where every architecture looks
execute_process(COMMAND chmod -R u=rwX,go=rX ${usr} COMMAND_ERROR_IS_FATAL ANY)  # whatever the umask

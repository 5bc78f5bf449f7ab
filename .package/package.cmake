# What is installed where, and the packages of it: `cpack --preset release` makes a .deb and a .tar.gz.
#
# The program finds its data in ../share/tidelab, wherever it is (find_home in src/cli/load.cpp). Parts of an installation:
#   program    everywhere
#   elsewhere  where no distribution's own rules hold: `cmake --install`, the .tar.gz
#   debian     what Debian wants in a package
#   libraries  those that the program needs, beside it: the .tar.gz
set(package_dir ${CMAKE_CURRENT_LIST_DIR})
set(data ${CMAKE_INSTALL_DATADIR}/tidelab)
set(doc ${CMAKE_INSTALL_DATADIR}/doc/tidelab)
set(file_rights OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
set(program_rights ${file_rights} OWNER_EXECUTE GROUP_EXECUTE WORLD_EXECUTE)
set(completion ${PROJECT_SOURCE_DIR}/src/cli/completion)

install(TARGETS tidelab RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
install(DIRECTORY playbooks DESTINATION ${data} COMPONENT program FILE_PERMISSIONS ${file_rights}
        PATTERN __pycache__ EXCLUDE
        REGEX "/assemble$|/bin/[^/]*\\.sh$" PERMISSIONS ${program_rights})
install(DIRECTORY checks topologies DESTINATION ${data} COMPONENT program FILE_PERMISSIONS ${file_rights})
install(DIRECTORY docs/explain DESTINATION ${data}/docs COMPONENT program FILE_PERMISSIONS ${file_rights})
install(FILES README.md DESTINATION ${doc} COMPONENT program)
install(DIRECTORY docs/ DESTINATION ${doc}/docs COMPONENT program FILE_PERMISSIONS ${file_rights}
        FILES_MATCHING PATTERN "*.md" PATTERN "*.svg" PATTERN "ci/*" PATTERN explain EXCLUDE)
if(NOT TIDELAB_SANITIZE)
  install(FILES ${PROJECT_BINARY_DIR}/tidelab.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program)
endif()
install(FILES ${completion}/tidelab.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME tidelab COMPONENT program)
install(FILES ${completion}/tidelab.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT program)

install(FILES ${completion}/tidelab.zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions RENAME _tidelab COMPONENT elsewhere)
install(FILES LICENSE CHANGELOG.md DESTINATION ${doc} COMPONENT elsewhere)

set(CPACK_PACKAGE_CONTACT "The maintainers of tidelab <maintainers@tidelab.invalid>" CACHE STRING "who is asked about a package: NAME <ADDRESS>")
set(debian ${PROJECT_BINARY_DIR}/debian)
install(FILES ${completion}/tidelab.zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions RENAME _tidelab COMPONENT debian EXCLUDE_FROM_ALL)
install(CODE "set(to ${debian})\nset(version ${PROJECT_VERSION})\nset(source ${PROJECT_SOURCE_DIR})\nset(contact \"${CPACK_PACKAGE_CONTACT}\")\ninclude(${package_dir}/debian.cmake)"
        COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES ${debian}/changelog.gz ${debian}/changelog.Debian.gz ${debian}/copyright DESTINATION ${doc} COMPONENT debian EXCLUDE_FROM_ALL)
install(CODE "set(program ${CMAKE_INSTALL_BINDIR}/tidelab)\nset(libraries ${CMAKE_INSTALL_LIBDIR}/tidelab)\nset(notices ${doc}/libraries)\ninclude(${package_dir}/libraries.cmake)"
        COMPONENT libraries EXCLUDE_FROM_ALL)

set(CPACK_PACKAGE_NAME tidelab)
set(CPACK_PACKAGE_VENDOR "The maintainers of tidelab")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS ${program_rights})
set(CPACK_PROJECT_CONFIG_FILE ${package_dir}/cpack.cmake)
set(CPACK_TIDELAB_BUILD ${PROJECT_BINARY_DIR})
set(CPACK_TIDELAB_PROCESSOR ${CMAKE_SYSTEM_PROCESSOR})

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, openssh-client")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "bash-completion, default-jdk-headless, golang-go (>= 2:1.24~), graphviz, maven, python3-pip, unzip")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "tidelab brings up a lab of ZooKeeper, Kafka, Flink and TiDB (PD, TiKV, TiDB,
TiCDC) from one topology file, on this machine or on several hosts over ssh.
It writes rows to TiDB and watches them at every hop, with the latency of
each, and when a row is lost it names the hop and the likely cause. What it
made it removes again. Hosts need no agent.

The components are not in this package: tidelab gets their archives from the
official servers, from files of yours, or builds them from package registries,
which needs Go, Maven, pip and a JDK.")
include(CPack)

# The macros that a scripted extension calls, standing in for Slicer's of the same names.

include(CMakeParseArguments)
option(BUILD_TESTING "Test the extension" ON)
if(BUILD_TESTING)
  enable_testing()
endif()

# Files go, with their folders, to the build tree's qt-scripted-modules, and from there whole to
# the package. A file that does not exist, or an unknown keyword, is an error.
macro(slicerMacroBuildScriptedModule)
  cmake_parse_arguments(_module "WITH_GENERIC_TESTS;WITH_SUBDIR;VERBOSE" "NAME" "SCRIPTS;RESOURCES" ${ARGN})
  if(_module_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "unknown keywords: ${_module_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT _module_NAME)
    message(FATAL_ERROR "NAME is missing")
  endif()
  set(_modules_folder "${CMAKE_BINARY_DIR}/${Slicer_QTSCRIPTEDMODULES_LIB_DIR}")
  foreach(_file IN LISTS _module_SCRIPTS _module_RESOURCES)
    if(NOT EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${_file}")
      message(FATAL_ERROR "listed and not there: ${_file}")
    endif()
    configure_file("${_file}" "${_modules_folder}/${_file}" COPYONLY)
  endforeach()
  foreach(_file IN LISTS _module_SCRIPTS)
    if(NOT _file MATCHES "\\.py$")
      message(FATAL_ERROR "not a Python script: ${_file}")
    endif()
  endforeach()
  install(DIRECTORY "${_modules_folder}/" DESTINATION "${Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR}")
endmacro()

# A test that starts the application on the built modules and runs a file's unittest.
macro(slicer_add_python_unittest)
  cmake_parse_arguments(_test "" "SCRIPT;TESTNAME_PREFIX" "SLICER_ARGS" ${ARGN})
  get_filename_component(_test_name "${_test_SCRIPT}" NAME_WE)
  get_filename_component(_test_folder "${_test_SCRIPT}" DIRECTORY)
  if(NOT EXISTS "${_test_SCRIPT}")
    message(FATAL_ERROR "no such test: ${_test_SCRIPT}")
  endif()
  add_test(
    NAME "py_${_test_TESTNAME_PREFIX}${_test_name}"
    COMMAND ${Slicer_LAUNCHER_EXECUTABLE} --no-splash --testing ${_test_SLICER_ARGS}
      --additional-module-paths "${CMAKE_BINARY_DIR}/${Slicer_QTSCRIPTEDMODULES_LIB_DIR}"
      --python-code "import slicer.testing; slicer.testing.runUnitTest(['${CMAKE_CURRENT_BINARY_DIR}', '${_test_folder}'], '${_test_name}')"
    )
endmacro()

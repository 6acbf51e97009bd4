# A stand-in for the configuration file of a Slicer build tree: just what a scripted extension
# asks for, laid out as Slicer 5.12 lays it out. Written from the behaviour of Slicer's macros.

set(Slicer_VERSION "5.12.0")
set(Slicer_USE_PYTHONQT ON)
set(Slicer_USE_FILE "${CMAKE_CURRENT_LIST_DIR}/UseSlicer.cmake")
set(Slicer_EXTENSION_GENERATE_CONFIG "${CMAKE_CURRENT_LIST_DIR}/GenerateConfig.cmake")
set(Slicer_EXTENSION_CPACK "${CMAKE_CURRENT_LIST_DIR}/CheckMetadata.cmake")
set(Slicer_QTSCRIPTEDMODULES_LIB_DIR "lib/Slicer-5.12/qt-scripted-modules")
set(Slicer_INSTALL_ROOT "MammoClassifier/")
set(Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR
  "${Slicer_INSTALL_ROOT}${Slicer_QTSCRIPTEDMODULES_LIB_DIR}")
get_filename_component(_repository "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
set(Slicer_LAUNCHER_EXECUTABLE
  ${CMAKE_COMMAND} -E env "PYTHONPATH=${_repository}" ${Slicer_PYTHON} -m Testing.slicer_host.launcher)

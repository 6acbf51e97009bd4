# What Slicer checks before it packages an extension.

foreach(_name IN ITEMS HOMEPAGE CONTRIBUTORS DESCRIPTION ICONURL SCREENSHOTURLS DEPENDS)
  if("${EXTENSION_${_name}}" STREQUAL "")
    message(FATAL_ERROR "EXTENSION_${_name} is not set")
  endif()
endforeach()
foreach(_name IN ITEMS LICENSE_FILE README_FILE)
  if(NOT EXISTS "${EXTENSION_${_name}}")
    message(FATAL_ERROR "EXTENSION_${_name} is not there: ${EXTENSION_${_name}}")
  endif()
endforeach()

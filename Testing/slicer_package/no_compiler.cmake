# Nothing is compiled in the packaging test, so no compiler is looked for.

set(CMAKE_C_COMPILER "${CMAKE_COMMAND}")
set(CMAKE_CXX_COMPILER "${CMAKE_COMMAND}")
set(CMAKE_C_COMPILER_FORCED TRUE)
set(CMAKE_CXX_COMPILER_FORCED TRUE)

# Runs Verilator and gathers what it writes, whose number of files is not known beforehand, into one source.
# Variables: VERILATOR, ARGUMENTS (a|b|c), FOLDER for what Verilator writes, TEMPLATE, OUTPUT; for the template: kind,
# module, parameters (a|b).
string(REPLACE "|" ";" arguments_list "${ARGUMENTS}")
file(REMOVE_RECURSE "${FOLDER}")
execute_process(COMMAND "${VERILATOR}" ${arguments_list} --prefix ${module} --Mdir "${FOLDER}" RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "Verilator failed for ${module}")
endif()
file(GLOB sources "${FOLDER}/${module}*.cpp")
list(SORT sources)
set(includes "")
foreach(source IN LISTS sources)
  string(APPEND includes "#include \"${source}\"\n")
endforeach()
string(REPLACE "|" ", " arguments "${parameters}")
configure_file("${TEMPLATE}" "${OUTPUT}" @ONLY)
# configure_file keeps the time stamp of an output that it need not change; the build would run Verilator for ever.
file(TOUCH "${OUTPUT}")

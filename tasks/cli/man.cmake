# The man page, from what the program says of itself:  cmake -DPROGRAM=banel -DOUTPUT=banel.1 -P man.cmake
set(page ".TH BANEL 1\n.SH NAME\nbanel \\- learning from failures alone\n")

# A section with a help text, its dashes and backslashes as they are.
function(add_help title)
  execute_process(COMMAND ${PROGRAM} ${ARGN} --help OUTPUT_VARIABLE help COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\\" "\\\\" help "${help}")
  string(REPLACE "-" "\\-" help "${help}")
  string(REGEX REPLACE "(^|\n)([.'])" "\\1\\\\&\\2" help "${help}")
  set(page "${page}.SH ${title}\n.nf\n${help}.fi\n" PARENT_SCOPE)
  set(help "${help}" PARENT_SCOPE)
endfunction()

add_help("DESCRIPTION")
string(REGEX MATCHALL "\n  [a-z][a-z0-9]*" commands "${help}")
foreach(command ${commands})
  string(STRIP "${command}" command)
  add_help("banel ${command}" ${command})
endforeach()
file(WRITE ${OUTPUT} "${page}")

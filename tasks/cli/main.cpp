#include "tasks/cli/program.h"

int main(int argc, char** argv) { return banel::command_line(argc, argv); }

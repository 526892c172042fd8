// Work in a child process, for what cannot be undone in a process.
#pragma once
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tensor/parallel.h"

namespace banel {

// Runs body() in a child process and returns its result.
template <class Body>
int in_child(Body body) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) _exit(body());
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

// Whether the call ends with Interrupted after a request to stop.
template <class Call>
bool stops(Call call) {
  return in_child([&] {
           request_stop();
           try {
             call();
           } catch (const Interrupted&) {
             return 0;
           }
           return 1;
         }) == 0;
}

}  // namespace banel

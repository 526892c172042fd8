// Trainings that end at one of their checkpoints, and reports without the times they took.
#pragma once
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "nn/io/json.h"
#include "tensor/check.h"

namespace banel {

inline Json report_without_times(const std::filesystem::path& path) {
  Json result = read_json(path);
  result.erase("training_seconds");
  return result;
}

// Once the first partial file is there, a folder in the way of the next one makes the training fail.
template <class Train>
void interrupt(const std::filesystem::path& partial, Train train) {
  namespace fs = std::filesystem;
  fs::path obstacle = partial;
  obstacle += ".tmp";
  std::atomic<bool> ended = false;
  std::thread watcher([&] {
    while (!ended && !fs::exists(partial)) std::this_thread::sleep_for(std::chrono::microseconds(50));
    for (std::error_code error; !ended && !fs::create_directory(obstacle, error);) std::this_thread::yield();
  });
  CHECK_THROWS_AS(train(), IoError);
  ended = true;
  watcher.join();
  fs::remove(obstacle);
  REQUIRE(fs::exists(partial));
}

}  // namespace banel

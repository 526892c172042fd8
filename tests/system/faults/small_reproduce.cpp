// The smallest `banel reproduce` as a program. usage: small_reproduce FOLDER
#include <iostream>

#include "nn/io/file.h"
#include "tasks/base/system.h"
#include "tensor/check.h"
#include "tests/support/tiny_reproduce.h"

int main(int argc, char** argv) {
  return banel::run_program([&] {
    ENSURE(argc == 2, "small_reproduce", "expected a folder");
    banel::create_folders(argv[1]);
    const banel::FolderLock lock(argv[1]);
    std::cout << to_markdown(reproduce(argv[1], banel::tiny::reproduction({"banel", "memory"}), banel::ProgressMode::quiet));
    return 0;
  });
}
